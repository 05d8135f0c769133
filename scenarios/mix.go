package scenarios

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/results"
)

// A mix says what the calls carry.
type mix struct {
	tiers    []string // "" leaves the field out
	tierDraw weights
	contents []content
	draw     weights
	fields   []field
	// invalid is the share of calls that must be refused.
	invalid float64
	// classOf[content][tier] is an index into Labels.Classes; the last class is that of the invalid calls, if any.
	classOf [][]int
}

// content is a signature: the types of a call's items, in order.
type content struct {
	name    string
	omitted bool
	items   []item
}

type item struct {
	contentType string
	properties  []field
}

// field is a property, how often it is sent, and where its values come from.
type field struct {
	name  string
	share float64
	source
}

// weights is a cumulative distribution: entry i is chosen where u < w[i] and not before.
type weights []float64

func newWeights(ws []float64) weights {
	var sum, at float64
	for _, w := range ws {
		sum += w
	}
	out := make(weights, len(ws))
	for i, w := range ws {
		at += w
		out[i] = at / sum
	}
	return out
}

func (w weights) pick(u float64) int {
	for i, limit := range w {
		if u < limit {
			return i
		}
	}
	// Rounding may leave the last limit a hair below 1; an entry of weight 0 is never meant.
	for i := len(w) - 1; i > 0; i-- {
		if w[i] > w[i-1] {
			return i
		}
	}
	return 0
}

// readMix reads `mix` and `data`, and names the classes.
func (s *Scenario) readMix(doc *document, keys map[string]value) {
	r := mixReader{doc: doc, d: s.description, sources: map[string]map[string]source{}, feeders: map[string][]byte{}}
	if v, given := keys["data"]; given {
		r.readData(v)
	}
	s.Feeders = r.feeders
	var known map[string]value
	if v, given := keys["mix"]; given {
		names := []string{"tier", "content", "invalid"}
		for _, f := range s.description.Fields() {
			names = append(names, f.Name)
		}
		known, _ = v.object("the mix", names...)
	}
	m := &s.mix
	r.readTiers(known, m)
	r.readContents(known, m)
	for _, f := range s.description.Fields() {
		v, given := known[f.Name]
		if !given {
			if f.Required {
				m.fields = append(m.fields, field{f.Name, 1, r.source("", f)})
			}
			continue
		}
		share, ok := v.share("the share of calls with " + f.Name)
		if ok && f.Required && share < 1 {
			v.fail("the description requires %s in every call; expected 100%%, found %s", f.Name, v.found())
		}
		m.fields = append(m.fields, field{f.Name, share, r.source("", f)})
	}
	if v, given := known["invalid"]; given {
		m.invalid, _ = v.share("the share of invalid calls")
		if m.invalid > 0 && len(s.description.InvalidCalls()) == 0 {
			v.fail("the description forbids nothing, so there are no invalid calls to send")
		}
	}
	if len(doc.problems) == 0 {
		s.nameClasses(keys["mix"])
	}
	if len(doc.problems) == 0 {
		s.checkBodies(doc, keys)
	}
}

func (s *Scenario) nameClasses(v value) {
	m := &s.mix
	m.classOf = make([][]int, len(m.contents))
	for i, c := range m.contents {
		for _, t := range m.tiers {
			tier := t
			if t == "" {
				tier = NoTier
			}
			m.classOf[i] = append(m.classOf[i], len(s.Labels.Classes))
			s.Labels.Classes = append(s.Labels.Classes, results.Class{Name: c.name + "." + tier, Tier: tier, Content: c.name})
		}
	}
	if m.invalid > 0 {
		// A tier or a content type of the description can be called invalid too, and is then another group.
		name := invalid
		for slices.ContainsFunc(s.Labels.Classes, func(c results.Class) bool { return c.Tier == name || c.Content == name }) {
			name = "deliberately-" + name
		}
		s.Labels.Classes = append(s.Labels.Classes, results.Class{Name: name, Tier: name, Content: name, Invalid: true})
	}
	if n := len(s.Labels.Classes); n > maxClasses {
		v.fail("the mix has %d classes (tiers × content), more than the %d that can be told apart; choose fewer signatures", n, maxClasses)
	}
}

type mixReader struct {
	doc *document
	d   *contracts.Description
	// sources are those of `data`: by content type, or "" for the call's own properties, and by property.
	sources map[string]map[string]source
	feeders map[string][]byte
}

func (r *mixReader) readTiers(known map[string]value, m *mix) {
	tiers := r.d.Tiers()
	v, given := known["tier"]
	if !given {
		// Nothing said: every tier alike, so that a tier which the description gains is in the mix.
		m.tiers = slices.Clone(tiers)
		if len(m.tiers) == 0 {
			m.tiers = []string{""}
		}
		m.tierDraw = newWeights(slices.Repeat([]float64{1}, len(m.tiers)))
		return
	}
	list, ok := v.members("the weights by tier")
	if !ok {
		return
	}
	vocabulary := append(slices.Clone(tiers), NoTier)
	var ws []float64
	sum := 0.0
	for _, t := range list {
		if !slices.Contains(vocabulary, t.name) {
			t.key.fail("the description has no tier %q; %s", clip(t.name), expectedOne(t.name, vocabulary))
			continue
		}
		w, ok := t.weight("the weight of tier " + t.name)
		sum += w
		if !ok || w == 0 {
			continue
		}
		name := t.name
		if name == NoTier && !slices.Contains(tiers, NoTier) {
			name = ""
		}
		m.tiers, ws = append(m.tiers, name), append(ws, w)
	}
	if sum == 0 && len(r.doc.problems) == 0 {
		v.fail("the weights of the tiers sum to nothing; give at least one tier a weight above 0")
	}
	m.tierDraw = newWeights(ws)
}

func (r *mixReader) readContents(known map[string]value, m *mix) {
	v, given := known["content"]
	if !given {
		var ws []float64
		for _, t := range r.d.ContentTypes() {
			m.contents, ws = append(m.contents, r.content([]contracts.ContentType{t})), append(ws, 1)
		}
		if len(ws) == 0 {
			m.contents, ws = []content{{name: noContent, omitted: true}}, []float64{1}
		}
		m.draw = newWeights(ws)
		return
	}
	list, ok := v.list("the content signatures, such as {weight: 50, items: [text]}")
	if !ok {
		return
	}
	var ws []float64
	sum, before := 0.0, len(r.doc.problems)
	for _, entry := range list {
		keys, ok := entry.object("the content signature", "weight", "items")
		if !ok {
			continue
		}
		w := 1.0
		if v, given := keys["weight"]; given {
			w, _ = v.weight("the signature's weight")
		}
		items, given := keys["items"]
		if !given {
			entry.fail("the signature lacks `items`; write, say, items: [text], items: [] for an empty list, or items: none to leave the field out")
			continue
		}
		c, ok := r.readSignature(items)
		if !ok {
			continue
		}
		if slices.ContainsFunc(m.contents, func(o content) bool { return o.name == c.name }) {
			items.fail("the signature %s stands here twice; add up the weights", c.name)
		}
		if sum += w; w > 0 {
			m.contents, ws = append(m.contents, c), append(ws, w)
		}
	}
	if sum == 0 && len(r.doc.problems) == before {
		v.fail("the weights of the content sum to nothing; give at least one signature a weight above 0")
	}
	m.draw = newWeights(ws)
}

func (r *mixReader) readSignature(v value) (content, bool) {
	if v.scalar() {
		if s, ok := v.text("the items"); !ok || s != noContent {
			v.fail("expected the items, a list of content types such as [text, file], or `none` to leave the field out, found %s", v.found())
			return content{}, false
		}
		return content{name: noContent, omitted: true}, true
	}
	list, ok := v.list("the items")
	if !ok {
		return content{}, false
	}
	if len(list) > maxItems {
		v.fail("the signature has %d items, more than the %d that it may have", len(list), maxItems)
		return content{}, false
	}
	var types []contracts.ContentType
	var names []string
	for _, t := range r.d.ContentTypes() {
		names = append(names, t.Name)
	}
	for _, e := range list {
		name, good := e.text("a content type")
		i := slices.Index(names, name)
		if good && i < 0 {
			e.fail("the description has no content type %q; %s", clip(name), expectedOne(name, names))
		}
		if ok = ok && good && i >= 0; i >= 0 {
			types = append(types, r.d.ContentTypes()[i])
		}
	}
	return r.content(types), ok
}

func (r *mixReader) content(types []contracts.ContentType) content {
	c := content{name: "empty"}
	var names []string
	for _, t := range types {
		names = append(names, t.Name)
		it := item{contentType: t.Name}
		for _, p := range t.Properties {
			_, given := r.sources[t.Name][p.Name]
			if p.Required || given {
				it.properties = append(it.properties, field{p.Name, 1, r.source(t.Name, p)})
			}
		}
		c.items = append(c.items, it)
	}
	if len(names) > 0 {
		c.name = strings.Join(names, "+")
	}
	return c
}

// source is where a property's values come from: what `data` says, or values generated from the description.
func (r *mixReader) source(contentType string, p contracts.Property) source {
	if s, given := r.sources[contentType][p.Name]; given {
		return s
	}
	if p.Type == "boolean" {
		// Leaving the field out already says false, wherever that is the default.
		return func(dst []byte, _ *draw) []byte { return append(dst, "true"...) }
	}
	return func(dst []byte, w *draw) []byte { return r.d.Generate(dst, p, w.rng) }
}

// checkBodies holds a few hundred bodies of the mix against the description: a value that it forbids (too long, not of
// the right format) is a mistake in the scenario, and would otherwise show as refused calls.
func (s *Scenario) checkBodies(doc *document, keys map[string]value) {
	at, given := keys["data"]
	if !given {
		at = value{doc, nil}
	}
	d := newDraw()
	rng := rand.New(rand.NewPCG(1, 1))
	for i, c := range s.mix.contents {
		for n := range max(20, 300/len(s.mix.contents)) {
			d.reset(rng.Uint64(), uint64(n))
			tier := s.mix.tiers[n%len(s.mix.tiers)]
			body := s.mix.appendValid(nil, s.description, d, tier, &s.mix.contents[i], func(field) bool { return n%2 == 0 })
			if _, violation := s.description.ReadRequest(body); violation != nil {
				message := fmt.Sprintf("a call with the content %s breaks the contract: %s; change `data`, or the description", c.name, violation.Message)
				if at.node == nil {
					doc.report(1, 1, 1, message)
				} else {
					at.fail("%s", message)
				}
				return
			}
		}
	}
}
