package scenarios

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/results"
)

// readMix reads `mix`, and names the classes. The files of data, which were read before, are given as they are kept.
func (r *mixReader) readMix(keys map[string]document.Value) (m mix, classes []results.Class, feeders map[string][]byte) {
	doc, d := r.doc, r.d
	if r.secrets != nil {
		m.tenants, m.secrets = r.tenants.Rows(), r.secrets.place
	}
	var known map[string]document.Value
	if v, given := keys["mix"]; given {
		names := []string{"tier", "content", "invalid"}
		for _, f := range d.Fields() {
			names = append(names, f.Name)
		}
		known, _ = v.Object("the mix", names...)
	}
	r.readTiers(known, &m)
	r.readContents(known, &m)
	for _, f := range d.Fields() {
		v, given := known[f.Name]
		if !given {
			if f.Required {
				m.fields = append(m.fields, field{f.Name, 1, r.source("", f)})
			}
			continue
		}
		share, ok := v.Share("the share of calls with " + f.Name)
		if ok && f.Required && share < 1 {
			v.Fail("the description requires %s in every call; expected 100%%, found %s", f.Name, v.Found())
		}
		m.fields = append(m.fields, field{f.Name, share, r.source("", f)})
	}
	if v, given := known["invalid"]; given {
		if m.invalid, _ = v.Share("the share of invalid calls"); m.invalid > 0 {
			m.refused = cases.InvalidBodies(d)
			if len(m.refused) == 0 {
				v.Fail("the description forbids nothing, so there are no invalid calls to send")
			}
		}
	}
	if doc.Problems() == 0 {
		if classes = m.nameClasses(); len(classes) > maxClasses {
			r.fail(keys, "mix", fmt.Sprintf("the mix has %d classes (tiers × content), more than the %d that can be told apart; choose fewer signatures",
				len(classes), maxClasses))
		}
	}
	if doc.Problems() == 0 {
		r.checkBodies(&m, keys)
	}
	kept := r.kept()
	if v, given := keys["data"]; given && doc.Problems() == 0 {
		m.data = saidData(v, kept)
	}
	feeders = map[string][]byte{}
	for name, data := range kept {
		if filepath.IsLocal(name) {
			feeders[filepath.ToSlash(filepath.Clean(name))] = data
		}
	}
	return m, classes, feeders
}

func (r *mixReader) readTiers(known map[string]document.Value, m *mix) {
	tiers := r.d.Tiers()
	m.noTier = contracts.NoTier(tiers)
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
	list, ok := v.Members("the weights by tier")
	if !ok {
		return
	}
	vocabulary := append(slices.Clone(tiers), m.noTier)
	var ws []float64
	sum := 0.0
	for _, t := range list {
		if !slices.Contains(vocabulary, t.Name) {
			t.Key.Fail("the description has no tier %q; %s", document.Clip(t.Name), document.ExpectedOne(t.Name, vocabulary))
			continue
		}
		w, ok := t.Weight("the weight of tier " + t.Name)
		sum += w
		if !ok || w == 0 {
			continue
		}
		name := t.Name
		if name == m.noTier {
			name = ""
		}
		m.tiers, ws = append(m.tiers, name), append(ws, w)
	}
	if sum == 0 && r.doc.Problems() == 0 {
		v.Fail("the weights of the tiers sum to nothing; give at least one tier a weight above 0")
	}
	m.tierDraw = newWeights(ws)
}

func (r *mixReader) readContents(known map[string]document.Value, m *mix) {
	v, given := known["content"]
	if !given {
		var ws []float64
		for _, t := range r.d.ContentTypes() {
			items := slices.Repeat([]contracts.ContentType{t}, min(max(r.d.LeastItems(), 1), maxItems))
			m.contents, ws = append(m.contents, r.content(items)), append(ws, 1)
		}
		if len(ws) == 0 {
			m.contents, ws = []content{{name: noContent, omitted: true}}, []float64{1}
		}
		m.draw = newWeights(ws)
		return
	}
	list, ok := v.List("the content signatures, such as {weight: 50, items: [text]}")
	if !ok {
		return
	}
	var ws []float64
	sum, before := 0.0, r.doc.Problems()
	for _, entry := range list {
		keys, ok := entry.Object("the content signature", "weight", "items")
		if !ok {
			continue
		}
		w := 1.0
		if v, given := keys["weight"]; given {
			w, _ = v.Weight("the signature's weight")
		}
		items, given := keys["items"]
		if !given {
			entry.Fail("the signature lacks `items`; write, say, items: [text], items: [] for an empty list, or items: none to leave the field out")
			continue
		}
		c, ok := r.readSignature(items)
		if !ok {
			continue
		}
		if slices.ContainsFunc(m.contents, func(o content) bool { return o.name == c.name }) {
			items.Fail("the signature %s stands here twice; add up the weights", c.name)
		}
		if sum += w; w > 0 {
			m.contents, ws = append(m.contents, c), append(ws, w)
		}
	}
	if sum == 0 && r.doc.Problems() == before {
		v.Fail("the weights of the content sum to nothing; give at least one signature a weight above 0")
	}
	m.draw = newWeights(ws)
}

func (r *mixReader) readSignature(v document.Value) (content, bool) {
	if v.Scalar() {
		if s, ok := v.Text("the items"); !ok || s != noContent {
			v.Fail("expected the items, a list of content types such as [text, file], or `none` to leave the field out, found %s", v.Found())
			return content{}, false
		}
		return content{name: noContent, omitted: true}, true
	}
	list, ok := v.List("the items")
	if !ok {
		return content{}, false
	}
	if len(list) > maxItems {
		v.Fail("the signature has %d items, more than the %d that it may have", len(list), maxItems)
		return content{}, false
	}
	var types []contracts.ContentType
	var names []string
	for _, t := range r.d.ContentTypes() {
		names = append(names, t.Name)
	}
	for _, e := range list {
		name, good := e.Text("a content type")
		i := slices.Index(names, name)
		if good && i < 0 {
			e.Fail("the description has no content type %q; %s", document.Clip(name), document.ExpectedOne(name, names))
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
	return func(dst []byte, w *draw) []byte { return r.d.Document().Generate(dst, p.Schema, w.rng) }
}

// checkBodies holds the bodies of the mix against the description.
func (r *mixReader) checkBodies(m *mix, keys map[string]document.Value) {
	if content, violation := m.broken(r.d); violation != nil {
		r.fail(keys, "data", fmt.Sprintf("a call with the content %s breaks the contract: %s; change `data`, or the description",
			content, violation.Message))
	}
}

// broken makes a few hundred calls of the mix, and gives the content of the first that the description forbids: a
// value that it does not take (too long, not of the right format) is a mistake in the scenario, and would otherwise
// show as refused calls.
func (m *mix) broken(d *contracts.Description) (content string, _ *contracts.Violation) {
	w, checker := newDraw(), d.NewChecker()
	rng := rand.New(rand.NewPCG(1, 1))
	for i, c := range m.contents {
		for n := range max(20, 300/len(m.contents)) {
			w.reset(rng.Uint64(), uint64(n))
			tier, optional := m.tiers[n%len(m.tiers)], n/len(m.tiers)%2 == 0
			call := m.valid(w, tier, &m.contents[i], func(f field) bool { return f.share >= 1 || f.share > 0 && optional })
			if violation := checker.Check(call); violation != nil {
				return c.name, violation
			}
		}
	}
	return "", nil
}

// fail reports a problem at a key of the scenario, or at its beginning where the key is not there.
func (r *mixReader) fail(keys map[string]document.Value, key, problem string) {
	if at, given := keys[key]; given {
		at.Fail("%s", problem)
		return
	}
	r.doc.Report(1, 1, 1, problem)
}
