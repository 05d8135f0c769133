package trial

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
)

// Three shards send the calls of the whole, each at its time, and their report has all of them. Against a provider that
// counts its ids anew for each, the ids of one come again in the next.
func TestShards(t *testing.T) {
	p := planned(t, "load: [{rate: 150/s, for: 200ms}]\nmix: {content: [{items: [text]}]}\nlimits: {inFlight: 10, warm: 4}\n")
	var given atomic.Uint64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"executionId":"e%d","sessionId":"s","status":"running"}`, given.Add(1))
	}))
	defer server.Close()
	target, _ := url.Parse(server.URL)
	for _, anew := range []bool{false, true} {
		root := t.TempDir()
		var dirs []string
		var numbers []uint32
		for i := range 3 {
			if anew {
				given.Store(0)
			}
			var due []time.Duration
			began := time.Now().Add(30 * time.Millisecond)
			r, err := Run(t.Context(), nil, Config{
				Plan: p, Shard: scenarios.Shard{Index: i, Of: 3}, Group: "g", StartAt: began, Target: target, Andon: "v1", Dir: filepath.Join(root, fmt.Sprint("s", i)),
				Observe: func(row results.Row) {
					numbers, due = append(numbers, row.N), append(due, row.Due-p.Due(uint64(row.N)))
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			m := r.Run.Manifest
			if want := (results.Shard{Group: "g", Index: i, Of: 3, Plan: p.Digest("v1"), Start: began.UTC().Round(0)}); m.Shard == nil || *m.Shard != want || !m.Started.Equal(began) || m.PlanSHA256 != p.Scenario.Digest() {
				t.Errorf("run.json has %+v of %s, want %+v", m.Shard, m.Started, want)
			}
			if slices.ContainsFunc(due, func(d time.Duration) bool { return d != 0 }) || len(due) != 10 || m.InFlight != []int{4, 3, 3}[i] {
				t.Errorf("shard %d: %d calls, apart from the whole by %v; %d in flight", i, len(due), due, m.InFlight)
			}
			if last := p.Due(uint64(27 + i)); r.Run.End.Seconds < last.Seconds() {
				t.Errorf("shard %d has ended after %v s, before its last call was due at %s", i, r.Run.End.Seconds, last)
			}
			dirs = append(dirs, r.Dir)
		}
		slices.Sort(numbers)
		for n := range p.Calls {
			if len(numbers) != int(p.Calls) || numbers[n] != uint32(n) {
				t.Fatalf("the calls %v are sent of %d", numbers, p.Calls)
			}
		}
		m, err := reports.Open(dirs...)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Read(reports.Formats()...); err != nil {
			t.Fatal(err)
		}
		of := m.Summary.Run.Merged.Shards
		if m.Summary.Total.Sent != p.Calls || of == nil || len(of.Missing) > 0 || of.Unknown != "" || m.Summary.Run.InFlight != 10 {
			t.Errorf("%d sent, %+v", m.Summary.Total.Sent, of)
		}
		if want := uint64(20); anew && of.Repeated != want || !anew && of.Repeated != 0 {
			t.Errorf("%d ids are repeated: %s", of.Repeated, of.Example)
		}
		if said := strings.Join(m.Summary.Verdict.Causes, " "); strings.Contains(said, "n executionId that a call of another shard had came to 20 calls: call ") != anew {
			t.Errorf("the verdict is %q", said)
		}
	}
}

// What cannot be sent together is not sent at all.
func TestShardIsRefused(t *testing.T) {
	p := planned(t, quick)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a call was sent") }))
	defer server.Close()
	target, _ := url.Parse(server.URL)
	soon := time.Now().Add(time.Minute)
	for want, c := range map[string]Config{
		"shard 1/2 has no start":            {Shard: scenarios.Shard{Index: 1, Of: 2}},
		"there is no shard 2 of 2":          {Shard: scenarios.Shard{Index: 2, Of: 2}, StartAt: soon},
		"ago by this machine's clock":       {StartAt: time.Now().Add(-3 * time.Second)},
		"would have no call":                {Shard: scenarios.Shard{Index: 0, Of: 40}, StartAt: soon},
		"limits.inFlight is 1000, and each": {Shard: scenarios.Shard{Index: 0, Of: 1001}, StartAt: soon},
	} {
		c.Plan, c.Target, c.Dir = p, target, filepath.Join(t.TempDir(), "run")
		if _, err := Run(t.Context(), nil, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A run that waits for its start can be told to end, at once and without a call.
func TestInterruptedBeforeTheStart(t *testing.T) {
	for _, load := range []string{"load: [{rate: 60/s, for: 500ms}]\n", "load: [{callers: 2, for: 500ms}]\n"} {
		p := planned(t, load)
		interrupt := make(chan struct{})
		r, err := Run(t.Context(), interrupt, Config{
			Plan: p, StartAt: time.Now().Add(time.Hour), Target: embedded(t, p), Dir: filepath.Join(t.TempDir(), "run"),
			Started: func(results.Manifest) { close(interrupt) }, Observe: func(results.Row) { t.Error("a call was sent") },
		})
		if err != nil || r.Summary.Verdict.ExitCode != 3 || !strings.Contains(strings.Join(r.Summary.Verdict.Causes, " "), "told to stop before it began") {
			t.Errorf("%v: %v", err, r.Summary.Verdict)
		}
	}
}

// No call leaves before the start, whoever asks for it.
func TestStart(t *testing.T) {
	for _, load := range []string{"load: [{rate: 60/s, for: 50ms}]\n", "load: [{callers: 2, for: 50ms}]\nlimits: {calls: 4}\n"} {
		p := planned(t, load)
		at := time.Now().Add(40 * time.Millisecond)
		var early atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			if time.Now().Before(at) {
				early.Add(1)
			}
		}))
		target, _ := url.Parse(server.URL)
		_, err := Run(t.Context(), nil, Config{Plan: p, StartAt: at, Target: target, Dir: filepath.Join(t.TempDir(), "run")})
		server.Close()
		if n := early.Load(); err != nil || n > 0 {
			t.Errorf("%d calls were early: %v", n, err)
		}
	}
}

func TestParseStart(t *testing.T) {
	now := time.Date(2026, 11, 26, 23, 50, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2026-11-26T16:30:00Z": "2026-11-26T16:30:00Z", "2026-11-26T16:30:00.25+02:00": "2026-11-26T14:30:00.25Z", "23:55:00Z": "2026-11-26T23:55:00Z", "00:10:00Z": "2026-11-27T00:10:00Z",
		"23:40Z": "2026-11-26T23:40:00Z", "01:00:00+01:00": "2026-11-27T00:00:00Z", "11:49:59Z": "2026-11-27T11:49:59Z", "11:50:01Z": "2026-11-26T11:50:01Z",
		"16:30": "", "16:30:00": "", "25:00:00Z": "", "soon": "", "": "",
	} {
		at, err := ParseStart(text, now)
		if got := at.Format(time.RFC3339Nano); (err != nil) != (want == "") || want != "" && got != want {
			t.Errorf("%q is %s, want %s: %v", text, got, want, err)
		}
	}
}

func FuzzParseStart(f *testing.F) {
	for _, s := range []string{"16:30:00Z", "2026-11-26T16:30:00Z", "24:00Z", "1:2:3Z"} {
		f.Add(s, int64(1_800_000_000))
	}
	f.Fuzz(func(t *testing.T, text string, seconds int64) {
		now := time.Unix(seconds%1e11, 0)
		at, err := ParseStart(text, now)
		if apart := at.Sub(now).Abs(); err == nil && len(text) < 15 && apart > 12*time.Hour {
			t.Fatalf("%q is %s, and now is %s", text, at, now)
		}
	})
}
