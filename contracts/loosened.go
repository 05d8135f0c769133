package contracts

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// loosened judges by the description without what kin-openapi cannot judge: what is held against a number that a
// float64 rounds. On the rest the two have to agree.
type loosened struct {
	mutex    sync.Mutex // a compiler is for one at a time
	compiler *jsonschema.Compiler
}

func newLoosened(read *schema.Document, o Operation) (*loosened, error) {
	c, err := newCompiler(rewritten(read, o, func(_ *schema.Document, s *schema.Node) { forgetRounded(s) }))
	return &loosened{compiler: c}, err
}

// forgetRounded takes out of a schema what kin-openapi cannot judge, and reports whether there was any.
func forgetRounded(s *schema.Node) bool {
	keys := roundedIn(s)
	for _, key := range keys {
		s.Forget(key)
	}
	return len(keys) > 0
}

// turns reports whether what was taken out is what a verdict on a body comes from: it is the opposite without. The schema
// is given as it was compiled of the whole description.
func (l *loosened) turns(body []byte, whole *jsonschema.Schema) bool {
	value, bad := jsontext.Decode(body)
	if bad != nil {
		return false
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	s, err := l.compiler.Compile(whole.Location)
	if err != nil {
		panic(err) // it says less than the description, which has been loaded
	}
	return (validate(s, value) == nil) != (validate(whole, value) == nil)
}

// roundedIn are the keywords by which a schema holds a value against a number that a float64 rounds, which is what
// kin-openapi reads those of a schema as.
func roundedIn(s *schema.Node) (keys []string) {
	for _, key := range known("schema value") {
		if n := s.At(key); n != nil && roundedNumber(n) {
			keys = append(keys, key)
		}
	}
	return keys
}

func roundedNumber(n *schema.Node) bool {
	if number, is := n.Scalar.(json.Number); is {
		return jsontext.Rounded(number)
	}
	return slices.ContainsFunc(n.List, roundedNumber) || slices.ContainsFunc(slices.Collect(maps.Values(n.Fields)), roundedNumber)
}

// roundedBelow reports whether a schema, or one that it consists of, has such keywords.
func roundedBelow(document *schema.Document, s *schema.Node) (found bool) {
	w := rewriter{document: document, seen: map[*schema.Node]bool{}, edit: func(_ *schema.Document, s *schema.Node) {
		found = found || len(roundedIn(s)) > 0
	}}
	w.schema(s)
	return found
}

// JudgedAlone are the parts of the description, each with its place, by which one validator judges alone: kin-openapi
// reads numbers as float64, which does not hold those.
func (d *Description) JudgedAlone() (parts []string) {
	w := rewriter{document: d.document, seen: map[*schema.Node]bool{}, edit: func(_ *schema.Document, s *schema.Node) {
		for _, key := range roundedIn(s) {
			n := s.At(key)
			file, line, _ := d.Where(n.Line)
			parts = append(parts, fmt.Sprintf("%s: %s (%s:%d:%d)", key, clip(string(n.AppendJSON(nil)), 60), file, line, n.Column))
		}
	}}
	w.operation(d.operation.Path, strings.ToLower(d.operation.Method))
	return parts
}
