package contracts

import (
	"errors"
	"fmt"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// The rules that a request or a response can break. Each names one kind of defect; the list is closed, so that reports
// can count by rule whatever a provider does.
const (
	RuleUndocumentedStatus = "undocumented-status" // a status that the description does not have
	RuleContentType        = "content-type"        // a media type that the description does not have for the status
	RuleMalformedJSON      = "malformed-json"      // a body that is no JSON text
	RuleDuplicateKey       = "duplicate-key"       // an object with a key twice: readers disagree on what it says
	RuleMissingProperty    = "missing-property"    // a required property is not there
	RuleUnknownProperty    = "unknown-property"    // a property that the description forbids
	RuleWrongType          = "wrong-type"          // a value of another JSON type
	RuleWrongValue         = "wrong-value"         // not one of the values that the description lists
	RuleOutOfBounds        = "out-of-bounds"       // a length, size or number outside its bounds
	RuleFormat             = "format"              // a string that does not have its format or pattern
	RuleSchema             = "schema"              // any other keyword of the schema
	RuleEmptyID            = "empty-id"            // an id that is the empty string identifies nothing
	RuleRepeatedID         = "repeated-executionId"
	RuleAccepted           = "invalid-accepted" // an invalid call was answered with a success
)

// Rules lists all rules.
func Rules() []string {
	return []string{
		RuleUndocumentedStatus, RuleContentType, RuleMalformedJSON, RuleDuplicateKey, RuleMissingProperty,
		RuleUnknownProperty, RuleWrongType, RuleWrongValue, RuleOutOfBounds, RuleFormat, RuleSchema, RuleEmptyID,
		RuleRepeatedID, RuleAccepted,
	}
}

// Violation says how a request or a response breaks the contract.
type Violation struct {
	// Rule is one of the Rule constants.
	Rule string
	// Pointer is the JSON pointer (RFC 6901) of the offending value in the body; "" is the whole body.
	Pointer string
	// Expected and Found say what the description wants there, and what was there.
	Expected, Found string
	// Message says it in one sentence.
	Message string
}

func (v *Violation) Error() string { return v.Message }

// Request is what can be read off a valid request.
type Request struct {
	// Tier is empty where the field is left out.
	Tier string
	// AgentID is empty where the field is left out.
	AgentID string
}

// ReadRequest judges a request's body.
func (d *Description) ReadRequest(body []byte) (Request, *Violation) {
	v, violation := judgeBody(body, d.request, d.disc)
	if violation != nil {
		return Request{}, violation
	}
	m, _ := v.(map[string]any)
	r := Request{}
	r.Tier, _ = m[tierProperty].(string)
	r.AgentID, _ = m[agentProperty].(string)
	return r, nil
}

// Verdict is what came of judging a response.
type Verdict struct {
	// Violation is nil where the response keeps the contract.
	Violation *Violation
	// ExecutionID is the id of the execution that was started; empty where the response does not tell.
	ExecutionID string
}

// JudgeResponse holds a response against the description: its status, its media type and its body.
//
// A status that the description marks with x-assumption is known from no source but andon's own guess, so it is held
// to this much: a body that says it is JSON is JSON.
func (d *Description) JudgeResponse(status int, contentType string, body []byte) Verdict {
	r := d.responseFor(status)
	if r == nil {
		return Verdict{Violation: &Violation{
			Rule:     RuleUndocumentedStatus,
			Expected: "one of " + strings.Join(d.documented(), ", "), Found: strconv.Itoa(status),
			Message: fmt.Sprintf("status %d is not documented; the description has %s", status, strings.Join(d.documented(), ", ")),
		}}
	}
	// The common media type needs no parsing, and parsing costs more than judging the body.
	media := contentType
	if r.ordinary != nil && media == "application/json" {
		if id, ok := r.ordinary.takes(body); ok {
			return Verdict{ExecutionID: string(id)}
		}
	}
	if media != "application/json" {
		var err error
		if media, _, err = mime.ParseMediaType(contentType); err != nil && media == "" {
			media = strings.ToLower(contentType)
		}
	}
	if r.assumed {
		if !isJSON(media) || len(body) == 0 {
			return Verdict{}
		}
		_, violation := judgeBody(body, nil, d.disc)
		return Verdict{Violation: violation}
	}
	if len(r.types) == 0 {
		return Verdict{}
	}
	if !slices.Contains(r.types, media) {
		found := contentType
		if found == "" {
			found = "no Content-Type"
		}
		return Verdict{Violation: &Violation{
			Rule: RuleContentType, Expected: strings.Join(r.types, " or "), Found: clip(found, 100),
			Message: fmt.Sprintf("status %d came as %s, expected %s", status, clip(found, 100), strings.Join(r.types, " or ")),
		}}
	}
	s, known := r.schemas[media]
	if !known && !isJSON(media) {
		return Verdict{}
	}
	v, violation := judgeBody(body, s, "")
	m, _ := v.(map[string]any)
	id, _ := m[executionProperty].(string)
	if violation == nil && status/100 == 2 {
		for _, name := range [...]string{executionProperty, sessionProperty} {
			if s, isString := m[name].(string); isString && s == "" {
				violation = &Violation{
					Rule: RuleEmptyID, Pointer: "/" + name, Expected: "an id", Found: `""`,
					Message: "`" + name + "` is an empty string, which identifies nothing",
				}
				break
			}
		}
	}
	return Verdict{Violation: violation, ExecutionID: id}
}

func (d *Description) responseFor(status int) *response {
	if status < 100 || status > 999 {
		return nil
	}
	if r := d.statuses[statusText(status)]; r != nil {
		return r
	}
	if r := d.statuses[strconv.Itoa(status/100)+"XX"]; r != nil {
		return r
	}
	return d.statuses["DEFAULT"]
}

// statusText spares the hot path an allocation.
func statusText(status int) string {
	if status == 200 {
		return "200"
	}
	return strconv.Itoa(status)
}

func (d *Description) documented() []string {
	var out []string
	for s := range d.statuses {
		out = append(out, strings.ToLower(s))
	}
	slices.Sort(out)
	return out
}

func isJSON(media string) bool {
	return media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")
}

// judgeBody decodes a body and holds it against a schema, which may be nil. disc is the property that tells the branches
// of a oneOf apart, if any.
func judgeBody(body []byte, schema *jsonschema.Schema, disc string) (any, *Violation) {
	v, bad := decodeJSON(body)
	if bad != nil {
		found := fmt.Sprintf("%d bytes that are not: %s", len(body), clip(string(body), 60))
		if len(body) == 0 {
			found = "an empty body"
		}
		if bad.twice {
			return nil, &Violation{
				Rule: RuleDuplicateKey, Expected: "each key once", Found: quote(clip(bad.key, 60)) + " twice",
				Message: "the body is ambiguous: " + bad.Error(),
			}
		}
		return nil, &Violation{
			Rule: RuleMalformedJSON, Expected: "a JSON text", Found: found,
			Message: "the body is not JSON: " + bad.Error(),
		}
	}
	if schema == nil {
		return v, nil
	}
	err := schema.Validate(v)
	if err == nil {
		return v, nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return v, &Violation{Rule: RuleSchema, Message: "the body could not be held against the schema: " + err.Error()}
	}
	return v, explain(v, invalid, disc)
}

// explain picks, of everything that a validator has to say, what a person needs: the first offending place, and within
// a oneOf the branch that the discriminator chose.
func explain(body any, err *jsonschema.ValidationError, disc string) *Violation {
	var leaves []*jsonschema.ValidationError
	collect(err, disc, &leaves)
	slices.SortStableFunc(leaves, func(a, b *jsonschema.ValidationError) int {
		if c := slices.CompareFunc(a.InstanceLocation, b.InstanceLocation, compareIndex); c != 0 {
			return c
		}
		return strings.Compare(strings.Join(a.ErrorKind.KeywordPath(), "/"), strings.Join(b.ErrorKind.KeywordPath(), "/"))
	})
	return describe(leaves[0], body, disc)
}

// compareIndex orders array indices as numbers.
func compareIndex(a, b string) int {
	x, errX := strconv.Atoi(a)
	y, errY := strconv.Atoi(b)
	if errX == nil && errY == nil {
		return x - y
	}
	return strings.Compare(a, b)
}

func collect(e *jsonschema.ValidationError, disc string, leaves *[]*jsonschema.ValidationError) {
	switch e.ErrorKind.(type) {
	case *kind.OneOf, *kind.AnyOf:
		if branch := chosen(e, disc); branch != nil {
			collect(branch, disc, leaves)
			return
		}
		*leaves = append(*leaves, e)
		return
	}
	if len(e.Causes) == 0 {
		*leaves = append(*leaves, e)
	}
	for _, c := range e.Causes {
		collect(c, disc, leaves)
	}
}

// chosen finds the branch that the discriminator names: the only one that does not object to it.
func chosen(e *jsonschema.ValidationError, disc string) *jsonschema.ValidationError {
	var found *jsonschema.ValidationError
	for _, branch := range e.Causes {
		if objects(branch, len(e.InstanceLocation), disc) {
			continue
		}
		if found != nil {
			return nil
		}
		found = branch
	}
	return found
}

func objects(e *jsonschema.ValidationError, depth int, disc string) bool {
	switch k := e.ErrorKind.(type) {
	case *kind.Const, *kind.Enum, *kind.Type:
		if len(e.InstanceLocation) == depth+1 && e.InstanceLocation[depth] == disc {
			return true
		}
	case *kind.Required:
		if len(e.InstanceLocation) == depth && slices.Contains(k.Missing, disc) {
			return true
		}
	}
	for _, c := range e.Causes {
		if objects(c, depth, disc) {
			return true
		}
	}
	return false
}

func describe(e *jsonschema.ValidationError, body any, disc string) *Violation {
	place, value := locate(body, e.InstanceLocation)
	v := &Violation{Rule: RuleSchema, Pointer: pointerOf(e.InstanceLocation), Found: show(value)}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		v.Rule = RuleMissingProperty
		v.Pointer += "/" + pointerEscape(k.Missing[0])
		v.Expected, v.Found = "`"+k.Missing[0]+"`", "nothing"
		subject := ""
		if m, ok := value.(map[string]any); ok && place != "" {
			if t, ok := m[disc].(string); ok {
				subject = place + " is `" + clip(t, 40) + "`: "
			} else {
				subject = place + ": "
			}
		}
		v.Message = subject + "`" + k.Missing[0] + "` is missing"
	case *kind.Type:
		v.Rule = RuleWrongType
		v.Expected = article(strings.Join(k.Want, " or "))
		v.Found = article(k.Got) + " (" + show(value) + ")"
		if value == nil {
			v.Found = "null"
		}
		v.Message = sentence(place, "is "+v.Found+", expected "+v.Expected)
	case *kind.Const:
		v.Rule, v.Expected = RuleWrongValue, show(k.Want)
		v.Message = sentence(place, "is "+show(value)+", expected "+v.Expected)
	case *kind.Enum:
		v.Rule, v.Expected = RuleWrongValue, "one of "+list(k.Want)
		v.Message = sentence(place, "is "+show(value)+", expected "+v.Expected)
	case *kind.OneOf, *kind.AnyOf:
		v.Rule = RuleWrongValue
		var want []any
		missing := false
		for _, branch := range e.Causes {
			want, missing = branchNames(branch, len(e.InstanceLocation), disc, want, missing)
		}
		switch m, isObject := value.(map[string]any); {
		case !isObject && len(e.Causes) > 0:
			v.Rule, v.Expected = RuleWrongType, "an object"
			v.Message = sentence(place, "is "+show(value)+", expected an object")
		case missing:
			v.Rule, v.Pointer, v.Expected, v.Found = RuleMissingProperty, v.Pointer+"/"+pointerEscape(disc), "`"+disc+"`", "nothing"
			v.Message = sentence(place, "has no `"+disc+"`")
		case len(want) > 0:
			v.Pointer += "/" + pointerEscape(disc)
			v.Expected, v.Found = "one of "+list(want), show(m[disc])
			v.Message = sentence(join(place, disc), "is "+v.Found+", expected "+v.Expected)
		default:
			v.Rule, v.Expected = RuleSchema, "exactly one of the forms in the description"
			v.Message = sentence(place, "fits none, or more than one, of the forms that the description allows")
		}
	case *kind.AdditionalProperties:
		v.Rule, v.Expected = RuleUnknownProperty, "no other properties"
		v.Pointer += "/" + pointerEscape(k.Properties[0])
		v.Message = sentence(place, "has the unknown property `"+clip(k.Properties[0], 60)+"`")
	case *kind.FalseSchema:
		v.Rule, v.Expected = RuleUnknownProperty, "nothing"
		v.Message = sentence(place, "is not allowed to be there")
	case *kind.Pattern:
		v.Rule, v.Expected = RuleFormat, "a match of "+k.Want
		v.Message = sentence(place, "is "+show(value)+", expected "+v.Expected)
	case *kind.Format:
		v.Rule, v.Expected = RuleFormat, article(k.Want)
		v.Message = sentence(place, "is "+show(value)+", expected "+v.Expected)
	case *kind.MinLength, *kind.MaxLength, *kind.MinItems, *kind.MaxItems, *kind.MinProperties, *kind.MaxProperties,
		*kind.Minimum, *kind.Maximum, *kind.ExclusiveMinimum, *kind.ExclusiveMaximum, *kind.MultipleOf, *kind.UniqueItems:
		v.Rule = RuleOutOfBounds
		v.Expected = strings.Join(e.ErrorKind.KeywordPath(), "/") + " of the schema to hold"
		v.Message = sentence(place, "is "+show(value)+": "+boundText(e.ErrorKind))
	default:
		keyword := "`" + strings.Join(e.ErrorKind.KeywordPath(), "/") + "`"
		if keyword == "``" { // the validator names the place of some keywords by their parts alone
			keyword = "`" + strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", k), "*kind.")) + "`"
		}
		v.Expected = keyword + " of the schema to hold"
		v.Message = sentence(place, "breaks "+keyword+" of the schema")
	}
	return v
}

func boundText(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.MinLength:
		return fmt.Sprintf("%d characters, at least %d expected", k.Got, k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("%d characters, at most %d expected", k.Got, k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("%d items, at least %d expected", k.Got, k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("%d items, at most %d expected", k.Got, k.Want)
	case *kind.MinProperties:
		return fmt.Sprintf("%d properties, at least %d expected", k.Got, k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("%d properties, at most %d expected", k.Got, k.Want)
	case *kind.UniqueItems:
		return fmt.Sprintf("items %d and %d are equal", k.Duplicates[0], k.Duplicates[1])
	}
	return strings.Join(k.KeywordPath(), "/") + " does not hold"
}

// branchNames gathers the discriminator values that the branches of a oneOf ask for.
func branchNames(e *jsonschema.ValidationError, depth int, disc string, want []any, missing bool) ([]any, bool) {
	at := len(e.InstanceLocation) == depth+1 && e.InstanceLocation[depth] == disc
	switch k := e.ErrorKind.(type) {
	case *kind.Const:
		if at && !slices.Contains(want, k.Want) {
			want = append(want, k.Want)
		}
	case *kind.Enum:
		if at {
			want = append(want, k.Want...)
		}
	case *kind.Required:
		missing = missing || len(e.InstanceLocation) == depth && slices.Contains(k.Missing, disc)
	}
	for _, c := range e.Causes {
		want, missing = branchNames(c, depth, disc, want, missing)
	}
	return want, missing
}

// locate gives a place's name for people ("content[2].id") and the value there.
func locate(body any, location []string) (string, any) {
	name := ""
	for _, part := range location {
		switch v := body.(type) {
		case []any:
			name += "[" + part + "]"
			if i, err := strconv.Atoi(part); err == nil && i < len(v) {
				body = v[i]
			}
		case map[string]any:
			name = join(name, clip(part, 40))
			body = v[part]
		}
	}
	return name, body
}

func join(place, key string) string {
	if place == "" {
		return key
	}
	return place + "." + key
}

func sentence(place, rest string) string {
	if place == "" {
		return "the body " + rest
	}
	return "`" + place + "` " + rest
}

func pointerOf(location []string) string {
	var b strings.Builder
	for _, part := range location {
		b.WriteString("/" + pointerEscape(part))
	}
	return b.String()
}

func show(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return fmt.Sprintf("an object of %d properties", len(v))
	case []any:
		return fmt.Sprintf("an array of %d items", len(v))
	}
	return clip(string(compact(v)), 60)
}

func list(values []any) string {
	var out []string
	for _, v := range values {
		out = append(out, show(v))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func article(noun string) string {
	switch {
	case noun == "null":
		return noun
	case noun != "" && strings.ContainsRune("aeio", rune(noun[0])):
		return "an " + noun
	}
	return "a " + noun
}

// clip shortens a text to n runes.
func clip(s string, n int) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	i := 0
	for at := range s {
		if i == n {
			return s[:at] + "…"
		}
		i++
	}
	return s
}
