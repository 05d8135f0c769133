package provider

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
	"github.com/kaizenautomation/andon/reports/splitmix"
)

// answer is what a call that is accepted comes back with: the lowest success that the description has, and a body that
// conforms to its schema. Its ids differ from call to call, and the rest is the same in all.
type answer struct {
	status int
	media  string // empty where the answer has no body
	// fields are the members of the body, where it is an object; otherwise whole is the body.
	fields []member
	whole  []byte
	// missable and mistakable are the fields that the description does not forgive to be left out, or to be of a wrong
	// type.
	missable   []int
	mistakable []mistake
}

// member is one property of the answer.
type member struct {
	key   []byte // with its quotes and colon
	value []byte // nil for an id
	form  form
	kind  string // of an id: what it begins with
	again bool   // an id that can be given twice on purpose: that of the execution
}

// mistake is a field, and values for it that the description forbids.
type mistake struct {
	field  int
	values []string
}

// form is a way to write the n-th id of a kind as JSON.
type form func(dst []byte, kind, prefix string, n uint64) []byte

// plainID is the form of ids that any text will do for.
func plainID(dst []byte, kind, prefix string, n uint64) []byte {
	dst = append(append(append(append(dst, '"'), kind...), prefix...), '_')
	return append(strconv.AppendUint(dst, n, 10), '"')
}

// numberID is the form of ids that are numbers.
func numberID(dst []byte, _, _ string, n uint64) []byte { return strconv.AppendUint(dst, n, 10) }

// uuidID is the form of ids that are UUIDs.
func uuidID(dst []byte, kind, prefix string, n uint64) []byte {
	var seed uint64
	for _, c := range []byte(kind + prefix) {
		seed = splitmix.Mix(seed + uint64(c))
	}
	return jsontext.AppendString(dst, schema.UUID(splitmix.Mix(seed), splitmix.Mix(seed+n*splitmix.Golden)))
}

// shortID is the form of ids with little room.
func shortID(dst []byte, _, _ string, n uint64) []byte {
	return append(strconv.AppendUint(append(dst, '"'), n, 36), '"')
}

// fixedID is the form of ids that have an exact length.
func fixedID(length int) form {
	return func(dst []byte, _, _ string, n uint64) []byte {
		return fmt.Appendf(dst, `"%0*s"`, length, strconv.FormatUint(n, 36))
	}
}

// patternID is the form of ids that match a pattern.
func patternID(pattern string) form {
	return func(dst []byte, _, _ string, n uint64) []byte {
		text, _ := schema.Matching(pattern, n)
		return jsontext.AppendString(dst, text)
	}
}

// stateProperty is told by every answer that may tell it, required or not.
const stateProperty = "status"

const (
	sessionKind   = "session_"
	executionKind = "exec_"
)

// newAnswer makes the answer to the calls of a description. The error is that no answer was found that conforms.
func newAnswer(d *contracts.Description, prefix string) (*answer, error) {
	status, response := d.Success()
	b := &builder{Description: d, prefix: prefix, status: status}
	if status == 204 || status == 205 {
		return &answer{status: status}, nil
	}
	for _, m := range inOrder(response.Media) {
		if a := b.of(m); a != nil {
			b.spoil(a)
			return a, nil
		}
	}
	if len(response.Media) > 0 {
		return nil, fmt.Errorf("no answer was found that conforms to the response %s of %s; an example in its schema would be one", response.Status, d.Operation())
	}
	// Where no body is described, the ids are welcome all the same.
	a := b.object(nil, nil)
	a.media = "application/json"
	b.spoil(a)
	return a, nil
}

// concrete is a media type out of a range, and any other as it is.
func concrete(name string) string {
	first, _, _ := strings.Cut(name, ",")
	switch first = strings.TrimSpace(first); first {
	case "*/*", "application/*":
		return "application/json"
	case "text/*":
		return "text/plain"
	}
	return strings.ReplaceAll(first, "/*", "/octet-stream")
}

// isJSON reports whether a media type is one of JSON, whatever its parameters.
func isJSON(media string) bool {
	base, _, _ := strings.Cut(strings.ToLower(media), ";")
	base = strings.TrimSpace(base)
	return base == "application/json" || strings.HasPrefix(base, "application/") && strings.HasSuffix(base, "+json")
}

// inOrder lists media types by how much can be said in them: JSON itself, its kin, and the rest.
func inOrder(media []contracts.Media) []contracts.Media {
	rank := func(m contracts.Media) int {
		switch name := concrete(m.Name); {
		case name == "application/json":
			return 0
		case isJSON(name):
			return 1
		}
		return 2
	}
	out := slices.Clone(media)
	slices.SortStableFunc(out, func(a, b contracts.Media) int { return rank(a) - rank(b) })
	return out
}

// builder looks for an answer that conforms.
type builder struct {
	*contracts.Description
	prefix string
	status int
}

// holds reports whether an answer conforms, as andon and kin-openapi say.
func (b *builder) holds(media string, body []byte) bool {
	if b.JudgeResponse(b.status, media, body).Violation != nil || b.JudgeAssumption(b.status, media, body) != nil {
		return false
	}
	doubtful, _ := b.Doubt(b.status, media, body, nil)
	return !doubtful
}

// of gives the answer of a media type; nil if none was found.
func (b *builder) of(m contracts.Media) *answer {
	media := concrete(m.Name)
	if !isJSON(media) {
		for text := range b.texts(m.Schema) {
			if b.holds(media, text) {
				return &answer{status: b.status, media: media, whole: text}
			}
		}
		return nil
	}
	if a := b.object(m.Schema, nil); b.conforms(a, media) {
		return a
	}
	for text := range b.Document().Candidates(m.Schema) {
		root, err := schema.ReadJSON(text)
		if err != nil {
			continue
		}
		if root.Fields != nil {
			if a := b.object(m.Schema, root); b.conforms(a, media) {
				return a
			}
		}
		if b.holds(media, text) {
			return &answer{status: b.status, media: media, whole: append(text, '\n')}
		}
	}
	return nil
}

// texts gives bodies that are no JSON.
func (b *builder) texts(s *schema.Node) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		if s == nil {
			yield([]byte("started\n"))
			return
		}
		for value := range b.Document().Candidates(s) {
			root, err := schema.ReadJSON(value)
			if err == nil && root.Text() != "" {
				value = []byte(root.Text())
			}
			if !yield(value) {
				return
			}
		}
	}
}

// object makes an answer that is an object: of the members that the schema requires, of the ids and the state, and of
// the values that are given, if any. Without a schema it has the ids and the state alone.
func (b *builder) object(s *schema.Node, given *schema.Node) *answer {
	o := b.Operation()
	a := &answer{status: b.status}
	members, _ := b.Document().Members(s)
	if given == nil && len(members) == 0 {
		members = []schema.Member{{Name: o.SessionID}, {Name: o.ExecutionID}, {Name: stateProperty}}
	}
	add := func(name string, value func() []byte) {
		f := member{key: jsontext.AppendKey(nil, name)}
		switch name {
		case o.SessionID:
			f.form, f.kind = plainID, sessionKind
		case o.ExecutionID:
			f.form, f.kind, f.again = plainID, executionKind, true
		}
		f.value = value()
		a.fields = append(a.fields, f)
	}
	for _, m := range members {
		x := given.At(m.Name)
		if x == nil && !m.Required && m.Name != o.SessionID && m.Name != o.ExecutionID && m.Name != stateProperty {
			continue
		}
		add(m.Name, func() []byte {
			switch {
			case x != nil:
				return x.AppendJSON(nil)
			case m.Schema == nil:
				return []byte(`"running"`)
			}
			return first(b.Document().Candidates(m.Schema))
		})
	}
	for _, name := range given.Names() {
		if !slices.ContainsFunc(members, func(m schema.Member) bool { return m.Name == name }) {
			add(name, func() []byte { return given.Fields[name].AppendJSON(nil) })
		}
	}
	return a
}

func first(values func(func([]byte) bool)) (value []byte) {
	values(func(v []byte) bool { value = v; return false })
	return value
}

// conforms reports whether an object conforms as an answer of a media type, with ids in one form or another.
func (b *builder) conforms(a *answer, media string) bool {
	a.media = media
	var ids []int
	for i, f := range a.fields {
		if f.form != nil {
			ids = append(ids, i)
		}
	}
	if len(ids) == 0 {
		return b.holds(media, a.body(nil, b.prefix, 1, 1, -1, nil))
	}
	for _, i := range ids {
		a.fields[i].form = b.choose(a, media, i, ids)
	}
	return b.holdsFor(a, media, ids[0], ids, sampleCalls[:1])
}

// choose finds the form of an id: one that differs from call to call for ever, or else for some time. It is nil where
// there is none, and the value that the schema gives has to do for all calls.
func (b *builder) choose(a *answer, media string, at int, ids []int) form {
	f := &a.fields[at]
	forms := b.forms(f)
	for _, samples := range [][]uint64{sampleCalls, sampleCalls[:fewCalls]} {
		for _, form := range forms {
			if f.form = form; b.holdsFor(a, media, at, ids, samples) {
				return form
			}
		}
	}
	return nil
}

// forms lists the forms that an id may have.
func (b *builder) forms(f *member) []form {
	forms := []form{plainID, uuidID, numberID, shortID}
	name := strings.TrimSuffix(string(f.key), ":")
	_, response := b.Success()
	for _, m := range response.Media {
		s := b.idSchema(m.Schema, strings.Trim(name, `"`), 0)
		if p := s.At("pattern").Text(); p != "" {
			forms = append(forms, patternID(p))
		}
		if n, ok := s.At("minLength").Number(); ok && n <= 1000 {
			forms = append(forms, fixedID(int(n)))
		}
	}
	return forms
}

// idSchema finds the schema of an id, whichever branch of a choice it stands in.
func (b *builder) idSchema(s *schema.Node, name string, depth int) *schema.Node {
	s, err := b.Document().Resolve(s)
	if err != nil || s == nil || depth > 8 {
		return nil
	}
	members, _ := b.Document().Members(s)
	for _, m := range members {
		if m.Name == name {
			return m.Schema
		}
	}
	for _, branch := range schema.Branches(s) {
		if found := b.idSchema(branch, name, depth+1); found != nil {
			return found
		}
	}
	return nil
}

// sampleCalls are the calls whose ids are tried before one is given, the first few of them by those who have little
// choice.
var sampleCalls = []uint64{1, 2, 3, 9, 10, 37, 99, 999, 12_345, 1_000_000, 123_456_789}

const fewCalls = 8

// holdsFor reports whether an answer conforms with the ids of some calls, which differ. The ids that are not yet
// decided have a value that the schema gives, if there is one.
func (b *builder) holdsFor(a *answer, media string, at int, ids []int, calls []uint64) bool {
	seen := map[string]bool{}
	trial := *a
	trial.fields = slices.Clone(a.fields)
	for _, i := range ids {
		if i > at && trial.fields[i].value != nil {
			trial.fields[i].form = nil
		}
	}
	for k, n := range calls {
		if f := trial.fields[at]; f.form != nil {
			id := string(f.form(nil, f.kind, b.prefix, n))
			if seen[id] {
				return false
			}
			seen[id] = true
		}
		body := trial.body(nil, b.prefix, n, n, -1, nil)
		if k == 0 && !b.holds(media, body) || b.JudgeResponse(b.status, media, body).Violation != nil {
			return false
		}
	}
	return true
}

// spoil finds out which defects of an answer break the contract.
func (b *builder) spoil(a *answer) {
	broken := func(body []byte) bool { return b.JudgeResponse(b.status, a.media, body).Violation != nil }
	for i := range a.fields {
		if broken(a.body(nil, b.prefix, 1, 1, i, nil)) {
			a.missable = append(a.missable, i)
		}
		m := mistake{field: i}
		for _, value := range wrongValues {
			if len(m.values) < mostWrong && broken(a.body(nil, b.prefix, 1, 1, i, []byte(value))) {
				m.values = append(m.values, value)
			}
		}
		if len(m.values) > 0 {
			a.mistakable = append(a.mistakable, m)
		}
	}
}

// wrongValues are JSON values of which none is a text that an answer holds; mostWrong is how many of them a field is
// given.
var wrongValues = [...]string{"42", "null", "{}", `"wrong"`, "[]", "true", "-0.5"}

const mostWrong = 3

// body appends the body of the n-th call. The id of the execution is that of call again. One field is left out, or has
// another value if that is not nil; -1 is none.
func (a *answer) body(dst []byte, prefix string, n, again uint64, spoilt int, value []byte) []byte {
	if a.fields == nil {
		return append(dst, a.whole...)
	}
	dst = append(dst, '{')
	start := len(dst)
	for i := range a.fields {
		f := &a.fields[i]
		if i == spoilt && value == nil {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(dst, f.key...)
		switch {
		case i == spoilt:
			dst = append(dst, value...)
		case f.form == nil:
			dst = append(dst, f.value...)
		case f.again:
			dst = f.form(dst, f.kind, prefix, again)
		default:
			dst = f.form(dst, f.kind, prefix, n)
		}
	}
	return append(dst, "}\n"...)
}

// execution is the id of the n-th call's execution as text, if the answers give one.
func (a *answer) execution(prefix string, n uint64) (id string, ok bool) {
	for i := range a.fields {
		if f := &a.fields[i]; f.again && f.form != nil {
			return string(bytes.Trim(f.form(nil, f.kind, prefix, n), `"`)), true
		}
	}
	return "", false
}

// session is the session's id in the answer to the n-th call, as JSON; null where the answer has none.
func (a *answer) session(prefix string, n uint64) []byte {
	i := slices.IndexFunc(a.fields, func(f member) bool { return f.kind == sessionKind })
	switch {
	case i < 0:
		return []byte("null")
	case a.fields[i].form == nil:
		return a.fields[i].value
	}
	return a.fields[i].form(nil, sessionKind, prefix, n)
}
