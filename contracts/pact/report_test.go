package pact

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
)

const report = `
Verifying a pact between andon and agents

  text.Full (6ms loading, 7ms verification)
     Given agent exists
    returns a response which
      has status code 200 (OK)
      includes headers
        "Content-Type" with value "application/json" (OK)
      has a matching body (` + "\x1b[31mFAILED\x1b[0m" + `)

  text.missing-text.negative (1.5s loading, 2s verification)
    returns a response which
      has status code 400 (FAILED)
      has a matching body (OK)

  a run - of somebody's (6ms loading, 7ms verification)
    returns a response which
      has status code 200 (FAILED)

  all (6ms loading, 7ms verification)
    returns a response which
      has status code 200 (OK)


Failures:

1) Verifying a pact between andon and agents Given agent exists - text.Full
    1.1) has a matching body
           $ -> Actual map is missing the following keys: status
    {
` + "\x1b[31m" + `    -  "executionId": "exec_abc123",

2) Verifying a pact between andon and agents - text.missing-text.negative
    2.1) has status code 400
           expected 400 but was 200

3) Verifying a pact between shop and agents Given x - y - a run - of somebody's
    3.1) has status code 200
           expected 200 but was 404


There were 3 pact failures
`

func TestParseReport(t *testing.T) {
	want := []Outcome{
		{"text.Full", false, `1.1) has a matching body $ -> Actual map is missing the following keys: status { - "executionId": "exec_abc123",`},
		{"text.missing-text.negative", false, "2.1) has status code 400 expected 400 but was 200"},
		{"a run - of somebody's", false, "3.1) has status code 200 expected 200 but was 404"},
		{"all", true, ""},
	}
	if got := ParseReport(report); !slices.Equal(got, want) {
		t.Errorf("the report says %+v, want %+v", got, want)
	}
	if got := ParseReport("thread 'main' panicked at library/core\n"); len(got) != 0 {
		t.Errorf("a crash says %+v", got)
	}
}

func TestParseMismatches(t *testing.T) {
	got := ParseMismatches("noise\ncalls.go:43:\n\tPact Verification Failed for: pact/1\n\n\t\tDiff:\n\t\t\tExpected 'full' to match\n\t\t\texpected:\t \"Full\"\n\t\t\tactual:\t\t \"full\"\n" +
		"\t\t\tExpected a Map\n\n\nmore noise\n\t\t\tnot this\n\tPact Verification Failed for: pact/12\n\t\tDiff:\n\t\t\tsomething\n")
	if len(got) != 2 || got[1] != "Expected 'full' to match; Expected a Map" || got[12] != "something" {
		t.Errorf("found %v", got)
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add(report)
	f.Fuzz(func(t *testing.T, text string) {
		for at, reason := range ParseMismatches(text) {
			if at < 0 || len(reason) > 3*maxReason || !utf8.ValidString(reason) {
				t.Fatalf("%d: %q", at, reason)
			}
		}
		for _, o := range ParseReport(text) {
			if o.ID == "" || len(o.Reason) > 2*maxReason || utf8.ValidString(text) && !utf8.ValidString(o.Reason) || o.Held && o.Reason != "" {
				t.Fatalf("%+v", o)
			}
		}
	})
}

// The pact for a target has the user's values, and nothing about tokens where there is none.
func TestFor(t *testing.T) {
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	mine, err := d.WithFixtures([]contracts.Fixture{{ContentType: "file", Property: "id", Values: [][]byte{[]byte(`"file_mine"`)}}})
	if err != nil {
		t.Fatal(err)
	}
	list, _ := cases.Derive(mine)
	for _, token := range []bool{true, false} {
		text, calls, err := For(contracts.Pact, list, token)
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Interactions []interaction }
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		about := slices.ContainsFunc(file.Interactions, func(i interaction) bool { return strings.HasPrefix(i.Description, "token.") })
		if about != token || len(file.Interactions) < 100 || calls != len(file.Interactions) {
			t.Errorf("with a token %v: %d interactions, about tokens %v", token, len(file.Interactions), about)
		}
		if !bytes.Contains(text, []byte("file_mine")) || bytes.Contains(text, []byte("file_2c94e0")) {
			t.Error("the user's values do not stand in the place of the description's")
		}
	}
}
