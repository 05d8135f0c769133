package contracts

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

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
		v.Expected = schema.Article(strings.Join(k.Want, " or "))
		v.Found = schema.Article(k.Got) + " (" + show(value) + ")"
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
		v.Rule, v.Expected = RuleFormat, schema.Article(k.Want)
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

func show(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return fmt.Sprintf("an object of %d properties", len(v))
	case []any:
		return fmt.Sprintf("an array of %d items", len(v))
	case float64:
		if math.Abs(v) == math.MaxFloat64 {
			return "beyond what a float64 holds"
		}
	}
	return clip(string(jsontext.Of(v)), 60)
}

func list(values []any) string {
	var out []string
	for _, v := range values {
		out = append(out, show(v))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
