package kubernetes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/scenarios"
)

// planOf reads a scenario beside a folder with two files of data, in an environment with one variable.
func planOf(t *testing.T, name, scenario string) *scenarios.Plan {
	t.Helper()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for file, text := range map[string]string{"in/data/agents.csv": "agent,token\na1,hush1\na2,hush2\n", "beside.csv": "agent\nb1\n", "in/openapi.csv": "agent\nc1\n"} {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	env := func(name string) (string, bool) { return "20/s", name == "PEAK" }
	s, err := scenarios.Parse(filepath.Join(dir, "in", name), []byte("load: [{rate: 10/s, for: 2s}]\n"+scenario), d, env)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(1)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A pod makes the same plan of the files.
func TestPack(t *testing.T) {
	p := planOf(t, "peak.yaml", "follow: {for: 1m}\ndata: {agentId: {from: data/agents.csv, column: agent}}\nauth: {bearer: {token: '{env:STAGING_TOKEN}'}}\n")
	files, scenario, err := Pack(p)
	if err != nil {
		t.Fatal(err)
	}
	if names := strings.Join(sorted(files), " "); names != "data/agents.csv openapi.yaml peak.yaml" || scenario != "peak.yaml" {
		t.Errorf("%s, %s", names, scenario)
	}
	for name, data := range files {
		if strings.Contains(string(data), "hush") {
			t.Errorf("%s has what the scenario does not take", name)
		}
	}
	if lasts := Lasts(p); lasts != 62*time.Second+2*p.Limits.Timeout {
		t.Errorf("it may last %v", lasts)
	}
	if _, scenario, err = Pack(planOf(t, "openapi.yaml", "")); err != nil || scenario != "scenario.yaml" {
		t.Errorf("%s, %v", scenario, err)
	}
}

// What a pod would read otherwise, or not at all, is refused with what to do.
func TestPackRefuses(t *testing.T) {
	for name, c := range map[string]struct{ scenario, want string }{
		"a variable":               {"limits: {inFlight: 9}\nthresholds: ['rate(goodput) >= ${PEAK}']\n", "the environment variable PEAK is not set"},
		"a variable or otherwise":  {"thresholds: ['rate(goodput) >= ${PEAK:-5/s}']\n", "write them into peak.yaml"},
		"a file from beside":       {"data: {agentId: {from: ../beside.csv, column: agent}}\n", "a pod has neither"},
		"a token's column":         {"auth: {bearer: {from: data/agents.csv, column: token}}\n", "a pod has neither"},
		"a column also of secrets": {"auth: {bearer: {from: data/agents.csv, column: token}}\ndata: {agentId: {from: data/agents.csv, column: agent}}\n", `no column "token"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Pack(planOf(t, "peak.yaml", c.scenario))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
