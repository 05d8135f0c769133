package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/fitness"
)

// What a machine is short of stands in its line and below, and what was measured beside what it is worth.
func TestFitness(t *testing.T) {
	t.Parallel()
	at := func(x float64) *float64 { return &x }
	r := fitness.Report{
		Platform: "linux/amd64 go1.26", Started: time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC), DurationSeconds: 9.5,
		Allows: []fitness.Allowance{
			{Name: "cores", Status: fitness.Fine, Found: "2 cores"}, {Name: "quota", Status: fitness.Short, Found: "0.5 cores", Advice: "it stands still"},
			{Name: "Pact", Status: fitness.Absent, Found: "none\x1b[31m"}, {Name: "ports", Status: fitness.Unknown, Found: "not told"},
		},
		Rate: fitness.Rate{Scenario: "mixed", Held: 800, Failed: at(1000), Needed: at(900), Most: 2000, CoresOfOthers: at(0.4), Tries: []fitness.Try{
			{Achieved: 2000, Seconds: 0.8, Sent: 1600, Status: "valid", Cores: 1},
			{Rate: 1000, Achieved: 990, Seconds: 1, Sent: 990, Status: "generator-limited", Lag50: at(0.001), Lag99: at(0.03), Cores: 0.9},
			{Rate: 800, Achieved: 799, Seconds: 2, Sent: 1598, Status: "valid", Held: true, Lag50: at(0.00001), Lag99: at(0.002), Cores: 0.7},
		}},
	}
	r.Decide()
	for width := range 3 {
		var b bytes.Buffer
		if err := FitnessTerminal(&b, r, Options{Width: 60 * width}); err != nil {
			t.Fatal(err)
		}
		said := strings.Join(strings.Fields(b.String()), " ")
		for _, want := range []string{
			"✓ cores 2 cores", "! quota 0.5 cores", "quota: it stands still", "? ports not told", "any 2,000/s", "1,000/s", "generator-limited", "0.80–2.00 s",
			"other processes took 0.40 cores meanwhile", "another time it is another figure", "NO VERDICT this machine sends 800/s on time, and the scenario asks for 900/s (exit code 3)",
		} {
			if !strings.Contains(said, want) {
				t.Errorf("width %d: %q is not in\n%s", 60*width, want, b.String())
			}
		}
		if strings.Contains(b.String(), "\x1b") {
			t.Error("an escape sequence is passed on")
		}
	}
}
