package scenarios

import (
	"math/bits"
	"slices"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/results"
)

// noContent is what the mix calls the content that is left out, and invalid are the calls that must be refused.
const (
	noContent = "none"
	invalid   = "invalid"
)

const (
	maxClasses = 2000
	maxItems   = 64
)

// A mix says what the calls carry.
type mix struct {
	tiers    []string // "" leaves the field out
	noTier   string   // what "" is called
	tierDraw weights
	contents []content
	draw     weights
	fields   []field
	// invalid is the share of calls that must be refused, which are drawn from refused.
	invalid float64
	refused [][]byte
	// classOf[content][tier] is an index into Labels.Classes; the last class is that of the invalid calls, if any.
	classOf [][]int
	// data says where the values come from that `data` names.
	data []results.Part
	// tenants is how many rows the file has of which each call takes one, with its secrets, and secrets is its place among
	// the files; 0 where there is none.
	tenants, secrets int
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

// tierName is what a tier is called in the mix.
func (m *mix) tierName(tier string) string {
	if tier == "" {
		return m.noTier
	}
	return tier
}

// nameClasses lists the classes, and notes where each is.
func (m *mix) nameClasses() (classes []results.Class) {
	m.classOf = make([][]int, len(m.contents))
	for i, c := range m.contents {
		for _, t := range m.tiers {
			tier := m.tierName(t)
			m.classOf[i] = append(m.classOf[i], len(classes))
			classes = append(classes, results.Class{Name: c.name + "." + tier, Tier: tier, Content: c.name})
		}
	}
	if m.invalid > 0 {
		// A tier or a content type of the description can be called invalid too, and is then another group.
		name := invalid
		for slices.ContainsFunc(classes, func(c results.Class) bool { return c.Tier == name || c.Content == name }) {
			name = "deliberately-" + name
		}
		classes = append(classes, results.Class{Name: name, Tier: name, Content: name, Invalid: true})
	}
	return classes
}

// tenant draws the row that a call is of. It comes next after what decides the call's class.
func (m *mix) tenant(w *draw) int {
	if m.tenants == 0 {
		return 0
	}
	row, _ := bits.Mul64(w.rng.Uint64(), uint64(m.tenants))
	w.hold(m.secrets, int(row))
	return int(row)
}

// valid makes a valid call, which is w's until the next.
func (m *mix) valid(w *draw, tier string, c *content, sent func(field) bool) *contracts.Call {
	// Values are written into one buffer before they are cut into fields, since it moves while it grows.
	var cuts [2 * (maxItems + 16)]int
	ends := cuts[:0]
	w.values, w.fields, w.items = w.values[:0], w.fields[:0], w.items[:0]
	value := func(f field) {
		w.values = f.source(w.values, w)
		w.fields = append(w.fields, contracts.Field{Name: f.name})
		ends = append(ends, len(w.values))
	}
	for _, f := range m.fields {
		if sent(f) {
			value(f)
		}
	}
	top := len(w.fields)
	for _, it := range c.items {
		for _, f := range it.properties {
			value(f)
		}
	}
	start := 0
	for i, end := range ends {
		w.fields[i].JSON = w.values[start:end]
		start = end
	}
	at := top
	for _, it := range c.items {
		end := at + len(it.properties)
		w.items = append(w.items, contracts.Item{Type: it.contentType, Fields: w.fields[at:end]})
		at = end
	}
	w.call = contracts.Call{Tier: tier, Content: w.items, Fields: w.fields[:top]}
	if c.omitted {
		w.call.Content = nil
	} else if w.call.Content == nil {
		w.call.Content = []contracts.Item{}
	}
	return &w.call
}
