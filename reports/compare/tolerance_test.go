package compare_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/compare"
)

func TestParseTolerances(t *testing.T) {
	for list, want := range map[string]compare.Tolerances{
		"p99=10%":                           {"p99": 0.1},
		" p99 = 10 % , errors = 0.5 pp ":    {"p99": 0.1, "errors": 0.005},
		"goodput=5%,completion=1pp,p50=25%": {"goodput": 0.05, "completion": 0.01, "p50": 0.25},
		"violations=0.001pp":                {"violations": 0.00001},
	} {
		got, err := compare.ParseTolerances(list)
		if err != nil || len(got) != len(want) || !maps.EqualFunc(got, want, func(a, b float64) bool { return a-b < 1e-12 && b-a < 1e-12 }) {
			t.Errorf("%q: %v, %v", list, got, err)
		}
	}
	for list, want := range map[string]string{
		"":                  "expected a figure and how much worse",
		"p99":               `"p99": expected a figure and how much worse it may become, such as p99=10% or errors=0.5pp`,
		"p98=10%":           `unknown figure "p98"; did you mean "p90"?`,
		"p99=10":            "p99 becomes worse by a percentage; expected one such as 10%",
		"p99=10pp":          "p99 becomes worse by a percentage",
		"errors=1%":         "errors is a share, which becomes worse by percentage points; expected one such as 0.5pp",
		"p99=%":             "expected a number before %",
		"p99=NaN%":          "expected a number before %",
		"p99=0%":            "expected from 0.001% to 1000%",
		"p99=-1%":           "expected from 0.001% to 1000%",
		"goodput=100%":      "expected from 0.001% to 99%",
		"errors=100pp":      "expected from 0.001pp to 99pp",
		"p99=1%,p99=2%":     "p99 is there twice",
		"p99=1%,,errors=1%": `"": expected a figure`,
		"p\x1b=1%":          `unknown figure "p\x1b"`,
	} {
		if _, err := compare.ParseTolerances(list); err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), `\\`, `\`), want) {
			t.Errorf("%q: expected %q, found %v", list, want, err)
		}
	}
	// All that is wrong is said at once.
	if _, err := compare.ParseTolerances("p98=1%,errors=1%,p99=x%"); err == nil || len(strings.Split(err.Error(), "\n")) != 3 {
		t.Errorf("of three mistakes: %v", err)
	}
}

func FuzzParseTolerances(f *testing.F) {
	for _, list := range []string{"", "p99=10%,errors=0.5pp", "p99=1e400%", "goodput=99%", "=,=", "p50=0x1p-3%"} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		got, err := compare.ParseTolerances(list)
		for name, v := range got {
			if err == nil && !(v > 0 && v <= 10) {
				t.Errorf("%q: %s may become worse by %v", list, name, v)
			}
		}
		if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' && r != '\n' }) {
			t.Errorf("%q: the error has control characters: %q", list, err)
		}
	})
}
