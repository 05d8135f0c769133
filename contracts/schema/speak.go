package schema

import (
	"maps"
	"slices"
	"strconv"

	"github.com/kaizenautomation/andon/contracts/pattern"
)

// spoken is a schema that speaks of a value, and the document that it is in.
type spoken struct {
	d *Document
	n *Node
}

// conditions are keywords whose schemas speak of the same value as the one that has them.
var conditions = []string{"not", "if", "then", "else"}

// speaking adds all that speaks of the same value as a schema: what it refers to and is made of, and those of its
// branches that the value does not rule out by a constant.
func speaking(at []spoken, value *Node) (out []spoken) {
	for list := slices.Clone(at); len(list) > 0 && len(out) < maxSpeaking; {
		s := list[0]
		list = list[1:]
		if s.n == nil || slices.Contains(out, s) {
			continue
		}
		out = append(out, s)
		add := func(more ...*Node) {
			for _, n := range more {
				if n != nil {
					list = append(list, spoken{s.d, n})
				}
			}
		}
		if s.n.At("$ref") != nil {
			if to, err := s.d.Resolve(s.n); err == nil {
				add(to)
			}
		}
		add(s.n.At("allOf").Items()...)
		for _, b := range slices.Concat(s.n.At("oneOf").Items(), s.n.At("anyOf").Items()) {
			if r, err := s.d.Resolve(b); err == nil && !rulesOut(r, value) {
				add(b)
			}
		}
		for _, key := range conditions {
			add(s.n.At(key))
		}
		for _, name := range s.n.At("dependentSchemas").Names() {
			add(s.n.At("dependentSchemas", name))
		}
	}
	return out
}

// maxSpeaking bounds the schemas that speak of one value.
const maxSpeaking = 200

// rulesOut reports whether an object has another constant than a branch wants.
func rulesOut(branch, value *Node) bool {
	for _, name := range branch.At("properties").Names() {
		has := value.At(name)
		if has == nil {
			continue
		}
		allowed := branch.At("properties", name, "enum").Items()
		if c := branch.At("properties", name, "const"); c != nil {
			allowed = []*Node{c}
		}
		same := func(n *Node) bool { return string(n.AppendJSON(nil)) == string(has.AppendJSON(nil)) }
		if len(allowed) > 0 && !slices.ContainsFunc(allowed, same) {
			return true
		}
	}
	return false
}

// ofMember are the schemas that speak of a member of an object, by those that speak of the object.
func ofMember(at []spoken, name string) (out []spoken) {
	for _, s := range at {
		named := false
		add := func(n *Node) { out, named = append(out, spoken{s.d, n}), true }
		if n := s.n.At("properties", name); n != nil {
			add(n)
		}
		for _, p := range s.n.At("patternProperties").Names() {
			if matches(p, name) {
				add(s.n.At("patternProperties", p))
			}
		}
		for _, key := range []string{"additionalProperties", "unevaluatedProperties"} {
			if n := s.n.At(key); !named && n != nil && len(n.Keys) > 0 {
				add(n)
			}
		}
	}
	return out
}

// ofItem are the schemas that speak of an item of a list, by those that speak of the list.
func ofItem(at []spoken, i int) (out []spoken) {
	for _, s := range at {
		if prefix := s.n.At("prefixItems").Items(); i < len(prefix) {
			out = append(out, spoken{s.d, prefix[i]})
		} else if n := s.n.At("items"); n != nil {
			out = append(out, spoken{s.d, n})
		}
		for _, key := range []string{"contains", "unevaluatedItems"} {
			if n := s.n.At(key); n != nil {
				out = append(out, spoken{s.d, n})
			}
		}
	}
	return out
}

func matches(expression, text string) bool {
	p, err := pattern.Compile(expression)
	if err != nil {
		return false
	}
	found, err := p.Match(text)
	return err == nil && found
}

// describes reports whether schemas say something of a member of that name. A schema of an object of which no member
// is described means that the names are free.
func describes(at []spoken, name string) bool {
	free := true
	for _, s := range at {
		if closed := s.n.At("additionalProperties"); closed != nil && closed.Scalar == false || len(s.n.At("properties").Names())+len(s.n.At("patternProperties").Names()) > 0 {
			free = false
		}
	}
	return free || len(ofMember(at, name)) > 0
}

// names reports whether schemas have a property of that name.
func names(at []spoken, name string) bool {
	return slices.ContainsFunc(at, func(s spoken) bool { return s.n.At("properties", name) != nil })
}

// Known takes the members out of a value of which a schema says nothing, and that another schema names: whoever goes by
// the first one does not send them, or not with a meaning.
func Known(value *Node, d *Document, s *Node, other *Document, too *Node) *Node {
	out := value.Clone()
	known(out, []spoken{{d, s}}, []spoken{{other, too}})
	return out
}

func known(value *Node, mine, theirs []spoken) {
	mine, theirs = speaking(mine, value), speaking(theirs, value)
	if len(mine) == 0 || len(theirs) == 0 {
		return
	}
	for _, name := range slices.Clone(value.Keys) {
		if !describes(mine, name) && names(theirs, name) {
			value.Keys = slices.DeleteFunc(value.Keys, func(k string) bool { return k == name })
			delete(value.Fields, name)
			continue
		}
		known(value.Fields[name], ofMember(mine, name), ofMember(theirs, name))
	}
	for i, item := range value.List {
		known(item, ofItem(mine, i), ofItem(theirs, i))
	}
}

// step names a member or an item, the items of a list alike.
func step(at, name string) string {
	if _, err := strconv.Atoi(name); err == nil {
		name = "*"
	}
	return at + "/" + name
}

// Whole is a schema with all that it refers to, as a text to compare with another one's.
func (d *Document) Whole(s *Node) string {
	referred := map[string]string{}
	var follow func(*Node)
	follow = func(n *Node) {
		n.EachObject(func(part *Node) {
			ref := part.At("$ref").Text()
			if _, known := referred[ref]; known || ref == "" {
				return
			}
			if to, err := d.Pointer(ref); err == nil {
				referred[ref] = string(to.AppendJSON(nil))
				follow(to)
			}
		})
	}
	follow(s)
	out := s.AppendJSON(nil)
	for _, ref := range slices.Sorted(maps.Keys(referred)) {
		out = append(append(append(out, ref...), ' '), referred[ref]...)
	}
	return string(out)
}
