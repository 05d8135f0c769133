package jsontext

import "strings"

// Steps are the names along a JSON pointer (RFC 6901), unescaped; none of an empty one. What stands before its first
// slash is left out, as the # of a reference.
func Steps(pointer string) (names []string) {
	_, path, found := strings.Cut(pointer, "/")
	if !found {
		return nil
	}
	for _, part := range strings.Split(path, "/") {
		names = append(names, strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~"))
	}
	return names
}

// Pointer is the JSON pointer that leads along names: what [Steps] takes apart.
func Pointer(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString("/" + strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1"))
	}
	return b.String()
}
