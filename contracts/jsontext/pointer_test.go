package jsontext_test

import (
	"slices"
	"testing"

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
