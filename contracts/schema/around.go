package schema

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/big"
	"slices"
	"strings"
)

// A Prober changes values in single places, in the ways of which schemas speak there. It goes to each place a few times
// only, however many values there are.
type Prober struct {
	schemas []spoken
	visits  map[string]int
	pools   map[spoken][]*Node
	any     *Node // a schema that says nothing
	texts   map[spoken]string
}

// maxVisits is how often a place is gone to: in a small value and a large one, and in others.
const maxVisits = 4

// NewProber makes a prober of what one schema or another says.
func NewProber(d *Document, s *Node, other *Document, too *Node) *Prober {
	return &Prober{schemas: []spoken{{d, s}, {other, too}}, visits: map[string]int{}, pools: map[spoken][]*Node{}, any: &Node{}, texts: map[spoken]string{}}
}

// Around gives yield the value as it is with one place changed at a time, until yield says that it is enough. The value
// is changed in place, and is as it was in the end.
func (p *Prober) Around(value *Node, yield func() bool) bool {
	return p.around(value, p.schemas, "", yield)
}

func (p *Prober) around(value *Node, at []spoken, place string, yield func() bool) bool {
	at = speaking(at, value)
	if p.alike(at) {
		return true // what changes here changes nothing
	}
	key := fmt.Sprint(place, len(value.Keys), value.Fields != nil, value.IsList, len(at))
	if p.visits[key]++; len(at) == 0 || p.visits[key] > maxVisits || len(place) > maxPlace {
		return true
	}
	old := *value
	for _, other := range p.others(at, value) {
		*value = *other
		more := yield()
		if *value = old; !more {
			return false
		}
	}
	for i, item := range value.List {
		if !p.around(item, ofItem(at, i), step(place, "0"), yield) {
			return false
		}
	}
	for _, name := range value.Keys {
		if !p.around(value.Fields[name], ofMember(at, name), step(place, name), yield) {
			return false
		}
	}
	return true
}

// alike reports whether the schemas of both sides say the same.
func (p *Prober) alike(at []spoken) bool {
	var sides [2][]string
	for _, s := range at {
		text, known := p.texts[s]
		if !known {
			text = s.d.Whole(s.n)
			p.texts[s] = text
		}
		side := 0
		if s.d == p.schemas[1].d {
			side = 1
		}
		sides[side] = append(sides[side], text)
	}
	slices.Sort(sides[0])
	slices.Sort(sides[1])
	return slices.Equal(sides[0], sides[1])
}

// maxPlace bounds how deep values are gone into.
const maxPlace = 400

// others are what may stand in the place of a value.
func (p *Prober) others(at []spoken, value *Node) (out []*Node) {
	for _, s := range at {
		out = append(out, p.pool(s)...)
	}
	switch {
	case value.Fields != nil:
		out = append(out, p.objects(at, value)...)
	case value.IsList:
		out = append(out, p.lists(at, value)...)
	}
	return out
}

// pool are values of which a schema by itself makes one think.
func (p *Prober) pool(s spoken) (out []*Node) {
	if known, ok := p.pools[s]; ok {
		return known
	}
	add := func(text []byte) {
		if n, err := ReadJSON(text); err == nil && len(text) <= longPart {
			out = append(out, n)
		}
	}
	for _, sample := range typeSamples {
		add([]byte(sample.json))
	}
	for _, n := range slices.Concat(s.n.At("enum").Items(), s.n.At("examples").Items(), []*Node{s.n.At("const"), s.n.At("default"), s.n.At("example")}) {
		if n != nil {
			add(n.AppendJSON(nil))
		}
	}
	if s.n.At("$ref") == nil {
		for _, text := range first(s.d.Candidates(s.n), fewCandidates) {
			add(text)
		}
	}
	for _, text := range numbers(s.n) {
		out = append(out, &Node{Scalar: json.Number(text)})
	}
	for _, text := range strange(s.n) {
		out = append(out, &Node{Scalar: text})
	}
	p.pools[s] = out
	return out
}

// first are the first n of a sequence.
func first(texts iter.Seq[[]byte], n int) (out [][]byte) {
	for text := range texts {
		out = append(out, text)
		if len(out) == n {
			break
		}
	}
	return out
}

// longPart is how long what stands in the place of another value may be, where no bound makes it longer.
const longPart = 2000

// fewCandidates is how many values that a schema describes stand in the place of another.
const fewCandidates = 12

// numbers are what is to be tried where a schema speaks of numbers: exact, at each bound and on both sides of it.
func numbers(s *Node) (out []string) {
	types := s.Types()
	if len(types) > 0 && !slices.Contains(types, "number") && !slices.Contains(types, "integer") {
		return nil
	}
	add := func(r *big.Rat) {
		if text := exactly(r); text != "" {
			out = append(out, text)
		}
	}
	out = append(out, "0", "1", "-1", "1.5", "1000000", "9007199254740993", "1e300", "0.1")
	step := []*big.Rat{big.NewRat(1, 1), big.NewRat(1, 2)}
	if m := rational(s.At("multipleOf")); m != nil {
		step = append(step, m)
		for _, k := range []int64{1, 2, 3, 5, 7, -1} {
			add(new(big.Rat).Mul(m, big.NewRat(k, 1)))
		}
	}
	for _, key := range []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} {
		bound := rational(s.At(key))
		if bound == nil {
			continue
		}
		add(bound)
		for _, d := range step {
			add(new(big.Rat).Add(bound, d))
			add(new(big.Rat).Sub(bound, d))
		}
	}
	return out
}

// strange are texts to be tried where a schema speaks of texts: at each bound of its length, and such as trip over
// patterns.
func strange(s *Node) (out []string) {
	types := s.Types()
	if len(types) > 0 && !slices.Contains(types, "string") {
		return nil
	}
	out = []string{"", " ", "x", "X", "0", "a b", "a-b", "a\nb", "\u00e9", "\U0001f469", "x@example.com", "2026-01-02"}
	for _, key := range []string{"minLength", "maxLength"} {
		if n, is := s.At(key).Number(); is && n <= largestBound {
			for _, length := range []int{int(n) - 1, int(n), int(n) + 1} {
				out = append(out, strings.Repeat("x", max(length, 0)))
			}
		}
	}
	if pattern := s.At("pattern").Text(); pattern != "" {
		for n := range uint64(3) {
			for _, repeats := range []int{0, 1, 2, 5, 40} {
				if text, ok := matching(pattern, n*7919, repeats); ok {
					out = append(out, text, text+text, "x"+text, text+" ")
				}
			}
		}
	}
	return out
}

// objects are objects with a member more or less.
func (p *Prober) objects(at []spoken, value *Node) (out []*Node) {
	with := func(name string, n *Node) *Node {
		o := &Node{Keys: append(slices.Clone(value.Keys), name), Fields: map[string]*Node{name: n}}
		for k, f := range value.Fields {
			o.Fields[k] = f
		}
		return o
	}
	for _, name := range value.Keys {
		o := &Node{Fields: map[string]*Node{}}
		for _, k := range value.Keys {
			if k != name {
				o.Keys, o.Fields[k] = append(o.Keys, k), value.Fields[k]
			}
		}
		out = append(out, o)
	}
	names := []string{"unknownProperty"}
	for _, s := range at {
		names = slices.Concat(names, s.n.At("properties").Names(), s.n.At("required").Texts())
		names = append(names, s.n.At("dependentRequired").Names()...)
		names = append(names, s.n.At("dependentSchemas").Names()...)
		for _, pattern := range append(s.n.At("patternProperties").Names(), s.n.At("propertyNames", "pattern").Text()) {
			for n := range uint64(2) {
				if text, ok := Matching(pattern, n); ok && pattern != "" {
					names = append(names, text)
				}
			}
		}
		if named := s.n.At("propertyNames"); named != nil {
			for _, n := range p.pool(spoken{s.d, named}) {
				if text, is := n.Scalar.(string); is && len(text) < 300 {
					names = append(names, text)
				}
			}
		}
		for _, key := range []string{"minProperties", "maxProperties"} {
			if n, is := s.n.At(key).Number(); is && n <= manyMembers {
				for _, count := range []int{int(n), int(n) + 1} {
					o := value.Clone()
					for i := 0; len(o.Keys) < count; i++ {
						name := fmt.Sprint("unknown", i)
						o.Keys, o.Fields[name] = append(o.Keys, name), &Node{Scalar: "x"}
					}
					out = append(out, o)
				}
			}
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if value.Fields[name] != nil {
			continue
		}
		out = append(out, with(name, &Node{Scalar: "x"}), with(name, &Node{Scalar: json.Number("1")}))
		of := ofMember(at, name)
		few := fewMembers
		if p.alike(of) {
			few = 1
		}
		for _, s := range of {
			pool := p.pool(s)
			for _, n := range pool[:min(len(pool), few)] {
				out = append(out, with(name, n))
			}
		}
	}
	return out
}

// fewMembers is how many values a member that is added has in turn.
const fewMembers = 12

// opening are lists of the first items of which a schema speaks, one by one: what is said of the second shows in no
// list of one.
func opening(s spoken) (out []*Node) {
	var items []*Node
	for _, at := range s.n.At("prefixItems").Items() {
		for _, text := range first(s.d.Candidates(at), 1) {
			if n, err := ReadJSON(text); err == nil && len(text) <= longPart && len(items) < manyMembers {
				items = append(items, n)
				out = append(out, &Node{IsList: true, List: slices.Clone(items)})
			}
		}
	}
	return out
}

// lists are lists with items more or less.
func (p *Prober) lists(at []spoken, value *Node) (out []*Node) {
	list := func(items []*Node) { out = append(out, &Node{IsList: true, List: items}) }
	for i := range value.List {
		list(slices.Concat(value.List[:i], value.List[i+1:]))
	}
	items := slices.Clone(value.List)
	seen := map[string]bool{}
	for _, n := range items {
		seen[string(n.AppendJSON(nil))] = true
	}
	next := ofItem(at, len(value.List))
	if len(next) == 0 {
		next = []spoken{{at[0].d, p.any}}
	}
	for _, s := range next {
		for _, n := range p.pool(s) {
			if key := string(n.AppendJSON(nil)); !seen[key] && len(key) < 1000 {
				seen[key] = true
				items = append(items, n)
				list(append(slices.Clone(value.List), n))
			}
		}
	}
	if len(value.List) > 0 {
		list(append(slices.Clone(value.List), value.List[0]))
	}
	for _, s := range at {
		out = append(out, opening(s)...)
		for _, key := range []string{"minItems", "maxItems", "minContains", "maxContains"} {
			n, is := s.n.At(key).Number()
			if !is || n > manyMembers || len(items) == 0 {
				continue
			}
			for _, count := range []int{int(n) - 1, int(n), int(n) + 1} {
				var cycled, same []*Node
				for i := range count {
					cycled, same = append(cycled, items[i%len(items)]), append(same, items[0])
				}
				list(cycled)
				list(same)
			}
		}
	}
	return out
}

// Seeds are values of a schema, and such as break it in one place, to begin with.
func (d *Document) Seeds(s *Node) (out [][]byte) {
	out = first(d.Candidates(s), manySeeds)
	for _, x := range NewDeriver(d).Invalid(s) {
		out = append(out, x.JSON)
	}
	return slices.DeleteFunc(out, func(text []byte) bool { return len(text) > longSeed })
}

const (
	// manySeeds bounds them.
	manySeeds = 120
	// longSeed is how long one may be: the bounds of lengths are tried by themselves.
	longSeed = 8 << 10
)
