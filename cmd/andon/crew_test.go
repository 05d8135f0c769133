package main

import (
	"errors"
	"io"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/fleet"
	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
	"github.com/kaizenautomation/andon/scenarios/search"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// Two workers say that a target takes a rate, by one trial that is ended as soon as that is clear.
func TestCrewSearches(t *testing.T) {
	t.Parallel()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("s.yaml", []byte(`
load: [{rate: 20/s, for: 5s}]
mix: {content: [{items: [text]}]}
limits: {lag: 1m}
thresholds: [rate(errors) < 50%, rate(shed) < 50%]
`), d, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := provider.New(d, provider.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	dir, identity := t.TempDir(), hub.NewIdentity()
	times := fleet.Times{Lead: time.Second, Every: 200 * time.Millisecond}
	ended := make(chan error, 2)
	crew, err := fleet.Gather(t.Context(), nil, fleet.Config{
		Trial: trial.Config{Andon: "v1", Root: dir}, Workers: 2, Listen: "127.0.0.1:0", Identity: identity, Times: times, Say: func(said string) { t.Log(said) },
		Joined: func(_ string, join hub.Join) error {
			for _, name := range []string{"a", "b"} {
				go func() {
					ended <- fleet.Work(t.Context(), nil, fleet.Worker{
						Join: join, Name: name, Andon: "v1", Shard: -1, Hosts: []string{target.Hostname()}, Spool: filepath.Join(dir, name), Times: times, Say: func(string) {},
						Prepare: func(credentials.Asked, *url.URL) (trial.Config, error) { return trial.Config{}, nil },
					})
				}()
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	report, _, err := search.Run(t.Context(), make(chan struct{}), search.Config{
		Scenario: s, Target: target, Make: crew.Run, Seed: 1, Arrivals: scenarios.Poisson, Need: 80, Confidence: 0.95, Calls: 10_000, Seconds: 60,
		Dir: filepath.Join(dir, "search"), Andon: "v1",
	})
	crew.Close()
	if err := errors.Join(err, <-ended, <-ended); err != nil {
		t.Fatal(err)
	}
	if report.Need.Answer != sizing.Yes || report.Verdict.ExitCode != 0 || report.Run.Ended != sizing.EndedFound {
		t.Errorf("it came to %+v, %+v", report.Need, report.Trials)
	}
	first := report.Trials[0]
	if len(report.Trials) != 1 || first.Calls < 100 || first.Calls > 3000 || first.Drained == nil || report.Budget.SpentCalls != first.Calls {
		t.Errorf("the trials are %+v, and used %+v", report.Trials, report.Budget)
	}
}

// What workers join with is whole from the moment that it is there, and for its owner alone: who waits for the file
// reads it at once.
func TestJoinIsWhole(t *testing.T) {
	text, _, err := hub.NewJoin("127.0.0.1:4222")
	if err != nil {
		t.Fatal(err)
	}
	join, err := hub.ParseJoin(text)
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		dir := t.TempDir()
		file := filepath.Join(dir, joinFile)
		read := make(chan string)
		go func() {
			data, err := os.ReadFile(file)
			for errors.Is(err, fs.ErrNotExist) {
				data, err = os.ReadFile(file)
			}
			read <- string(data)
		}()
		told, forget := (&command{secrets: new(credentials.Set), stderr: live.NewWriter(io.Discard)}).joining(false)
		if err := told(dir, join); err != nil {
			t.Fatal(err)
		}
		if found := <-read; found != text+"\n" {
			t.Fatalf("who waits for it reads %q", found)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
			t.Fatalf("others may read it: %v, %v", info, err)
		}
		forget()
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Fatalf("what is left: %v, %v", left, err)
		}
	}
}
