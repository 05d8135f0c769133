package schema

import (
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// Field is a property and its value, as JSON.
type Field struct {
	Name string
	JSON []byte
}

// With replaces or adds a field.
func With(fields []Field, f Field) []Field {
	out := slices.Clone(fields)
	for i := range out {
		if out[i].Name == f.Name {
			out[i] = f
			return out
		}
	}
	return append(out, f)
}

func without(fields []Field, name string) []Field {
	return slices.DeleteFunc(slices.Clone(fields), func(f Field) bool { return f.Name == name })
}

// Object is the JSON of an object.
func Object(fields []Field) []byte {
	out := []byte{'{'}
	for i, f := range fields {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(jsontext.AppendKey(out, f.Name), f.JSON...)
	}
	return append(out, '}')
}

// Article puts the article before a JSON type or a format: "an array", "a date", and "null" as it is.
func Article(noun string) string {
	switch {
	case noun == "null":
		return noun
	case noun != "" && strings.ContainsRune("aeio", rune(noun[0])):
		return "an " + noun
	}
	return "a " + noun
}
