package bundle

import (
	"slices"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// modernize says in the words of OpenAPI 3.1 what a description says in those of 3.0.
func modernize(root *schema.Node) {
	root.Fields["openapi"] = &schema.Node{Scalar: "3.1.0", Line: root.Fields["openapi"].Line, Column: root.Fields["openapi"].Column}
	var walk func(kind string, at **schema.Node)
	walk = func(kind string, at **schema.Node) {
		n := *at
		if n == nil || n.Fields == nil {
			return
		}
		if n.At("$ref").Text() != "" && kind != aPathItem {
			// What stands beside a reference is ignored, in 3.0.
			for _, key := range slices.Clone(n.Keys) {
				if key != "$ref" {
					n.Forget(key)
				}
			}
			return
		}
		each(n, kind, walk)
		if kind == aSchema {
			*at = modernSchema(n)
		}
	}
	walk(aDocument, &root)
}

// modernSchema says a schema, in which all is said so already.
func modernSchema(s *schema.Node) *schema.Node {
	for bound, exclusive := range map[string]string{"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"} {
		x := s.At(exclusive)
		if x == nil {
			continue
		}
		if is, isBool := x.Scalar.(bool); isBool {
			limit := s.At(bound)
			s.Forget(exclusive)
			if is && limit != nil {
				s.Forget(bound)
				s.Set(exclusive, limit)
			}
		}
	}
	nullable := s.At("nullable")
	if nullable == nil {
		return s
	}
	if _, isBool := nullable.Scalar.(bool); !isBool {
		return s
	}
	s.Forget("nullable")
	switch t := s.At("type"); {
	case nullable.Scalar != true:
	case t.Text() != "" && (s.At("enum") == nil || holdsNull(s.At("enum"))) && !composed(s):
		s.Set("type", &schema.Node{IsList: true, Line: t.Line, Column: t.Column, List: []*schema.Node{t, {Scalar: "null", Line: t.Line, Column: t.Column}}})
	case s.At("enum") != nil && !composed(s):
		// The values are all that there are, as the specification says, and null is none of them; whoever wrote both
		// meant that it is.
		s.Fields["enum"].List = append(slices.Clone(s.Fields["enum"].List), &schema.Node{Line: nullable.Line, Column: nullable.Column})
		if t.Text() != "" {
			s.Set("type", &schema.Node{IsList: true, Line: t.Line, Column: t.Column, List: []*schema.Node{t, {Scalar: "null", Line: t.Line, Column: t.Column}}})
		}
	case t != nil || composed(s):
		null := &schema.Node{Keys: []string{"type"}, Fields: map[string]*schema.Node{"type": {Scalar: "null", Line: nullable.Line, Column: nullable.Column}}, Line: nullable.Line, Column: nullable.Column}
		either := &schema.Node{Fields: map[string]*schema.Node{}, Line: s.Line, Column: s.Column}
		either.Set("anyOf", &schema.Node{IsList: true, List: []*schema.Node{s, null}, Line: s.Line, Column: s.Column})
		return either
	}
	return s
}

// composed reports whether a schema has parts of its own that say what type a value has.
func composed(s *schema.Node) bool {
	return s.At("allOf") != nil || s.At("oneOf") != nil || s.At("anyOf") != nil || s.At("not") != nil
}

func holdsNull(enum *schema.Node) bool {
	return slices.ContainsFunc(enum.Items(), func(v *schema.Node) bool { return v.Fields == nil && !v.IsList && v.Scalar == nil })
}
