package contracts

import (
	"cmp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// bodies are what a description says of bodies in one place.
type bodies struct {
	*Description
	schema    *schema.Node
	validator *jsonschema.Schema // nil takes all
}

func (b bodies) takes(v any) bool { return b.validator == nil || validate(b.validator, v) == nil }

// shown is a value that conforms to one description and not to another.
type shown struct {
	value     []byte
	violation *Violation
	// Where the description that allows it speaks of the place, and that which forbids it.
	allowed, forbidden int
}

// key tells findings apart: by the rule, and by the place of which the items of a list have one.
func (s shown) key() string { return s.violation.Rule + " " + strings.Join(s.path(), "/") }

// path is the place of a finding, with one name for all items of a list.
func (s shown) path() []string {
	steps := jsontext.Steps(s.violation.Pointer)
	for i, step := range steps {
		if strings.Trim(step, "0123456789") == "" {
			steps[i] = "items"
		}
	}
	return steps
}

const (
	// maxTried bounds the values that are held against two descriptions, so that it takes well below a second.
	maxTried = 30_000
	// maxShown is how many findings are told of one body: whoever has more to mend compares again.
	maxShown = 100
	// maxAlike is how many are kept of one rule and place.
	maxAlike = 6
	// maxAround is how long a value may be whose neighbours are tried.
	maxAround = 4 << 10
	// maxSmaller is how many values are tried to find a small one for a finding.
	maxSmaller = 300
)

// search looks for values that one description takes and another does not.
type search struct {
	takes, refuses bodies
	tried          map[string]bool
	valid          []*schema.Node
	found          []shown
	keys           map[string]int // how many were found alike
}

// beyond finds values that one description takes and the other does not, one for each rule and place: among those given
// and those that either of them makes one think of, and then among the neighbours of those that are taken.
func (b bodies) beyond(other bodies, given [][]byte) (found []shown, sure bool) {
	if b.document.Whole(b.schema) == other.document.Whole(other.schema) {
		return nil, true
	}
	s := search{takes: b, refuses: other, tried: map[string]bool{}, keys: map[string]int{}}
	for _, text := range slices.Concat(given, b.document.Seeds(b.schema), other.document.Seeds(other.schema)) {
		if n, err := schema.ReadJSON(text); err == nil && s.try(n) && len(text) <= maxAround {
			s.valid = append(s.valid, n)
		}
	}
	slices.SortStableFunc(s.valid, func(x, y *schema.Node) int { return cmp.Compare(len(x.AppendJSON(nil)), len(y.AppendJSON(nil))) })
	p := schema.NewProber(b.document, b.schema, other.document, other.schema)
	for i := range s.valid {
		at := i / 2 // a small one and a large one in turn
		if i%2 == 1 {
			at = len(s.valid) - 1 - i/2
		}
		if n := s.valid[at]; !p.Around(n, func() bool { s.try(n); return len(s.tried) < maxTried && len(s.found) < maxShown }) {
			break
		}
	}
	for i := range s.found {
		s.found[i] = s.smaller(s.found[i])
	}
	return s.found, len(s.valid) > 0
}

// try holds a value against both, and reports whether the one takes it.
func (s *search) try(n *schema.Node) bool {
	text := n.AppendJSON(nil)
	if s.tried[string(text)] {
		return false
	}
	s.tried[string(text)] = true
	v, bad := jsontext.Decode(text)
	if bad != nil || !s.takes.takes(v) {
		return false
	}
	if s.refuses.takes(v) {
		return true
	}
	if f, ok := s.finding(schema.Known(n, s.takes.document, s.takes.schema, s.refuses.document, s.refuses.schema)); ok && s.keys[f.key()] < maxAlike && !s.has(f) {
		s.keys[f.key()]++
		s.found = append(s.found, f)
	}
	return true
}

// has reports whether the same was found of the same part of a value.
func (s *search) has(f shown) bool {
	return slices.ContainsFunc(s.found, func(g shown) bool { return g.key() == f.key() && g.violation.Found == f.violation.Found })
}

// finding is a value that the one takes and the other does not.
func (s *search) finding(n *schema.Node) (f shown, ok bool) {
	text := n.AppendJSON(nil)
	v, bad := jsontext.Decode(text)
	if bad != nil || !s.takes.takes(v) {
		return f, false
	}
	_, violation := judgeBody(text, s.refuses.validator, s.refuses.document.Discriminator)
	if violation == nil {
		return f, false
	}
	line := func(b bodies) int {
		return b.document.PlaceOf(b.schema, v, jsontext.Steps(violation.Pointer), keywords[violation.Rule]...).Line
	}
	return shown{value: text, violation: violation, allowed: line(s.takes), forbidden: line(s.refuses)}, true
}

// smaller is a small value that shows the same.
func (s *search) smaller(f shown) shown {
	root, err := schema.ReadJSON(f.value)
	if err != nil {
		return f
	}
	asks := 0
	schema.Shrink(root, func(n *schema.Node) bool {
		if asks++; asks > maxSmaller || len(n.AppendJSON(nil)) >= len(f.value) {
			return false
		}
		next, ok := s.finding(n)
		if !ok || next.key() != f.key() || f.violation.Rule == RuleWrongValue && next.violation.Found != f.violation.Found {
			return false
		}
		f = next
		return true
	})
	return f
}

// requestBodies are those of requests.
func (d *Description) requestBodies() bodies { return bodies{d, d.body, d.validator} }

// responseBodies are those of a response in one media type.
func (d *Description) responseBodies(m *Media) bodies {
	return bodies{d, schemaOr(m.Schema), m.validator}
}

// schemaOr is a schema, or where there is none, one that says nothing.
func schemaOr(s *schema.Node) *schema.Node {
	if s == nil {
		return &schema.Node{Fields: map[string]*schema.Node{}}
	}
	return s
}
