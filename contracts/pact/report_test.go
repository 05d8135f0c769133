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

  a run - of somebody's (6ms loading, 1m 2s 7ms verification)
    returns a response which
      has status code 200 (FAILED)

  all (0s loading, 7ms verification)
    returns a response which
      has status code 200 (OK)

  gone (6ms loading, 1s 207ms verification)
      Request Failed - error sending request for url (http://localhost:1/)


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
		{"gone", false, "Request Failed - error sending request for url (http://localhost:1/)"},
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
		text, err := For(contracts.Pact, list, token)
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Interactions []interaction }
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		about := slices.ContainsFunc(file.Interactions, func(i interaction) bool { return strings.HasPrefix(i.Description, "token.") })
		if about != token || len(file.Interactions) < 100 {
			t.Errorf("with a token %v: %d interactions, about tokens %v", token, len(file.Interactions), about)
		}
		if !bytes.Contains(text, []byte("file_mine")) || bytes.Contains(text, []byte("file_2c94e0")) {
			t.Error("the user's values do not stand in the place of the description's")
		}
	}
}

// The calls of a pact are known by a header, in every version of the specification, and by what they expect.
func TestMarked(t *testing.T) {
	const text = `{"interactions":[
		{"description":"a","providerStates":[{"name":"token required"}],"request":{"method":"GET","headers":{"A":["b"]}},"response":{"status":401}},
		{"description":"b","providerState":"token required","request":{},"response":{}},
		{"description":"c","providerStates":[{"name":"agent exists"},7],"request":{"headers":7,"body":{"id":12345678901234567891,"share":1.10}},"response":{"status":204}},
		{"description":"a message","contents":{}}, 7, {"description":7}]}`
	marked, list, err := Marked([]byte(text), "key")
	want := []Interaction{{"a", 401, true}, {"b", 200, true}, {"c", 204, false}, {"a message", 0, false}, {}, {}}
	if err != nil || !slices.Equal(list, want) {
		t.Errorf("found %+v, want %+v; %v", list, want, err)
	}
	for _, part := range []string{`{"A":["b"],"Andon-Interaction":"key-0"}`, `{"Andon-Interaction":"key-1"}`, `{"Andon-Interaction":"key-2"}`, `{"id":12345678901234567891,"share":1.10}`} {
		if !bytes.Contains(marked, []byte(part)) {
			t.Errorf("%s is not in %s", part, marked)
		}
	}
	for _, list := range []bool{list[0].Accepted(), list[3].Accepted(), !list[1].Accepted(), !list[2].Accepted()} {
		if list {
			t.Error("what is to be accepted is what the pact expects with a 2xx")
		}
	}
	for _, text := range []string{"[]", "null", "", "{"} {
		_, _, err := Marked([]byte(text), "key")
		if _, other := For([]byte(text), nil, true); err == nil || other == nil {
			t.Errorf("%q is no pact: %v, %v", text, err, other)
		}
	}
}

// Whatever a broker gives out, it is marked or refused, and what is marked can be marked again.
func FuzzMarked(f *testing.F) {
	f.Add(`{"interactions":[{"description":"a","providerState":"x","request":{"headers":{"A":"b"}},"response":{"status":2e300}}]}`)
	f.Add(`{"interactions":[[],{"request":null}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		marked, list, err := Marked([]byte(text), "key")
		if err != nil {
			return
		}
		if _, again, err := Marked(marked, "key"); err != nil || !slices.Equal(list, again) {
			t.Fatalf("%+v, %+v; %v", list, again, err)
		}
	})
}

// What a pact is verified for, and against what, is for andon to say, and not for the environment.
func TestSteers(t *testing.T) {
	for variable, want := range map[string]bool{
		"PACT_URL=x": true, "PACT_DESCRIPTION=": true, "http_proxy=x": true, "ALL_PROXY=x": true, "NO_PROXY=x": true, "pact_x=": true,
		"PATH=/bin": false, "IMPACT_X=1": false, "LD_LIBRARY_PATH=PACT_": false, "": false,
	} {
		if steers(variable) != want {
			t.Errorf("%s: %v", variable, !want)
		}
	}
}
