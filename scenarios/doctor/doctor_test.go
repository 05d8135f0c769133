package doctor

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/fitness"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
)

// serving has the test binary serve the neutral target.
const serving = "neutral"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == serving {
		d, err := contracts.Load("openapi.yaml", andon.Spec)
		if err == nil {
			err = Neutral(os.Stdin, os.Stdout, d)
		}
		if err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

func described(t *testing.T) *contracts.Description {
	t.Helper()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func config(t *testing.T, yaml string) Config {
	t.Helper()
	s, err := scenarios.Parse("x.yaml", []byte(yaml), described(t), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Config{Scenario: s, Neutral: []string{self, serving}}
}

// quick is too short for figures that are worth anything.
var quick = lengths{closed: 100 * time.Millisecond, short: 50 * time.Millisecond, long: 100 * time.Millisecond, patience: 300 * time.Millisecond}

// A rate is measured with the scenario's own calls, whatever its thresholds, and the one that is told was held the last
// time that it was tried; on a machine that others use it may be none, and then it is said why.
func TestExamine(t *testing.T) {
	c := config(t, "load: [{rate: 100000/s, for: 1s}]\nmix: {invalid: 10%}\nlimits: {calls: 200000}\nthresholds: [{expr: count(violations) == 0, abort: true}]")
	c.Judged = true
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	r, err := c.examine(t.Context(), nil, quick)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rate.Tries) < 2 || r.Rate.Tries[0].Rate != 0 || r.Rate.Most < lowest || r.Rate.Needed == nil || *r.Rate.Needed != 100_000 {
		t.Fatalf("%+v", r.Rate)
	}
	if r.Verdict.ExitCode != 3 || r.Rate.Held >= 100_000 {
		t.Errorf("%+v with %+v", r.Verdict, r.Rate)
	}
	if last := r.Rate.Tries[len(r.Rate.Tries)-1]; r.Rate.Held > 0 && (!last.Held || last.Rate != r.Rate.Held) {
		t.Errorf("%v/s is told, and %+v was the last try", r.Rate.Held, last)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v behind: %v", left, err)
	}
}

// It ends when it is told to, with what is known, and there is no verdict then; nor is there one without a target.
func TestExamineEnds(t *testing.T) {
	t.Parallel()
	told := make(chan struct{})
	close(told)
	c := config(t, "load: [{rate: 1/s, for: 1s}]")
	r, err := c.examine(t.Context(), told, quick)
	if err != nil || r.Verdict.ExitCode != 3 || len(r.Rate.Tries) > 0 || len(r.Allows) < 10 {
		t.Errorf("%+v, %v", r, err)
	}
	c.Neutral = []string{filepath.Join(t.TempDir(), "none")}
	r, err = c.examine(t.Context(), nil, quick)
	if err != nil || r.Verdict.ExitCode != 3 || !strings.Contains(r.Verdict.Causes[0], "neutral target") {
		t.Errorf("%+v, %v", r.Verdict, err)
	}
}

// What a machine allows is told as it is found, and what it is short of with what follows.
func TestAllowances(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	h := host{root: root, look: func(name string) string { return map[string]string{"firefox": "/bin/firefox"}[name] }}
	if a := h.ports(); a.Status != fitness.Unknown {
		t.Errorf("%+v", a)
	}
	write("proc/sys/net/ipv4/ip_local_port_range", "40000\t40599\n")
	write("sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n")
	many := metrics.Generator{Cores: 2, OpenFiles: 64, Machine: results.Machine{Quota: 0.5, MemoryLimit: 64 << 20}}
	for _, c := range []struct {
		is           fitness.Allowance
		status       string
		value        float64
		found, apart string
	}{
		{h.ports(), fitness.Short, 600, "40000 to 40599", "10.0/s"},
		{quota(many), fitness.Short, 0.5, "0.5 cores", "stands still"},
		{quota(metrics.Generator{}), fitness.Unknown, 0, "", ""},
		{memory(many), fitness.Short, 64 << 20, "MB", "limits.memory"},
		{memory(metrics.Generator{Cores: 2}), map[bool]string{true: fitness.Fine, false: fitness.Unknown}[runtime.GOOS == "linux"], 0, "", ""},
		{files(many), fitness.Short, 64, "about 32 calls", "ulimit"},
		{files(metrics.Generator{Cores: 2}), fitness.Fine, 0, "any number", ""},
		{timer([]time.Duration{0, 5 * time.Millisecond, 3 * time.Millisecond}), fitness.Short, 0.003, "of 3 the worst 5", "bursts"},
		{h.clock(time.Millisecond, time.Nanosecond), fitness.Short, 0.001, "from hpet", "1ms"},
		{h.clock(time.Nanosecond, 2*time.Microsecond), fitness.Short, 1e-9, "read in 2µs", "processor time"},
		{h.clock(time.Nanosecond, 20*time.Nanosecond), fitness.Fine, 1e-9, "", ""},
		{pactProgram(""), fitness.Absent, 0, "andon-pact", "make pact-build"},
		{pactProgram("/x/andon-pact"), fitness.Fine, 0, "/x/andon-pact", ""},
		{h.browser(), fitness.Fine, 0, "/bin/firefox", ""},
		{host{look: func(string) string { return "" }}.browser(), fitness.Absent, 0, "none", "any other"},
	} {
		value := 0.0
		if c.is.Value != nil {
			value = *c.is.Value
		}
		if c.is.Status != c.status || value != c.value || !strings.Contains(c.is.Found, c.found) || !strings.Contains(c.is.Advice, c.apart) || (c.apart == "") != (c.is.Advice == "") {
			t.Errorf("%+v, want %+v", c.is, c)
		}
	}
	all := allowances(h, metrics.Generator{Proxy: "http://proxy"}, overslept())
	if i := slices.IndexFunc(all, func(a fitness.Allowance) bool { return a.Name == "proxy" }); i < 0 || !strings.Contains(all[i].Found, "http://proxy") {
		t.Errorf("%+v", all)
	}
}

// What others take of the processors is all that was used, less what this process and its own took.
func TestOthers(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	read := func(stat string) used {
		if err := os.MkdirAll(filepath.Join(root, "proc"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "proc/stat"), []byte(stat), 0o666); err != nil {
			t.Fatal(err)
		}
		return readUsed(root)
	}
	before, now := read("cpu  100 0 100 5000 0 0 0 0 0 0\ncpu0 1\n"), read("cpu  500 100 300 9000 50 60 40 700 0 0\ncpu0 1\n")
	now.at = before.at.Add(4 * time.Second)
	if got := before.others(now, 2*time.Second); got == nil || *got != 1.5 {
		t.Errorf("%v", got)
	}
	for _, stat := range []string{"", "cpu", "cpu x y z 1 2 3 4 5\n", "intr 1 2 3 4 5 6 7 8 9\n"} {
		if got := before.others(read(stat), 0); got != nil {
			t.Errorf("%q: %v", stat, *got)
		}
	}
}

// The verdict is a pass or none: that a machine is weak is no finding about a target.
func TestDecide(t *testing.T) {
	t.Parallel()
	need := 500.0
	for _, c := range []struct {
		rate   fitness.Rate
		status string
		says   string
	}{
		{fitness.Rate{Held: 400}, summary.Pass, "at least 400/s"},
		{fitness.Rate{Held: 400, Failed: &need}, summary.Pass, "400/s on time, and no longer 500/s"},
		{fitness.Rate{Held: 400, Failed: &need, TargetLimited: true}, summary.Pass, "at least 400/s"},
		{fitness.Rate{Held: 500, Needed: &need}, summary.Pass, "500/s"},
		{fitness.Rate{Held: 499, Needed: &need}, summary.NoVerdict, "asks for 500/s"},
		{fitness.Rate{}, summary.NoVerdict, "no honest rate"},
		{fitness.Rate{Why: "it was interrupted", Held: 10}, summary.NoVerdict, "10.0/s"},
	} {
		r := fitness.Report{Rate: c.rate}
		if r.Decide(); r.Verdict.Status != c.status || (r.Verdict.ExitCode == 0) != (c.status == summary.Pass) || !strings.Contains(r.Headline(), c.says) {
			t.Errorf("%+v: %+v, %s", c.rate, r.Verdict, r.Headline())
		}
	}
}
