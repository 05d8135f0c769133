package schema

import (
	"slices"
	"strconv"
)

// maxWalk is how deep a value is followed into schemas that refer to themselves.
const maxWalk = 64

// A Place is where a document speaks of a part of a value.
type Place struct {
	// Line counts from 1; 0 is not known.
	Line int
	// Assumed parts, or what they are in, are marked x-assumption: true.
	Assumed bool
}

// PlaceOf finds what a schema says of the part of a value to which a path of keys and positions leads, as deep as that
// is described. The keyword whose line is given is the first of those that is there; a property that has to be there
// and is not stands in the list of its object, required.
func (d *Document) PlaceOf(s *Node, value any, path []string, keywords ...string) Place {
	at := []*Node{s}
	var p Place
	for i := 0; ; i++ {
		parts := d.parts(at, value)
		p.Assumed = p.Assumed || slices.ContainsFunc(parts, (*Node).Assumed)
		if line := lineOf(parts, keywords); line > 0 {
			p.Line = line
		}
		if i == len(path) || i == maxWalk {
			return p
		}
		next, part := inside(parts, value, path[i])
		if part == nil && i == len(path)-1 {
			for _, n := range parts {
				if slices.Contains(n.At("required").Texts(), path[i]) {
					p.Line = n.At("required").Line
				}
			}
			p.Assumed = p.Assumed || slices.ContainsFunc(d.parts(next, nil), (*Node).Assumed)
			return p
		}
		if len(next) == 0 {
			return p
		}
		at, value = next, part
	}
}

// Assumes reports whether a value has a part of which a schema speaks under the mark x-assumption: true.
func (d *Document) Assumes(s *Node, value any) bool { return d.assumes([]*Node{s}, value, 0) }

func (d *Document) assumes(at []*Node, value any, depth int) bool {
	parts := d.parts(at, value)
	if slices.ContainsFunc(parts, (*Node).Assumed) {
		return true
	}
	if depth == maxWalk {
		return false
	}
	within := func(key string) bool {
		next, part := inside(parts, value, key)
		return len(next) > 0 && d.assumes(next, part, depth+1)
	}
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			if within(key) {
				return true
			}
		}
	case []any:
		for i := range v {
			if within(strconv.Itoa(i)) {
				return true
			}
		}
	}
	return false
}

// Assumed reports whether an object of a document is marked x-assumption: true.
func (n *Node) Assumed() bool {
	a := n.At("x-assumption")
	return a != nil && a.Scalar == true
}

// parts are schemas with all that speaks of the same value: what they refer to, what they are made of, and of their
// branches that which the value chooses by its discriminator.
func (d *Document) parts(at []*Node, value any) (out []*Node) {
	object, _ := value.(map[string]any)
	for list := slices.Clone(at); len(list) > 0 && len(out) < maxNodes; {
		n := list[0]
		list = list[1:]
		if n == nil || slices.Contains(out, n) {
			continue
		}
		out = append(out, n)
		if n.At("$ref") != nil {
			if to, err := d.Resolve(n); err == nil {
				list = append(list, to)
			}
		}
		list = append(list, n.At("allOf").Items()...)
		for _, b := range slices.Concat(n.At("oneOf").Items(), n.At("anyOf").Items()) {
			r, err := d.Resolve(b)
			if err != nil {
				continue
			}
			if c := r.At("properties", d.Discriminator, "const"); c != nil && c.Scalar == object[d.Discriminator] {
				list = append(list, b)
			}
		}
	}
	return out
}

// inside are the schemas of a member or an item of a value, and what it is: nil where it is not there.
func inside(parts []*Node, value any, key string) (next []*Node, part any) {
	keys := []string{"properties", key}
	switch v := value.(type) {
	case map[string]any:
		part = v[key]
		if _, there := v[key]; there && part == nil {
			part = new(any)
		}
	case []any:
		keys = []string{"items"}
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(v) {
			if part = v[i]; part == nil {
				part = new(any)
			}
		}
	}
	for _, n := range parts {
		if s := n.At(keys...); s != nil {
			next = append(next, s)
		}
	}
	return next, part
}

// lineOf is the line of the first of some keywords in schemas, or else of the last of them: what others refer to.
func lineOf(parts []*Node, keywords []string) (line int) {
	for _, n := range parts {
		line = n.Line
		for _, k := range keywords {
			if at := n.At(k); at != nil {
				return at.Line
			}
		}
	}
	return line
}
