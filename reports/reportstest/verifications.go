package reportstest

import (
	"fmt"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
)

// Commands is what a target can send to have a runner of GitHub Actions do something.
const Commands = "::error::owned\n   ::add-mask::owned\n##[error]owned\n%0A::error::owned ```\n````"

// Found is a verification with checks of every verdict, many of which found the same, with answers that are hostile,
// places in the description, and known deviations.
func Found() summary.Verification {
	at := func(line int) *summary.Place { return &summary.Place{File: "api/openapi.yaml", Line: line} }
	v := summary.Verification{
		Schema: summary.VerificationSchema, Target: "http://127.0.0.1:8080", Started: time.Date(2026, 11, 24, 9, 0, 0, 123456789, time.UTC),
		Description: "api/openapi.yaml", SpecSHA256: strings.Repeat("ab", 32), Andon: "1.2.3 (51a37183f0ab, 2026-11-26)", Strict: []string{"json"}, DurationSeconds: 4.25,
		Choice: &summary.Choice{Cases: []string{"*"}, Skip: []string{"method.*"}, Chosen: 34, Of: 40}, LeftOut: "7", Accepted: 9, Unsure: 1, MaxRuns: 50,
		Deviations: []summary.Deviation{
			{Cases: []string{"body.key-twice.*"}, Why: "The parser takes the last of two keys. " + Hostile, Ask: "https://example.com/issues/12", Until: "2027-01-31",
				Place: &summary.Place{File: "deviations.yaml", Line: 2, Column: 5}, State: summary.DeviationWaived, Occurred: 1},
			{Rules: []string{"undocumented-status"}, Why: "Mended.", Until: "2026-12-31", Place: &summary.Place{File: "deviations.yaml", Line: 9}, State: summary.DeviationGone},
			{Cases: []string{"method.*"}, Rules: []string{"wrong-status", "allow"}, Why: "The router. " + Hostile, Until: "2026-10-31", Place: &summary.Place{File: "deviations.yaml", Line: 9, Column: 5},
				State: summary.DeviationLapsed, Occurred: 2},
		},
		Coverage: []summary.CoveragePart{{Kind: "property", Name: "content", Kept: 9, Broken: 4, Breakable: true}, {Kind: "value", Name: Hostile, Kept: 1, Breakable: true},
			{Kind: "status", Name: "404", Open: true}},
		Excerpts: map[int]string{42: "   41      properties:\n   42        executionId: {type: string}\n   43  # " + Hostile + "\n", 7: "    7    post:\n"},
	}
	add := func(c summary.Check) {
		if c.Engine == "" {
			c.Engine = "description"
		}
		if c.Curl == "" {
			c.Curl = "curl -sS -i -X POST 'http://127.0.0.1:8080/agents/execute' -H 'Content-Type: application/json' -H \"Authorization: Bearer $ANDON_TOKEN\" --data-raw '{\"agentId\":\"agent_7f3a91\",\"input\":\"" + c.Name + "\"}'"
		}
		v.Checks = append(v.Checks, c)
	}
	for i := range 14 {
		add(summary.Check{Name: fmt.Sprintf("text.Full+option-%d", i), Proves: "content text with the tier Full", Expect: "accepted", Verdict: summary.CheckBroken, Authority: "description",
			Rule: "missing-property", Reason: fmt.Sprintf("the property executionId is missing in \"call %d\"", i), Pointer: "/executionId", Status: 202, Seconds: 0.012,
			Place: at(42), Answer: fmt.Sprintf("{\"status\":\"queued\",\"n\":%d,\"note\":\"%s\"}\n%s", i, Hostile, Commands)})
	}
	for i := range 9 {
		add(summary.Check{Name: fmt.Sprintf("json.Lite+schema-%d", i), Proves: "content json", Expect: "accepted", Verdict: summary.CheckHeld, Authority: "description", Status: 202, Seconds: 0.01, Place: at(42)})
	}
	add(summary.Check{Name: "body.utf8.negative", Proves: "a body that is not UTF-8", Expect: "refused", Verdict: summary.CheckBroken, Authority: "json", Rule: "accepted",
		Reason: "it was accepted with status 202, expected a refusal (4xx)", Status: 202, Place: at(7), Answer: strings.Repeat("{\"status\":\"queued\"} ", 110), Curl: "printf '\\377' | curl " + Hostile})
	add(summary.Check{Name: "method.GET.negative", Proves: "the method GET, which the path does not have", Expect: "refused", Verdict: summary.CheckAdvice, Authority: "http", Rule: "wrong-status",
		Reason: "it was refused with status 404, expected 405", Status: 404, Place: at(7), Answer: "<!DOCTYPE html>\n<pre>Cannot GET</pre>"})
	add(summary.Check{Name: "method.PUT.negative", Proves: "the method PUT, which the path does not have", Expect: "refused", Verdict: summary.CheckAdvice, Authority: "http", Rule: "wrong-status",
		Reason: "it was refused with status 404, expected 405", Status: 404, Place: at(7), Answer: "<!DOCTYPE html>\n<pre>Cannot PUT</pre>"})
	add(summary.Check{Name: "body.key-twice.negative", Proves: "a key that stands twice", Expect: "refused", Verdict: summary.CheckWaived, Authority: "json", Deviation: 1, Rule: "accepted",
		Reason: "it was accepted with status 202, expected a refusal (4xx)", Status: 202, Place: at(7), Answer: "{}"})
	add(summary.Check{Name: "file.Full", Proves: "content file", Expect: "accepted", Verdict: summary.CheckInconclusive, Rule: "turned-away", Reason: "it was turned away with status 503 each time", Status: 503, Attempts: 4, Answer: Commands})
	add(summary.Check{Name: "url.Full", Proves: "content url", Expect: "accepted", Verdict: summary.CheckDoubtful, Rule: "doubt", Reason: "andon and kin-openapi disagree on the answer", Status: 202, Place: at(42)})
	add(summary.Check{Name: "number.exponent", Proves: "a number with an exponent", Expect: "either", Verdict: summary.CheckNoted, Reason: "answered with status 400", Status: 400})
	add(summary.Check{Name: "token.missing.negative", Proves: "no token", Expect: "refused", Verdict: summary.CheckSkipped, Reason: "no token was given, so whether the target demands one cannot be told"})
	add(summary.Check{Engine: "pact", Name: "text.Full", Proves: "content text with the tier Full", Expect: "accepted", Verdict: summary.CheckBroken, Rule: "pact", Reason: "$ -> Actual map is missing the following keys: executionId"})
	v.Planned = len(v.Checks)
	v.Decide("")
	return v
}
