package reports

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"
)

func checks(verdicts ...string) Verification {
	v := Verification{Schema: VerificationSchema, Target: "http://127.0.0.1:1", Started: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), Planned: len(verdicts), LeftOut: 7}
	for i, verdict := range verdicts {
		name := []string{"text.Full", "text.missing-text.negative", "file.Full+agentId", "method.GET.negative"}[i%4]
		v.Checks = append(v.Checks, Check{Engine: "description", Name: name, Proves: "something", Expect: []string{"accepted", "refused", "accepted", "refused"}[i%4],
			Verdict: verdict, Reason: hostile, Pointer: "/a", Status: 200, Curl: "curl " + hostile})
	}
	return v
}

func TestDecide(t *testing.T) {
	for _, c := range []struct {
		verdicts []string
		early    string
		status   string
		code     int
	}{
		{[]string{CheckHeld, CheckNoted}, "", Pass, 0},
		{[]string{CheckHeld, CheckBroken}, "", Fail, 1},
		{[]string{CheckHeld, CheckBroken}, "the target does not answer", NoVerdict, 3},
		{[]string{CheckHeld}, "interrupted", NoVerdict, 3},
		{[]string{CheckHeld, CheckDoubtful}, "", NoVerdict, 3},
		{[]string{CheckBroken, CheckDoubtful}, "", Fail, 1},
		{[]string{CheckSkipped}, "", NoVerdict, 3},
		{nil, "", NoVerdict, 3},
	} {
		v := checks(c.verdicts...)
		v.Decide(c.early)
		if v.Verdict.Status != c.status || v.Verdict.ExitCode != c.code || (c.status == Pass) != (len(v.Verdict.Causes) == 0) {
			t.Errorf("%v %q: %+v, want %s, %d", c.verdicts, c.early, v.Verdict, c.status, c.code)
		}
	}
}

func TestVerificationTerminal(t *testing.T) {
	v := checks(CheckHeld, CheckBroken, CheckSkipped, CheckHeld)
	v.Checks = append(v.Checks, Check{Engine: "pact", Name: "text.Full", Proves: "something", Expect: "accepted", Verdict: CheckBroken, Reason: "$ -> missing", Curl: strings.Repeat("x", 2000)})
	v.Planned = 5
	v.Decide("")
	var b bytes.Buffer
	if err := VerificationTerminal(&b, v, TerminalOptions{Width: 100}); err != nil {
		t.Fatal(err)
	}
	golden(t, "verification.txt", b.Bytes())
	if i := bytes.IndexFunc(b.Bytes(), func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e) }); i >= 0 {
		t.Errorf("the terminal gets a control character: %q", b.Bytes()[i:min(i+20, b.Len())])
	}
}

// Every format takes hostile words, keeps them inert, and tells the same story.
func TestVerificationFormats(t *testing.T) {
	v := checks(CheckHeld, CheckBroken, CheckSkipped, CheckDoubtful)
	v.Checks[1].Rule = hostile
	v.Coverage = []CoveragePart{{Kind: "property", Name: hostile, Kept: 1, Breakable: true}, {Kind: "status", Name: "404", Open: true}}
	v.MinCoverage = 0.6
	v.Decide("")
	if share, any := v.Covered(); share != 0.5 || !any {
		t.Errorf("covered %v", share)
	}
	if v.Verdict.Status != Fail || len(v.Verdict.Causes) != 2 {
		t.Errorf("%+v", v.Verdict)
	}
	for name, write := range map[string]func(io.Writer, Verification) error{"verification.xml": JUnit, "verification.sarif": SARIF, "verification.md": VerificationMarkdown} {
		var b bytes.Buffer
		if err := write(&b, v); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
		if i := bytes.IndexFunc(b.Bytes(), func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e) }); i >= 0 {
			t.Errorf("%s holds a control character: %q", name, b.Bytes()[i:min(i+20, b.Len())])
		}
		switch name {
		case "verification.xml":
			var suites struct {
				Suites []struct {
					Tests    int `xml:"tests,attr"`
					Failures int `xml:"failures,attr"`
					Errors   int `xml:"errors,attr"`
					Skipped  int `xml:"skipped,attr"`
				} `xml:"testsuite"`
			}
			if err := xml.Unmarshal(b.Bytes(), &suites); err != nil {
				t.Error(err)
			} else if s := suites.Suites[0]; s.Tests != 4 || s.Failures != 1 || s.Errors != 1 || s.Skipped != 1 {
				t.Errorf("%+v", s)
			}
		case "verification.sarif":
			if !json.Valid(b.Bytes()) {
				t.Error("the SARIF is no JSON")
			}
		}
	}
}
