// Package schema reads the tree of a document that holds JSON Schemas, and makes values of a schema: plain, valid,
// broken, random and smaller ones. It knows of no call.
package schema

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// A Document is a tree whose schemas refer to each other.
type Document struct {
	Root *Node
	// Discriminator is the property by whose constant the branches of a oneOf are told apart.
	Discriminator string
	// Files are those that it was read from, its own first; none where there is one.
	Files []File
	// Unread says of references that lead to other files why they are not followed.
	Unread map[string]string
	// Unexampled documents make values without the examples in them, which need not conform.
	Unexampled bool
}

// Where is the file in which a line stands, which is nil for that of the document itself, and the line's number there.
func (d *Document) Where(line int) (file *File, at int) {
	for i := range slices.Backward(d.Files) {
		if f := &d.Files[i]; i > 0 && line > f.First {
			return f, line - f.First
		}
	}
	return nil, line
}

// Resolve follows local references ("#/components/…") from a schema.
func (d *Document) Resolve(n *Node) (*Node, error) {
	for range maxDepth {
		ref := n.At("$ref")
		if ref == nil {
			return n, nil
		}
		target, err := d.Pointer(ref.Text())
		if err != nil {
			return nil, Wrong(ref, "%v", err)
		}
		n = target
	}
	return nil, Wrong(n, "the reference %q leads back to itself; refer to the place itself", n.At("$ref").Text())
}

// Pointer finds what a local reference leads to.
func (d *Document) Pointer(ref string) (*Node, error) {
	if why := d.Unread[ref]; why != "" {
		return nil, errors.New(why)
	}
	if !strings.HasPrefix(ref, "#/") {
		return nil, fmt.Errorf("the reference %q does not start with #/; andon reads one file, so bundle the description into one", ref)
	}
	n := d.Root
	for _, part := range jsontext.Steps(ref) {
		switch {
		case n.Fields[part] != nil:
			n = n.Fields[part]
		case n.IsList:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(n.List) {
				return nil, fmt.Errorf("the reference %q leads nowhere (at %q)", ref, part)
			}
			n = n.List[i]
		default:
			return nil, fmt.Errorf("the reference %q leads nowhere (at %q)", ref, part)
		}
	}
	return n, nil
}

// A Member is one property of an object schema.
type Member struct {
	Name     string
	Schema   *Node
	Required bool
}

// Unsent marks a property that is not sent the way that a schema is for.
const Unsent = "x-andon-unsent"

// Members lists an object schema's properties in order, through references and allOf, without those that are not sent.
func (d *Document) Members(schema *Node) ([]Member, error) {
	var out []Member
	required := map[string]bool{}
	var walk func(n *Node, depth int) error
	walk = func(n *Node, depth int) error {
		if depth > maxDepth {
			return Wrong(n, "allOf leads back to itself; leave one of its parts out")
		}
		n, err := d.Resolve(n)
		if err != nil {
			return err
		}
		if all := n.At("allOf"); all != nil {
			for _, part := range all.List {
				if err := walk(part, depth+1); err != nil {
					return err
				}
			}
		}
		if props := n.At("properties"); props != nil {
			for _, name := range props.Keys {
				if x := props.Fields[name].At(Unsent); x != nil && x.Scalar == true {
					continue
				}
				s, err := d.Resolve(props.Fields[name])
				if err != nil {
					return err
				}
				if i := slices.IndexFunc(out, func(p Member) bool { return p.Name == name }); i >= 0 {
					out[i].Schema = s
				} else {
					out = append(out, Member{Name: name, Schema: s})
				}
			}
		}
		for _, name := range n.At("required").Texts() {
			required[name] = true
		}
		return nil
	}
	if err := walk(schema, 0); err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Required = required[out[i].Name]
	}
	return out, nil
}

// required lists the names that an object must have, through references and allOf.
func (d *Document) required(s *Node) (names []string) {
	seen := map[*Node]bool{}
	var walk func(*Node)
	walk = func(n *Node) {
		n, err := d.Resolve(n)
		if err != nil || n == nil || seen[n] {
			return
		}
		seen[n] = true
		names = append(names, n.At("required").Texts()...)
		for _, part := range n.At("allOf").Items() {
			walk(part)
		}
	}
	walk(s)
	return names
}

// Branches gives the branches of a schema that is a choice between others.
func Branches(s *Node) []*Node {
	for _, key := range []string{"oneOf", "anyOf"} {
		if b := s.At(key); b != nil && s.At("properties") == nil {
			return b.List
		}
	}
	return nil
}

// BranchName names a branch by its discriminator's constant, by its type, or else by its place.
func (d *Document) BranchName(b *Node, i int) string {
	if n, err := d.Resolve(b); err == nil {
		if c := n.At("properties", d.Discriminator, "const").Text(); c != "" {
			return c
		}
		if t := n.Types(); len(t) == 1 {
			return t[0]
		}
	}
	return strconv.Itoa(i)
}
