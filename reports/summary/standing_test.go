package summary_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// What is checked in every run is put aside by a condition on the same metric over all calls alone: never by a word in
// the text of another, nor by one on some of the calls.
func TestStanding(t *testing.T) {
	const violations, errors, shed, sent = "count(violations) == 0", "rate(errors) < 1%", "rate(shed) < 1%", "rate(sent) >= 99%"
	for _, c := range []struct {
		expr     string
		standing []string
		status   string // of a run in which a third of the calls fails, by a reset or a missing property
	}{
		{"p50(service){phase=errors} < 1s", []string{violations, errors, shed, sent}, summary.Fail},
		{"p50(service){class=violations} < 1s", []string{violations, errors, shed, sent}, summary.Fail},
		{"count(violations){rule=malformed-json} == 0", []string{violations, errors, shed, sent}, summary.Fail},
		{"count(violations){tier=Lite} < 100000", []string{violations, errors, shed, sent}, summary.Fail},
		{"rate(errors){error=dns} == 0%", []string{violations, errors, shed, sent}, summary.Fail},
		{"count(errors){phase=errors} < 100000", []string{violations, errors, shed, sent}, summary.Fail},
		{"count(violations) < 100000", []string{errors, shed, sent}, summary.Fail},
		{"rate(violations) <= 100%", []string{errors, shed, sent}, summary.Fail},
		{"count(errors) < 100000", []string{violations, shed, sent}, summary.Fail},
		{"rate(errors) <= 100%", []string{violations, shed, sent}, summary.Fail},
		{"rate(ok) > 1%", []string{violations, errors, shed, sent}, summary.Fail},
		{"rate(errors) <> 1%", []string{violations, errors, shed, sent}, summary.Fail}, // another version's
		{"rate(sent){phase=errors} >= 0%", []string{violations, errors, shed, sent}, summary.Fail},
		{"count(dropped){tier=Lite} < 100000", []string{violations, errors, shed, sent}, summary.Fail},
		{"count(unsent) == 0", []string{violations, errors, shed, sent}, summary.Fail},
		{"rate(sent) >= 0%", []string{violations, errors, shed}, summary.Fail},
		{"count(dropped) < 100000", []string{violations, errors, shed}, summary.Fail},
		{"rate(shed){tier=Lite} <= 100%", []string{violations, errors, shed, sent}, summary.Fail},
		{"count(sent){outcome=shed} < 100000", []string{violations, errors, shed, sent}, summary.Fail},
		{"rate(shed) <= 100%", []string{violations, errors, sent}, summary.Fail},
		{"count(shed) < 100000", []string{violations, errors, sent}, summary.Fail},
	} {
		m := reportstest.Manifest()
		m.Labels.Phases[1].Name = "errors"
		m.Labels.Classes[0].Name = "violations"
		m.Thresholds = []results.Threshold{{Expr: c.expr}}
		agg := reportstest.Aggregate(t, m, func(r *results.Row) {
			switch {
			case r.Phase == 0 || m.Labels.Classes[r.Class].Invalid:
			case r.N%6 == 0:
				r.Error, r.Status = results.Reset, 0
			case r.N%6 == 1:
				r.Error, r.Rule = results.Contract, 2
			}
		})
		s := summary.Summarize(m, nil, nil, reportstest.Finished(55), agg)
		var standing []string
		for _, t := range s.Thresholds {
			if t.Implicit {
				standing = append(standing, t.Expr)
			}
		}
		if !slices.Equal(standing, c.standing) || s.Verdict.Status != c.status {
			t.Errorf("%s: checked in every run: %q, verdict %s; want %q, %s", c.expr, standing, s.Verdict.Status, c.standing, c.status)
		}
	}
	m := reportstest.Manifest()
	m.Thresholds = []results.Threshold{{Expr: "count(violations) < 100000"}, {Expr: "rate(errors) <= 100%"}, {Expr: "rate(sent) > 0%"}, {Expr: "rate(shed) <= 100%"}}
	if s := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, reportstest.Trouble)); s.Verdict.Status != summary.Pass || len(s.Thresholds) != 4 {
		t.Errorf("what the scenario allows is no pass: %+v", s.Verdict)
	}
}

// Calls that were never sent are in no other figure, so that a run without a fifth of them must not pass unasked,
// unless the scenario says how many it may be. In a closed loop nothing is due.
func TestCallsThatWereNotSent(t *testing.T) {
	for _, c := range []struct {
		own     string
		dropped uint32 // of a hundred calls
		closed  bool
		status  string
	}{
		{"", 0, false, summary.Pass},
		{"", 1, false, summary.Pass},
		{"", 2, false, summary.Fail},
		{"", 19, false, summary.Fail},
		{"rate(sent) >= 80%", 19, false, summary.Pass},
		{"count(dropped) < 2000", 19, false, summary.Pass},
		{"count(dropped) == 0", 1, false, summary.Fail},
		{"rate(sent){tier=Full} >= 0%", 19, false, summary.Fail},
		{"count(sent) >= 10", 19, false, summary.Fail},
		{"rate(sent) >= 1/s", 19, false, summary.Fail},
		{"rate(sent) < 100%", 19, false, summary.Fail},
		{"rate(sent, 10s) >= 0%", 19, false, summary.Fail},
		{"count(dropped) >= 0", 19, false, summary.Fail},
		{"", 0, true, summary.Pass},
	} {
		m := reportstest.Manifest()
		if m.Thresholds = nil; c.own != "" {
			m.Thresholds = []results.Threshold{{Expr: c.own}}
		}
		rows := reportstest.Rows(m, func(r *results.Row) {
			if r.N%100 < c.dropped {
				r.Error, r.Status, r.Lag, r.OwnLag, r.Service = results.Dropped, 0, 30, 0, 0
			}
		})
		if c.closed {
			m.Planned = nil
			for i := range m.Labels.Phases {
				m.Labels.Phases[i].Closed = true
			}
		}
		agg := metrics.New(m.Labels, m.Planned, metrics.Tolerance)
		for _, r := range rows {
			if err := agg.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		s := summary.Summarize(m, nil, nil, reportstest.Finished(55), agg)
		standing := slices.ContainsFunc(s.Thresholds, func(t summary.Threshold) bool { return t.Implicit && t.Parsed.Metric() == "sent" })
		if s.Verdict.Status != c.status || c.closed && standing {
			t.Errorf("%q, %d of a hundred dropped, closed %v: %+v, checked in every run: %v", c.own, c.dropped, c.closed, s.Verdict, standing)
		}
	}
}

// A condition that a pause of andon's own may have spoiled fails nobody: without another one that failed there is no
// verdict, and with one it is a fail for that alone. The other checks stand as they are.
func TestSpoiledVerdict(t *testing.T) {
	for _, c := range []struct {
		own    string
		status string
		exit   int
		causes int
	}{
		{"p50(latency) < 800ms", summary.Pass, 0, 0},
		{"p99.9(latency) < 800ms", summary.NoVerdict, 3, 1},
		{"max(latency) < 800ms", summary.NoVerdict, 3, 1},
		{"max(latency) < 600ms", summary.Fail, 1, 1}, // the target takes longer on its own
		{"p50(latency) < 1ms", summary.Fail, 1, 1},
	} {
		m := reportstest.Manifest()
		m.Thresholds = []results.Threshold{{Expr: "count(errors) == 0"}, {Expr: c.own}}
		s := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) {
			if r.Phase == 1 && r.N%200 == 0 {
				r.Lag, r.OwnLag = 0.9, 0.9
			}
		}))
		if s.Validity.Status != metrics.Valid || s.Verdict.Status != c.status || s.Verdict.ExitCode != c.exit || len(s.Verdict.Causes) != c.causes {
			t.Errorf("%s: %s, %+v; want %s", c.own, s.Validity.Status, s.Verdict, c.status)
		}
		verdicts := map[string]string{}
		for _, check := range s.Checks().Checks {
			verdicts[check.Name] = check.Verdict
		}
		want := map[string]string{summary.Pass: summary.CheckHeld, summary.Fail: summary.CheckBroken, summary.NoVerdict: summary.CheckDoubtful}[c.status]
		if verdicts[c.own] != want || verdicts["count(errors) == 0"] != summary.CheckHeld {
			t.Errorf("%s: the checks are %v", c.own, verdicts)
		}
	}
	m := reportstest.Manifest()
	m.Thresholds = []results.Threshold{{Expr: "max(latency) < 800ms"}, {Expr: "p50(latency) < 1ms"}}
	s := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) {
		if r.N == 500 {
			r.Lag, r.OwnLag = 0.9, 0.9
		}
	}))
	if word, rest := s.VerdictLine(); word != "FAIL" || rest != "1 of 6 thresholds did not hold" {
		t.Errorf("%s %s: %q", word, rest, s.Verdict.Causes)
	}
	if !strings.Contains(strings.Join(s.Notes(), "\n"), "Andon itself held up 1 call for longer than is tolerated") {
		t.Errorf("the notes are %q", s.Notes())
	}
}

// What a target did stands though andon was held up: answers that no standstill makes, and times that are too long by
// the other calls alone.
func TestFindingsStand(t *testing.T) {
	for _, c := range []struct {
		own    string
		status string
	}{
		{"p50(latency) < 100ms", summary.Fail},
		{"mean(latency) < 100ms", summary.Fail},
		{"max(latency) < 100ms", summary.Fail},
		{"p99(latency) < 400ms", summary.NoVerdict},
		{"p50(latency) < 800ms", summary.NoVerdict}, // it holds, and the run says nothing
		{"rate(shed) < 1%", summary.Fail},
		{"rate(shed) < 60%", summary.NoVerdict},
		{"rate(refused) < 1%", summary.Fail},
		{"rate(ok) >= 95%", summary.Fail},
		{"rate(ok) >= 10%", summary.NoVerdict},
		{"rate(accepted) >= 95%", summary.Fail},
		{"count(ok) >= 100000", summary.NoVerdict}, // who was held up sends less
	} {
		m := reportstest.Manifest()
		m.Thresholds = []results.Threshold{{Expr: "rate(shed) <= 100%"}, {Expr: "rate(errors) <= 100%"}, {Expr: "count(violations) >= 0"}, {Expr: c.own}}
		s := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) {
			r.Error, r.Rule, r.Status, r.Service = results.None, 0, 200, 0.3
			switch r.N % 8 {
			case 1:
				r.Error, r.Status = results.Shed, 429
			case 2:
				r.Error, r.Status = results.Status4xx, 404
			case 3:
				r.Lag, r.OwnLag = 0.9, 0.9
			}
		}))
		if s.Validity.Status != metrics.GeneratorLimited || s.Verdict.Status != c.status {
			t.Errorf("%s: %s, %+v; want %s", c.own, s.Validity.Status, s.Verdict, c.status)
		}
	}
}

// Connections that the target's machine refused stand as its answers do. What a late generator may have caused does
// not: waits that came to an end, connections that were broken off, names that were not found. The findings come first.
func TestRefusedConnectionsStand(t *testing.T) {
	for k := range results.Kind(len(results.KindNames())) {
		r := results.Row{Error: k, Status: 500}
		if !r.Sent() || k == results.None || k == results.Shed || k.GivenUp() {
			continue
		}
		for own, limit := range map[string]string{"rate(errors)": "rate(errors) < 1%", "of its kind": "rate(errors){error=" + k.String() + "} < 1%", "rate(ok)": "rate(ok) > 50%"} {
			m := reportstest.Manifest()
			m.Thresholds = []results.Threshold{{Expr: "rate(errors) <= 100%"}, {Expr: "count(violations) >= 0"}, {Expr: limit}}
			s := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) {
				r.Error, r.Rule, r.Status, r.Service = results.None, 0, 200, 0.3
				switch {
				case r.N%8 == 3:
					r.Lag, r.OwnLag = 0.9, 0.9
				case r.N%10 > 0:
					if r.Error = k; !r.Completed() {
						r.Status = 0
					}
				}
			}))
			want, first := summary.NoVerdict, "The generator fell behind"
			if (results.Row{Error: k}).Completed() || k == results.DialRefused || k == results.BadHTTP || k == results.BodyLimit {
				want, first = summary.Fail, m.Thresholds[2].Expr
			}
			if s.Validity.Status != metrics.GeneratorLimited || s.Verdict.Status != want || !strings.HasPrefix(s.Verdict.Causes[0], first) {
				t.Errorf("%s, %s: %s, %+v; want %s", k, own, s.Validity.Status, s.Verdict, want)
			}
		}
	}
}

// Of a run that kept no notes of how andon itself did, none of that is told as if it were 0.
func TestUnnotedGenerator(t *testing.T) {
	m := reportstest.Manifest()
	m.Generator.Transport, m.Generator.Cores = "something", 2
	for _, vitals := range [][]results.Vitals{nil, {{Seconds: 1, CPUSeconds: 0.5, Connections: 3}}} {
		s := summary.Summarize(m, nil, vitals, reportstest.Finished(55), reportstest.Aggregate(t, m, reportstest.Mixed))
		notes := strings.Join(s.Notes(), "\n")
		if noted := vitals != nil; strings.Contains(notes, "2 cores used") != noted || strings.Contains(notes, "how that did itself was not noted") == noted || s.Generator.Little != nil {
			t.Errorf("%d notes: %s", len(vitals), notes)
		}
	}
}

// A warm-up that is most of a run, by its time or by its calls, is said with what it hides.
func TestWarmupThatIsMost(t *testing.T) {
	for _, c := range []struct {
		seconds [3]float64
		warm    [3]bool
		want    string
	}{
		{[3]float64{5, 30, 20}, [3]bool{true, false, false}, "Warm-ups are sent and shown as phases"},
		{[3]float64{5, 30, 20}, [3]bool{}, ""},
		{[3]float64{56, 30, 20}, [3]bool{true, false, false}, "The warm-up is most of the run: 56.0 s of 106 s and 100 of 8,100 calls are in no other figure and in no threshold, among them 2 errors and 1 violation of the contract."},
		{[3]float64{30, 10, 20}, [3]bool{false, false, true}, "5,000 of 8,100 calls are in no other figure"},
	} {
		m := reportstest.Manifest()
		for i := range m.Labels.Phases {
			m.Labels.Phases[i].Seconds, m.Labels.Phases[i].Warmup = c.seconds[i], c.warm[i]
		}
		s := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) {
			switch {
			case r.N == 3:
				r.Error, r.Rule = results.Contract, 1
			case r.N == 7:
				r.Error, r.Status = results.Reset, 0
			}
		}))
		notes := strings.Join(s.Notes(), "\n")
		if !strings.Contains(notes, c.want) || c.want == "" && strings.Contains(notes, "arm-up") {
			t.Errorf("%v, %v: the notes are %s", c.seconds, c.warm, notes)
		}
	}
}

// A tolerated lag that is not the usual one is said wherever the run's validity is, and in a closed loop never.
func TestToleranceIsSaid(t *testing.T) {
	const more = "The scenario tolerates a lag of 250 ms (limits.lag), where 10.0 ms is usual: andon itself may have held calls up for so long"
	for _, c := range []struct {
		lag    float64
		closed bool
		want   string
	}{
		{0, false, ""},
		{0.01, false, ""},
		{0.25, false, more},
		{0.25, true, ""},
		{0.002, false, "The scenario tolerates a lag of no more than 2.00 ms (limits.lag), where 10.0 ms is usual."},
	} {
		m := reportstest.Manifest()
		m.LagSeconds = c.lag
		for i := range m.Labels.Phases {
			m.Labels.Phases[i].Closed = c.closed
		}
		s := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(*results.Row) {}))
		valid := s.Checks().Checks[1]
		for where, said := range map[string]string{"the notes": strings.Join(s.Notes(), "\n"), "the check": valid.Reason} {
			if !strings.Contains(said, c.want) || c.want == "" && strings.Contains(said, "limits.lag") {
				t.Errorf("a lag of %v s (closed %v): %s say %q", c.lag, c.closed, where, said)
			}
		}
		if valid.Verdict != summary.CheckHeld {
			t.Errorf("a lag of %v s: the check is %s", c.lag, valid.Verdict)
		}
	}
}

// A condition on one rule that is missed breaks that rule, and no other that the scenario allows to be broken; and a
// summary that was read says the same as one that was made.
func TestOneRuleIsForbidden(t *testing.T) {
	m := reportstest.Manifest()
	m.Thresholds = []results.Threshold{{Expr: "count(violations) < 100000"}, {Expr: "rate(errors) <= 100%"}, {Expr: "count(violations){rule=missing-property} == 0"}}
	made := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) {
		if r.N%6 == 1 {
			r.Error, r.Rule = results.Contract, uint8(1+r.N/6%2)
		}
	}))
	dir := t.TempDir()
	if err := summary.Write(dir, made); err != nil {
		t.Fatal(err)
	}
	read, err := summary.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []summary.Summary{made, read} {
		verdicts := map[string]string{}
		for _, c := range s.Checks().Checks {
			verdicts[c.Name] = c.Verdict
		}
		if verdicts["malformed-json"] != summary.CheckNoted || verdicts["missing-property"] != summary.CheckBroken || verdicts["undocumented-status"] != summary.CheckHeld {
			t.Errorf("%v", verdicts)
		}
	}
	_, a := made.Thresholds[2].Parsed.Limit()
	if op, b := read.Thresholds[2].Parsed.Limit(); op != "==" || a != b {
		t.Errorf("the limit is %v, read %s %v", a, op, b)
	}
}

// A tier that the description calls default is held against the others, and the calls that name none are not. Where no
// other name is said for those, as in every run of a description without such a tier, they are called default.
func TestTierCalledDefault(t *testing.T) {
	m := reportstest.Manifest()
	for i, tier := range []string{"no-tier", "Full", "default", "Full", "default"} {
		m.Labels.Classes[i] = results.Class{Name: fmt.Sprintf("text%d.%s", i, tier), Tier: tier, Content: "text"}
	}
	for noTier, want := range map[string][2]string{"no-tier": {"Full", "default"}, "": {"no-tier", "Full"}} {
		m.Labels.NoTier = noTier
		made := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, nil))
		dir := t.TempDir()
		if err := summary.Write(dir, made); err != nil {
			t.Fatal(err)
		}
		s, err := summary.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if c := s.Comparison.Tier; c == nil || c.Reference != want[0] || s.Run.NamesTier("default") == (noTier == "") {
			t.Errorf("without a tier is %q: %+v, want it against %s", noTier, c, want[0])
		}
		f, err := os.Open(filepath.Join(dir, "summary.json"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		value, err := jsonschema.UnmarshalJSON(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := reportstest.Compiled(t, reports.SummarySchema).Validate(value); err != nil {
			t.Error(err)
		}
	}
}

// A tier that the description calls invalid is a tier as any other, beside the calls that break the contract on
// purpose.
func TestTierCalledInvalid(t *testing.T) {
	m := reportstest.TierCalledInvalid()
	dir := t.TempDir()
	made := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, nil))
	if err := summary.Write(dir, made); err != nil {
		t.Fatal(err)
	}
	read, err := summary.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []summary.Summary{made, read} {
		for name, want := range map[string]bool{
			"Full": false, "invalid": false, "invalid.invalid": false, "deliberately-invalid": true, "nobody": false,
		} {
			if s.Invalid(name) != want {
				t.Errorf("%s is said to be invalid on purpose: %v", name, !want)
			}
		}
		if s.Groups.Tier["invalid"].Sent == 0 || s.Groups.Tier["deliberately-invalid"].Sent == 0 {
			t.Errorf("the tiers are %+v", s.Groups.Tier)
		}
		if c := s.Comparison.Tier; c == nil || c.Reference != "Full" || len(c.Groups) != 1 || c.Groups["invalid"].Times["p50"].Low == nil {
			t.Errorf("the comparison is %+v", c)
		}
		if c := s.Comparison.Content; c == nil || len(c.Groups) != 1 || c.Groups["invalid"].Times == nil {
			t.Errorf("the comparison of contents is %+v", c)
		}
		notes := strings.Join(s.Notes(), "\n")
		if !strings.Contains(notes, "deliberately-invalid: calls that break the contract on purpose") {
			t.Errorf("the notes are %s", notes)
		}
	}
}
