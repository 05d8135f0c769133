package sizing_test

import (
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
)

// bare is a search that came to nothing at all.
func bare() sizing.Report {
	return sizing.Report{Schema: sizing.Schema, Run: sizing.Run{Arrivals: "poisson", Ended: sizing.EndedUnreachable}, Verdict: summary.Verdict{Status: summary.NoVerdict, ExitCode: 3}}
}

// What is written conforms to the schema that ships, and reads back as it was.
func TestDocument(t *testing.T) {
	empty := bare()
	empty.Mix, empty.Isolation, empty.Scaling, empty.Replicas = &sizing.Mix{}, &sizing.Isolation{}, &sizing.Scaling{}, &sizing.Replicas{}
	empty.Trials = []sizing.Trial{{Outcome: sizing.Void}}
	reportstest.CheckDocument(t, sizing.Document(), reports.CapacitySchema, map[string]sizing.Report{"all": reportstest.Sizing(), "bare": bare(), "empty parts": empty})
}

// What no search can come to is told with its place.
func TestWrong(t *testing.T) {
	reportstest.CheckWrong(t, sizing.Document(), reportstest.Sizing, map[string]func(*sizing.Report){
		`/verdict: expected pass, fail or no-verdict with the exit code 0, 1 or 3, found "pass" with 1`: func(r *sizing.Report) { r.Verdict.ExitCode = 1 },
		`/need/answer: unknown word "yse"; did you mean "yes"?`:                                         func(r *sizing.Report) { r.Need.Answer = "yse" },
		`/completion/kind: unknown word ""`:                                                             func(r *sizing.Report) { r.Completion.Kind = "" },
		"/acceptance: expected an interval":                                                             func(r *sizing.Report) { r.Acceptance.High = nil },
		"/acceptance: expected an interval with a low end":                                              func(r *sizing.Report) { r.Acceptance.Low, r.Acceptance.High = r.Acceptance.High, r.Acceptance.Low },
		"/mix/points/4/capacity: expected the low end":                                                  func(r *sizing.Report) { r.Mix.Points[4].Capacity.Low = nil },
		"/completion: expected the high end":                                                            func(r *sizing.Report) { r.Completion.Kind, r.Completion.High = sizing.AtMost, nil },
		"/acceptance/broke/objective: expected one of 2 objectives, counted from 0, found 2":            func(r *sizing.Report) { r.Acceptance.Broke.Objective = 2 },
		`/trials/3/outcome: unknown word "fail"`:                                                        func(r *sizing.Report) { r.Trials[3].Outcome = "fail" },
		"/trials/5/shares: expected one for each of 2 objectives at most, found 3":                      func(r *sizing.Report) { r.Trials[5].Shares = make([]float64, 3) },
	})
}

// Whatever capacity.json holds, it is refused or can be shown: its words, its checks, and itself again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema":"andon.capacity/1","verdict":{"status":"pass","exitCode":0},"need":{"answer":"no"},"acceptance":{"kind":"at-most","high":-1e308},"onsets":[{}],"scaling":{},"trials":[{"outcome":"void"}]}`))
	reportstest.FuzzDocument(f, sizing.Document(), []sizing.Report{reportstest.Sizing(), bare()}, func(t testing.TB, r sizing.Report) string {
		if r.Headline() == "" || r.Word() == "" || len(r.Checks().Checks) < 3 {
			t.Errorf("it says %q, %q", r.Word(), r.Headline())
		}
		return strings.Join(said(r), "\n")
	})
}

// said are all sentences of a report.
func said(r sizing.Report) (list []string) {
	list = append(list, r.Headline(), r.Run.Ending(), r.Budget.String())
	if r.Need != nil {
		list = append(list, r.Need.String())
	}
	for _, c := range []*sizing.Capacity{r.Acceptance, r.Completion} {
		if c != nil {
			list = append(append(list, c.String()), c.Sentences()...)
		}
	}
	for _, o := range r.Onsets {
		list = append(list, o.String())
	}
	if r.Mix != nil {
		list = append(list, r.Mix.String())
	}
	if r.Isolation != nil {
		list = append(list, r.Isolation.String())
	}
	if r.Scaling != nil {
		list = append(list, r.Scaling.Sentences()...)
	}
	if r.Replicas != nil {
		list = append(list, r.Replicas.String())
	}
	if r.Soak != nil {
		list = append(list, r.Soak.String())
	}
	for _, t := range r.Trials {
		list = append(list, t.Load())
	}
	return list
}
