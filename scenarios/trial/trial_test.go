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
	"testing"
	"time"

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
			Started:  func(m results.Manifest) { told, manifest = append(told, "started"), m },
			Progress: func(summary.Progress) { told = append(told, "progress") },
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
		for len(told) > 5 && told[3] == "progress" && told[4] == "tick" {
			told = slices.Delete(told, 3, 5)
		}
		if want := []string{"started", "progress", "tick", "progress", "ended"}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
		if m := r.Run.Manifest; m.ID != manifest.ID || m.Andon != "v1" || m.Scenario != "quick" || m.Seed != 1 || m.Target != target.String() || (m.Traces != 0) != (i == 1) || m.InFlight != 1000 || !slices.Equal(m.Generator.Command, []string{"andon", "run"}) || m.Generator.Cores == 0 {
			t.Errorf("the manifest is %+v", m)
		}
		if m := r.Run.Manifest; m.PlanSHA256 != p.Digest() || !slices.Equal(m.Plan, p.Parts()) || (m.Provider != nil) != (i == 1) || m.Release != "r1" || m.RunLabels["team"] != "core" || r.Summary.Run.Release != "r1" || r.Summary.Run.Labels["team"] != "core" {
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
