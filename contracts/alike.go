package contracts

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// alike writes the schemas of all calls alike.
func alike(document *schema.Document) *schema.Node {
	counted := false
	document.Root.EachObject(func(n *schema.Node) {
		counted = counted || n.At("unevaluatedProperties") != nil || n.At("unevaluatedItems") != nil
	})
	w := rewriter{document: &schema.Document{Root: document.Root.Clone()}, seen: map[*schema.Node]bool{}}
	w.edit = func(d *schema.Document, s *schema.Node) { plainly(d, s, counted) }
	for _, path := range document.Root.At("paths").Names() {
		for _, method := range httpMethods {
			w.operation(path, method)
			w.parameters(path, method)
		}
	}
	return w.document.Root
}

// schemesAlike calls the security schemes of a newer document as the older one does, where they are the same: their
// names are known to the document alone.
func schemesAlike(older, newer *schema.Node) {
	before, after := older.At("components", "securitySchemes"), newer.At("components", "securitySchemes")
	if before == nil || after == nil {
		return
	}
	for _, name := range slices.Clone(after.Keys) {
		if before.At(name) != nil {
			continue
		}
		for _, old := range before.Keys {
			if after.At(old) != nil || !sameScheme(before.At(old), after.At(name)) {
				continue
			}
			after.Set(old, after.Fields[name])
			after.Forget(name)
			newer.EachObject(func(n *schema.Node) {
				for _, way := range n.At("security").Items() {
					if scopes := way.At(name); scopes != nil {
						way.Set(old, scopes)
						way.Forget(name)
					}
				}
			})
			break
		}
	}
}

// sameScheme reports whether two security schemes differ by their notes alone.
func sameScheme(a, b *schema.Node) bool {
	plain := func(n *schema.Node) (out []string) {
		for _, key := range n.Names() {
			if !isNote(key) && key != "bearerFormat" {
				out = append(out, key+" "+string(n.At(key).AppendJSON(nil)))
			}
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(plain(a), plain(b))
}

// plainly writes a schema in one of the ways in which it can be written, so that two descriptions that mean the same
// are the same: without keywords that say nothing, and without choices that leave none. oasdiff compares keyword by
// keyword. Where the document counts which properties and items others speak of, each that does says something.
func plainly(document *schema.Document, s *schema.Node, counted bool) {
	if s.At("$ref") != nil {
		return
	}
	constAsEnum(s)
	for _, key := range slices.Clone(s.Keys) {
		if saysNothing(key, s.Fields[key], counted) {
			s.Forget(key)
		}
	}
	// What is merged may leave a choice alone, and what is left of the types may let more be merged.
	for before := ""; ; {
		now := string(s.AppendJSON(nil))
		if now == before {
			return
		}
		before = now
		withoutImplied(s, counted)
		merged(document, s)
		typed(s)
		if t := s.At("type"); len(t.Items()) == 1 {
			s.Fields["type"] = t.List[0]
		}
	}
}

// merged writes the choices that leave none into the schema that has them.
func merged(document *schema.Document, s *schema.Node) {
	for _, key := range []string{"anyOf", "oneOf"} {
		switch list := s.At(key).Items(); {
		case len(list) == 1:
			if merge(document, s, key, list[0]) {
				s.Forget(key)
			}
		case len(list) == 2 && s.Only(key):
			orNull(document, s, key, list)
		}
	}
	mergeAll(document, s)
}

// saysNothing reports whether a schema means the same without a keyword.
func saysNothing(key string, n *schema.Node, counted bool) bool {
	switch key {
	case "minLength", "minItems", "minProperties":
		least, is := n.Number()
		return is && least == 0
	case "uniqueItems":
		return n.Scalar == false
	case "additionalProperties", "items":
		return !counted && (n.Scalar == true || n.Fields != nil && len(n.Fields) == 0)
	case "required":
		return n.IsList && len(n.List) == 0
	}
	return false
}

// mergeAll writes what is in allOf into the schema itself, as far as it means the same there.
func mergeAll(document *schema.Document, s *schema.Node) {
	list := s.At("allOf")
	if list == nil {
		return
	}
	var rest []*schema.Node
	for i, branch := range list.List {
		others := slices.Concat(rest, list.List[i+1:])
		if len(others) > 0 && seesOthers(document, branch) || !merge(document, s, "allOf", branch) {
			rest = append(rest, branch)
		}
	}
	if list.List = rest; len(rest) == 0 {
		s.Forget("allOf")
	}
}

// together are keywords that mean something else where another of them stands beside them.
var together = []string{
	"additionalProperties", "patternProperties", "unevaluatedProperties", "unevaluatedItems", "items", "prefixItems", "contains", "minContains",
	"maxContains", "if", "then", "else",
}

// seesOthers reports whether a schema has a keyword that means something else beside others.
func seesOthers(document *schema.Document, s *schema.Node) bool {
	n, err := document.Resolve(s)
	return err != nil || slices.ContainsFunc(n.Names(), func(key string) bool { return slices.Contains(together, key) })
}

// merge writes a branch of a schema, the only one of a choice or one of allOf, into it, and reports whether that means
// the same.
func merge(document *schema.Document, s *schema.Node, choice string, branch *schema.Node) bool {
	target, err := document.Resolve(branch)
	if err != nil || target.Fields == nil || target == s {
		return false
	}
	if s.Only(choice) && len(s.At(choice).Items()) == 1 && branch.At("$ref") != nil {
		s.Forget(choice)
		for _, key := range slices.Clone(s.Keys) {
			s.Forget(key)
		}
		s.Set("$ref", branch.At("$ref"))
		return true
	}
	alone := s.Only(choice)
	for _, key := range target.Keys {
		mine, theirs := s.At(key), target.Fields[key]
		switch {
		case isNote(key):
		case !alone && slices.Contains(together, key), !alone && slices.ContainsFunc(s.Keys, func(k string) bool { return slices.Contains(together, k) }):
			return false
		case mine == nil, key == "required", key == "type" && slices.Equal(s.Types(), target.Types()):
		case key == "properties" && !slices.ContainsFunc(mine.Keys, func(name string) bool { return theirs.At(name) != nil }):
		default:
			return false
		}
	}
	for _, key := range target.Keys {
		mine, theirs := s.At(key), target.Fields[key]
		switch {
		case mine == nil:
			s.Set(key, theirs)
		case key == "required":
			all := slices.Concat(mine.Texts(), theirs.Texts())
			slices.Sort(all)
			s.Fields[key] = texts(slices.Compact(all))
		case key == "properties":
			both := &schema.Node{Fields: map[string]*schema.Node{}, Line: mine.Line, Column: mine.Column}
			for _, from := range []*schema.Node{mine, theirs} {
				for _, name := range from.Keys {
					both.Set(name, from.Fields[name])
				}
			}
			s.Fields[key] = both
		}
	}
	return true
}

// isNote reports whether a keyword says nothing of a value's validity.
func isNote(key string) bool {
	return strings.HasPrefix(key, "x-") || slices.Contains(known("schema note"), key)
}

// ofOneType are keywords that say nothing of null.
var ofOneType = strings.Fields("maxLength minLength pattern format maximum exclusiveMaximum minimum exclusiveMinimum multipleOf items prefixItems " +
	"minItems maxItems uniqueItems contains minContains maxContains properties patternProperties additionalProperties propertyNames required " +
	"minProperties maxProperties dependentRequired type enum")

// orNull writes a choice between a schema and null as that schema with one type more.
func orNull(document *schema.Document, s *schema.Node, choice string, list []*schema.Node) {
	for i, null := range list {
		other, err := document.Resolve(list[1-i])
		if err != nil || other == s || !slices.Equal(null.Types(), []string{"null"}) || !null.Only("type") {
			continue
		}
		types := other.Types()
		if len(types) == 0 || slices.Contains(types, "null") || slices.ContainsFunc(other.Keys, func(key string) bool { return !isNote(key) && !slices.Contains(ofOneType, key) }) {
			continue
		}
		s.Forget(choice)
		for _, key := range other.Keys {
			if s.At(key) == nil {
				s.Set(key, other.Fields[key])
			}
		}
		s.Set("type", texts(append(types, "null")))
		if e := other.At("enum"); e != nil {
			s.Set("enum", &schema.Node{IsList: true, List: append(slices.Clone(e.List), &schema.Node{})})
		}
		return
	}
}

// typed gives a schema with a list of values the types of these.
func typed(s *schema.Node) {
	e := s.At("enum")
	if e == nil || len(e.List) == 0 {
		return
	}
	var types []string
	for _, v := range e.List {
		t := typeOf(v)
		if s.At("type") != nil && !slices.Contains(s.Types(), t) && (t != "integer" || !slices.Contains(s.Types(), "number")) {
			return
		}
		types = append(types, t)
	}
	slices.Sort(types)
	s.Set("type", texts(slices.Compact(types)))
}

func typeOf(v *schema.Node) string {
	switch x := v.Scalar.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if x == math.Trunc(x) {
			return "integer"
		}
		return "number"
	case json.Number:
		if jsontext.Whole(x) {
			return "integer"
		}
		return "number"
	}
	switch {
	case v.Fields != nil:
		return "object"
	case v.IsList:
		return "array"
	}
	return "null"
}
