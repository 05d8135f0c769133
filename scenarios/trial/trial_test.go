package trial

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

const quick = `
name: quick
load: [{warmup: true, rate: 50/s, for: 100ms}, {rate: 100/s, for: 300ms}]
mix: {tier: {Full: 1, Lite: 1}, content: [{items: [text]}], invalid: 10%}
provider: {latency: 1ms}
`

func embedded(t *testing.T, p *scenarios.Plan) *url.URL {
	t.Helper()
	target, stop, err := Embedded(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return target
}

// Two trials, one after the other in one process: each has a directory of its own, with all that a report can be made
// of, and a summary that is a function of it.
func TestTrials(t *testing.T) {
	p := planned(t, quick)
	root := t.TempDir()
	target := embedded(t, p)
	var dirs []string
	for i := range 2 {
		var told []string
		rows := 0
		var manifest results.Manifest
		r, err := Run(t.Context(), nil, Config{
			Plan: p, Target: target, Embedded: i == 1, Release: "r1", Labels: map[string]string{"team": "core"}, Root: root, Andon: "v1", Command: []string{"andon", "run"}, Traceparent: i == 1,
			Started: func(m results.Manifest) { told, manifest = append(told, "started"), m },
			Progress: func(p summary.Progress) {
				if p.Ahead {
					told = append(told, "ahead")
					return
				}
				told = append(told, "progress")
			},
			Tick: func(now time.Duration, asked float64, callers, inFlight int) {
				if told = append(told, "tick"); callers != 0 || inFlight < 0 || now == 0 {
					t.Errorf("at %s: %v/s, %d callers, %d in flight", now, asked, callers, inFlight)
				}
			},
			Observe: func(results.Row) { rows++ },
			Ended:   func() { told = append(told, "ended") },
		})
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, r.Dir)
		if r.Summary.Run.End.Reason != results.Finished || uint64(rows) != p.Calls || r.Summary.Total.Sent != 30 || r.Aggregator.Running().Sent != p.Calls {
			t.Errorf("%d rows, %+v", rows, r.Summary.Run)
		}
		// On a machine that is busy the run may take more than the second after which more is told.
		for len(told) > 6 && told[4] == "progress" && told[5] == "tick" {
			told = slices.Delete(told, 4, 6)
		}
		if want := []string{"started", "ahead", "progress", "tick", "progress", "ended"}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
		if m := r.Run.Manifest; m.ID != manifest.ID || m.Andon != "v1" || m.Scenario != "quick" || m.Seed != 1 || m.Target != target.String() || (m.Traces != 0) != (i == 1) || m.InFlight != 1000 || !slices.Equal(m.Generator.Command, []string{"andon", "run"}) || m.Generator.Cores == 0 {
			t.Errorf("the manifest is %+v", m)
		}
		if m := r.Run.Manifest; m.PlanSHA256 != p.Scenario.Digest() || !slices.Equal(m.Plan, p.Parts()) || (m.Provider != nil) != (i == 1) || m.Release != "r1" || m.RunLabels["team"] != "core" || r.Summary.Run.Release != "r1" || r.Summary.Run.Labels["team"] != "core" {
			t.Errorf("the manifest is %+v", m)
		}
		kept, err := summary.Read(r.Dir)
		if err != nil || kept.Verdict.ExitCode != r.Summary.Verdict.ExitCode || !reflect.DeepEqual(kept.Total, r.Summary.Total) {
			t.Errorf("the summary in the directory is another: %v", err)
		}
		for _, name := range []string{"report.md", "report.html", "scenario.yaml", "openapi.yaml", "run.json"} {
			if info, err := os.Stat(filepath.Join(r.Dir, name)); err != nil || info.Size() == 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if dirs[0] == dirs[1] || filepath.Dir(dirs[0]) != root {
		t.Errorf("the directories are %s", dirs)
	}
}

// A plan that was made in code, without a file: what is kept repeats it.
func TestTrialOfCode(t *testing.T) {
	d := planned(t, quick).Description()
	s, err := scenarios.New("bare", d)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = s.WithLoad([]scenarios.Phase{{Shape: scenarios.Constant(100), For: 200 * time.Millisecond}}, scenarios.Poisson); err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(5)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(t.Context(), nil, Config{Plan: p, Target: embedded(t, p), Dir: filepath.Join(t.TempDir(), "run")})
	if err != nil {
		t.Fatal(err)
	}
	if r.Run.Method != d.Operation().Method || r.Run.Path != d.Operation().Path {
		t.Errorf("the run says that its call was %s %s, and it was %s", r.Run.Method, r.Run.Path, d.Operation())
	}
	text, err := os.ReadFile(filepath.Join(r.Dir, "scenario.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := scenarios.Parse("scenario.yaml", text, d, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	q, err := again.Plan(5)
	if err != nil || q.Calls != p.Calls || r.Summary.Total.Sent != p.Calls || again.Name != "bare" {
		t.Errorf("%d calls were planned, %d sent, and the file plans %d: %v", p.Calls, r.Summary.Total.Sent, q.Calls, err)
	}
}

// The lag that a scenario tolerates is kept with the run, whose validity is judged by it later on too; the usual one is
// not written.
func TestToleratedLagIsKept(t *testing.T) {
	for limits, want := range map[string]float64{"": 0, "limits: {lag: 10ms}": 0, "limits: {lag: 250ms}": 0.25} {
		p := planned(t, quick+limits)
		r, err := Run(t.Context(), nil, Config{Plan: p, Target: embedded(t, p), Dir: filepath.Join(t.TempDir(), "run")})
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(r.Dir, "run.json"))
		if err != nil {
			t.Fatal(err)
		}
		if r.Run.LagSeconds != want || r.Summary.Run.LagSeconds != want || strings.Contains(string(text), `"lagSeconds"`) != (want > 0) {
			t.Errorf("%q: %v s are in the run, %v in the summary", limits, r.Run.LagSeconds, r.Summary.Run.LagSeconds)
		}
	}
}

// Without a way to the target nothing is sent, and nothing written; the error says why.
func TestUnreachable(t *testing.T) {
	p := planned(t, quick)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := &url.URL{Scheme: "http", Host: free.Addr().String()}
	_ = free.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = nil
	defer secure.Close()
	foreign, _ := url.Parse(secure.URL)
	root := t.TempDir()
	for _, target := range []*url.URL{dead, foreign} {
		started := false
		_, err := Run(t.Context(), nil, Config{Plan: p, Target: target, Root: root, Started: func(results.Manifest) { started = true }})
		var unreachable *UnreachableError
		var untrusted *wire.UntrustedError
		if !errors.As(err, &unreachable) || errors.As(err, &untrusted) != (target == foreign) || started || !strings.Contains(err.Error(), "nothing was sent") {
			t.Errorf("%s: started %v, %v", target, started, err)
		}
	}
	if left, err := os.ReadDir(root); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A directory that is there is not touched, and nothing is sent.
func TestDirectoryIsTaken(t *testing.T) {
	p := planned(t, quick)
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++ }))
	defer server.Close()
	target, _ := url.Parse(server.URL)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "run.json"), []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Run(t.Context(), nil, Config{Plan: p, Target: target, Dir: dir})
	var unreachable *UnreachableError
	var incomplete *IncompleteError
	if err == nil || errors.As(err, &unreachable) || errors.As(err, &incomplete) || calls > 0 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

// Where the results cannot be kept, or not be read back, the summary is given all the same.
func TestSummaryWithoutFiles(t *testing.T) {
	p := planned(t, quick)
	for _, gone := range []string{"", "run.json", "report.html"} {
		r, err := Run(t.Context(), nil, Config{
			Plan: p, Target: embedded(t, p), Dir: filepath.Join(t.TempDir(), "run"),
		}.spoiling(t, gone))
		var incomplete *IncompleteError
		if !errors.As(err, &incomplete) || (r.Run == nil) != (gone != "report.html") {
			t.Errorf("without %q: %v", gone, err)
		}
		if r.Summary.Total.Sent != 30 || r.Summary.Run.Scenario != "quick" || len(r.Summary.Thresholds) == 0 || r.Summary.Generator.Cores == 0 {
			t.Errorf("without %q the summary is %+v", gone, r.Summary.Run)
		}
	}
}

// spoiling has a file of the run directory be something else once the calls have ended; "" is the whole directory.
func (c Config) spoiling(t *testing.T, name string) Config {
	c.Ended = func() {
		path := filepath.Join(c.Dir, name)
		if err := errors.Join(os.RemoveAll(path), os.MkdirAll(filepath.Join(path, "in the way"), 0o777)); err != nil {
			t.Error(err)
		}
	}
	return c
}

// An interrupt stops the sending, and there is a summary of what was sent.
func TestInterrupted(t *testing.T) {
	p := planned(t, "load: [{rate: 100/s, for: 1m}]\nmix: {content: [{items: [text]}]}\nprovider: {latency: 1ms}")
	for _, kill := range []bool{false, true} {
		interrupt := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		rows := 0
		r, err := Run(ctx, interrupt, Config{Plan: p, Target: embedded(t, p), Dir: filepath.Join(t.TempDir(), "run"), Observe: func(results.Row) {
			if rows++; rows != 20 {
				return
			}
			if kill {
				cancel()
			} else {
				close(interrupt)
			}
		}})
		cancel()
		if err != nil || r.Summary.Run.End.Reason != results.Interrupted || r.Summary.Verdict.ExitCode != 3 || r.Summary.Total.Sent < 19 {
			t.Errorf("kill %v: %+v, %v", kill, r.Summary.Run.End, err)
		}
	}
}

// A trial that has measured enough ends as one that went to its end: the calls in flight are waited for, what was left
// of the plan is missed by nobody, and executions are followed to their ends.
func TestEnough(t *testing.T) {
	const why = "p99(latency) < 1s is clearly held"
	for _, follow := range []string{"", "follow: {for: 30s}\n"} {
		p := planned(t, "load: [{rate: 100/s, for: 1m}]\nmix: {content: [{items: [text]}]}\nthresholds: [\"rate(ok) == 100%\"]\n"+follow+
			"provider: {latency: 20ms, executions: {time: 200ms}}\n")
		enough := make(chan string, 1)
		dir := filepath.Join(t.TempDir(), "run")
		rows, seen, began := 0, 0, 0
		r, err := Run(t.Context(), make(chan struct{}), Config{Plan: p, Target: embedded(t, p), Embedded: true, Dir: dir, Enough: enough,
			Observe: func(results.Row) {
				if rows++; rows == 20 {
					enough <- why
				}
			},
			Tick:  func(time.Duration, float64, int, int) { seen = rows },
			Began: func(time.Time) { began++ },
		})
		if err != nil {
			t.Fatal(err)
		}
		s := r.Summary
		if s.Run.End != (summary.End{Reason: results.Enough, Detail: why}) || s.Verdict.Status != summary.Pass || s.Total.Sent < 19 || s.Total.Sent > 1000 || s.Total.OK != s.Total.Sent {
			t.Errorf("%+v, %d of %d went well: %+v", s.Run.End, s.Total.OK, s.Total.Sent, s.Verdict)
		}
		if began != 1 {
			t.Errorf("%q: it was told %d times that the run began", follow, began)
		}
		if seen != rows || r.Run.End.StoppedSeconds <= 0 || r.Run.End.StoppedSeconds > 20 {
			t.Errorf("the last tick has seen %d of %d rows, and the end is %+v", seen, rows, r.Run.End)
		}
		if notes := strings.Join(s.Notes(), "\n"); !strings.Contains(notes, why) {
			t.Errorf("the reports do not say why it ended: %s", notes)
		}
		if x := s.Executions; (x == nil) != (follow == "") || x != nil && (x.End != executions.EndSeen || x.Total.Completed != s.Total.OK) {
			t.Errorf("the executions are %+v of %d calls", x, s.Total.OK)
		}
		again, err := reports.Open(dir)
		if err != nil || again.Summary.Run.End != s.Run.End || again.Summary.Verdict.Status != s.Verdict.Status {
			t.Errorf("read back it is %+v, %v", again, err)
		}
	}
}

// An interrupt after that ends the following, and not what the trial has found.
func TestEnoughAndThenInterrupted(t *testing.T) {
	p := planned(t, "load: [{rate: 100/s, for: 1m}]\nmix: {content: [{items: [text]}]}\nfollow: {for: 1h}\nprovider: {latency: 1ms, executions: {time: 1h}}\n")
	enough, interrupt := make(chan string), make(chan struct{})
	var once, twice sync.Once
	r, err := Run(t.Context(), interrupt, Config{Plan: p, Target: embedded(t, p), Dir: filepath.Join(t.TempDir(), "run"), Enough: enough,
		Observe: func(results.Row) { once.Do(func() { close(enough) }) },
		Progress: func(p summary.Progress) {
			if p.Executions != nil && p.Executions.After {
				twice.Do(func() { close(interrupt) })
			}
		}})
	if err != nil || r.Summary.Run.End.Reason != results.Enough || r.Summary.Executions.End != executions.EndInterrupted {
		t.Errorf("%+v, %+v, %v", r.Summary.Run.End, r.Summary.Executions, err)
	}
}

// Whoever looks once a second has observed all that had ended by then, however many wait to be counted.
func TestTickComesAfterWhatEnded(t *testing.T) {
	p := planned(t, "load: [{rate: 100/s, for: 5s}]\nmix: {content: [{items: [text]}]}\nlimits: {inFlight: 10}\nthresholds: [\"rate(errors) <= 100%\"]\n")
	var served atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		served.Add(1)
	}))
	defer server.Close()
	target, _ := url.Parse(server.URL)
	rows, ended, slow := 0, 0, true
	_, err := Run(t.Context(), nil, Config{Plan: p, Target: target, Dir: filepath.Join(t.TempDir(), "run"),
		Observe: func(results.Row) {
			if rows++; slow {
				time.Sleep(1100 * time.Millisecond)
				ended, slow = int(served.Load())-10, false // as many may not have come as far
			}
		},
		Tick: func(time.Duration, float64, int, int) {
			if rows < ended {
				t.Errorf("a tick after %d calls were observed, and %d had ended", rows, ended)
			}
			slow = true
		}})
	if err != nil || rows < 400 {
		t.Errorf("%d calls, %v", rows, err)
	}
}

// Giving up what is under way spoils a trial, however much it had measured.
func TestEnoughAndThenKilled(t *testing.T) {
	p := planned(t, "load: [{rate: 100/s, for: 1m}]\nmix: {content: [{items: [text]}]}\nprovider: {latency: 10s}")
	enough, ticks := make(chan string), 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := Run(ctx, nil, Config{Plan: p, Target: embedded(t, p), Dir: filepath.Join(t.TempDir(), "run"), Enough: enough,
		Tick: func(time.Duration, float64, int, int) {
			switch ticks++; ticks {
			case 1:
				close(enough)
			case 2:
				cancel()
			}
		}})
	if err != nil || r.Summary.Run.End.Reason != results.Interrupted || r.Summary.Verdict.ExitCode != 3 || r.Summary.Total.Errors["canceled"] == 0 {
		t.Errorf("%+v, %v", r.Summary.Run.End, err)
	}
}

// Where executions cannot be kept, nothing is sent, and the run that was begun says so.
func TestNoPlaceForTheJournal(t *testing.T) {
	p := planned(t, "load: [{rate: 100/s, for: 1m}]\nmix: {content: [{items: [text]}]}\nfollow: true\n")
	p.Feeders = map[string][]byte{"executions.jsonl/in the way": nil}
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++ }))
	defer server.Close()
	target, _ := url.Parse(server.URL)
	dir := filepath.Join(t.TempDir(), "run")
	_, err := Run(t.Context(), nil, Config{Plan: p, Target: target, Dir: dir, Started: func(results.Manifest) { t.Error("it was told to have started") }})
	var place *results.PlaceError
	if !errors.As(err, &place) || calls > 0 {
		t.Errorf("%d calls, %v", calls, err)
	}
	if run, err := results.Open(dir); err != nil || run.End.Reason != results.Unkept {
		t.Errorf("left behind: %+v, %v", run, err)
	}
}
