package scenarios

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/contracts/document"
)

const shared = `# why
load: [{rate: 100/s, for: 100s}]
mix:
  tier: {Full: 25, Lite: 65, default: 10}
  content: # how much is read
    - {weight: 3, items: [text]}
    - {weight: 1, items: [text, file]}
    - {weight: 1, items: none}
    - {weight: 1, items: []}
  agentId: 60%
data: {file: {ids: [f_1]}}
thresholds: ['p99(latency) < 1s']
`

// shares counts a plan's calls by tier, by content and the invalid ones.
func shares(t *testing.T, s *Scenario) map[string]float64 {
	t.Helper()
	p := must(s.Plan(7))
	counts := map[string]float64{}
	for n := range p.Calls {
		body, class := p.AppendBody(nil, n)
		c := s.Labels.Classes[class]
		counts[c.Tier]++
		if c.Content != c.Tier { // those of the invalid calls are the same
			counts[c.Content]++
		}
		if strings.Contains(string(body), `"agentId"`) {
			counts["agentId"]++
		}
	}
	for key := range counts {
		counts[key] /= float64(p.Calls)
	}
	return counts
}

// One value gets its share, and the others keep their proportions.
func TestWithShare(t *testing.T) {
	s := parse(t, shared)
	const valid = 0.95
	for _, c := range []struct {
		key, value string
		share      float64
		want       map[string]float64
	}{
		{"tier", "Full", 0.5, map[string]float64{"Full": 0.5, "Lite": 0.5 * 65 / 75, "default": 0.5 * 10 / 75, "text": 0.5}},
		{"tier", "Full", 0, map[string]float64{"Full": 0, "Lite": 65. / 75, "default": 10. / 75}},
		{"tier", "Full", 1, map[string]float64{"Full": 1, "Lite": 0, "default": 0}},
		{"tier", "default", 0.3, map[string]float64{"Full": 0.7 * 25 / 90, "Lite": 0.7 * 65 / 90, "default": 0.3}},
		{"content", "text+file", 0.4, map[string]float64{"text+file": 0.4, "text": 0.6 * 3 / 5, "none": 0.6 / 5, "empty": 0.6 / 5, "Full": 0.25}},
		{"content", "none", 1, map[string]float64{"none": 1, "text": 0}},
		{"agentId", "", 0.1, map[string]float64{"agentId": 0.1, "Full": 0.25}},
		{"invalid", "", 1 - valid, map[string]float64{"invalid": 1 - valid, "Full": 0.25 * valid}},
		{"invalid", "", 0, map[string]float64{"invalid": 0, "Full": 0.25}},
	} {
		changed, err := s.WithShare(c.key, c.value, c.share)
		if err != nil {
			t.Errorf("%s %s: %v", c.key, c.value, err)
			continue
		}
		got := shares(t, changed)
		for name, want := range c.want {
			if exact := want == 0 || want == 1; math.Abs(got[name]-want) > 0.02 || exact && got[name] != want {
				t.Errorf("%s %s at %g: %s has %.4f of the calls, expected %.4f", c.key, c.value, c.share, name, got[name], want)
			}
		}
		same(t, changed, must(Parse("testdata/test.yaml", changed.Source, description(t), noEnv)))
		if (changed.Digest() == s.Digest()) != (c.key == "invalid" && c.share == 0) {
			t.Errorf("%s %s at %g: the digest does not tell it from the other", c.key, c.value, c.share)
		}
		if !strings.Contains(string(changed.Source), "# why") {
			t.Errorf("the comments are gone:\n%s", changed.Source)
		}
	}
	same(t, s, parse(t, shared)) // it is what it was
	changed := must(parse(t, "load: [{rate: 10/s, for: 1s}]\nmix: {tier: {Lite: 1}}\n").WithShare("tier", "Full", 0.5))
	if got := shares(t, must(changed.WithLoad([]Phase{{Shape: Constant(100), For: 10 * time.Second}}, Even))); math.Abs(got["Full"]-0.5) > 0.05 {
		t.Errorf("a tier that the mix did not have: %v", got)
	}
}

// However often the mix is changed, the source is the scenario.
func TestSharesAreWritten(t *testing.T) {
	base := must(Parse("testdata/test.yaml", []byte(shared), rapidDescription, noEnv))
	keys := [][2]string{{"tier", "Full"}, {"tier", "Lite"}, {"tier", "default"}, {"content", "text"}, {"content", "none"}, {"agentId", ""}, {"invalid", ""}}
	rapid.Check(t, func(t *rapid.T) {
		s := base
		if rapid.Bool().Draw(t, "fresh") {
			s = must(must(New("test", rapidDescription)).WithLoad([]Phase{{Shape: Constant(100), For: 1e9}}, Even))
		}
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			key := rapid.SampledFrom(keys).Draw(t, "key")
			share := rapid.OneOf(rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{0, 1, 0.25})).Draw(t, "share")
			if changed, err := s.WithShare(key[0], key[1], share); err == nil {
				s = changed
			}
		}
		same(t, s, must(Parse("testdata/test.yaml", s.Source, rapidDescription, noEnv)))
	})
}

func TestWithShareIsChecked(t *testing.T) {
	s := parse(t, shared)
	for _, c := range []struct {
		key, value string
		share      float64
		want       string
	}{
		{"tier", "Full", 1.5, "expected a share from 0% to 100%, found 150%"},
		{"tier", "Full", math.NaN(), "expected a share from 0% to 100%, found NaN%"},
		{"tier", "full", 0.5, `the description has no tier "full"; did you mean "Full"?`},
		{"content", "file", 0.5, `the mix has no content "file"; `},
		{"agentId", "a_1", 0.5, `agentId has a share of its own in the mix, found one of its value "a_1"; leave the value out`},
		{"sessionId", "", 0.5, `the mix says nothing of "sessionId"; expected one of tier, content, invalid, agentId, or add it to ` + "`mix`"},
	} {
		if _, err := s.WithShare(c.key, c.value, c.share); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, expected %s", c.key, c.value, err, c.want)
		}
	}
	alone := parse(t, "load: [{rate: 10/s, for: 1s}]\nmix: {tier: {Full: 1}, content: [{items: [text]}]}\n")
	for key, value := range map[string]string{"tier": "Full", "content": "text"} {
		if _, err := alone.WithShare(key, value, 0.5); err == nil || !strings.Contains(err.Error(), "nothing takes the rest") {
			t.Errorf("%v", err)
		}
		if _, err := alone.WithShare(key, value, 1); err != nil {
			t.Errorf("%v", err)
		}
	}
	gone := must(parse(t, shared).WithShare("tier", "Full", 0))
	gone = must(gone.WithThresholds(parse(t, strings.Replace(shared, "p99(latency)", "p99(latency){tier=Full}", 1)).Thresholds...))
	if _, err := gone.Plan(1); err == nil || !strings.Contains(err.Error(), "Full") {
		t.Errorf("a threshold on a tier that is gone: %v", err)
	}
}

// A mix that is written elsewhere in the file and only named is changed where it is named.
func TestAliasedMix(t *testing.T) {
	changed, err := document.Merge([]byte("a: &m {tier: {Lite: 1}, invalid: 1%}\nmix: *m\n"), "mix", []byte("tier: {Full: 1}\n"), nil)
	if want := "a: &m {tier: {Lite: 1}, invalid: 1%}\nmix: {tier: {Full: 1}, invalid: 1%}\n"; err != nil || string(changed) != want {
		t.Errorf("%v\n%s", err, changed)
	}
}
