package scenarios

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// digestKeys is a scenario by its keys, each with what it says and what else it could say. What two of them say is
// never the same plan.
var digestKeys = map[string][]string{
	"load": {
		"[{warmup: true, rate: 10/s, for: 1s}, {name: all, rate: 50/s, for: 2s}]", "[{warmup: true, rate: 10/s, for: 1s}, {name: all, rate: 60/s, for: 2s}]",
		"[{warmup: true, rate: 10/s, for: 1s}, {name: all, rate: 50/s, for: 3s}]", "[{rate: 10/s, for: 1s}, {name: all, rate: 50/s, for: 2s}]",
		"[{warmup: true, rate: 10/s, for: 1s}, {name: most, rate: 50/s, for: 2s}]", "[{warmup: true, rate: 10/s, for: 1s}, {name: all, ramp: {from: 50/s, to: 51/s}, for: 2s}]",
		"[{name: all, rate: 50/s, for: 2s}]", "[{name: first, warmup: true, rate: 10/s, for: 1s}, {name: all, rate: 50/s, for: 2s}]",
		"[{name: first, rate: 10/s, for: 1s}, {name: all, rate: 50/s, for: 2s}]",
	},
	"arrivals":        {"", "poisson"},
	"pacing":          {"", "1ms", "2ms"},
	"mix.tier":        {"{Full: 1, Lite: 3}", "{Full: 1, Lite: 4}", "{Full: 1}", "{Full: 1, Lite: 3, default: 1}", ""},
	"mix.content":     {"[{weight: 3, items: [text]}, {weight: 1, items: [text, file]}]", "[{weight: 4, items: [text]}, {weight: 1, items: [text, file]}]", "[{weight: 3, items: [text]}]", "[{weight: 3, items: [text]}, {weight: 1, items: [file]}]"},
	"mix.agentId":     {"", "10%", "20%"},
	"mix.invalid":     {"", "1%", "2%"},
	"data.text":       {"{length: 100}", "{length: 4000}", "{length: {min: 1, max: 100}}", "{length: {median: 10, p99: 100}}", "{values: [a, b]}", "{values: [a, c]}", "{template: 'a {{seq}}'}", "{template: 'b {{seq}}'}", "{from: texts.csv, column: first}", "{from: texts.csv, column: second}", "{from: more.csv, column: first}", ""},
	"data.agentId":    {"", "{ids: [f47ac10b-58cc-4372-a567-0e02b2c3d479]}", "{ids: [f47ac10b-58cc-4372-a567-0e02b2c3d479, 7c9e6679-7425-40de-944b-e07fc1f90ae7]}"},
	"headers":         {"", "{X-A: one}", "{X-A: two}", "{X-B: one}", "{X-A: '{env:ONE}'}"},
	"limits.timeout":  {"", "5s", "6s"},
	"limits.inFlight": {"", "50", "60"},
	"limits.calls":    {"", "1000", "2000"},
	"limits.lag":      {"", "20ms", "30ms"},
	"follow":          {"", "true", "{sample: 20%}", "{for: 1m}", "{operation: POST /runs/get}", "{state: /state}", "{states: {failed: [Failed, Canceled]}}", "{states: {failed: [Failed], running: [InProgress, Canceled]}}"},
	"thresholds": {
		"", "[p99(latency) < 1s]", "[p99(latency) < 2s]", "[{expr: p99(latency) < 1s, abort: true}]",
		"[{expr: p99(latency) < 1s, abort: true, after: 1s}]", "[p99(latency) < 1s, count(violations) == 0]",
	},
}

// written writes a scenario whose keys say what is chosen of them, in an order.
func written(chosen map[string]int, order []string) string {
	inner := map[string][]string{}
	var b strings.Builder
	for _, key := range order {
		said := digestKeys[key][chosen[key]]
		outer, name, nested := strings.Cut(key, ".")
		switch {
		case said == "":
		case nested:
			inner[outer] = append(inner[outer], "  "+name+": "+said+"\n")
		default:
			b.WriteString(key + ": " + said + "\n")
		}
	}
	for _, outer := range slices.Sorted(maps.Keys(inner)) {
		b.WriteString(outer + ":\n" + strings.Join(inner[outer], ""))
	}
	return b.String()
}

// The digest is another one whatever a key says instead, and names that key; it is the same one in whatever order the
// keys come, whatever is beside them, and whatever the seed and the target are.
func TestDigest(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"texts.csv": "first,second\na,b\nc,d\n", "more.csv": "first,second\na,b\nc,e\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	d := description(t)
	read := func(text string) *Scenario {
		s, err := Parse(filepath.Join(folder, "s.yaml"), []byte(text), d, noEnv)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		return s
	}
	keys := slices.Sorted(maps.Keys(digestKeys))
	rng := rand.New(rand.NewPCG(1, 2))
	for _, key := range keys {
		chosen := map[string]int{}
		for _, k := range keys {
			chosen[k] = rng.IntN(len(digestKeys[k]))
		}
		var seen []*Scenario
		for i := range digestKeys[key] {
			chosen[key] = i
			s := read(written(chosen, keys))
			for _, other := range seen {
				if s.Digest() == other.Digest() {
					t.Errorf("with %s: %s the digest is the same as with something else: %v", key, digestKeys[key][i], s.Parts())
				}
				for _, name := range differing(s.Parts(), other.Parts()) {
					if name != key && !strings.HasPrefix(name, key+".") {
						t.Errorf("%s was changed, and %s is another: %v, %v", key, name, s.Parts(), other.Parts())
					}
				}
			}
			seen = append(seen, s)
		}
		order := slices.Clone(keys)
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		again := "# a comment\nname: other\ndescription: words\ntarget: http://127.0.0.1:1\nprovider: {latency: 1ms}\n" + written(chosen, order)
		a, b := seen[len(seen)-1], read(strings.ReplaceAll(again, "\n", " # and another\n"))
		if a.Digest() != b.Digest() {
			t.Errorf("%v and, in another order, %v", a.Parts(), b.Parts())
		}
	}
}

func differing(a, b []results.Part) (names []string) {
	for _, p := range slices.Concat(a, b) {
		if !slices.Contains(a, p) || !slices.Contains(b, p) {
			names = append(names, p.Name)
		}
	}
	return names
}

// The same plan has the same digest however it was written, and whether a file says it or code.
func TestDigestOfTheSamePlan(t *testing.T) {
	a := parse(t, "load: [{rate: 60/m, for: 60s}]\nmix: {tier: {Full: 50, Lite: 50}, content: [{items: [text]}]}\nlimits: {timeout: 30s}")
	b := parse(t, "load: [{rate: 1/s, for: 1m}]\nmix: {tier: {Full: 1, Lite: 1}, content: [{weight: 7, items: [text]}], invalid: 0%}\narrivals: constant")
	c, err := b.WithLoad([]Phase{{Shape: Constant(1), For: time.Minute}}, Even)
	if err != nil {
		t.Fatal(err)
	}
	if a.Digest() != b.Digest() || a.Digest() != c.Digest() {
		t.Errorf("%v\n%v\n%v", a.Parts(), b.Parts(), c.Parts())
	}
	limited, err := c.WithLimits(Limits{Timeout: time.Second, InFlight: 1, Calls: 100, Lag: time.Second, Memory: 256})
	if err != nil {
		t.Fatal(err)
	}
	if d := differing(a.Parts(), limited.Parts()); !slices.Contains(d, "limits.timeout") || !slices.Contains(d, "limits.inFlight") || !slices.Contains(d, "limits.calls") {
		t.Errorf("with other limits %v are others", d)
	}
}

// A file of data counts by what is in it, wherever it lies.
func TestDigestOfFiles(t *testing.T) {
	for _, source := range []string{"{from: %s, column: a}", "{template: '{{a}}', from: %s}"} {
		read := func(content string, absolute bool) *Scenario {
			folder := t.TempDir()
			path := filepath.Join(folder, "texts.csv")
			if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
				t.Fatal(err)
			}
			if !absolute {
				path = "texts.csv"
			}
			text := "load: [{rate: 1/s, for: 1s}]\nmix: {content: [{items: [text]}]}\ndata: {text: " + fmt.Sprintf(source, path) + "}"
			s, err := Parse(filepath.Join(folder, "s.yaml"), []byte(text), description(t), noEnv)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		a, b, c := read("a\nx\n", false), read("a\ny\n", false), read("a\nx\n", true)
		if a.Digest() == b.Digest() || a.Digest() != c.Digest() {
			t.Errorf("%s: %v, of another content %v, in another folder %v", source, a.Parts(), b.Parts(), c.Parts())
		}
	}
}

// Nothing that a variable of the environment put into the data is in the parts, which a run keeps.
func TestPartsKeepNoValues(t *testing.T) {
	const text = "load: [{rate: 1/s, for: 1s}]\nmix: {content: [{items: [text]}]}\ndata: {text: {template: \"${SECRET} {{seq}}\"}}"
	s, err := Parse("s.yaml", []byte(text), description(t), func(string) (string, bool) { return "hunter2", true })
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Parts() {
		if strings.Contains(p.Text, "hunter2") {
			t.Errorf("%+v", p)
		}
	}
}

// How the embedded provider behaves is told apart from the plan.
func TestBehaviour(t *testing.T) {
	const base = "load: [{rate: 1/s, for: 1s}]\nmix: {content: [{items: [text]}]}\n"
	a := parse(t, base)
	for name, provider := range map[string]string{
		"provider.workers": "{workers: 2}", "provider.latency": "{latency: {Full: 1ms}}", "provider.faults": "{faults: {http500: 1%}}", "provider.pools": "{pools: {Full: 2, Lite: 3}}",
		"provider.executions": "{executions: {workers: 3}}", "provider.webhooks": "{executions: {}, webhooks: {twice: 1%}}",
	} {
		b := parse(t, base+"provider: "+provider)
		if d := differing(a.Behaviour(), b.Behaviour()); !slices.Contains(d, name) || a.Digest() != b.Digest() {
			t.Errorf("%s: %v are others, %v", provider, d, b.Behaviour())
		}
	}
	for _, faults := range []string{"{slowBody: {share: 10%, for: 1s}}", "{slowBody: {share: 10%, for: 2s}}", "{stall: {at: 1s, for: 1s}}", "{stall: {at: 2s, for: 1s}}", "{stall: {at: 2s, for: 1s}, http500: 1%}"} {
		b := parse(t, base+"provider: {faults: "+faults+"}")
		if d := differing(a.Behaviour(), b.Behaviour()); len(d) != 2 {
			t.Errorf("%s: %v are others", faults, d)
		}
		a = b
	}
}

// What an execution is told by, and how it is run, is told too, and no URL and no secret are.
func TestBehaviourOfExecutions(t *testing.T) {
	const base = "load: [{rate: 1/s, for: 1s}]\nprovider: {executions: {workers: 3, queue: 9, time: 2s, order: {Lite: 3}, lost: 1%}, webhooks: {url: 'http://h/?key=hush', secret: '{env:ANDON_TEST_HUSH}', late: {share: 5%, for: 1s}, never: 2%}}\n"
	s := parse(t, base)
	said := fmt.Sprint(s.Behaviour())
	for _, want := range []string{"workers 3, queue 9", "Lite:2s", "order Lite:3, lost 1%", "late 5% for 1s, never 2%"} {
		if !strings.Contains(said, want) {
			t.Errorf("%s lacks %q", said, want)
		}
	}
	if strings.Contains(strings.ToLower(said), "hush") {
		t.Errorf("%s", said)
	}
	t.Setenv("ANDON_TEST_HUSH", "")
	if _, err := s.OpenProvider(t.Context()); err == nil || !strings.Contains(err.Error(), "the secret of the provider's webhooks: the variable ANDON_TEST_HUSH is not set") {
		t.Errorf("without its variable: %v", err)
	}
	t.Setenv("ANDON_TEST_HUSH", "a secret")
	if c, err := s.OpenProvider(t.Context()); err != nil || c.Webhooks.Secret != "a secret" || s.Provider.Webhooks.Secret != "" || c.Webhooks == s.Provider.Webhooks {
		t.Errorf("%+v, %v; the scenario has %+v", c.Webhooks, err, s.Provider.Webhooks)
	}
}
