package summary_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// What is written conforms to the schema that ships, and reads back as it was.
func TestSummarySchema(t *testing.T) {
	schema := reportstest.Compiled(t, reports.SummarySchema)
	m := reportstest.Manifest()
	empty := summary.Summarize(m, nil, nil, results.End{Reason: results.Cut, Detail: "killed"}, metrics.New(m.Labels, m.Planned, metrics.Tolerance))
	m.Traces = 7
	traced := summary.Summarize(m, nil, nil, results.End{Reason: results.Finished, Seconds: 55.2}, reportstest.Aggregate(t, m, nil))
	if traced.Slowest[0].TraceID == "" {
		t.Error("no call has a trace-id")
	}
	short := reportstest.Closed(t)
	short.Validity.Held, short.Generator = 1, metrics.Generator{
		Unasked: 1, Encoded: 1, Proxy: "p:1", Protocol: "h2", Loop: metrics.Loop{Lost: 1, Seconds: 2}, WriteMax: 1, BlockedSeconds: 1,
		Machine: results.Machine{Quota: 1, Periods: 1, Throttled: 1, StolenSeconds: 1, MemoryLimit: 1, Memory: 1, MemoryFull: 1},
	}
	m = reportstest.Manifest()
	m.LagSeconds = 0.02
	shed := summary.Summarize(m, nil, []results.Vitals{{Seconds: 1, Protocol: "HTTP/1.1", Unasked: 1, Encoded: 2}}, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) {
		switch r.N % 50 {
		case 3:
			r.Error, r.Status, r.RetryAfter = results.Shed, 429, 5
		case 5:
			r.Stall = 0.1
			r.Service += 2
		}
	}))
	if shed.Total.RetryAfter == nil || shed.Total.LatencyLessOwn == nil {
		t.Errorf("%+v", shed.Total)
	}
	for name, s := range map[string]summary.Summary{"drifting": drifting(t), "short of everything": short, "shed": shed, "traced": traced, "pass": reportstest.Passing(t), "fail": reportstest.Failing(t), "closed": reportstest.Closed(t), "empty": empty} {
		dir := t.TempDir()
		if err := summary.Write(dir, s); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "summary.json"))
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		back, err := summary.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := json.Marshal(back)
		before, _ := json.Marshal(s)
		if !bytes.Equal(again, before) {
			i := 0
			for i < min(len(again), len(before)) && again[i] == before[i] {
				i++
			}
			t.Errorf("%s: it reads back as …%.80s, was …%.80s", name, again[i:], before[i:])
		}
		// A rendering is a function of the summary alone, read or made.
		var x, y bytes.Buffer
		if err := render.Terminal(&x, s, render.Options{}); err != nil {
			t.Fatal(err)
		}
		if err := render.Terminal(&y, back, render.Options{}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(x.Bytes(), y.Bytes()) {
			t.Errorf("%s: read back, it is shown otherwise", name)
		}
	}
	// The schema can fail.
	for _, change := range []func(map[string]any){
		func(s map[string]any) { delete(s, "verdict") },
		func(s map[string]any) { s["more"] = 1 },
		func(s map[string]any) { s["total"].(map[string]any)["sent"] = -1.0 },
		func(s map[string]any) { s["total"].(map[string]any)["latency"].(map[string]any)["p99"] = "1s" },
		func(s map[string]any) { s["validity"].(map[string]any)["status"] = "fine" },
		func(s map[string]any) { s["thresholds"] = nil },
	} {
		text, _ := json.Marshal(reportstest.Passing(t))
		var value map[string]any
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatal(err)
		}
		change(value)
		if schema.Validate(value) == nil {
			t.Errorf("the schema accepts a spoiled summary")
		}
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	if _, err := summary.Read(dir); err != fs.ErrNotExist {
		t.Errorf("where there is none: %v", err)
	}
	for text, want := range map[string]string{
		"{": "summary.json:1", `{"schema":"andon.summary/1"}`: "another version", `{"schema":"andon.summary/2","x":1}`: "unknown field",
		`{"schema":"andon.summary/3","verdict":{"status":"pass","exitCode":77}}`:                                                          "/verdict: expected pass",
		`{"schema":"andon.summary/3","verdict":{"status":"pass"},"run":{"end":{"reason":"over"}}}`:                                        "/run/end/reason: unknown word",
		`{"schema":"andon.summary/3","verdict":{"status":"pass"},"run":{"end":{"reason":"completed"}},"validity":{"status":"\u001b[2J"}}`: "/validity/status: unknown word",
	} {
		if err := os.WriteFile(filepath.Join(dir, "summary.json"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := summary.Read(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}

// The verdict, for every way in which a run can end.
func TestVerdict(t *testing.T) {
	late := func(r *results.Row) { r.Lag, r.OwnLag = 0.5, 0.5 }
	waiting := func(r *results.Row) { r.Lag = 0.5 }
	for _, c := range []struct {
		why        string
		thresholds []string
		end        results.End
		change     func(*results.Row)
		status     string
		code       int
		cause      string
	}{
		{"all holds", []string{"p99(latency) < 800ms"}, results.End{Reason: results.Finished}, nil, summary.Pass, 0, ""},
		{"a threshold is missed", []string{"p99(latency) < 8ms"}, results.End{Reason: results.Finished}, nil, summary.Fail, 1, "p99(latency) < 8ms: found"},
		{"no threshold at all", nil, results.End{Reason: results.Finished}, nil, summary.Pass, 0, ""},
		{"a threshold over nothing", []string{"p99(latency){phase=warmup} < 1s"}, results.End{Reason: results.Finished}, nil, summary.Fail, 1, "warmup"},
		{"a violation without a word on it", []string{"p99(latency) < 800ms"}, results.End{Reason: results.Finished}, func(r *results.Row) {
			if r.N == 200 {
				r.Error, r.Rule = results.Contract, 1
			}
		}, summary.Fail, 1, "count(violations) == 0: found 1"},
		{"a violation that is allowed", []string{"count(violations) < 5"}, results.End{Reason: results.Finished}, func(r *results.Row) {
			if r.N == 200 {
				r.Error, r.Rule = results.Contract, 1
			}
		}, summary.Pass, 0, ""},
		{"too many errors without a word on them", nil, results.End{Reason: results.Finished}, func(r *results.Row) {
			if r.N%50 == 7 {
				r.Error, r.Status = results.Reset, 0
			}
		}, summary.Fail, 1, "rate(errors) < 1%: found 2.0 %"},
		{"errors that are allowed", []string{"rate(errors) < 5%"}, results.End{Reason: results.Finished}, func(r *results.Row) {
			if r.N%50 == 7 {
				r.Error, r.Status = results.Reset, 0
			}
		}, summary.Pass, 0, ""},
		{"all calls fail", nil, results.End{Reason: results.Finished}, func(r *results.Row) { r.Error, r.Status = results.Status5xx, 500 }, summary.Fail, 1, "No call succeeded"},
		{"no whole response at all", nil, results.End{Reason: results.Finished}, func(r *results.Row) { r.Error, r.Status = results.Reset, 0 }, summary.Fail, 1,
			"No call succeeded: all 8,000 that were sent failed. The target was reached, and gave not one whole response (8,000 reset)"},
		{"never connected", nil, results.End{Reason: results.Finished}, func(r *results.Row) { r.Error, r.Status = results.DialTimeout, 0 }, summary.NoVerdict, 3, "reachable from here"},
		{"kept from the target", nil, results.End{Reason: results.Finished}, func(r *results.Row) {
			if r.N%2 == 0 {
				r.Error, r.Status = results.LocalPorts, 0
			}
		}, summary.NoVerdict, 3, "no local port left"},
		{"failures, and the generator fell behind", nil, results.End{Reason: results.Finished}, func(r *results.Row) {
			if late(r); r.N%50 == 7 {
				r.Error, r.Status = results.Status5xx, 500
			}
		}, summary.Fail, 1, "rate(errors) < 1%: found"},
		{"resets, and the generator fell behind", nil, results.End{Reason: results.Finished}, func(r *results.Row) {
			if late(r); r.N%50 == 7 {
				r.Error, r.Status = results.Reset, 0
			}
		}, summary.NoVerdict, 3, "generator"},
		{"failures of the kind that is forbidden, and the generator fell behind", []string{"count(errors){error=http-5xx} == 0"}, results.End{Reason: results.Finished}, func(r *results.Row) {
			if late(r); r.N == 207 {
				r.Error, r.Status = results.Status5xx, 500
			}
		}, summary.Fail, 1, "found 1"},
		{"a violation, and the generator fell behind", nil, results.End{Reason: results.Finished}, func(r *results.Row) {
			if late(r); r.N == 200 {
				r.Error, r.Rule = results.Contract, 1
			}
		}, summary.Fail, 1, "count(violations) == 0: found 1"},
		{"a violation, and interrupted", nil, results.End{Reason: results.Interrupted, Detail: "stopped by hand after 3s"}, func(r *results.Row) {
			if late(r); r.N == 200 {
				r.Error, r.Rule = results.Contract, 1
			}
		}, summary.NoVerdict, 3, "stopped by hand"},
		{"the disk was full", nil, results.End{Reason: results.Unkept, Detail: "no space left"}, nil, summary.NoVerdict, 3, "No space left"},
		{"a violation, and the disk was full", nil, results.End{Reason: results.Unkept, Detail: "no space left"}, func(r *results.Row) {
			if r.N == 200 {
				r.Error, r.Rule = results.Contract, 1
			}
		}, summary.Fail, 1, "count(violations) == 0: found 1"},
		{"the generator fell behind", nil, results.End{Reason: results.Finished}, late, summary.NoVerdict, 3, "generator"},
		{"the target held everything up", nil, results.End{Reason: results.Finished}, waiting, summary.Pass, 0, ""},
		{"interrupted", nil, results.End{Reason: results.Interrupted, Detail: "stopped by hand after 3s"}, nil, summary.NoVerdict, 3, "stopped by hand"},
		{"cut off", nil, results.End{Reason: results.Cut, Detail: "killed"}, nil, summary.NoVerdict, 3, "cut off"},
		{"enough", nil, results.End{Reason: results.Enough, Detail: "clearly held"}, nil, summary.Pass, 0, ""},
		{"aborted", nil, results.End{Reason: results.Aborted, Detail: "the threshold x was broken"}, nil, summary.Fail, 1, "was broken"},
		{"hopeless with answers", nil, results.End{Reason: results.Hopeless, Detail: "the first 10 calls were all answered with status 401"}, func(r *results.Row) { r.Error, r.Status = results.Status4xx, 401 }, summary.Fail, 1, "status 401"},
		{"hopeless without answers", nil, results.End{Reason: results.Hopeless, Detail: "the first 10 calls all failed"}, func(r *results.Row) { r.Error, r.Status = results.DialRefused, 0 }, summary.NoVerdict, 3, "all failed"},
		{"a threshold of another version", []string{"p42(love) < 3"}, results.End{Reason: results.Finished}, nil, summary.Fail, 1, "p42(love)"},
	} {
		m := reportstest.Manifest()
		m.Thresholds = nil
		for _, e := range c.thresholds {
			m.Thresholds = append(m.Thresholds, results.Threshold{Expr: e})
		}
		s := summary.Summarize(m, nil, nil, c.end, reportstest.Aggregate(t, m, c.change))
		causes := strings.Join(s.Verdict.Causes, "\n")
		if s.Verdict.Status != c.status || s.Verdict.ExitCode != c.code || !strings.Contains(causes, c.cause) || (c.cause == "") != (causes == "") && c.status != summary.NoVerdict {
			t.Errorf("%s: %+v; want %s, %d, %q", c.why, s.Verdict, c.status, c.code, c.cause)
		}
	}
}

func TestDecide(t *testing.T) {
	for _, c := range []struct {
		verdicts []string
		early    string
		status   string
		code     int
	}{
		{[]string{summary.CheckHeld, summary.CheckNoted}, "", summary.Pass, 0},
		{[]string{summary.CheckHeld, summary.CheckBroken}, "", summary.Fail, 1},
		{[]string{summary.CheckHeld, summary.CheckBroken}, "the target does not answer", summary.Fail, 1},
		{[]string{summary.CheckHeld}, "interrupted", summary.NoVerdict, 3},
		{[]string{summary.CheckHeld, summary.CheckDoubtful}, "", summary.NoVerdict, 3},
		{[]string{summary.CheckBroken, summary.CheckDoubtful}, "", summary.Fail, 1},
		{[]string{summary.CheckSkipped}, "", summary.NoVerdict, 3},
		{nil, "", summary.NoVerdict, 3},
	} {
		v := reportstest.Verification(c.verdicts...)
		v.Decide(c.early)
		if v.Verdict.Status != c.status || v.Verdict.ExitCode != c.code || (c.status == summary.Pass) != (len(v.Verdict.Causes) == 0) {
			t.Errorf("%v %q: %+v, want %s, %d", c.verdicts, c.early, v.Verdict, c.status, c.code)
		}
	}
}

// Too little that is covered is the fault of nobody where not all was tried.
func TestDecideCoverage(t *testing.T) {
	for _, c := range []struct {
		early, skipped string
		status         string
		code           int
	}{
		{"", "", summary.Fail, 1},
		{"the verification was interrupted", "", summary.NoVerdict, 3},
		{"", summary.RuleMaxRuns, summary.NoVerdict, 3},
		{"", summary.RuleSilent, summary.NoVerdict, 3},
	} {
		v := summary.Verification{Planned: 2, MinCoverage: 1, Coverage: []summary.CoveragePart{{Kept: 1}, {}}, Checks: []summary.Check{{Verdict: summary.CheckHeld}}}
		if c.skipped != "" {
			v.Checks = append(v.Checks, summary.Check{Verdict: summary.CheckSkipped, Rule: c.skipped})
		}
		v.Decide(c.early)
		if v.Verdict.Status != c.status || v.Verdict.ExitCode != c.code || !strings.Contains(strings.Join(v.Verdict.Causes, " "), "50 % of the description were covered, expected at least 100 %") {
			t.Errorf("%q %q: %+v, want %s, %d", c.early, c.skipped, v.Verdict, c.status, c.code)
		}
	}
}

// Why nothing can be told is said once, and as it is: what the target takes from nobody was not turned away for the
// moment.
func TestDecideWhy(t *testing.T) {
	for _, c := range []struct {
		rule, early string
		planned     int
		want        string
	}{
		{"turned-away", "", 1, "Of 1 case nothing can be told: turned away for the moment, or without an answer."},
		{summary.RuleUnwelcome, "the target wants a token", 9, "The target wants a token. It ended after 1 of 9 cases."},
		{"", "it cannot be reached", 9, "It cannot be reached. It ended before the first case."},
	} {
		v := summary.Verification{Planned: c.planned}
		if c.rule != "" {
			v.Checks = []summary.Check{{Verdict: summary.CheckInconclusive, Rule: c.rule}}
		}
		if v.Decide(c.early); strings.Join(v.Verdict.Causes, " ") != c.want || v.Verdict.ExitCode != 3 {
			t.Errorf("%q %q: %+v, want %s", c.rule, c.early, v.Verdict, c.want)
		}
	}
}

// drifting is a steady run whose calls take longer and longer.
func drifting(t *testing.T) summary.Summary {
	m := reportstest.Steady()
	return summary.Summarize(m, nil, nil, reportstest.Finished(245.5), reportstest.Aggregate(t, m, reportstest.Drifting))
}

// What is uncertain and what drifts is said in words, and nothing of it where the load changed or the generator is to
// blame.
func TestCertainty(t *testing.T) {
	s := drifting(t)
	bounds := map[string]summary.Bound{}
	for _, b := range s.Bounds() {
		bounds[b.Name] = b
	}
	for name, like := range map[string]string{
		"latency p50": `^\d+–\d+ ms$`, "latency p99": `^(\d+–\d+ ms|≥ \d+ ms)$`, "rate sent": `^\d\d\.\d–\d\d\.\d/s$`, "rate answered": `/s$`, "goodput": `/s$`,
		"errors": `^0\.\d\d–0\.\d\d %$`,
	} {
		if b := bounds[name]; b.Value == "" || !regexp.MustCompile(like).MatchString(b.Interval) {
			t.Errorf("%s is %q, between %q", name, b.Value, b.Interval)
		}
	}
	drifted := strings.Join(s.Drifted(), "\n")
	if !regexp.MustCompile(`Drift: over the 240 s of constant, whose load was the same all along, p50 latency changed by \+\d+(\.\d)? ms \(95 % interval \+\d+(\.\d)? ms to \+\d+(\.\d)? ms\), \d\d % of the mean\.`).MatchString(drifted) {
		t.Error(drifted)
	}
	if strings.Contains(drifted, "errors") {
		t.Errorf("as many calls fail all along: %s", drifted)
	}
	if notes := strings.Join(s.Notes(), "\n"); !strings.Contains(notes, drifted) || !strings.Contains(notes, summary.Certainty) {
		t.Error(notes)
	}
	s.Validity.Status = metrics.GeneratorLimited
	if drifted := s.Drifted(); drifted != nil {
		t.Errorf("the generator is to blame: %q", drifted)
	}
	if s := reportstest.Passing(t); s.Bounds() != nil || s.Drift != nil {
		t.Errorf("the load went up: %+v %+v", s.Bounds(), s.Drift)
	}
}

// A rule that no answer could break is skipped, with the reason, and not held.
func TestUnchecked(t *testing.T) {
	s := summary.Summary{Run: summary.Run{Rules: []string{"invalid-accepted", "repeated-executionId", "status"}, Unchecked: []string{"repeated-executionId"}}}
	said := func() (list []string) {
		for _, c := range s.ContractChecks().Checks {
			list = append(list, strings.TrimSuffix(c.Verdict+": "+c.Reason, ": "))
		}
		return list
	}
	none, off := "skipped: no call was answered", "skipped: it was switched off for this run"
	if got := said(); !slices.Equal(got, []string{"skipped: the scenario has no invalid calls", off, none}) {
		t.Errorf("without an answer: %q", got)
	}
	s.Run.Classes, s.Total.Completed = []results.Class{{Name: "valid"}, {Name: "broken", Invalid: true}}, 1
	s.Groups.Class = map[string]metrics.Figures{"valid": {Completed: 1}}
	if got := said(); !slices.Equal(got, []string{"skipped: no invalid call was answered", off, summary.CheckHeld}) {
		t.Errorf("with an answer to a valid call: %q", got)
	}
	s.Groups.Class["broken"] = metrics.Figures{Completed: 1}
	if got := said(); !slices.Equal(got, []string{summary.CheckHeld, off, summary.CheckHeld}) {
		t.Errorf("with answers to all: %q", got)
	}
}

// A deviation from a rule that no answer of the run could break is not said to be gone.
func TestDeviationFromUncheckedRule(t *testing.T) {
	m := reportstest.Manifest()
	m.Unchecked = []string{"repeated-executionId"}
	for _, rule := range []string{"repeated-executionId", "content-type"} {
		m.Deviations = append(m.Deviations, results.Deviation{Rules: []string{rule}, Why: "known", Until: "2999-01-01"})
	}
	s := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) { r.Rule = 0 }))
	got := []string{s.Run.Deviations[0].State, s.Run.Deviations[1].State}
	if !slices.Equal(got, []string{summary.DeviationUntried, summary.DeviationGone}) {
		t.Errorf("%q", got)
	}
	// Calls that all fail say nothing of what a success would have broken.
	s = summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) { r.Rule, r.Error, r.Status = 0, results.Status5xx, 500 }))
	if got := s.Run.Deviations[1].State; got != summary.DeviationUntried {
		t.Errorf("where no call succeeded: %s", got)
	}
}

// What has expired fails where its rule may not be broken. It is no failure, and not gone, where the scenario lets its
// rule be broken, or another deviation waives it.
func TestExpiredDeviation(t *testing.T) {
	const rule = "missing-property"
	over := results.Deviation{Rules: []string{rule}, Why: "known", Until: "2020-01-01", Expired: true}
	newer := results.Deviation{Rules: []string{rule}, Why: "known", Until: "2999-01-01"}
	for _, c := range []struct {
		name      string
		known     []results.Deviation
		threshold string
		want      []string
	}{
		{"it fails", []results.Deviation{over}, "count(violations) == 0", []string{summary.DeviationExpired}},
		{"every rule is forbidden besides", []results.Deviation{over}, "count(violations{rule=schema}) == 0", []string{summary.DeviationExpired}},
		{"so many are let pass", []results.Deviation{over}, "rate(violations) <= 100%", []string{summary.DeviationLapsed}},
		{"renewed by another", []results.Deviation{over, newer}, "count(violations) == 0", []string{summary.DeviationLapsed, summary.DeviationWaived}},
	} {
		m := reportstest.Manifest()
		m.Thresholds = []results.Threshold{{Expr: c.threshold}}
		at := uint8(slices.Index(m.Labels.Rules, rule))
		m.Waive(c.known)
		s := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) {
			if r.Rule = 0; r.N%10 == 0 {
				r.Rule, r.Error = at, results.Contract
			}
		}))
		var got []string
		for _, d := range s.Run.Deviations {
			if got = append(got, d.State); d.Occurred == 0 {
				t.Errorf("%s: one did not occur", c.name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
