package jsontext_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// The examples of RFC 6901, section 5, and references to them.
func TestSteps(t *testing.T) {
	for pointer, want := range map[string][]string{
		"": nil, "/foo": {"foo"}, "/foo/0": {"foo", "0"}, "/": {""}, "/a~1b": {"a/b"}, "/c%d": {"c%d"}, "/m~0n": {"m~n"}, "/~01": {"~1"},
		"#/a~1b/~0": {"a/b", "~"}, "#": nil,
	} {
		if got := jsontext.Steps(pointer); !slices.Equal(got, want) {
			t.Errorf("%q: %q; want %q", pointer, got, want)
		}
	}
}

func TestPointer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOf(rapid.StringOfN(rapid.RuneFrom([]rune("~/01aé")), 0, 4, -1)).Draw(t, "names")
		if pointer := jsontext.Pointer(names...); !slices.Equal(jsontext.Steps(pointer), names) {
			t.Fatalf("%q becomes %q, which is %q", names, pointer, jsontext.Steps(pointer))
		}
	})
}
