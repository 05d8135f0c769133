package summary_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/summary"
)

// What differs from one call to the next does not make two findings of one; what differs in kind does.
func TestFindings(t *testing.T) {
	broken := func(name, rule, reason string) summary.Check {
		return summary.Check{Engine: "description", Name: name, Expect: "accepted", Verdict: summary.CheckBroken, Rule: rule, Authority: "description", Reason: reason, Status: 200, Curl: "curl " + name}
	}
	with := func(c summary.Check, change func(*summary.Check)) summary.Check {
		change(&c)
		return c
	}
	refused := func(name string) summary.Check {
		return with(broken(name, "accepted", "it was accepted with status 202, expected a refusal (4xx)"), func(c *summary.Check) { c.Expect = "refused" })
	}
	same := broken("text.Full", "type", `found "exec_1", expected a uuid`)
	for why, c := range map[string]struct {
		checks [2]summary.Check
		want   int
	}{
		"another value in quotes":      {[2]summary.Check{same, broken("text.Lite", "type", `found "exec \" 2", expected a uuid`)}, 1},
		"the name of another case":     {[2]summary.Check{broken("a.b", "repeated-id", "the id 7 was given to the case a.b before"), broken("c.d", "repeated-id", "the id 8 was given to the case c.d before")}, 1},
		"another number":               {[2]summary.Check{broken("a", "x", "a body of 120 bytes (found with 90)"), broken("b", "x", "a body of 7 bytes (found with 1234)")}, 1},
		"another status":               {[2]summary.Check{broken("a", "server-error", "the target failed with status 500, expected a refusal"), broken("b", "server-error", "the target failed with status 502, expected a refusal")}, 2},
		"another expected status":      {[2]summary.Check{broken("a", "wrong-status", "it was refused with status 400, expected 401"), broken("b", "wrong-status", "it was refused with status 400, expected 405")}, 2},
		"another rule":                 {[2]summary.Check{same, with(same, func(c *summary.Check) { c.Rule = "format" })}, 2},
		"another authority":            {[2]summary.Check{same, with(same, func(c *summary.Check) { c.Authority = "http" })}, 2},
		"another verdict":              {[2]summary.Check{same, with(same, func(c *summary.Check) { c.Verdict = summary.CheckAdvice })}, 2},
		"another engine":               {[2]summary.Check{same, with(same, func(c *summary.Check) { c.Engine = "pact" })}, 2},
		"another deviation":            {[2]summary.Check{same, with(same, func(c *summary.Check) { c.Deviation = 1 })}, 2},
		"another property":             {[2]summary.Check{broken("a", "missing-property", "the property a is missing"), broken("b", "missing-property", "the property b is missing")}, 2},
		"another place in a list":      {[2]summary.Check{with(same, func(c *summary.Check) { c.Pointer = "/a/0" }), with(same, func(c *summary.Check) { c.Pointer = "/a/11" })}, 1},
		"another place":                {[2]summary.Check{with(same, func(c *summary.Check) { c.Pointer = "/a" }), with(same, func(c *summary.Check) { c.Pointer = "/b" })}, 2},
		"accepted in the same part":    {[2]summary.Check{refused("text.empty.negative"), refused("text+agentId.long.negative")}, 1},
		"accepted in two parts":        {[2]summary.Check{refused("text.empty.negative"), refused("body.key-twice.negative")}, 2},
		"a verdict that was not asked": {[2]summary.Check{same, with(same, func(c *summary.Check) { c.Verdict = summary.CheckHeld })}, 1},
	} {
		if got := summary.Findings(c.checks[:], summary.CheckBroken, summary.CheckAdvice); len(got) != c.want {
			t.Errorf("%s: %d findings, want %d: %+v", why, len(got), c.want, got)
		}
	}
}

// The example is what is quickest to repeat by hand.
func TestFindingExample(t *testing.T) {
	var f summary.Finding
	for _, curl := range []string{"", "curl long", "curl a", "curl b", ""} {
		f.Checks = append(f.Checks, summary.Check{Curl: curl})
	}
	if got := f.Example().Curl; got != "curl a" {
		t.Errorf("the example is %q", got)
	}
}

// Whatever the checks say, each is in one finding, once, and none is invented; their order stays.
func TestFindingsKeep(t *testing.T) {
	verdicts := []string{summary.CheckHeld, summary.CheckBroken, summary.CheckAdvice, summary.CheckDoubtful}
	rapid.Check(t, func(t *rapid.T) {
		var checks []summary.Check
		for i := range rapid.IntRange(0, 20).Draw(t, "checks") {
			checks = append(checks, summary.Check{
				Name: fmt.Sprintf("c.%d", i), Verdict: rapid.SampledFrom(verdicts).Draw(t, "verdict"), Rule: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "rule"),
				Reason: rapid.StringMatching(`([a-z"\\/ ]|[0-9]{1,3}|c\.1){0,12}`).Draw(t, "reason"),
			})
		}
		asked := verdicts[rapid.IntRange(0, 3).Draw(t, "from"):]
		var want, got []string
		for _, c := range checks {
			if slices.Contains(asked, c.Verdict) {
				want = append(want, c.Name)
			}
		}
		first := -1
		for _, f := range summary.Findings(checks, asked...) {
			last := -1
			for _, c := range f.Checks {
				var at int
				_, _ = fmt.Sscanf(c.Name, "c.%d", &at)
				if at <= last || c.Rule != f.Rule || c.Verdict != f.Verdict {
					t.Fatalf("%+v", f)
				}
				if last < 0 {
					if at <= first {
						t.Fatalf("%+v comes late", f)
					}
					first = at
				}
				last = at
				got = append(got, c.Name)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("found %s, want %s", strings.Join(got, " "), strings.Join(want, " "))
		}
	})
}
