package contracts

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// explain picks, of everything that a validator has to say, what a person needs: the first offending place, and within
// a choice the branch that was meant. disc is the property that tells the branches apart, if that is known.
func explain(body any, err *jsonschema.ValidationError, disc string) *Violation {
	return describe(first(err, body, disc), body, disc)
}

// violationOf holds a value against a schema.
func violationOf(v any, validator *jsonschema.Schema, disc string) *Violation {
	err := validate(validator, v)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return &Violation{Rule: RuleSchema, Message: "the body could not be held against the schema: " + err.Error()}
	}
	return explain(v, invalid, disc)
}

// finding is one thing that a validator has to say.
type finding struct {
	*jsonschema.ValidationError
	// by is the property by whose value the branch was meant in which it was found; empty outside of a choice.
	by string
}

// first is the finding at the first offending place.
func first(err *jsonschema.ValidationError, body any, disc string) finding {
	all := gather(err, disc, "")
	for i := range all {
		all[i].ValidationError = placed(all[i].ValidationError, body)
	}
	slices.SortStableFunc(all, func(a, b finding) int {
		return cmp.Or(
			slices.CompareFunc(a.InstanceLocation, b.InstanceLocation, compareIndex),
			strings.Compare(strings.Join(a.ErrorKind.KeywordPath(), "/"), strings.Join(b.ErrorKind.KeywordPath(), "/")),
			strings.Compare(propertyName(a), propertyName(b)),
		)
	})
	return all[0]
}

// placed gives what is said of a property's name its place: the validator goes on writing into the one that it gave, so
// only how deep it is holds. Where several objects there have such a property, the first is meant.
func placed(e *jsonschema.ValidationError, body any) *jsonschema.ValidationError {
	k, ok := e.ErrorKind.(*kind.PropertyNames)
	if !ok {
		return e
	}
	moved := *e
	moved.InstanceLocation, _ = holder(body, k.Property, nil, len(e.InstanceLocation))
	return &moved
}

// holder finds the first object at a depth that has a property.
func holder(v any, property string, at []string, depth int) (place []string, found bool) {
	into := func(key string, part any) bool {
		place, found = holder(part, property, below(at, key), depth-1)
		return found
	}
	switch v := v.(type) {
	case map[string]any:
		if depth == 0 {
			_, found = v[property]
			return at, found
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if into(key, v[key]) {
				return place, true
			}
		}
	case []any:
		for i := 0; i < len(v) && depth > 0; i++ {
			if into(strconv.Itoa(i), v[i]) {
				return place, true
			}
		}
	}
	return nil, false
}

// propertyName is the name that a finding is about, where it is about one.
func propertyName(f finding) string {
	if k, ok := f.ErrorKind.(*kind.PropertyNames); ok {
		return k.Property
	}
	return ""
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

// gather lists the findings, each as deep as it says something.
func gather(e *jsonschema.ValidationError, disc, by string) (all []finding) {
	switch e.ErrorKind.(type) {
	case *kind.OneOf, *kind.AnyOf:
		if branch, by := chosen(e, disc); branch != nil {
			return gather(branch, disc, by)
		}
		return []finding{{e, by}}
	case *kind.Contains, *kind.MinContains, *kind.PropertyNames: // below is what is wrong with the items, or a name
		return []finding{{e, by}}
	}
	if len(e.Causes) == 0 {
		return []finding{{e, by}}
	}
	for _, c := range e.Causes {
		all = append(all, gather(c, disc, by)...)
	}
	return all
}

// chosen finds the branch of a choice that was meant: the only one that objects neither to the value's type nor to the
// property that tells the branches apart, or, where that is not known, to a property that has to be one of some values.
func chosen(e *jsonschema.ValidationError, disc string) (meant *jsonschema.ValidationError, by string) {
	for _, name := range slices.Compact([]string{disc, ""}) {
		found, told := 0, ""
		for _, branch := range e.Causes {
			if property, objects := objection(branch, len(e.InstanceLocation), name); objects {
				told = cmp.Or(told, property)
				continue
			}
			meant = branch
			found++
		}
		if found == 1 {
			return meant, told
		}
	}
	return nil, ""
}

// objection finds what a branch holds against being meant: the type of the value at a depth, or the property there that
// tells the branches apart; without a name any property that has to be one of some values.
func objection(e *jsonschema.ValidationError, depth int, name string) (property string, found bool) {
	at := ""
	if len(e.InstanceLocation) == depth+1 {
		at = e.InstanceLocation[depth]
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Const, *kind.Enum:
		if len(e.InstanceLocation) == depth+1 && (name == "" || at == name) {
			return at, true
		}
	case *kind.Type:
		if len(e.InstanceLocation) == depth {
			return "", true
		}
		if name != "" && at == name {
			return at, true
		}
	case *kind.Required:
		if name != "" && len(e.InstanceLocation) == depth && slices.Contains(k.Missing, name) {
			return name, true
		}
	}
	for _, c := range e.Causes {
		if property, found := objection(c, depth, name); found {
			return property, true
		}
	}
	return "", false
}

func describe(e finding, body any, disc string) *Violation {
	place, value := locate(body, e.InstanceLocation)
	v := &Violation{Rule: RuleSchema, Pointer: jsontext.Pointer(e.InstanceLocation...), Found: show(value)}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		v.missing(k.Missing[0])
		m, _ := value.(map[string]any)
		switch told, is := m[cmp.Or(e.by, disc)].(string); {
		case place == "" && is && e.by != "":
			v.Message += " (`" + clip(e.by, 40) + "` is " + show(told) + ")"
		case place != "" && is:
			v.Message = place + " is `" + clip(told, 40) + "`: " + v.Message
		case place != "":
			v.Message = place + ": " + v.Message
		}
	case *kind.DependentRequired:
		v.missing(k.Missing[0])
		v.Message += ", which has to be there where `" + clip(join(place, k.Prop), 80) + "` is"
	case *kind.Type:
		v.wrongType(place, value, k.Want)
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
		v.choice(e, place, value, body, disc)
	case *kind.AdditionalProperties:
		name := slices.Min(k.Properties)
		v.Rule, v.Expected = RuleUnknownProperty, "no other properties"
		v.Pointer += jsontext.Pointer(name)
		v.Message = sentence(place, "has the unknown property `"+clip(name, 60)+"`")
	case *kind.PropertyNames:
		v.name(e, k.Property, place)
	case *kind.FalseSchema:
		v.Rule, v.Expected = RuleUnknownProperty, "nothing"
		v.Message = sentence(place, "is not allowed to be there")
	case *kind.Not:
		v.Expected = "what the description does not rule out"
		v.Message = sentence(place, "is "+show(value)+", which the description rules out by `not`")
	case *kind.Pattern:
		v.Rule, v.Expected = RuleFormat, "a match of "+k.Want
		v.Message = sentence(place, "is "+show(value)+", expected "+v.Expected)
	case *kind.Format:
		v.Rule, v.Expected = RuleFormat, schema.Article(k.Want)
		v.Message = sentence(place, "is "+show(value)+", expected "+v.Expected)
	default:
		found, want := bound(k)
		if want == "" {
			keyword := strings.Join(k.KeywordPath(), "/")
			v.Expected = "`" + keyword + "` of the schema to hold"
			v.Message = sentence(place, "breaks `"+keyword+"` of the schema")
			break
		}
		v.Rule, v.Expected = RuleOutOfBounds, want
		v.Message = sentence(place, "is "+show(value)+": "+found+want+" expected")
	}
	return v
}

// missing says that a property is not there.
func (v *Violation) missing(name string) {
	v.Rule, v.Pointer = RuleMissingProperty, v.Pointer+jsontext.Pointer(name)
	v.Expected, v.Found = "`"+name+"`", "nothing"
	v.Message = "`" + name + "` is missing"
}

// wrongType says that a value has none of some types.
func (v *Violation) wrongType(place string, value any, want []string) {
	v.Rule, v.Expected = RuleWrongType, schema.Article(strings.Join(want, " or "))
	v.Message = sentence(place, "is "+show(value)+", expected "+v.Expected)
}

// choice says why a value is none of the forms that it can have, or more than the one that it has to be.
func (v *Violation) choice(e finding, place string, value, body any, disc string) {
	v.Expected = "exactly one of the forms in the description"
	if k, ok := e.ErrorKind.(*kind.OneOf); ok && len(k.Subschemas) > 1 {
		v.Message = sentence(place, fmt.Sprintf("fits the forms %d and %d of the description at once, expected exactly one of its forms", k.Subschemas[0]+1, k.Subschemas[1]+1))
		return
	}
	var types []string
	var fitting []*jsonschema.ValidationError
	for _, branch := range e.Causes {
		if want := typesAt(branch, len(e.InstanceLocation)); len(want) > 0 {
			types = append(types, want...)
			continue
		}
		fitting = append(fitting, branch)
	}
	if len(fitting) == 0 {
		slices.Sort(types)
		v.wrongType(place, value, slices.Compact(types))
		return
	}
	name := telling(fitting, len(e.InstanceLocation), disc)
	var want []any
	missing := false
	for _, branch := range fitting {
		want, missing = branchNames(branch, len(e.InstanceLocation), name, want, missing)
	}
	m, _ := value.(map[string]any)
	switch {
	case name != "" && missing:
		v.missing(name)
		v.Message = sentence(place, "has no `"+name+"`")
	case name != "" && len(want) > 0:
		v.Rule, v.Pointer = RuleWrongValue, v.Pointer+jsontext.Pointer(name)
		v.Expected, v.Found = "one of "+list(want), show(m[name])
		v.Message = sentence(join(place, clip(name, 40)), "is "+v.Found+", expected "+v.Expected)
	default:
		nearest := slices.MinFunc(fitting, func(a, b *jsonschema.ValidationError) int { return len(gather(a, disc, "")) - len(gather(b, disc, "")) })
		why := describe(first(nearest, body, disc), body, disc).Message
		v.Message = sentence(place, fmt.Sprintf("fits none of the %d forms that the description allows (form %d: %s)", len(e.Causes), slices.Index(e.Causes, nearest)+1, clip(why, 200)))
	}
}

// typesAt are the types that a branch wants the value at a depth to have, where it has none of them.
func typesAt(e *jsonschema.ValidationError, depth int) (want []string) {
	if k, ok := e.ErrorKind.(*kind.Type); ok && len(e.InstanceLocation) == depth {
		return k.Want
	}
	for _, c := range e.Causes {
		want = append(want, typesAt(c, depth)...)
	}
	return want
}

// telling is the property by whose value the branches are told apart: the one that is known, or the one to whose value
// all of them object.
func telling(branches []*jsonschema.ValidationError, depth int, disc string) string {
	if disc != "" {
		return disc
	}
	name := ""
	for i, branch := range branches {
		property, found := objection(branch, depth, "")
		if !found || property == "" || i > 0 && property != name {
			return ""
		}
		name = property
	}
	return name
}

// name says what is wrong with the name of a property.
func (v *Violation) name(e finding, property, place string) {
	v.Rule, v.Expected = RuleUnknownProperty, "no such property"
	v.Pointer += jsontext.Pointer(property)
	v.Found = show(property)
	of := "the name of a property"
	if place != "" {
		of += " of `" + place + "`"
	}
	v.Message = of + " is " + v.Found + ", which is not allowed"
	if len(e.Causes) == 0 {
		return
	}
	inner := describe(first(e.Causes[0], property, ""), property, "")
	if says, ok := strings.CutPrefix(inner.Message, "the body "); ok && inner.Rule != RuleUnknownProperty {
		v.Rule, v.Expected, v.Message = inner.Rule, inner.Expected, of+" "+says
	}
}

// bound says what a value has too much or too little of, and how much is wanted; empty where it is about no such thing.
func bound(k jsonschema.ErrorKind) (found, want string) {
	switch k := k.(type) {
	case *kind.MinLength:
		return fmt.Sprintf("%d characters, ", k.Got), fmt.Sprintf("at least %d", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("%d characters, ", k.Got), fmt.Sprintf("at most %d", k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("%d items, ", k.Got), fmt.Sprintf("at least %d", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("%d items, ", k.Got), fmt.Sprintf("at most %d", k.Want)
	case *kind.MinProperties:
		return fmt.Sprintf("%d properties, ", k.Got), fmt.Sprintf("at least %d", k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("%d properties, ", k.Got), fmt.Sprintf("at most %d", k.Want)
	case *kind.UniqueItems:
		return fmt.Sprintf("items %d and %d are equal, ", k.Duplicates[0], k.Duplicates[1]), "different ones"
	case *kind.Contains:
		return "none of its items is one that has to be there, ", "at least 1"
	case *kind.MinContains:
		return fmt.Sprintf("%d items of those that have to be there, ", len(k.Got)), fmt.Sprintf("at least %d", k.Want)
	case *kind.MaxContains:
		return fmt.Sprintf("%d items of those that are counted, ", len(k.Got)), fmt.Sprintf("at most %d", k.Want)
	case *kind.Minimum:
		return "", "at least " + decimal(k.Want)
	case *kind.Maximum:
		return "", "at most " + decimal(k.Want)
	case *kind.ExclusiveMinimum:
		return "", "more than " + decimal(k.Want)
	case *kind.ExclusiveMaximum:
		return "", "less than " + decimal(k.Want)
	case *kind.MultipleOf:
		return "", "a multiple of " + decimal(k.Want)
	}
	return "", ""
}

// decimal writes a bound as the description does.
func decimal(r *big.Rat) string {
	if r.IsInt() {
		return clip(r.Num().String(), 40)
	}
	f, _ := r.Float64()
	short := strconv.FormatFloat(f, 'g', -1, 64)
	if same, ok := new(big.Rat).SetString(short); !ok || same.Cmp(r) != 0 {
		digits, _ := r.FloatPrec()
		return clip(r.FloatString(digits), 60)
	}
	return short
}

// branchNames gathers the values of a property that the branches of a choice ask for.
func branchNames(e *jsonschema.ValidationError, depth int, name string, want []any, missing bool) ([]any, bool) {
	at := len(e.InstanceLocation) == depth+1 && e.InstanceLocation[depth] == name
	switch k := e.ErrorKind.(type) {
	case *kind.Const:
		if at {
			want = append(want, k.Want)
		}
	case *kind.Enum:
		if at {
			want = append(want, k.Want...)
		}
	case *kind.Required:
		missing = missing || len(e.InstanceLocation) == depth && slices.Contains(k.Missing, name)
	}
	for _, c := range e.Causes {
		want, missing = branchNames(c, depth, name, want, missing)
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
	return strings.Join(slices.Compact(out), ", ")
}
