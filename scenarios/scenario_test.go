package scenarios

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// loaded is the description, which no test changes.
var loaded = sync.OnceValues(func() (*contracts.Description, error) { return contracts.Load("openapi.yaml", andon.Spec) })

func description(t testing.TB) *contracts.Description {
	t.Helper()
	d, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func noEnv(string) (string, bool) { return "", false }

func parse(t testing.TB, text string) *Scenario {
	t.Helper()
	s, err := Parse("testdata/test.yaml", []byte(text), description(t), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// problems gives what is wrong with a text, as line:column: message.
func problems(t testing.TB, text string) []document.Problem {
	t.Helper()
	_, err := Parse("testdata/test.yaml", []byte(text), description(t), noEnv)
	var invalid *document.InvalidError
	if err != nil && !errors.As(err, &invalid) {
		t.Fatalf("the error is %T", err)
	}
	if invalid == nil {
		return nil
	}
	return invalid.Problems
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		beside := filepath.Join(filepath.Dir(path), ".got-"+filepath.Base(path))
		_ = os.WriteFile(beside, got, 0o666)
		t.Errorf("%s differs from what was made, which is in %s; go test -update rewrites it", path, beside)
	}
}

// A file with a mistake in nearly every line: each is reported, at its place, in one go.
func TestBroken(t *testing.T) {
	data, err := os.ReadFile("testdata/broken.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse("testdata/broken.yaml", data, description(t), noEnv)
	if err == nil {
		t.Fatal("the file was accepted")
	}
	golden(t, "testdata/broken.golden", []byte(err.Error()+"\n"))
}

func TestProblems(t *testing.T) {
	const load = "load: [{rate: 1/s, for: 1s}]\n"
	for _, c := range []struct {
		text  string
		place [2]int
		want  string
	}{
		{"", [2]int{1, 1}, "the file is empty"},
		{"# nothing\n", [2]int{1, 1}, "the file is empty"},
		{"- a\n", [2]int{1, 1}, "expected the scenario, a mapping"},
		{"a: [", [2]int{2, 1}, "not YAML"},
		{load + "---\n" + load, [2]int{2, 1}, "a second document begins here"},
		{load + "name: \xff\n", [2]int{2, 1}, "not UTF-8"},
		{"\xff\xfen\x00", [2]int{1, 1}, "UTF-16: save it as UTF-8"},
		{"\x00n\x00a", [2]int{1, 1}, "UTF-16: save it as UTF-8"},
		{load + "name: x\x00\n", [2]int{2, 8}, "the character U+0000"},
		{"load:\n\t- rate: 1/s\n", [2]int{2, 1}, "indented by spaces, and not by a tab"},
		{"name: x\n", [2]int{1, 1}, "no `load`"},
		{load + "name: ../x\n", [2]int{2, 7}, "expected a name"},
		{load + "name: ..\n", [2]int{2, 7}, "expected a name"},
		{load + load, [2]int{2, 1}, "twice (first in line 1)"},
		{"load: []\n", [2]int{1, 7}, "no phase"},
		{"load: [{rate: 1/s}]\n", [2]int{1, 8}, "no length"},
		{"load: [{for: 1s}]\n", [2]int{1, 8}, "says no load"},
		{"load: [{rate: 1/s, callers: 3, for: 1s}]\n", [2]int{1, 29}, "rate and callers"},
		{"load: [{rate: 1/s, for: 0s}]\n", [2]int{1, 25}, "longer than 0s"},
		{"load: [{rate: 1/s, for: -1s}]\n", [2]int{1, 25}, "from 0s to 168h"},
		{"load: [{rate: 0/s, for: 1s}]\n", [2]int{1, 7}, "no call at all"},
		{"load: [{rate: 1/x, for: 1s}]\n", [2]int{1, 15}, "a rate such as"},
		{"load: [{rate: .inf/s, for: 1s}]\n", [2]int{1, 15}, "a rate such as"},
		{"load: [{rate: nan/s, for: 1s}]\n", [2]int{1, 15}, "at most 1000000/s"},
		{"load: [{rate: 2000000/s, for: 1s}]\n", [2]int{1, 15}, "at most 1000000/s"},
		{"load: [{warmup: true, rate: 1/s, for: 1s}]\n", [2]int{1, 7}, "every phase is a warm-up"},
		{"load: [{warmup: yes please, rate: 1/s, for: 1s}]\n", [2]int{1, 17}, "true or false"},
		{"load: [{rate: 1/s, for: 100h}, {rate: 1/s, for: 100h}]\nlimits: {calls: 10000000}\n", [2]int{1, 7}, "more than 168h"},
		{"load: [{rate: 1/s, for: 1s}, {callers: 2, for: 1s}]\n", [2]int{1, 30}, "do not go together"},
		{"load: [{callers: 2, for: 1s}]\narrivals: poisson\n", [2]int{2, 11}, "a closed loop has no arrivals"},
		{load + "arrivals: poison\n", [2]int{2, 11}, `did you mean "poisson"?`},
		{"load: [{rate: 100/s, for: 1m}]\nlimits: {calls: 5999}\n", [2]int{2, 17}, "adds up to 6000 calls, more than the 5999"},
		{"load: [{name: a, rate: 1/s, for: 1s}, {name: a, rate: 1/s, for: 1s}]\n", [2]int{1, 46}, `two phases are called "a"`},
		{"load: [{ramp: {from: 1/s}, for: 1s}]\n", [2]int{1, 15}, "the ramp lacks to"},
		{"load: [{steps: {from: 1/s, to: 2/s, by: 0/s}, for: 1s}]\n", [2]int{1, 41}, "a step above 0/s"},
		{"load: [{steps: {from: 1/s, to: 5000/s, by: 1/s}, for: 1s}]\n", [2]int{1, 44}, "these are 5000 steps, each of which is a phase of its own, and a run may have 100"},
		{"load: [{name: a, steps: {from: 1/s, to: 2/s, by: 1/s}, for: 2s}, {name: a, rate: 1/s, for: 1s}]\n", [2]int{1, 73}, `two phases are called "a"`},
		{
			"load: [{steps: {from: 1/s, to: 60/s, by: 1/s}, for: 60s}, {steps: {from: 60/s, to: 1/s, by: 1/s}, for: 60s}]\n", [2]int{1, 67},
			"the load has 120 phases, each step being one of its own, and a run may have 100",
		},
		{"load: [{spike: {base: 1/s, peak: 2/s, at: 5s, width: 6s}, for: 10s}]\n", [2]int{1, 43}, "after the phase's end"},
		{load + "limits: {timeout: 2h}\n", [2]int{2, 19}, "at most 1h"},
		{load + "limits: {timeout: 0s}\n", [2]int{2, 19}, "longer than 0s"},
		{load + "limits: {inFlight: 1e9}\n", [2]int{2, 20}, "a whole number"},
		{load + "limits: {lag: 0s}\n", [2]int{2, 15}, "longer than 0s"},
		{load + "limits: {lag: -10ms}\n", [2]int{2, 15}, "a duration from 0s"},
		{load + "limits: {lag: 250}\n", [2]int{2, 15}, "the tolerated lag with a unit"},
		{load + "limits: {lag: 61s}\n", [2]int{2, 15}, "a tolerated lag of at most 1m"},
		{load + "limits: {memory: 256}\n", [2]int{2, 18}, "a size such as 256MB"},
		{load + "limits: {memory: 15MB}\n", [2]int{2, 18}, "from 16MB to 1000000MB"},
		{load + "limits: {memory: 99999999999999999999GB}\n", [2]int{2, 18}, "a size such as 256MB"},
		{load + "limits: {memory: -1GB}\n", [2]int{2, 18}, "a size such as 256MB"},
		{load + "limits: {inFlight: 10, warm: 11}\n", [2]int{2, 30}, "a whole number from 0 to 10"},
		{load + "target: ftp://x\n", [2]int{2, 9}, "http:// or https://"},
		{load + "target: http://me:secret@x\n", [2]int{2, 9}, "user name"},
		{load + "mix: {tier: {Full: 0, Lite: 0}}\n", [2]int{2, 13}, "sum to nothing"},
		{load + "mix: {tier: {Full: -1}}\n", [2]int{2, 20}, "at least 0"},
		{load + "mix: {tier: {Full: 10%}}\n", [2]int{2, 20}, "leave the % out"},
		{load + "mix: {content: [{items: text}]}\n", [2]int{2, 25}, "a list of content types"},
		{load + "mix: {content: [{weight: 1}]}\n", [2]int{2, 17}, "lacks `items`"},
		{load + "mix: {content: [{items: [text]}, {items: [text]}]}\n", [2]int{2, 42}, "stands here twice"},
		{load + "mix: {agentId: 101%}\n", [2]int{2, 16}, "0% to 100%"},
		{load + "mix: {agentId: 0.6}\n", [2]int{2, 16}, "such as 0.6%"},
		{load + "data: {text: {ids: []}}\n", [2]int{2, 20}, "is empty"},
		{load + "data: {file: [.nan]}\n", [2]int{2, 15}, ".nan is no number that JSON has; in quotes it is a text"},
		{load + "data: {text: {}}\n", [2]int{2, 14}, "says nothing"},
		{load + "data: {text: {length: 3, ids: [a]}}\n", [2]int{2, 31}, "length and ids"},
		{load + "data: {text: {length: {median: 5, p99: 2}}}\n", [2]int{2, 23}, "at least the median"},
		{load + "data: {text: {length: {min: 5, max: 2}}}\n", [2]int{2, 23}, "above the greatest"},
		{load + "data: {text: {length: 10000000}}\n", [2]int{2, 23}, "from 0 to 1048576"},
		{load + "data: {file: {from: nothing.csv, column: id}}\n", [2]int{2, 21}, "cannot be read"},
		{load + "data: {file: {from: skills.txt, column: id}}\n", [2]int{2, 21}, ".csv or .jsonl"},
		{load + "data: {file: {from: skills.csv}}\n", [2]int{2, 14}, "lacks `column`"},
		{load + "data: {text: {template: '{{nope}}'}}\n", [2]int{2, 25}, "{{nope}}"},
		{load + "data: {text: {template: '{{seq'}}\n", [2]int{2, 25}, "not closed"},
		{load + "data: {json: {values: [3]}}\n", [2]int{2, 24}, "forbids this value of data"},
		{load + "data: {json: {keys: 0, depth: 2}}\n", [2]int{2, 21}, "no depth"},
		{load + "data: {pictures: {ids: [a]}}\n", [2]int{2, 8}, "neither a content type nor a property"},
		{load + "thresholds: ['p99(latency){tier=Ful} < 1s']\n", [2]int{2, 33}, `did you mean "Full"?`},
		{load + "thresholds: [{expr: 'count(errors) == 0', after: 3s}]\n", [2]int{2, 50}, "`after` delays `abort: true`"},
		{load + "thresholds: [{expr: 'count(lost) == 0', abort: true}]\nfollow: true\n", [2]int{2, 14}, "known when the run is over; take it out"},
		{load + "thresholds: ['p95(completion) < 1s']\nfollow: false\n", [2]int{2, 14}, "add `follow:` to the scenario"},
		{load + "thresholds: ['p95(completion) < 1s']\n", [2]int{2, 14}, "add `follow:` to the scenario"},
		{load + "thresholds: [{abort: true}]\n", [2]int{2, 14}, "lacks `expr`"},
		{load + "provider: {queue: 3}\n", [2]int{2, 11}, "set workers"},
		{load + "provider: {workers: 3, pools: {Full: 3}}\n", [2]int{2, 11}, "pools: their workers are of one tier each, and those of workers of all; leave one of them out"},
		{load + "provider: {pools: {Ful: 3}}\n", [2]int{2, 20}, `the description has no tier "Ful"`},
		{load + "provider: {pools: {Full: 0}}\n", [2]int{2, 26}, "expected the number of workers for Full, a whole number from 1 to 1000000, found \"0\""},
		{load + "provider: {pools: {}}\n", [2]int{2, 19}, "no tier has workers; expected some, such as {Full: 8, Lite: 8}"},
		{load + "provider: {faults: {http500: 1%, above: 56}}\n", [2]int{2, 41}, "expected the rate from which on faults strike with its unit, such as 56/s"},
		{load + "provider: {faults: {above: 56/s}}\n", [2]int{2, 11}, "none has a share; set one, such as http500"},
		{load + "provider: {faults: {http500: 60%, html: 60%}}\n", [2]int{2, 11}, "sum to"},
		{load + "provider: {latency: {Ful: 1ms}}\n", [2]int{2, 22}, `did you mean "Full"?`},
		{load + "provider: {executions: {wrkers: 3}}\n", [2]int{2, 25}, `did you mean "workers"?`},
		{load + "provider: {executions: {queue: 3}}\n", [2]int{2, 11}, "executions: queue: 3 can wait"},
		{load + "provider: {executions: {failed: 2}}\n", [2]int{2, 33}, "a share with its unit"},
		{load + "provider: {executions: {time: {Ful: 1s}}}\n", [2]int{2, 32}, `did you mean "Full"?`},
		{load + "provider: {executions: {time: 1}}\n", [2]int{2, 31}, "expected a duration"},
		{load + "provider: {executions: {order: lifo}}\n", [2]int{2, 32}, "expected fifo or the tiers' shares"},
		{load + "provider: {executions: {order: {}}}\n", [2]int{2, 32}, "no tier has a share"},
		{load + "provider: {executions: {order: {Ful: 1}}}\n", [2]int{2, 33}, `did you mean "Full"?`},
		{load + "provider: {executions: {lost: 60%, stuck: 60%}}\n", [2]int{2, 11}, "executions: one meets at most one of"},
		{load + "provider: {webhooks: {twice: 1%}}\n", [2]int{2, 11}, "set executions"},
		{load + "provider: {executions: {}, webhooks: {url: 'http://h/'}}\n", [2]int{2, 44}, "webhooks need a secret"},
		{load + "provider: {executions: {}, webhooks: {url: 'h', secret: '{env:X}'}}\n", [2]int{2, 11}, "webhooks: url: expected http://HOST/PATH"},
		{load + "provider: {executions: {}, webhooks: {secret: hush}}\n", [2]int{2, 47}, "does not stand in a scenario"},
		{load + "provider: {executions: {}, webhooks: {secret: '{command:cat x}'}}\n", [2]int{2, 47}, "does not stand in a scenario"},
		{load + "provider: {executions: {}, webhooks: {late: {share: 1%}}}\n", [2]int{2, 45}, "lacks for"},
		{load + "follow: yes\n", [2]int{2, 9}, "expected true, false or a mapping"},
		{load + "follow: [a]\n", [2]int{2, 9}, "a mapping"},
		{load + "follow: {smple: 20%}\n", [2]int{2, 10}, `did you mean "sample"?`},
		{load + "follow: {sample: 0.2}\n", [2]int{2, 18}, "a share with its unit"},
		{load + "follow: {for: 0s}\n", [2]int{2, 15}, "longer than 0s"},
		{load + "follow: {polls: 50}\n", [2]int{2, 17}, "with its unit"},
		{load + "follow: {polls: 0/s}\n", [2]int{2, 17}, "polls above 0/s"},
		{load + "follow: {within: 0%}\n", [2]int{2, 18}, "above 0%"},
		{load + "follow: {operation: post /executions/get}\n", [2]int{2, 21}, `did you mean "POST"?`},
		{load + "follow: {operation: DELETE /runs/1}\n", [2]int{2, 21}, "expected one of GET, POST"},
		{load + "follow: {operation: /runs}\n", [2]int{2, 21}, "expected a method and a path"},
		{load + "follow: {operation: GET runs}\n", [2]int{2, 21}, "begins with a slash"},
		{load + "follow: {operation: 'GET /runs/{id}/{id}'}\n", [2]int{2, 21}, "{id} once"},
		{load + "follow: {operation: 'GET /runs/{run}'}\n", [2]int{2, 21}, "no other parameter"},
		{load + "follow: {operation: 'GET /runs/{id}?a=b'}\n", [2]int{2, 21}, "without a query"},
		{load + "follow: {operation: 'GET /r%2Fs/{id}'}\n", [2]int{2, 21}, "without %"},
		{load + "follow: {operation: 'POST /agents/execute'}\n", [2]int{2, 21}, "is the call itself"},
		{load + "follow: {operation: GET /runs}\n", [2]int{2, 21}, "a GET has no body"},
		{load + "follow: {operation: 'GET /runs/{id}', id: /id}\n", [2]int{2, 43}, "the path has {id} already"},
		{load + "follow: {id: ''}\n", [2]int{2, 14}, "nothing says where the id goes"},
		{load + "follow: {id: id}\n", [2]int{2, 14}, `did you mean "/id"?`},
		{load + "follow: {state: ''}\n", [2]int{2, 17}, "a pointer to the state"},
		{load + "follow: {began: /a~b}\n", [2]int{2, 17}, "a ~ is written ~0"},
		{load + "follow: {states: {complete: [a]}}\n", [2]int{2, 19}, `did you mean "completed"?`},
		{load + "follow: {states: {completed: done}}\n", [2]int{2, 30}, "a list"},
		{load + "follow: {states: {completed: ['']}}\n", [2]int{2, 31}, "an empty text"},
		{load + "follow: {states: {running: [a, b], completed: [c, b]}}\n", [2]int{2, 51}, `the state "b" is running already`},
		{load + "follow: {states: {running: [a, a]}}\n", [2]int{2, 32}, `the state "a" is running already`},
		{load + "follow: {states: {completed: [Failed]}}\n", [2]int{2, 31}, "is failed where `failed` is left out"},
		{load + "follow: {states: {completed: [], failed: []}}\n", [2]int{2, 18}, "no state ends an execution"},
		{load + "follow: false\nthresholds: ['count(lost) == 0']\n", [2]int{3, 14}, "not followed"},
		{load + "name: ${HOME\n", [2]int{2, 7}, "not closed"},
		{load + "name: ${1}\n", [2]int{2, 7}, "no name of an environment variable"},
	} {
		found := problems(t, c.text)
		i := slices.IndexFunc(found, func(p document.Problem) bool { return strings.Contains(p.Message, c.want) })
		if i < 0 {
			t.Errorf("%q: found %v, want a problem that says %q", c.text, found, c.want)
			continue
		}
		if p := found[i]; p.Line != c.place[0] || p.Column != c.place[1] {
			t.Errorf("%q: %q is reported at %d:%d, want %d:%d", c.text, p.Message, p.Line, p.Column, c.place[0], c.place[1])
		}
	}
}

// The file that the format was made for means what it looks like.
func TestExample(t *testing.T) {
	data, err := os.ReadFile("testdata/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse("testdata/example.yaml", data, description(t), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(1)
	if err != nil {
		t.Fatal(err)
	}
	want := []results.Phase{
		{Name: "warmup", Shape: "20/s", Warmup: true, Steady: true, StartSeconds: 0, Seconds: 5},
		{Name: "constant", Shape: "100/s", Steady: true, StartSeconds: 5, Seconds: 30},
		{Name: "ramp", Shape: "ramp 100/s → 400/s", StartSeconds: 35, Seconds: 60},
		{Name: "steps@100/s", Of: "steps", Shape: "100/s", Steady: true, StartSeconds: 95, Seconds: 60},
		{Name: "steps@200/s", Of: "steps", Shape: "200/s", Steady: true, StartSeconds: 155, Seconds: 60},
		{Name: "steps@300/s", Of: "steps", Shape: "300/s", Steady: true, StartSeconds: 215, Seconds: 60},
		{Name: "steps@400/s", Of: "steps", Shape: "400/s", Steady: true, StartSeconds: 275, Seconds: 60},
		{Name: "steps@500/s", Of: "steps", Shape: "500/s", Steady: true, StartSeconds: 335, Seconds: 60},
		{Name: "sine", Shape: "sine 200/s ± 100/s every 1m", PeriodSeconds: 60, StartSeconds: 395, Seconds: 300},
		{Name: "spike@50/s", Of: "spike", Shape: "50/s", Steady: true, StartSeconds: 695, Seconds: 20},
		{Name: "spike@1000/s", Of: "spike", Shape: "1000/s", Steady: true, StartSeconds: 715, Seconds: 5},
		{Name: "spike@50/s-2", Of: "spike", Shape: "50/s", Steady: true, StartSeconds: 720, Seconds: 35},
	}
	if !slices.Equal(s.Labels.Phases, want) {
		t.Errorf("the phases are\n%+v, want\n%+v", s.Labels.Phases, want)
	}
	// 20·5, 100·30, (100+400)/2·60, 100·60 … 500·60, 200·300, 50·20, 1000·5, 50·35
	for i, n := range []uint64{100, 3000, 15000, 6000, 12000, 18000, 24000, 30000, 60000, 1000, 5000, 1750} {
		var got uint64
		for _, c := range p.Planned[i] {
			got += c
		}
		if got != n {
			t.Errorf("phase %s plans %d calls, want %d", want[i].Name, got, n)
		}
	}
	if p.Calls != 175850 || p.Seconds != 755 || p.PeakRate() != 1000 {
		t.Errorf("the plan has %d calls in %g s, at most %g/s; want 175850, 755, 1000", p.Calls, p.Seconds, p.PeakRate())
	}
	if want := (Limits{30 * time.Second, 2000, 200_000, 10 * time.Millisecond, 0, 256}); s.Limits != want {
		t.Errorf("the limits are %+v, want %+v", s.Limits, want)
	}
	if want := []results.Threshold{{Expr: "p99(latency) < 800ms"}, {Expr: "rate(errors){tier=Lite} < 0.1%", Abort: true, AfterSeconds: 10}}; !slices.Equal(metrics.Written(s.Thresholds), want) {
		t.Errorf("the thresholds are %+v, want %+v", s.Thresholds, want)
	}
	if c := s.Provider; c.Workers != 64 || c.Queue != 256 || c.Faults != (provider.Faults{HTTP500: 0.001}) || len(c.Latency) != 2 {
		t.Errorf("the provider is %+v", c)
	}
	if got := string(s.Feeders["skills.csv"]); got != "id\nskill_1\nskill_2\n" {
		t.Errorf("of the file of data %q is kept with the scenario", got)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestEnvironment(t *testing.T) {
	env := map[string]string{"RATE": "7/s", "EMPTY": "", "URL": "http://127.0.0.1:1"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	s, err := Parse("test.yaml", []byte(`
name: "a${EMPTY}b"
target: ${URL}
load: [{rate: "${RATE}", for: "${FOR:-3s}"}]
mix: {content: [{items: [text]}]}
data: {text: {template: "$${HOME} $RATE ${EMPTY:-x}"}}
`), description(t), lookup)
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "ab" || s.Target != "http://127.0.0.1:1" || s.Labels.Phases[0].Shape != "7/s" || s.Labels.Phases[0].Seconds != 3 {
		t.Errorf("found %q, %q, %+v", s.Name, s.Target, s.Labels.Phases)
	}
	p := must(s.Plan(1))
	body, _ := p.AppendBody(nil, 0)
	if !bytes.Contains(body, []byte(`"${HOME} $RATE x"`)) {
		t.Errorf("the text is %s", body)
	}
	if bytes.Contains(s.Source, []byte("127.0.0.1")) {
		t.Error("what is kept of the scenario has the environment's values in it")
	}
	got := problems(t, "load: [{rate: \"${NOPE}\", for: 1s}]")
	if len(got) != 1 || !strings.Contains(got[0].Message, "NOPE is not set") {
		t.Errorf("a missing variable gives %v", got)
	}
}

// Every shipped scenario can be planned, says which question it answers, and is known by its file's name.
func TestShipped(t *testing.T) {
	want := []string{"content-types", "mixed", "ramp", "smoke", "soak", "spike", "tiers"}
	if got := Shipped(); !slices.Equal(got, want) {
		t.Fatalf("the shipped scenarios are %v, want %v", got, want)
	}
	for _, name := range Shipped() {
		data, ok := Open(name)
		if !ok {
			t.Fatalf("%s cannot be opened", name)
		}
		s, err := Parse(name+".yaml", data, description(t), noEnv)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if s.Name != name {
			t.Errorf("%s.yaml is called %s", name, s.Name)
		}
		if q := Question(data); !strings.Contains(q, "?") || strings.Contains(q, "schema") {
			t.Errorf("%s opens with %q, which is no question", name, q)
		}
		if len(s.Thresholds) == 0 {
			t.Errorf("%s has no threshold: it cannot fail", name)
		}
		if _, err := s.Plan(1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, ok := Open("../go"); ok {
		t.Error("a name leads out of the folder")
	}
}

// A tier that the description gains is in a mix that names no tiers, and so is a content type.
func TestUnnamedMixIsTheWholeVocabulary(t *testing.T) {
	s := parse(t, "load: [{rate: 1/s, for: 1s}]")
	var classes []string
	for _, c := range s.Labels.Classes {
		classes = append(classes, c.Name)
	}
	want := []string{"text.Full", "text.Lite", "file.Full", "file.Lite", "skill.Full", "skill.Lite", "json.Full", "json.Lite"}
	if !slices.Equal(classes, want) {
		t.Errorf("the classes are %v, want %v", classes, want)
	}
}

// What a call takes from one file of data, it takes from one row, whichever properties and templates ask; a second item
// of a type has a row of its own.
func TestOneRowForOneCall(t *testing.T) {
	dir := t.TempDir()
	var rows strings.Builder
	for i := range 50 {
		fmt.Fprintf(&rows, "agent_%d,file_%d,skill_%d\n", i, i, i)
	}
	if err := os.WriteFile(filepath.Join(dir, "ids.csv"), []byte("agent,file,skill\n"+rows.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := Parse(filepath.Join(dir, "test.yaml"), []byte(`
load: [{rate: 100/s, for: 2s}]
mix: {tier: {default: 1}, content: [{items: [file, skill, file, skill]}], agentId: 50%}
data:
  agentId: {template: "a_{{agent}}_{{skill}}", from: ids.csv}
  file: {from: ./ids.csv, column: file}
  skill: {template: "{{skill}}", from: ids.csv}
`), description(t), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	p := must(s.Plan(1))
	number := regexp.MustCompile(`(?:agent|file|skill)_([0-9]+)`)
	same, distinct := 0, map[string]bool{}
	for n := range p.Calls {
		body, _ := p.AppendBody(nil, n)
		var found []string
		for _, m := range number.FindAllSubmatch(body, -1) {
			found = append(found, string(m[1]))
		}
		items := found[len(found)-4:]
		for _, agent := range found[:len(found)-4] {
			if agent != items[0] {
				t.Errorf("%s: the agent's row is not the first items'", body)
			}
		}
		if items[0] != items[1] || items[2] != items[3] {
			t.Errorf("%s: file and skill are not of one row", body)
		}
		if items[0] == items[2] {
			same++
		}
		distinct[items[0]] = true
		if again, _ := p.AppendBody(nil, n); !bytes.Equal(again, body) {
			t.Errorf("call %d is %s and %s", n, body, again)
		}
	}
	if same > 20 || len(distinct) < 40 {
		t.Errorf("of %d calls, %d have the same row for both items; %d rows were taken", p.Calls, same, len(distinct))
	}
}

func TestFeeders(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("ids.csv", "\ufeffname,id\n\"a, b\",\"id \"\"1\"\"\"\nc,id_2\n")
	write("ids.jsonl", "{\"id\": 17, \"name\": \"x\"}\n\n{\"id\": \"seventeen\", \"name\": 1.50}\n")
	write("bad.csv", "id\n\"open\n")
	write("bad.jsonl", "{\"id\": 1}\n[]\n")
	write("empty.csv", "id\n")
	bodies := func(data string) map[string]bool {
		t.Helper()
		s, err := Parse(filepath.Join(dir, "test.yaml"), []byte("load: [{rate: 100/s, for: 1s}]\nmix: {tier: {default: 1}, content: [{items: [file]}]}\ndata: {file: "+data+"}\n"), description(t), noEnv)
		if err != nil {
			t.Fatal(err)
		}
		p := must(s.Plan(1))
		got := map[string]bool{}
		for n := range p.Calls {
			body, _ := p.AppendBody(nil, n)
			_, id, _ := bytes.Cut(body, []byte(`"id":`))
			got[strings.TrimSuffix(string(id), "}]}")] = true
		}
		return got
	}
	for _, c := range []struct {
		data string
		want []string
	}{
		{"{from: ids.csv, column: id}", []string{`"id \"1\""`, `"id_2"`}},
		{"{from: ids.jsonl, column: id}", []string{`"17"`, `"seventeen"`}},
		{"{template: '{{name}}/{{id}}', from: ids.csv}", []string{`"a, b/id \"1\""`, `"c/id_2"`}},
		{"{template: '{{ name }}', from: ids.jsonl}", []string{`"x"`, `"1.50"`}},
	} {
		if got := slices.Sorted(maps.Keys(bodies(c.data))); !slices.Equal(got, slices.Sorted(slices.Values(c.want))) {
			t.Errorf("%s gives %v, want %v", c.data, got, c.want)
		}
	}
	if got := bodies("{template: 'call {{seq}}'}"); len(got) != 100 || !got[`"call 42"`] {
		t.Errorf("{{seq}} gives %d values", len(got))
	}
	if got := bodies("{template: '{{uuid}}'}"); len(got) != 100 {
		t.Errorf("{{uuid}} gives %d values", len(got))
	}
	// A hole in the data is no id: what is there is said with its line.
	write("holes.jsonl", "{\"id\": \"file_1\"}\n{\"id\": null}\n{\"id\": true}\n{\"id\": {\"a\": 1}}\n{\"id\": [1]}\n{\"id\": \" \"}\n{\"id\": \"\"}\n{\"id\": false}\n")
	write("blank.csv", "id,name\nfile_1,x\n,y\nfile_3,z\n")
	write("lacks.jsonl", "{\"id\": \"a\"}\n{\"name\": \"b\"}\n")
	write("twice.csv", "id,id\na,b\n")
	write("twice.jsonl", "{\"id\": \"a\", \"id\": \"b\"}\n")
	write("é.csv", "\ufeffname,id\né,f\né,\n\"a\nb\",\nc,d\n")
	write("rows.csv", "id,name\na,b\nc\n")
	write("quotes.csv", "id\né\"b\n")
	write("list.jsonl", "{\"id\": 1}\n[1]\n")
	write("bytes.csv", "name,id\né,\xff\n")
	write("latin.jsonl", "{\"id\": \"\xe9\"}\n")
	for _, c := range []struct{ data, want string }{
		{"{from: holes.jsonl, column: id}", `holes.jsonl:2:8 has null in the column "id"; holes.jsonl:3:8 has a boolean in the column "id"; ` +
			`holes.jsonl:4:8 has an object in the column "id"; holes.jsonl:5:8 has a list in the column "id"; 3 more are like that`},
		{"{template: 'x_{{id}}', from: holes.jsonl}", `holes.jsonl:2:8 has null in the column "id"`},
		{"{from: blank.csv, column: id}", `blank.csv:3:1 has a blank in the column "id"; leave such rows out`},
		{"{template: '{{name}}{{id}}', from: blank.csv}", `blank.csv:3:1 has a blank in the column "id"`},
		{"{from: lacks.jsonl, column: id}", `lacks.jsonl:2:1 has no column "id"`}, {"{from: twice.csv, column: id}", `the column "id" is there twice`},
		{"{from: twice.jsonl, column: id}", `twice.jsonl:1:13: this line is no JSON object, as each line is to be: the key "id" stands twice`}, {"{from: latin.jsonl, column: id}", "latin.jsonl:1:9: this line is no JSON object, as each line is to be: a string is not valid UTF-8"},
		{"{from: é.csv, column: id}", `é.csv:3:3 has a blank in the column "id"; é.csv:5:4 has a blank in the column "id"; leave`},
		{"{from: rows.csv, column: id}", "rows.csv:3:1: this is not CSV: wrong number of fields"}, {"{from: quotes.csv, column: id}", `quotes.csv:2:2: this is not CSV: bare "`},
		{"{from: list.jsonl, column: id}", "list.jsonl:2:1: this line is no JSON object, as each line is to be: found another value"}, {"{from: bytes.csv, column: id}", "bytes.csv:2:3: this value is not UTF-8 text"},
		{"{template: 'call {{seq}}', from: ids.csv}", "the template takes no column of the file"},
	} {
		_, err := Parse(filepath.Join(dir, "test.yaml"), []byte("load: [{rate: 1/s, for: 1s}]\ndata: {file: "+c.data+"}\n"), description(t), noEnv)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s gives %v, want %s", c.data, err, c.want)
		}
	}
	for _, name := range []string{"bad.csv", "bad.jsonl", "empty.csv"} {
		_, err := Parse(filepath.Join(dir, "test.yaml"), []byte("load: [{rate: 1/s, for: 1s}]\ndata: {file: {from: "+name+", column: id}}\n"), description(t), noEnv)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s gives %v", name, err)
		}
	}
}

// Texts have the lengths that were asked for: half of a lognormal is above its median, one in a hundred above its p99.
func TestLengths(t *testing.T) {
	s := parse(t, `
load: [{rate: 10000/s, for: 2s}]
mix: {tier: {default: 1}, content: [{items: [text]}]}
data: {text: {length: {median: 400, p99: 4000}}}
`)
	p := must(s.Plan(3))
	above := map[int]float64{}
	for n := range p.Calls {
		body, _ := p.AppendBody(nil, n)
		length := len(body) - len(`{"content":[{"type":"text","text":""}]}`)
		for _, limit := range []int{400, 4000} {
			if length > limit {
				above[limit]++
			}
		}
	}
	for limit, share := range map[int]float64{400: 0.5, 4000: 0.01} {
		if got := above[limit] / float64(p.Calls); math.Abs(got-share) > 5*math.Sqrt(share*(1-share)/float64(p.Calls)) {
			t.Errorf("%.4f of the texts are longer than %d, want %.4f", got, limit, share)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range Shipped() {
		data, _ := Open(name)
		f.Add(data)
	}
	for _, name := range []string{"testdata/example.yaml", "testdata/broken.yaml"} {
		f.Add(must(os.ReadFile(name)))
	}
	f.Add([]byte("load: [{rate: 9/s, for: 1s}]\nauth: {bearer: {from: skills.csv, column: id}}\nheaders: {X-A: {from: skills.csv, column: name}}\ndata: {skill: {from: skills.csv, column: name}}"))
	f.Add([]byte("load: &a [{rate: 1/s, for: 1s}, *a]"))
	f.Add([]byte("data: {json: {values: [&x {a: 1}, *x]}}\nload: [{callers: 3, for: 1s}]\nmix: {invalid: 100%}"))
	d := description(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("testdata/fuzz.yaml", data, d, func(string) (string, bool) { return "1", true })
		if err != nil {
			var invalid *document.InvalidError
			if !errors.As(err, &invalid) || len(invalid.Problems) == 0 {
				t.Fatalf("the error is %#v", err)
			}
			for _, p := range invalid.Problems {
				if p.Line < 1 || p.Column < 1 || p.Width < 0 || p.Message == "" {
					t.Fatalf("a problem has no place: %+v", p)
				}
			}
			if !utf8.ValidString(err.Error()) || strings.ContainsAny(err.Error(), "\x1b\r\x00") {
				t.Fatalf("the message is not fit for a terminal: %q", err.Error())
			}
			return
		}
		if s.Limits.Calls > 10_000 {
			s.Limits.Calls = 10_000
		}
		p, err := s.Plan(1)
		if err != nil {
			return
		}
		for n := range min(p.MaxCalls(), 50) {
			body, class := p.AppendBody(nil, n)
			if row := p.Tenant(n); row < 0 || row >= max(1, p.Carried.Tenants.Rows()) {
				t.Fatalf("call %d is of row %d", n, row)
			}
			if _, violation := d.ReadRequest(body); (violation != nil) != s.Labels.Classes[class].Invalid {
				t.Fatalf("call %d of class %s: %v\n%s", n, s.Labels.Classes[class].Name, violation, body)
			}
		}
	})
}

// The editors' schema accepts what Parse accepts, and the file that is shipped is the one that the code makes.
func TestSchema(t *testing.T) {
	made := Schema(description(t))
	golden(t, "scenario.schema.json", made)
	for _, name := range append(Shipped(), "testdata/example") {
		data := must(os.ReadFile(name + ".yaml"))
		if err := validate(t, made, data); err != nil {
			t.Errorf("%s.yaml: %v", name, err)
		}
	}
	if err := validate(t, made, must(os.ReadFile("testdata/broken.yaml"))); err == nil {
		t.Error("broken.yaml is accepted")
	}
	for _, text := range []string{
		"auth: {bearer: {from: t.csv, column: token}}", "auth: {bearer: {token: {from: t.csv, column: token}}}",
		"auth: {basic: {username: {from: t.csv, column: token}, password: {from: t.csv, column: token}}}",
		"auth: {apiKey: {in: query, name: k, value: {from: t.csv, column: token}}}", "headers: {X-A: {from: t.csv, column: token}, X-B: b}",
	} {
		if err := validate(t, made, []byte("load: [{rate: 1/s, for: 1s}]\n"+text)); err != nil {
			t.Errorf("the schema refuses %q: %v", text, err)
		}
		if _, err := inFolder(t, text+"\n", map[string]string{"t.csv": "token\nhush-1\n"}); err != nil {
			t.Errorf("Parse refuses %q: %v", text, err)
		}
	}
	for _, text := range []string{
		"load: [{rate: 1/s, for: 1s}]\nfollow: true", "load: [{rate: 1/s, for: 1s}]\nfollow: false", "load: [{rate: 1/s, for: 1s}]\nfollow: {}",
		"load: [{rate: 1/s, for: 1s}]\nfollow: {operation: 'GET /v1/runs/{id}', state: /state, session: '', same: /run/id, " +
			"states: {waiting: [queued], running: [1, 2], completed: [done], failed: []}, sample: 20%, for: 10m, polls: 50/s, within: 5%}",
		"load: [{rate: 1/s, for: 1s}]\nprovider: {executions: {workers: 8, queue: 1000, time: 2s, failed: 2%, lost: 1%, stuck: 0.5%, order: fifo}}",
		"load: [{rate: 1/s, for: 1s}]\nprovider: {executions: {workers: 8, time: {Full: 'lognormal(2s, 0.3)', Lite: 1s}, order: {Full: 1, Lite: 3}}, webhooks: {url: 'http://127.0.0.1:1/', secret: '{env:X}', late: {share: 1%, for: 1s}, unknownId: 1%}}",
	} {
		if err := validate(t, made, []byte(text)); err != nil {
			t.Errorf("the schema refuses %q: %v", text, err)
		}
		if list := problems(t, text); len(list) > 0 {
			t.Errorf("Parse refuses %q: %v", text, list)
		}
	}
	for _, text := range []string{
		"load: [{rate: 1/s, for: 1s}]\nfollow: yes", "load: [{rate: 1/s, for: 1s}]\nfollow: {operation: DELETE /runs}",
		"load: [{rate: 1/s, for: 1s}]\nfollow: {state: status}", "load: [{rate: 1/s, for: 1s}]\nfollow: {states: {done: [a]}}",
		"load: [{rate: 1/s, for: 1s}]\nprovider: {executions: {order: lifo}}", "load: [{rate: 1/s, for: 1s}]\nprovider: {executions: {workers: 1}, webhooks: {secret: hush}}",
		"load: [{rate: 1/s, for: 1s}]\nauth: {bearer: {from: t.csv}}", "load: [{rate: 1/s, for: 1s}]\nheaders: {X-A: {column: token}}",
		"load: []", "load: [{rate: 100, for: 1s}]", "load: [{rate: 1/s}]", "load: [{rate: 1/s, callers: 3, for: 1s}]", "lod: []",
		"load: [{rate: 1/s, for: 1s}]\nmix: {tier: {Ful: 1}}", "load: [{rate: 1/s, for: 1s}]\nmix: {content: [{items: [tekst]}]}",
		"load: [{rate: 1/s, for: 1s}]\nlimits: {inFlight: 0}",
	} {
		if validate(t, made, []byte(text)) == nil {
			t.Errorf("the schema accepts %q", text)
		}
		if len(problems(t, text)) == 0 {
			t.Errorf("Parse accepts %q", text)
		}
	}
}

func decodeYAML(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := yaml.Load(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
