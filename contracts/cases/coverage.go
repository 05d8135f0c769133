package cases

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// Part is a part of the description that calls can exercise: a property of the request, a value of an enum, a branch of
// a oneOf, a media type of the request, or a status of the answer.
type Part struct {
	// Kind is "property", "value", "branch", "parameter", "media type" or "status".
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
func Coverage(d *contracts.Description, tried []Case, statuses map[int]int) []Part {
	c := coverage{document: d.Document(), body: d.RequestSchema(), at: map[string]int{}}
	c.list(c.body, "", 0)
	for _, k := range tried {
		if k.Method != d.Operation().Method || k.Auth != ValidToken {
			continue
		}
		v, err := jsontext.Decode(k.Body)
		switch {
		case err != nil:
		case k.Expect == Accepted:
			c.keep(v, c.body, "", 0)
		case k.Expect == Refused && k.ContentType == jsonType:
			if _, violation := d.ReadRequest(k.Body); violation != nil && violation.Pointer != "" {
				c.breakAt(v, jsontext.Steps(violation.Pointer))
			}
		}
	}
	c.parameters(d, tried)
	for _, media := range d.Unsent() {
		c.parts = append(c.parts, Part{Kind: "media type", Name: "the request as " + media + ", which is not sent"})
	}
	for _, r := range d.Responses() {
		p := Part{Kind: "status", Name: r.Status, Open: !strings.HasPrefix(r.Status, "2")}
		for code, n := range statuses {
			if r == d.ResponseFor(code) {
				p.Kept += n
			}
		}
		c.parts = append(c.parts, p)
	}
	return c.parts
}

// parameters adds the parameters of the call, and which calls carried or broke them.
func (c *coverage) parameters(d *contracts.Description, tried []Case) {
	for _, p := range d.Parameters() {
		name := p.In + " " + p.Name
		part := Part{Kind: "parameter", Name: name, Breakable: p.Required && p.In != contracts.InPath}
		for _, x := range schema.NewDeriver(d.Document()).Invalid(p.Schema) {
			text, ok := p.Write(x.JSON)
			part.Breakable = part.Breakable || ok && len(text) <= maxParameter && p.Judge(text) != nil
		}
		for _, k := range tried {
			switch {
			case k.Method != d.Operation().Method || k.Auth != ValidToken:
			case k.Expect == Accepted && k.Operation.Sends(p):
				part.Kept++
			case k.Expect == Refused && k.Parameter == name:
				part.Broken++
			}
		}
		c.parts = append(c.parts, part)
	}
}

type coverage struct {
	document *schema.Document
	body     *schema.Node
	parts    []Part
	at       map[string]int
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
func (c *coverage) list(s *schema.Node, prefix string, depth int) {
	s, err := c.document.Resolve(s)
	if err != nil || depth > coverageDepth {
		return
	}
	if e := s.At("enum"); e != nil {
		for _, n := range e.List {
			c.add(Part{Kind: "value", Name: valueName(prefix, string(jsontext.Of(n.Value())))})
		}
	}
	if branches := schema.Branches(s); branches != nil {
		for i, b := range branches {
			name := c.document.BranchName(b, i)
			c.add(Part{Kind: "branch", Name: prefix + " as " + name, Breakable: true})
			c.list(b, inside(prefix, name), depth+1)
		}
		return
	}
	props, err := c.document.Members(s)
	if err != nil {
		return
	}
	for _, p := range props {
		n, err := c.document.Resolve(p.Schema)
		if err != nil {
			continue
		}
		bound := p.Required || len(n.Types()) > 0 || n.At("const") != nil || n.At("enum") != nil
		c.add(Part{Kind: "property", Name: c.property(s, prefix, p.Name), Breakable: bound})
		c.list(n, inside(prefix, p.Name), depth+1)
	}
	if items := s.At("items"); items != nil {
		c.list(items, prefix+"[]", depth+1)
	}
}

// property names a property. The discriminator is one for all branches, since a wrong one belongs to none of them.
func (c *coverage) property(s *schema.Node, prefix, name string) string {
	if name == c.document.Discriminator && s.At("properties", name, "const") != nil {
		if i := strings.LastIndexByte(prefix, '.'); i >= 0 {
			prefix = prefix[:i]
		}
	}
	return inside(prefix, name)
}

func valueName(prefix, value string) string { return prefix + " = " + strings.Trim(value, `"`) }

// chosen gives the branch that a value stands for: the one that the discriminator names, or the first that admits its
// type.
func (c *coverage) chosen(v any, branches []*schema.Node) (branch *schema.Node, at int) {
	m, _ := v.(map[string]any)
	for i, b := range branches {
		n, err := c.document.Resolve(b)
		if err != nil {
			continue
		}
		if k := n.At("properties", c.document.Discriminator, "const"); k != nil {
			if m != nil && m[c.document.Discriminator] == k.Scalar {
				return n, i
			}
			continue
		}
		if schema.FitsType(v, n.Types()) && !slices.ContainsFunc(n.At("required").Texts(), func(name string) bool { _, there := m[name]; return !there }) {
			return n, i
		}
	}
	return nil, 0
}

// keep marks what a value that conforms uses.
func (c *coverage) keep(v any, s *schema.Node, prefix string, depth int) {
	s, err := c.document.Resolve(s)
	if err != nil || depth > coverageDepth {
		return
	}
	if s.At("enum") != nil {
		c.mark(valueName(prefix, string(jsontext.Of(v))), 1, 0)
	}
	if branches := schema.Branches(s); branches != nil {
		if b, i := c.chosen(v, branches); b != nil {
			name := c.document.BranchName(branches[i], i)
			c.mark(prefix+" as "+name, 1, 0)
			c.keep(v, b, inside(prefix, name), depth+1)
		}
		return
	}
	switch v := v.(type) {
	case map[string]any:
		props, _ := c.document.Members(s)
		for _, p := range props {
			if x, there := v[p.Name]; there {
				c.mark(c.property(s, prefix, p.Name), 1, 0)
				c.keep(x, p.Schema, inside(prefix, p.Name), depth+1)
			}
		}
	case []any:
		if items := s.At("items"); items != nil {
			for _, x := range v {
				c.keep(x, items, prefix+"[]", depth+1)
			}
		}
	}
}

// breakAt marks the part that lies at a pointer into a value that does not conform: the property, and the branches in
// which it lies.
func (c *coverage) breakAt(v any, pointer []string) {
	s, prefix, last := c.body, "", ""
	for depth := range coverageDepth {
		var err error
		if s, err = c.document.Resolve(s); err != nil {
			break
		}
		if branches := schema.Branches(s); branches != nil {
			b, i := c.chosen(v, branches)
			if b == nil {
				// Without a branch only the discriminator can be named.
				if depth < coverageDepth && len(pointer) > 0 {
					last = inside(prefix, pointer[0])
				}
				break
			}
			name := c.document.BranchName(branches[i], i)
			c.mark(prefix+" as "+name, 0, 1)
			s, prefix = b, inside(prefix, name)
		}
		if len(pointer) == 0 {
			break
		}
		token := pointer[0]
		pointer = pointer[1:]
		switch x := v.(type) {
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(x) {
				c.mark(last, 0, 1)
				return
			}
			v, s, prefix = x[i], s.At("items"), prefix+"[]"
		default:
			m, _ := v.(map[string]any)
			last = c.property(s, prefix, token)
			props, _ := c.document.Members(s)
			at := slices.IndexFunc(props, func(p schema.Member) bool { return p.Name == token })
			if at < 0 {
				c.mark(last, 0, 1)
				return
			}
			v, s, prefix = m[token], props[at].Schema, inside(prefix, token)
		}
		if s == nil {
			break
		}
	}
	c.mark(last, 0, 1)
}
