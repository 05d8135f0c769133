package gate

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/paired"
	"github.com/kaizenautomation/andon/scenarios/search"
	"github.com/kaizenautomation/andon/scenarios/targets"
)

var update = flag.Bool("update", false, "rewrite the schemas")

func described(t testing.TB) *contracts.Description {
	t.Helper()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const whole = `target: staging
targets: ops/targets.yaml
deviations: known.yaml
fleet: 4
description: {base: released.yaml}
verify: {strict: [http, json], rate: max}
load: {scenario: ./peak.yaml}
compare: {baseline: mixed.baseline, scenario: mixed, runs: 7, tolerance: 'p99=10%,errors=0.5pp', failOnUnknown: true}
capacity: {need: 120/s, headroom: 20%, calls: 5_000, time: 2m}
`

// Files are beside the gate's, but for scenarios that come with andon.
func TestParse(t *testing.T) {
	a, err := Parse("ci/gate.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	want := Asked{
		Target: "staging", Targets: "ci/ops/targets.yaml", Deviations: "ci/known.yaml", Fleet: 4, Description: &Description{Base: "ci/released.yaml"},
		Verify: &Verify{Strict: []string{"http", "json"}, Rate: math.Inf(1)}, Load: &Load{Scenario: "ci/peak.yaml"},
		Compare:  &Compare{Scenario: "mixed", Baseline: "ci/mixed.baseline", Runs: 7, Tolerance: "p99=10%,errors=0.5pp", NeedAnswer: true},
		Capacity: &Capacity{Need: 120, Headroom: 0.2, Calls: 5000, Time: 2 * time.Minute},
	}
	for name, place := range map[string]string{
		"staging": "ci/gate.yaml:1:9", "ci/ops/targets.yaml": "ci/gate.yaml:2:10", "ci/released.yaml": "ci/gate.yaml:5:21", "ci/peak.yaml": "ci/gate.yaml:7:18",
		"mixed": "ci/gate.yaml:8:47", "ci/mixed.baseline": "ci/gate.yaml:8:21",
	} {
		if err := a.Blame(name, errors.New("it is not there")); err.Error() != place+": it is not there" {
			t.Errorf("%s: %v, want %s", name, err, place)
		}
	}
	if err := a.Blame("by a flag", io.EOF); err != io.EOF || a.Blame("staging", nil) != nil {
		t.Errorf("what the file does not name, or is not wrong, is blamed: %v", err)
	}
	if a.places = nil; !reflect.DeepEqual(a, want) {
		t.Errorf("it is read as %+v", a)
	}
	if a, err := Parse("ci/gate.yaml", []byte("compare: {scenario: mixed, against: deployed}\n")); err != nil || a.Compare.Against != "deployed" || a.Compare.Baseline != "" {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := Parse("gate.yaml", []byte("load: {scenario: ./peak.yaml}\n")); err != nil || a.Load.Scenario != "./peak.yaml" {
		t.Errorf("%+v, %v", a, err)
	}
	for _, c := range []struct{ text, want string }{
		{"", "needs at least one part"}, {"{}", "expected at least one part"}, {"target: x\n", "expected at least one part"}, {"compare: {baseline: x}\n", "expected scenario in compare"},
		{"capacity: {need: 5/s}\n", "expected scenario in capacity"}, {"capacity: {need: 0/s, scenario: mixed}\n", "gate.yaml:1:18: expected a rate above 0"}, {"load: {}\n", "expected scenario"},
		{"verify:\n", "expected the part verify"}, {"load: {scenario: ''}\n", "found nothing"},
		{"compare: {scenario: mixed, baseline: x, against: y}\n", "gate.yaml:1:50: expected either against or baseline"}, {"compare: {scenario: mixed}\n", "expected baseline, a file of runs to compare with"},
		{"compare: {scenario: mixed, against: y, runs: 3}\n", "expected no runs beside against"}, {"compare: {scenario: mixed, against: ' '}\n", "found nothing"},
		{"capacity: {}\nload: {scenario: mixed}\n", "expected need"}, {"fleet: 1001\nload: {scenario: mixed}\n", "a whole number from 1 to 1000"}, {"fleet: 3\n", "expected at least one part"}, {"verfy: {}\n", `did you mean "verify"?`},
	} {
		if _, err := Parse("gate.yaml", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

// conforms holds YAML against a schema.
func conforms(t testing.TB, schema []byte, text string) error {
	t.Helper()
	doc, root, ok := document.Parse("x.yaml", "", []byte(text), nil)
	if !ok {
		return doc.Err()
	}
	data, ok := root.JSON()
	if !ok {
		return doc.Err()
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("a.json", parsed); err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("a.json").Validate(value)
}

// What the schema allows is read, and what it forbids is refused; and the files that ship are those of the code.
func TestSchema(t *testing.T) {
	for _, text := range []string{
		whole, string(begin), "verify: {}\n", "verify: {rate: 5/s, strict: [all]}\n", "verify: {rate: 5}\n", "verify: {strict: [htp]}\n", "load: {scenario: smoke}\n", "load: {}\n", "target: x\n",
		"load: {scenario: smoke}\ncapacity: {need: 5}\n", "load: {scenario: smoke}\ncapacity: {need: 5/s, headroom: 0.2}\n", "load: {scenario: smoke}\ncompare: {}\n", "load: {scenario: smoke}\ncompare: {against: x}\n", "load: {scenario: smoke}\ncompare: {against: x, baseline: y}\n",
		"load: {scenario: smoke}\ncompare: {against: x, runs: 3}\n", "load: {scenario: smoke}\ncompare: {against: '', tolerance: p99=5%}\n", "lod: {scenario: smoke}\n",
		"load: {scenario: smoke}\ncompare: {baseline: x, runs: 0}\n", "load: {scenario: smoke}\ncompare: {baseline: x, runs: 3}\n", "load: {scenario: smoke}\ncapacity: {need: 5/s, time: 30s}\n",
		"load: {scenario: smoke}\nfleet: 2\n", "load: {scenario: smoke}\nfleet: 0\n", "load: {scenario: smoke}\nfleet: 1001\n", "load: {scenario: smoke}\nfleet: '2'\n",
	} {
		_, wrong := Parse("gate.yaml", []byte(text))
		if err := conforms(t, Schema(), text); (err == nil) != (wrong == nil) {
			t.Errorf("%q is read with %v, and by the schema with %v", text, wrong, err)
		}
	}
	for name, schema := range map[string][]byte{"gate.schema.json": Schema(), "targets.schema.json": targets.Schema(described(t))} {
		path := filepath.Join("..", name)
		if *update {
			if err := os.WriteFile(path, schema, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, schema) {
			t.Errorf("%s is not what the code says; run the test with -update: %v", name, err)
		}
	}
	const some = "targets: {a: {url: 'https://a.example', token: '{env:X}', caps: {rate: 5/s, runsPerDay: 7, costPerDay: 1.5}, cost: {unit: EUR, tiers: {Full: 1}}, production: true}}\n"
	if err := conforms(t, targets.Schema(described(t)), some); err != nil {
		t.Error(err)
	}
}

// A gate to begin with is written once.
func TestInit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gate.yaml")
	if err := Init(path); err != nil {
		t.Fatal(err)
	}
	if a, err := Open(path); err != nil || a.Verify == nil || a.Load == nil {
		t.Errorf("%+v, %v", a, err)
	}
	if err := Init(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("it is written over: %v", err)
	}
}

// Only times, and only by no more than chance can do, are worth another try.
func TestByChance(t *testing.T) {
	value := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		expr     string
		found    float64
		unit     string
		interval *metrics.Interval
		want     bool
	}{
		{"p99(latency) < 200ms", 0.21, metrics.Seconds, nil, true},
		{"p99(latency) < 200ms", 0.24, metrics.Seconds, nil, false},
		{"p99(latency) < 200ms", 0.24, metrics.Seconds, &metrics.Interval{Low: 0.19, High: value(0.3)}, true},
		{"p99(latency) < 200ms", 0.21, metrics.Seconds, &metrics.Interval{Low: 0.205, High: value(0.3)}, false},
		{"p99(latency){tier=Full} < 200ms", 0.21, metrics.Seconds, &metrics.Interval{Low: 0.205}, true},
		{"mean(service) < 200ms", 0.21, metrics.Seconds, &metrics.Interval{Low: 0.205}, true},
		{"rate(errors) < 1%", 0.0101, metrics.Ratio, nil, false},
		{"rate(violations) < 1%", 0.0101, metrics.Ratio, nil, false},
		{"p99(latency) > 200ms", 0.19, metrics.Seconds, nil, false},
	} {
		parsed, err := metrics.ParseThreshold(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		s := summary.Summary{Intervals: &metrics.Intervals{Latency: metrics.LatencyIntervals{P99: c.interval}}}
		th := summary.Threshold{Outcome: metrics.Outcome{Expr: c.expr, Value: &c.found, Unit: c.unit, Samples: 5000}, Parsed: parsed}
		if got := byChance(s, th); got != c.want {
			t.Errorf("%s, found %v in %v: %t", c.expr, c.found, c.interval, got)
		}
		s.Verdict, s.Thresholds, s.Run.End.Reason = summary.Verdict{Status: summary.Fail, Causes: []string{c.expr}}, []summary.Threshold{th}, results.Finished
		if _, mend, chance := new(Plan).judged(s); chance != c.want || mend == "" {
			t.Errorf("%s: to be repeated: %t, %q", c.expr, chance, mend)
		}
		// Another cause beside it is no chance.
		s.Verdict.Causes = append(s.Verdict.Causes, "no call succeeded")
		if _, _, chance := new(Plan).judged(s); chance {
			t.Errorf("%s: it is repeated though no call succeeded", c.expr)
		}
	}
}

// What two targets may be sent in turn is all that is planned, each by its own slices, and is counted so.
func TestShares(t *testing.T) {
	s, err := scenarios.Parse("x.yaml", []byte("load: [{rate: 40/s, for: 42s}]\nmix: {invalid: 10%}\n"), described(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan(3)
	if err != nil {
		t.Fatal(err)
	}
	order := paired.Order(plan.Seed)
	most, against := shares(plan, order)
	if all := uses(plan); most.calls+against.calls != all.calls || most.runs.Total()+against.runs.Total() != all.calls || most.seconds != all.seconds || against.seconds != all.seconds {
		t.Errorf("of %v, one may be sent %v and the other %v", all, most, against)
	}
	var sent, other spend
	for n := range plan.Calls {
		due := plan.Due(n)
		row := results.Row{N: uint32(n), Due: due, Class: uint16(plan.Class(n)), Status: 202}
		if order(due) {
			sent.observe(plan.Labels, row)
		} else {
			other.observe(plan.Labels, row)
		}
	}
	sent.seconds, other.seconds = most.seconds, against.seconds
	if !reflect.DeepEqual(sent, most) || !reflect.DeepEqual(other, against) {
		t.Errorf("%v and %v were planned, and %v and %v sent", most, against, sent, other)
	}
}

// Where the sender was the limit, more load of the same kind would not help.
func TestLimitedInTurn(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "b"), 0o777); err != nil {
		t.Fatal(err)
	}
	agg := metrics.New(results.Labels{}, nil, metrics.Tolerance)
	s := summary.Summarize(results.Manifest{}, nil, nil, results.End{Reason: results.Finished}, agg)
	r := compare.Report{Schema: compare.Schema, Verdict: summary.Verdict{Status: summary.NoVerdict, ExitCode: 3, Causes: []string{"Calls were held up."}}}
	for status, want := range map[string]string{metrics.GeneratorLimited: "that has nothing else to do", metrics.Valid: "go on for longer"} {
		s.Validity.Status = status
		if err := summary.Write(filepath.Join(dir, "b"), s); err != nil {
			t.Fatal(err)
		}
		if m := new(Plan).inTurn(made{}, r, dir, nil); !strings.Contains(m.mend, want) {
			t.Errorf("%s: %q", status, m.mend)
		}
	}
}

// Whatever was sent and was not turned away may have started a run.
func TestBegun(t *testing.T) {
	for _, c := range []struct {
		trial sizing.Trial
		want  uint64
	}{
		{sizing.Trial{Calls: 100, Status: map[string]uint64{"200": 100}}, 100},
		{sizing.Trial{Calls: 100, Status: map[string]uint64{"200": 60, "500": 20}}, 100}, // 20 were given up
		{sizing.Trial{Calls: 100, Shed: 0.3, Status: map[string]uint64{"200": 70, "429": 30}}, 70},
		{sizing.Trial{Calls: 100, Shed: 0.3, Status: map[string]uint64{"200": 60, "429": 10, "503": 20, "404": 5}}, 65},
		{sizing.Trial{}, 0},
	} {
		if got := begun(sizing.Report{Trials: []sizing.Trial{c.trial, {Calls: 1}}}); got != c.want+1 {
			t.Errorf("%+v: %d runs, want %d", c.trial, got-1, c.want)
		}
	}
}

// A budget of a search is refused where it cannot turn the part green, all of it at once.
func TestShort(t *testing.T) {
	s, err := scenarios.Parse("x.yaml", []byte("load: [{rate: 40/s, for: 5s}]\nthresholds: [p99(latency) < 500ms]\n"), described(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		need    float64
		calls   uint64
		time    time.Duration
		refused string
	}{
		{20, 0, 2 * time.Minute, ""}, {20, 5000, 2 * time.Minute, ""}, {2000, 0, time.Minute, ""},
		{20, 0, 20 * time.Second, "time"}, {20, 300, 2 * time.Minute, "calls"}, {20, 300, 20 * time.Second, "time calls"}, {90000, 0, 11 * time.Minute, "calls"},
	} {
		err := short(search.Config{Scenario: s, Need: c.need, Confidence: confidence, Seconds: c.time.Seconds()}, c.calls, c.time)
		var found []string
		for _, key := range []string{"time", "calls"} {
			if err != nil && strings.Contains(err.Error(), "write more under "+key+",") {
				found = append(found, key)
			}
		}
		if strings.Join(found, " ") != c.refused {
			t.Errorf("%v: %v, want %q", c, err, c.refused)
		}
	}
}

// Calls that are given to tiers are all of them, and those of a plan are its runs.
func TestShared(t *testing.T) {
	s, err := scenarios.Parse("x.yaml", []byte("load: [{rate: 40/s, for: 5s}]\nmix: {invalid: 10%}\n"), described(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan(1)
	if err != nil {
		t.Fatal(err)
	}
	if of := runsOf(plan); of.Total() != plan.Calls || of[""] == 0 || of["Full"] == 0 {
		t.Errorf("the plan of %d calls may start %v", plan.Calls, of)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(0, 1_000_000).Draw(t, "calls")
		if got := shared(plan, n).Total(); got != n {
			t.Fatalf("%d calls are shared as %d", n, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add(begin)
	f.Add([]byte("compare: {runs: 1e9}\ncapacity: &a {need: 5/s}\nload: *a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Parse("gate.yaml", data)
		if err == nil && a.Empty() {
			t.Fatalf("%q asks nothing", data)
		}
	})
}
