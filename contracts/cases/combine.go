package cases

import (
	"math/big"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// A choice is one value of one dimension in which calls differ.
type choice struct {
	label string
	set   func(*contracts.Call)
}

// pick is one choice of each dimension, by its place there.
type pick []int

// pairs are the pairs of choices that have met in some case.
type pairs struct {
	dimensions [][]choice
	// first is the number of the first choice of each dimension, all is how many choices there are, and met has a row of
	// them for each.
	first []int
	all   int
	met   []bool
}

func newPairs(dimensions [][]choice) *pairs {
	p := &pairs{dimensions: dimensions}
	for _, choices := range dimensions {
		p.first = append(p.first, p.all)
		p.all += len(choices)
	}
	p.met = make([]bool, p.all*p.all)
	return p
}

// pair is where it stands whether two choices have met.
func (p *pairs) pair(i, a, j, b int) *bool { return &p.met[(p.first[i]+a)*p.all+p.first[j]+b] }

// gain counts the pairs of a pick that have not met.
func (p *pairs) gain(x pick) (n int) {
	for i := range x {
		for j := i + 1; j < len(x); j++ {
			if !*p.pair(i, x[i], j, x[j]) {
				n++
			}
		}
	}
	return n
}

func (p *pairs) commit(x pick) {
	for i := range x {
		for j := i + 1; j < len(x); j++ {
			*p.pair(i, x[i], j, x[j]) = true
			*p.pair(j, x[j], i, x[i]) = true
		}
	}
}

// manyDimensions is above how many the first candidate is taken, since trying all of them takes minutes.
const manyDimensions = 14

// next is the pick that brings the most new pairs; nil when all have met. Every candidate starts from a pair that has
// not met and is filled up by what brings the most.
func (p *pairs) next() (best pick) {
	most := 0
	for i := range p.dimensions {
		for j := i + 1; j < len(p.dimensions); j++ {
			for a := range p.dimensions[i] {
				for b := range p.dimensions[j] {
					if *p.pair(i, a, j, b) {
						continue
					}
					if len(p.dimensions) > manyDimensions {
						return p.fillOnce(i, a, j, b)
					}
					x := p.fill(i, a, j, b)
					if n := p.gain(x); n > most {
						most, best = n, x
					}
				}
			}
		}
	}
	return best
}

// fill makes a pick of a pair, and of the choices in the other dimensions that bring the most.
func (p *pairs) fill(i, a, j, b int) pick {
	x := make(pick, len(p.dimensions))
	x[i], x[j] = a, b
	for k := range p.dimensions {
		if k == i || k == j {
			continue
		}
		top, y := -1, slices.Clone(x)
		for at := range p.dimensions[k] {
			y[k] = at
			if n := p.gain(y); n > top {
				top, x[k] = n, at
			}
		}
	}
	return x
}

// fillOnce is fill, in which each choice is made once, by what it brings with those before it.
func (p *pairs) fillOnce(i, a, j, b int) pick {
	x := make(pick, len(p.dimensions))
	x[i], x[j] = a, b
	chosen := []int{i, j}
	for k := range p.dimensions {
		if k == i || k == j {
			continue
		}
		top := -1
		for at := range p.dimensions[k] {
			n := 0
			for _, other := range chosen {
				if !*p.pair(k, at, other, x[other]) {
					n++
				}
			}
			if n > top {
				top, x[k] = n, at
			}
		}
		chosen = append(chosen, k)
	}
	return x
}

// combine adds the cases in which tier, content and optional properties meet. Every content type meets every tier; of
// the rest, cases are added until every two choices have met, greedily: the case that brings the most new pairs comes
// next.
func (v *deriver) combine() {
	dimensions := v.dimensions()
	p, one := newPairs(dimensions), big.NewInt(1)
	for _, dim := range dimensions {
		v.leftOut.Mul(v.leftOut, big.NewInt(int64(len(dim))))
	}
	send := func(x pick) {
		p.commit(x)
		c := &contracts.Call{}
		var id []string
		for i, at := range x {
			dimensions[i][at].set(c)
			if l := dimensions[i][at].label; i < 2 {
				id = append(id, l)
			} else if l != "" {
				id[1] += "+" + l
			}
		}
		v.leftOut.Sub(v.leftOut, one)
		v.body(strings.Join(id, "."), "content "+id[0]+" with the tier "+strings.ReplaceAll(id[1], "+", " and "), v.AppendBody(nil, c), Accepted)
	}
	for content := range dimensions[0] {
		for tier := range dimensions[1] {
			x := make(pick, len(dimensions))
			x[0], x[1] = content, tier
			send(x)
		}
	}
	for x := p.next(); x != nil; x = p.next() {
		send(x)
	}
}

// dimensions are the content, the tier, and each optional property.
func (v *deriver) dimensions() [][]choice {
	out := [][]choice{v.contents(), v.tiers()}
	for _, f := range v.Fields() {
		if f.Required {
			continue
		}
		values := []choice{{"", func(*contracts.Call) {}}}
		for i, x := range v.values.Valid(f.Schema, f.Name) {
			if i > 1 || i == 1 && f.Type != "boolean" {
				break
			}
			label := f.Name
			if f.Type == "boolean" {
				label += "=" + string(x.JSON)
			}
			values = append(values, choice{label, func(c *contracts.Call) { c.Fields = schema.With(c.Fields, contracts.Field{Name: f.Name, JSON: x.JSON}) }})
		}
		out = append(out, values)
	}
	return out
}

func (v *deriver) contents() (out []choice) {
	var all []contracts.Item
	for _, t := range v.ContentTypes() {
		it := v.item(t)
		all = append(all, it)
		out = append(out, choice{t.Name, func(c *contracts.Call) { c.Content = []contracts.Item{it}; v.fillRequired(c) }})
	}
	if len(all) > 1 {
		out = append(out, choice{"mixed", func(c *contracts.Call) { c.Content = all; v.fillRequired(c) }})
	}
	if len(all) > 0 {
		out = append(out, choice{"empty", func(c *contracts.Call) { c.Content = []contracts.Item{}; v.fillRequired(c) }})
	}
	return append(out, choice{"none", v.fillRequired})
}

func (v *deriver) tiers() (out []choice) {
	for _, t := range v.Tiers() {
		out = append(out, choice{t, func(c *contracts.Call) { c.Tier = t }})
	}
	return append(out, choice{contracts.NoTier(v.Tiers()), func(*contracts.Call) {}})
}
