package contracts

import (
	"slices"
	"strconv"
	"strings"
)

// Part is a part of the description that calls can exercise: a property of the request, a value of an enum, a branch of a
// oneOf, or a status of the answer.
type Part struct {
	// Kind is "property", "value", "branch" or "status".
	Kind string
	// Name says where it is: content[].file.id, kaizenVersion = Lite, content[] as text, 200.
	Name string
	// Kept is how many of the calls used it as described, Broken how many broke it and nothing else. For a status, Kept is
	// how many answers had it.
	Kept, Broken int
	// Breakable parts can be broken at all: a single value of an enum or a status cannot.
	Breakable bool
	// Open parts are those that no call can be sure to reach: statuses of refusals, of which the target chooses one.
	Open bool
}

// Coverage says which parts of the description the given cases exercise, in the description's order. The statuses are
// those of the answers, with their counts.
func (d *Description) Coverage(tried []Case, statuses map[int]int) []Part {
	c := coverage{d: d, at: map[string]int{}}
	c.list(d.body, "", 0)
	for _, k := range tried {
		if k.Method != method || k.Auth != ValidToken {
			continue
		}
		v, err := decodeJSON(k.Body)
		switch {
		case err != nil:
		case k.Expect == Accepted:
			c.keep(v, d.body, "", 0)
		case k.Expect == Refused && k.ContentType == jsonType:
			if _, violation := d.ReadRequest(k.Body); violation != nil && violation.Pointer != "" {
				c.breakAt(v, strings.Split(violation.Pointer[1:], "/"))
			}
		}
	}
	for _, status := range d.root.at("paths", path, strings.ToLower(method), "responses").keys {
		p := Part{Kind: "status", Name: status, Open: !strings.HasPrefix(status, "2")}
		for code, n := range statuses {
			if d.statuses[strings.ToUpper(status)] == d.responseFor(code) {
				p.Kept += n
			}
		}
		c.parts = append(c.parts, p)
	}
	return c.parts
}

type coverage struct {
	d     *Description
	parts []Part
	at    map[string]int
}

func (c *coverage) add(p Part) {
	if _, there := c.at[p.Name]; !there {
		c.at[p.Name] = len(c.parts)
		c.parts = append(c.parts, p)
	}
}

func (c *coverage) mark(name string, kept, broken int) {
	if i, there := c.at[name]; there {
		c.parts[i].Kept += kept
		c.parts[i].Broken += broken
	}
}

func inside(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// coverageDepth is how deep a schema that refers to itself is followed.
const coverageDepth = 8

// list names every part below a schema.
func (c *coverage) list(s *node, prefix string, depth int) {
	s, err := c.d.resolve(s)
	if err != nil || depth > coverageDepth {
		return
	}
	if e := s.at("enum"); e != nil {
		for _, n := range e.list {
			c.add(Part{Kind: "value", Name: valueName(prefix, string(compact(n.value())))})
		}
	}
	if branches := branchesOf(s); branches != nil {
		for i, b := range branches {
			name := c.branch(b, i)
			c.add(Part{Kind: "branch", Name: prefix + " as " + name, Breakable: true})
			c.list(b, inside(prefix, name), depth+1)
		}
		return
	}
	props, err := c.d.members(s)
	if err != nil {
		return
	}
	for _, p := range props {
		n, err := c.d.resolve(p.schema)
		if err != nil {
			continue
		}
		bound := p.required || len(n.types()) > 0 || n.at("const") != nil || n.at("enum") != nil
		c.add(Part{Kind: "property", Name: c.property(s, prefix, p.name), Breakable: bound})
		c.list(n, inside(prefix, p.name), depth+1)
	}
	if items := s.at("items"); items != nil {
		c.list(items, prefix+"[]", depth+1)
	}
}

// property names a property. The discriminator is one for all branches, since a wrong one belongs to none of them.
func (c *coverage) property(s *node, prefix, name string) string {
	if name == c.d.disc && s.at("properties", name, "const") != nil {
		if i := strings.LastIndexByte(prefix, '.'); i >= 0 {
			prefix = prefix[:i]
		}
	}
	return inside(prefix, name)
}

func valueName(prefix, value string) string { return prefix + " = " + strings.Trim(value, `"`) }

// branchesOf gives the branches of a schema that is a choice between others.
func branchesOf(s *node) []*node {
	for _, key := range []string{"oneOf", "anyOf"} {
		if b := s.at(key); b != nil && s.at("properties") == nil {
			return b.list
		}
	}
	return nil
}

func (c *coverage) branch(b *node, i int) string {
	return (&deriver{d: c.d}).branchName(b, i)
}

// chosen gives the branch that a value stands for: the one that the discriminator names, or the first that admits its type.
func (c *coverage) chosen(v any, branches []*node) (branch *node, at int) {
	m, _ := v.(map[string]any)
	for i, b := range branches {
		n, err := c.d.resolve(b)
		if err != nil {
			continue
		}
		if k := n.at("properties", c.d.disc, "const"); k != nil {
			if m != nil && m[c.d.disc] == k.scalar {
				return n, i
			}
			continue
		}
		if fitsType(v, n.types()) && !slices.ContainsFunc(n.at("required").texts(), func(name string) bool { _, there := m[name]; return !there }) {
			return n, i
		}
	}
	return nil, 0
}

// keep marks what a value that conforms uses.
func (c *coverage) keep(v any, s *node, prefix string, depth int) {
	s, err := c.d.resolve(s)
	if err != nil || depth > coverageDepth {
		return
	}
	if s.at("enum") != nil {
		c.mark(valueName(prefix, string(compact(v))), 1, 0)
	}
	if branches := branchesOf(s); branches != nil {
		if b, i := c.chosen(v, branches); b != nil {
			name := c.branch(branches[i], i)
			c.mark(prefix+" as "+name, 1, 0)
			c.keep(v, b, inside(prefix, name), depth+1)
		}
		return
	}
	switch v := v.(type) {
	case map[string]any:
		props, _ := c.d.members(s)
		for _, p := range props {
			if x, there := v[p.name]; there {
				c.mark(c.property(s, prefix, p.name), 1, 0)
				c.keep(x, p.schema, inside(prefix, p.name), depth+1)
			}
		}
	case []any:
		if items := s.at("items"); items != nil {
			for _, x := range v {
				c.keep(x, items, prefix+"[]", depth+1)
			}
		}
	}
}

// breakAt marks the part that lies at a pointer into a value that does not conform: the property, and the branches in which
// it lies.
func (c *coverage) breakAt(v any, pointer []string) {
	s, prefix, last := c.d.body, "", ""
	for depth := range coverageDepth {
		var err error
		if s, err = c.d.resolve(s); err != nil {
			break
		}
		if branches := branchesOf(s); branches != nil {
			b, i := c.chosen(v, branches)
			if b == nil {
				// Without a branch only the discriminator can be named.
				if depth < coverageDepth && len(pointer) > 0 {
					last = inside(prefix, pointer[0])
				}
				break
			}
			name := c.branch(branches[i], i)
			c.mark(prefix+" as "+name, 0, 1)
			s, prefix = b, inside(prefix, name)
		}
		if len(pointer) == 0 {
			break
		}
		token := strings.ReplaceAll(strings.ReplaceAll(pointer[0], "~1", "/"), "~0", "~")
		pointer = pointer[1:]
		switch x := v.(type) {
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(x) {
				c.mark(last, 0, 1)
				return
			}
			v, s, prefix = x[i], s.at("items"), prefix+"[]"
		default:
			m, _ := v.(map[string]any)
			last = c.property(s, prefix, token)
			props, _ := c.d.members(s)
			at := slices.IndexFunc(props, func(p property) bool { return p.name == token })
			if at < 0 {
				c.mark(last, 0, 1)
				return
			}
			v, s, prefix = m[token], props[at].schema, inside(prefix, token)
		}
		if s == nil {
			break
		}
	}
	c.mark(last, 0, 1)
}
