package schema

import (
	"encoding/json"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// fataler is a test, or a check of one.
type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// judge compiles the schema at a pointer of a document, by a validator that shares no code with this package.
func judge(t fataler, document any, pointer string) func(text []byte) error {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("document.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("document.json#" + pointer)
	if err != nil {
		t.Fatalf("%s: %v", pointer, err)
	}
	return func(text []byte) error {
		v, bad := jsontext.Decode(text)
		if bad != nil {
			return bad
		}
		return s.Validate(v)
	}
}

// parsed is a document of the JSON of a value.
func parsed(t fataler, v any) *Document {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	root, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return &Document{Root: root}
}
