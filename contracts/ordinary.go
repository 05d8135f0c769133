package contracts

import (
	"slices"
	"strings"
)

// ordinary takes, at a glance, the bodies that nearly every response has: an object of strings, each key known and there
// once, in ASCII without escapes. It is compiled from a schema that asks for nothing else; for all other schemas there
// is none. A body that it does not take is not broken: the validator judges it.
//
// TestOrdinaryBodies and FuzzJudgeResponse hold it to that: whatever it takes, the validator takes too.
type ordinary struct {
	names     []string
	required  uint64 // a bit for each of names
	ids       uint64 // the names that must not be empty
	execution int    // the place of the execution's id in names, or -1
}

// annotations are the keywords that say nothing of a value's validity.
var annotations = []string{"description", "title", "example", "examples", "deprecated", "default", "readOnly", "writeOnly"}

// only tells that a schema has no other keywords than these and annotations.
func (n *node) only(keywords ...string) bool {
	return !slices.ContainsFunc(n.keys, func(k string) bool {
		return !slices.Contains(keywords, k) && !slices.Contains(annotations, k) && !strings.HasPrefix(k, "x-")
	})
}

// ordinary compiles a schema; it is nil where the schema asks for more than an object of strings.
func (d *Description) ordinary(schema *node) *ordinary {
	follow := func(n *node) *node {
		for n.at("$ref") != nil {
			target, err := d.pointer(n.at("$ref").text())
			if err != nil || !n.only("$ref") {
				return nil
			}
			n = target
		}
		return n
	}
	schema = follow(schema)
	if schema == nil || !schema.only("type", "required", "properties") || schema.at("type").text() != "object" || schema.at("properties") == nil {
		return nil
	}
	o := &ordinary{execution: -1}
	for _, name := range schema.at("properties").keys {
		p := follow(schema.at("properties", name))
		if p == nil || !p.only("type") || p.at("type").text() != "string" || len(o.names) == 64 {
			return nil
		}
		bit := uint64(1) << len(o.names)
		switch name {
		case executionProperty:
			o.execution = len(o.names)
			o.ids |= bit
		case sessionProperty:
			o.ids |= bit
		}
		o.names = append(o.names, name)
	}
	for _, name := range schema.at("required").texts() {
		i := slices.Index(o.names, name)
		if i < 0 {
			return nil
		}
		o.required |= 1 << i
	}
	return o
}

// takes tells that the body is an ordinary one, and gives the execution's id in it.
func (o *ordinary) takes(b []byte) (execution []byte, ok bool) {
	at := skipSpace(b, 0)
	if at >= len(b) || b[at] != '{' {
		return nil, false
	}
	var seen uint64
	for separator := byte(','); separator == ','; {
		var key, value []byte
		if key, at = plainString(b, skipSpace(b, at+1)); at < 0 {
			return nil, false
		}
		if at = skipSpace(b, at); at >= len(b) || b[at] != ':' {
			return nil, false
		}
		if value, at = plainString(b, skipSpace(b, at+1)); at < 0 {
			return nil, false
		}
		i := 0
		for i < len(o.names) && o.names[i] != string(key) {
			i++
		}
		bit := uint64(1) << i
		if i == len(o.names) || seen&bit != 0 || len(value) == 0 && o.ids&bit != 0 {
			return nil, false
		}
		seen |= bit
		if i == o.execution {
			execution = value
		}
		if at = skipSpace(b, at); at >= len(b) {
			return nil, false
		}
		if separator = b[at]; separator != ',' && separator != '}' {
			return nil, false
		}
	}
	return execution, seen&o.required == o.required && skipSpace(b, at+1) == len(b)
}

func skipSpace(b []byte, at int) int {
	for at < len(b) && (b[at] == ' ' || b[at] == '\n' || b[at] == '\r' || b[at] == '\t') {
		at++
	}
	return at
}

// plainString reads a JSON string of ASCII without escapes, and gives the place behind it: -1 if there is none.
func plainString(b []byte, at int) (text []byte, next int) {
	if at >= len(b) || b[at] != '"' {
		return nil, -1
	}
	for i := at + 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return b[at+1 : i], i + 1
		case c < ' ' || c >= 0x80 || c == '\\':
			return nil, -1
		}
	}
	return nil, -1
}
