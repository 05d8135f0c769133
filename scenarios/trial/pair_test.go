package trial

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
)

const inTurn = `
name: in-turn
load: [{warmup: true, rate: 50/s, for: 200ms}, {rate: 100/s, for: 700ms}]
mix: {tier: {Full: 1, Lite: 1}, content: [{items: [text]}]}
`

// abba meets the second target in the second and the third of every four slices of 100 ms.
var abba = Against{SliceSeconds: 0.1, Takes: func(due time.Duration) bool {
	at := due / (100 * time.Millisecond) % 4
	return at == 1 || at == 2
}}

// counted is a provider that counts its calls.
func counted(t *testing.T, p *scenarios.Plan, calls *atomic.Int64) *url.URL {
	t.Helper()
	h, err := provider.New(p.Description(), provider.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			calls.Add(1)
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Each call goes to the target whose slice it is due in, and to no other; what comes out are two runs as any others.
func TestPair(t *testing.T) {
	p := planned(t, inTurn)
	var called [2]atomic.Int64
	with := abba
	with.Target, with.Release = counted(t, p, &called[1]), "r2"
	dir := filepath.Join(t.TempDir(), "pair")
	a, b, err := RunPair(t.Context(), nil, Config{Plan: p, Target: counted(t, p, &called[0]), Release: "r1", Dir: dir, Andon: "v1"}, with)
	if err != nil {
		t.Fatal(err)
	}
	sent := map[uint32]int{}
	for i, r := range []Result{a, b} {
		name := []string{"a", "b"}[i]
		run, err := results.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		m := run.Manifest
		if m.Paired == nil || m.Paired.Side != name || m.Paired.Order != "abbaabbaa" || m.ID != "pair-"+name || m.Release != []string{"r1", "r2"}[i] || m.Target == m.Paired.Other {
			t.Errorf("the manifest of %s is %+v, %+v", name, m, m.Paired)
		}
		_, err = run.Rows(func(row results.Row) error {
			if with.Takes(row.Due) != (i == 1) {
				t.Errorf("call %d, due at %s, went to %s", row.N, row.Due, name)
			}
			sent[row.N]++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var planned uint64
		for _, phase := range m.Planned {
			for _, n := range phase {
				planned += n
			}
		}
		total := r.Aggregator.Total(r.Aggregator.Elapsed(run.End))
		if got := uint64(called[i].Load()); got != planned || r.Aggregator.Running().Sent != planned {
			t.Errorf("%s: %d planned, %d received", name, planned, got)
		}
		if rate := *total.Rate.Planned; math.Abs(rate-100) > 1e-6 {
			t.Errorf("%s was to get %v calls a second while it was its turn, which is 100", name, rate)
		}
		if rate := total.Rate.Achieved; rate > 101 || rate < 40 {
			t.Errorf("%s got %v calls a second", name, rate)
		}
		if kind := r.Summary.Verdict; kind.ExitCode == 1 {
			t.Errorf("%s: %+v", name, kind)
		}
	}
	if uint64(len(sent)) != p.Calls {
		t.Errorf("%d of %d calls", len(sent), p.Calls)
	}
	for n, times := range sent {
		if times != 1 {
			t.Errorf("call %d was sent %d times", n, times)
		}
	}
}

// giver answers as the contract has it, with ids that it counts from 1.
func giver(t *testing.T, p *scenarios.Plan, status int) *url.URL {
	t.Helper()
	var n atomic.Int64
	h, err := provider.New(p.Description(), provider.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status != 0 {
			w.WriteHeader(status)
			return
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		var answer map[string]any
		if json.Unmarshal(rec.Body.Bytes(), &answer) == nil && answer["executionId"] != nil {
			answer["executionId"] = fmt.Sprintf("exec_%d", n.Add(1))
			text, _ := json.Marshal(answer)
			w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
			w.WriteHeader(rec.Code)
			_, _ = w.Write(text)
			return
		}
		w.WriteHeader(rec.Code)
		_, _ = io.Copy(w, rec.Body)
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Two targets may number their executions alike, and one that is met twice may not.
func TestPairIDs(t *testing.T) {
	p := planned(t, inTurn)
	first := giver(t, p, 0)
	for name, c := range map[string]struct {
		against *url.URL
	}{"another": {giver(t, p, 0)}, "the same": {first}} {
		with := abba
		with.Target = c.against
		a, b, err := RunPair(t.Context(), nil, Config{Plan: p, Target: first, Dir: filepath.Join(t.TempDir(), "pair")}, with)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range []Result{a, b} {
			if n := r.Aggregator.Running().Violations; n != 0 {
				t.Errorf("%s target: %d answers of target %d are held against it", name, n, i)
			}
		}
	}
}

// A second target that is there for nobody ends the run, although the first calls all went to the other.
func TestPairHopeless(t *testing.T) {
	p := planned(t, `
name: in-turn
load: [{rate: 200/s, for: 20s}]
mix: {content: [{items: [text]}]}
`)
	with := Against{SliceSeconds: 2, Takes: func(due time.Duration) bool { return due >= 2*time.Second }}
	with.Target = giver(t, p, http.StatusUnauthorized)
	_, b, err := RunPair(t.Context(), nil, Config{Plan: p, Target: giver(t, p, 0), Dir: filepath.Join(t.TempDir(), "pair")}, with)
	if err != nil {
		t.Fatal(err)
	}
	if end := b.Summary.Run.End; end.Reason != results.Hopeless || b.Run.End.StoppedSeconds > 10 {
		t.Errorf("it ended with %+v", end)
	}
}

// Each target is sent its own token and no other's, and neither stands in what is kept, whoever sends it back.
func TestPairCredentials(t *testing.T) {
	p := planned(t, inTurn)
	tokens := [2]string{"canary-first-4711", "canary-second-0815"}
	echo := func(token string) *url.URL {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Authorization"); got != "Bearer "+token {
				t.Errorf("the target of %s was sent %q", token, got)
			}
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintf(w, "%s and %s", tokens[0], tokens[1])
		}))
		t.Cleanup(s.Close)
		u, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	with := abba
	with.Target, with.Credentials = echo(tokens[1]), credentials.Bearer(tokens[1])
	dir := filepath.Join(t.TempDir(), "pair")
	if _, _, err := RunPair(t.Context(), nil, Config{Plan: p, Target: echo(tokens[0]), Credentials: credentials.Bearer(tokens[0]), Dir: dir}, with); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("canary-")) {
			t.Errorf("%s holds a token", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Shards have their parts of each slice, and are two runs together, each of which was planned and sent as the whole is.
func TestPairShards(t *testing.T) {
	p := planned(t, inTurn)
	var called [2]atomic.Int64
	with := abba
	with.Target = counted(t, p, &called[1])
	first, root := counted(t, p, &called[0]), t.TempDir()
	sides := [2][]string{}
	for i := range 2 {
		dir := filepath.Join(root, fmt.Sprint("s", i))
		// An order names the side that it is for.
		ordered := make(chan results.End, 1)
		a, b, err := RunPair(t.Context(), nil, Config{
			Plan: p, Target: first, Dir: dir, Andon: "v1", Shard: scenarios.Shard{Index: i, Of: 2}, Group: "g", StartAt: time.Now().Add(30 * time.Millisecond), Ordered: ordered,
			Began: func(time.Time) {
				if i == 1 {
					time.AfterFunc(450*time.Millisecond, func() { ordered <- results.End{Reason: results.Aborted, Detail: "p99", Side: "b"} })
				}
			},
		}, with)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := a.Summary.Run.End, b.Summary.Run.End; i == 1 && (a.Reason != results.Enough || b.Reason != results.Aborted) {
			t.Errorf("the second target ended it, and the ends are %+v and %+v", a, b)
		}
		for k, name := range []string{"a", "b"} {
			sides[k] = append(sides[k], filepath.Join(dir, name))
		}
	}
	order := with.Order(p.Seconds)
	for k, dirs := range sides {
		var runs []*results.Run
		for i, dir := range dirs {
			run, err := results.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := run.Rows(func(row results.Row) error {
				if int(row.N)%2 != i || with.Takes(row.Due) != (k == 1) || Turns(order, with.SliceSeconds)(row.Due) != (k == 1) {
					t.Errorf("call %d, due at %s, is in %s", row.N, row.Due, dir)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			runs = append(runs, run)
		}
		var planned uint64
		for _, phase := range summary.Joined(runs).Planned {
			for _, n := range phase {
				planned += n
			}
		}
		if of := summary.Joined(runs); planned < 30 || of.Paired == nil || of.Paired.Order != order || uint64(called[k].Load()) > planned {
			t.Errorf("side %d: %d planned, %d sent, %+v", k, planned, called[k].Load(), of.Paired)
		}
	}
}
