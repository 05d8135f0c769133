package text

import "fmt"

// Suggest asks whether the name that is nearest to an unknown word was meant, if one is near, and says otherwise.
func Suggest(word string, names []string, otherwise string) string {
	if near := Nearest(word, names); near != "" {
		return fmt.Sprintf("did you mean %q? %s", near, otherwise)
	}
	return otherwise
}
