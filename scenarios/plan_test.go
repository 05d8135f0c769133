package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
)

// Call n is a function of the scenario, the seed and n: whoever asks, in whatever order and however often, gets the
// same.
func TestHitsArePure(t *testing.T) {
	s := parse(t, string(must(openShipped("mixed"))))
	a, b := must(s.Plan(7)), must(s.Plan(7))
	type call struct {
		body  string
		class int
		due   time.Duration
	}
	at := func(p *Plan, n uint64) call {
		body, class := p.AppendBody(nil, n)
		if c := p.Class(n); c != class {
			t.Errorf("call %d is of class %d and of class %d", n, c, class)
		}
		return call{string(body), class, p.Due(n)}
	}
	want := make([]call, a.Calls)
	for n := range want {
		want[n] = at(a, uint64(n))
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range b.Calls {
				n := (i*7919 + uint64(worker)*131) % b.Calls
				if got := at(b, n); got != want[n] {
					t.Errorf("call %d is %+v, want %+v", n, got, want[n])
					return
				}
			}
		})
	}
	wg.Wait()
	other := must(s.Plan(8))
	same := 0
	for n := range uint64(200) {
		if at(other, n).body == want[n].body {
			same++
		}
	}
	if same > 5 {
		t.Errorf("%d of 200 bodies are the same with another seed", same)
	}
}

// openShipped is Open with an error, for must.
func openShipped(name string) ([]byte, error) {
	data, ok := Open(name)
	if !ok {
		return nil, fmt.Errorf("no scenario %s", name)
	}
	return data, nil
}

// Over 10,000 calls the shares are what the mix says, within five standard deviations, and every body of a valid class
// conforms, every other does not.
func TestShares(t *testing.T) {
	s := parse(t, `
load: [{rate: 1000/s, for: 10s}]
mix:
  tier: {Full: 25, Lite: 65, default: 10}
  content:
    - {weight: 50, items: [text]}
    - {weight: 15, items: [text, file]}
    - {weight: 20, items: [skill, json, json]}
    - {weight: 5, items: []}
    - {weight: 10, items: none}
  agentId: 60%
  archiveSessionFiles: 10%
  summarySchema: 5%
  invalid: 2%
data:
  agentId: {ids: [agent_1, agent_2]}
`)
	p := must(s.Plan(42))
	if p.Calls != 10_000 {
		t.Fatalf("%d calls, want 10000", p.Calls)
	}
	d := description(t)
	seen := map[string]float64{}
	planned := make([]uint64, len(s.Labels.Classes))
	for n := range p.Calls {
		body, class := p.AppendBody(nil, n)
		planned[class]++
		label := s.Labels.Classes[class]
		_, violation := d.ReadRequest(body)
		if label.Invalid {
			seen["invalid"]++
			if violation == nil {
				t.Fatalf("call %d is invalid by plan, and conforms: %s", n, body)
			}
			continue
		}
		if violation != nil {
			t.Fatalf("call %d: %v\n%s", n, violation, body)
		}
		var call struct {
			KaizenVersion *string           `json:"kaizenVersion"`
			Content       []json.RawMessage `json:"content"`
			AgentID       *string           `json:"agentId"`
			Archive       *bool             `json:"archiveSessionFiles"`
			SummarySchema map[string]any    `json:"summarySchema"`
		}
		if err := json.Unmarshal(body, &call); err != nil {
			t.Fatal(err)
		}
		tier := "default"
		if call.KaizenVersion != nil {
			tier = *call.KaizenVersion
		}
		var types []string
		for _, item := range call.Content {
			var typed struct{ Type string }
			if err := json.Unmarshal(item, &typed); err != nil {
				t.Fatal(err)
			}
			types = append(types, typed.Type)
		}
		content := strings.Join(types, "+")
		if content == "" {
			content = map[bool]string{true: "none", false: "empty"}[call.Content == nil]
		}
		if label.Name != content+"."+tier || label.Tier != tier || label.Content != content {
			t.Fatalf("call %d is called %+v and carries %s with tier %s", n, label, content, tier)
		}
		seen["tier "+tier]++
		seen["content "+content]++
		if call.AgentID != nil {
			seen["agentId"]++
			seen[*call.AgentID]++
		}
		if call.Archive != nil {
			seen["archive"]++
		}
		if call.SummarySchema != nil {
			seen["schema"]++
		}
	}
	if !slices.Equal(planned, p.Planned[0]) {
		t.Errorf("the plan counts %v by class, its calls are %v", p.Planned[0], planned)
	}
	const valid = 0.98
	for name, share := range map[string]float64{
		"invalid": 0.02, "tier Full": 0.25 * valid, "tier Lite": 0.65 * valid, "tier default": 0.10 * valid,
		"content text": 0.50 * valid, "content text+file": 0.15 * valid, "content skill+json+json": 0.20 * valid,
		"content empty": 0.05 * valid, "content none": 0.10 * valid,
		"agentId": 0.6 * valid, "agent_1": 0.3 * valid, "agent_2": 0.3 * valid, "archive": 0.1 * valid, "schema": 0.05 * valid,
	} {
		if got, n := seen[name]/float64(p.Calls), float64(p.Calls); math.Abs(got-share) > 5*math.Sqrt(share*(1-share)/n) {
			t.Errorf("the share of %s is %.4f, want %.4f", name, got, share)
		}
	}
}

// nano is openapi.yaml with a third tier and a fifth content type.
func nano(t *testing.T) *contracts.Description {
	t.Helper()
	text := string(andon.Spec)
	replace := func(old, new string) {
		t.Helper()
		if strings.Count(text, old) != 1 {
			t.Fatalf("openapi.yaml has %q %d times, want 1", old, strings.Count(text, old))
		}
		text = strings.Replace(text, old, new, 1)
	}
	replace("enum: [Full, Lite]", "enum: [Full, Lite, Nano]")
	replace("        - $ref: '#/components/schemas/JsonContent'\n", "        - $ref: '#/components/schemas/JsonContent'\n        - $ref: '#/components/schemas/UrlContent'\n")
	replace("    JsonContent:\n", `    UrlContent:
      type: object
      description: A page to read.
      required: [type, href]
      properties:
        type: {type: string, const: url, description: The kind of item.}
        href: {type: string, format: uri, description: Where the page is.}
    JsonContent:
`)
	text = strings.Replace(text, "          json: '#/components/schemas/JsonContent'\n", "          json: '#/components/schemas/JsonContent'\n          url: '#/components/schemas/UrlContent'\n", 1)
	d, err := contracts.Load("nano.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A tier and a content type that the description gains are sent by a mix that names none, can be named, given data and
// asked for in thresholds, and are in the editors' schema. No Go knows them.
func TestDescriptionIsTheVocabulary(t *testing.T) {
	d := nano(t)
	s, err := Parse("test.yaml", []byte("load: [{rate: 1000/s, for: 1s}]"), d, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	p := must(s.Plan(1))
	counts := map[string]uint64{}
	for n := range p.Calls {
		body, class := p.AppendBody(nil, n)
		counts[s.Labels.Classes[class].Name]++
		if _, violation := d.ReadRequest(body); violation != nil {
			t.Fatalf("call %d: %v\n%s", n, violation, body)
		}
	}
	if len(counts) != 15 || counts["url.Nano"] == 0 || counts["text.Nano"] == 0 || counts["url.Lite"] == 0 {
		t.Errorf("the classes are %v", slices.Sorted(maps.Keys(counts)))
	}
	s, err = Parse("test.yaml", []byte(`
load: [{rate: 100/s, for: 1s}]
mix: {tier: {Nano: 1}, content: [{items: [url, text]}]}
data: {url: {ids: ["https://example.com/a"]}}
thresholds: ["p99(latency){tier=Nano,content=url+text} < 1s"]
provider: {latency: {Nano: 1ms}}
`), d, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := must(s.Plan(1)).AppendBody(nil, 0)
	if !bytes.Contains(body, []byte(`{"type":"url","href":"https://example.com/a"}`)) || !bytes.Contains(body, []byte(`"kaizenVersion":"Nano"`)) {
		t.Errorf("the body is %s", body)
	}
	if schema := Schema(d); !bytes.Contains(schema, []byte(`"Nano"`)) || !bytes.Contains(schema, []byte(`"url"`)) {
		t.Error("the editors' schema does not know them")
	}
	if _, err := Parse("test.yaml", []byte("load: [{rate: 1/s, for: 1s}]\ndata: {url: {ids: ['not a uri']}}"), d, noEnv); err == nil {
		t.Error("a value that the description forbids is accepted as data")
	}
}

func TestPlanLimits(t *testing.T) {
	s := parse(t, "load: [{rate: 100/s, for: 10s}]\narrivals: poisson\nlimits: {calls: 1000}")
	over, under := 0, 0
	for seed := range uint64(40) {
		p, err := s.Plan(seed)
		switch {
		case err != nil && strings.Contains(err.Error(), "limits.calls"):
			over++
		case err == nil && p.Calls <= 1000:
			under++
		default:
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	if over == 0 || under == 0 {
		t.Errorf("of 40 random plans around the limit, %d are above it and %d below", over, under)
	}
	s = parse(t, "load: [{rate: 1/h, for: 1s}]\narrivals: poisson")
	if _, err := s.Plan(1); err == nil || !strings.Contains(err.Error(), "no call falls into the load") {
		t.Errorf("a plan without a call gives %v", err)
	}
}

func TestClosedPlan(t *testing.T) {
	p := must(parse(t, "load: [{callers: 50, for: 10s}, {warmup: true, callers: 80, for: 5s}]\nlimits: {calls: 300}").Plan(1))
	if !p.Closed() || p.Calls != 0 || p.Planned != nil || p.PeakCallers() != 80 || p.MaxCalls() != 300 || p.PeakRate() != 0 {
		t.Errorf("the plan is %+v", p)
	}
	phase, callers, rate := p.At(11 * time.Second)
	if phase != 1 || callers != 80 || rate != 0 {
		t.Errorf("after 11 s: phase %d, %d callers, %v/s", phase, callers, rate)
	}
	if phase, _, _ := p.At(time.Hour); phase != 1 {
		t.Errorf("after the end: phase %d", phase)
	}
}

// Phases join without a gap: each call lies in its phase, and they are numbered in the order of their due times.
func TestPhasesJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var phases []string
		for i := range rapid.IntRange(1, 6).Draw(t, "phases") {
			phases = append(phases, fmt.Sprintf("{name: p%d, rate: %d/s, for: %dms}", i,
				rapid.IntRange(0, 300).Draw(t, "rate"), rapid.IntRange(1, 3000).Draw(t, "ms")))
		}
		arrivals := rapid.SampledFrom([]string{"constant", "poisson"}).Draw(t, "arrivals")
		s, err := Parse("test.yaml", []byte("load: ["+strings.Join(phases, ", ")+"]\narrivals: "+arrivals), rapidDescription, noEnv)
		if err != nil {
			return // no call at all
		}
		p, err := s.Plan(rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			return
		}
		var planned uint64
		for _, classes := range p.Planned {
			for _, n := range classes {
				planned += n
			}
		}
		if planned != p.Calls {
			t.Fatalf("%d calls are planned of %d", planned, p.Calls)
		}
		last := time.Duration(0)
		for n := range p.Calls {
			due, phase := p.Due(n), p.Labels.Phases[p.Phase(n)]
			if due < last || due.Seconds() < phase.StartSeconds-1e-9 || due.Seconds() > phase.StartSeconds+phase.Seconds+1e-9 {
				t.Fatalf("call %d is due at %v, after %v, in the phase %+v", n, due, last, phase)
			}
			last = due
		}
	})
}

// With pacing, a call leaves when it is due or at most so much later, with others where they follow closely, up to so
// many.
func TestLeaves(t *testing.T) {
	for _, c := range []struct {
		load   string
		shards int
		// together is how many calls leave at once on average; 1 is when each is due.
		together float64
	}{
		{"load: [{rate: 5000/s, for: 2s}]", 0, 1},
		{"load: [{rate: 100/s, for: 2s}]\npacing: 1ms", 0, 1},
		{"load: [{rate: 1000/s, for: 2s}]\npacing: 1ms", 0, 1},
		{"load: [{rate: 5000/s, for: 2s}]\npacing: 1ms", 0, 3.1},
		{"load: [{rate: 2000/s, for: 2s}]\npacing: 1ms", 0, 2},
		{"load: [{rate: 10000/s, for: 2s}]\npacing: 1ms", 0, 3.1},
		{"load: [{rate: 5000/s, for: 2s}]\npacing: 1ms", 2, 2.5},
		{"load: [{rate: 20000/s, for: 1s}]\npacing: 1ms", 0, 3.1},
		{"load: [{rate: 5000/s, for: 2s}]\npacing: 400us", 0, 2},
		{"load: [{ramp: {from: 1/s, to: 5000/s}, for: 2s}]\npacing: 1ms", 0, 0},
		{"load: [{ramp: {from: 0/s, to: 1000/s}, for: 2s}]\npacing: 1ms", 0, 0},
		{"load: [{rate: 1000000/s, for: 10ms}]\npacing: 1ms", 0, 3.1},
		{"load: [{rate: 5000/s, for: 2s}]\narrivals: poisson\npacing: 1ms", 0, 0},
	} {
		p := must(parse(t, c.load).Plan(1))
		if c.shards > 0 {
			p = must(p.Shard(Shard{Index: 1, Of: c.shards}))
		}
		left, last := 0, time.Duration(-1)
		for k := range p.Calls {
			due := p.Due(p.Number(k))
			leaves := p.Leaves(due)
			if leaves < due || leaves > due+p.Pacing() {
				t.Fatalf("%s: what is due at %s leaves at %s", c.load, due, leaves)
			}
			if c.together == 1 && leaves-due > time.Microsecond {
				t.Fatalf("%s: what is due at %s leaves alone, at %s", c.load, due, leaves)
			}
			if leaves != last {
				left, last = left+1, leaves
			}
		}
		if together := float64(p.Calls) / float64(left); c.together > 0 && math.Abs(together-c.together) > 0.02*c.together {
			t.Errorf("%s, shards: %d: %.2f calls leave at once, want %.2f", c.load, c.shards, together, c.together)
		}
	}
}

var rapidDescription = must(loaded())

func BenchmarkBody(b *testing.B) {
	p := must(parse(b, string(must(openShipped("mixed")))).Plan(1))
	var body []byte
	n := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		body, _ = p.AppendBody(body[:0], n%p.Calls)
		n++
	}
}

// What is said of a plan before the first call, and what it adds up to.
func TestPlanAddsUp(t *testing.T) {
	p := must(parse(t, "load: [{warmup: true, rate: 10/s, for: 2s}, {rate: 50/s, for: 4s}]\nmix: {tier: {Full: 1, Lite: 1}, content: [{items: [text]}]}").Plan(1))
	if got := p.String(); got != "220 calls in 6s, at most 50/s, seed 1" {
		t.Errorf("%q", got)
	}
	if p.CallsOfPhase(0) != 20 || p.CallsOfPhase(1) != 200 || p.CallsOfClass(0)+p.CallsOfClass(1) != 220 || p.CallsOfClass(0) == 0 {
		t.Errorf("the calls are %v", p.Planned)
	}
	var want uint64
	for n := range p.Calls {
		body, _ := p.AppendBody(nil, n)
		want += uint64(len(body))
	}
	if got, exact := p.Bytes(); got != want || !exact {
		t.Errorf("%d bytes, exact %v; want %d", got, exact, want)
	}
	closed := must(parse(t, "load: [{callers: 5, for: 10s}]\nlimits: {calls: 70}").Plan(2))
	if got := closed.String(); got != "at most 70 calls by up to 5 callers in 10s (closed loop), seed 2" {
		t.Errorf("%q", got)
	}
}

// A target that is elsewhere is not taken from the scenario alone.
func TestLocalTarget(t *testing.T) {
	for text, want := range map[string]string{"": "", "target: http://localhost:1": "http://localhost:1", "target: 'http://[::1]:1'": "http://[::1]:1", "target: http://127.9.9.9": "http://127.9.9.9"} {
		u, err := parse(t, "load: [{rate: 1/s, for: 1s}]\n"+text).LocalTarget()
		if err != nil || (u == nil) != (want == "") || u != nil && u.String() != want {
			t.Errorf("%s: %v, %v", text, u, err)
		}
	}
	for _, far := range []string{"https://staging.example.com", "http://10.0.0.1", "http://127.0.0.1.example.com"} {
		_, err := parse(t, "load: [{rate: 1/s, for: 1s}]\ntarget: "+far).LocalTarget()
		var remote *RemoteError
		if !errors.As(err, &remote) || remote.Target.String() != far {
			t.Errorf("%s: %v", far, err)
		}
	}
}

func TestFind(t *testing.T) {
	if file, data, err := Find("mixed"); err != nil || file != "mixed.yaml" || len(data) == 0 {
		t.Errorf("%s, %v", file, err)
	}
	if file, data, err := Find("testdata/example.yaml"); err != nil || file != "testdata/example.yaml" || len(data) == 0 {
		t.Errorf("%s, %v", file, err)
	}
	var unknown *UnknownError
	if _, _, err := Find("smok"); !errors.As(err, &unknown) {
		t.Errorf("a name: %v", err)
	}
	for _, path := range []string{"./smok", "smok.yaml", "testdata"} {
		if _, _, err := Find(path); err == nil || errors.As(err, &unknown) || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("the path %s: %v", path, err)
		}
	}
}
