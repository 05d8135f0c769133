package reportstest

import (
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Approval is a gate whose parts came to every outcome, with texts that are hostile.
func Approval() approval.Report {
	r := approval.Report{
		Schema: approval.Schema,
		Run: approval.Run{ID: "20261126T150000Z-gate", Target: "staging (https://staging.example.com) " + Hostile, Against: "prod (https://api.example.com) " + Hostile, Production: true, Started: time.Date(2026, 11, 26, 15, 0, 0, 5, time.UTC),
			DurationSeconds: 812.5, Andon: "v1.2.3", Command: []string{"andon", "gate", Hostile}, SpecSHA256: strings.Repeat("cd", 32), Release: "4f2c" + Hostile,
			Labels: map[string]string{"team": Hostile}, Insecure: true},
		Budget: approval.Budget{Calls: 9000, Runs: 8800, Seconds: 1200, Unit: "EUR", Cost: 98, SpentCalls: 4100, SpentRuns: 4000, SpentSeconds: 800, SpentCost: 41,
			Tiers: []approval.Tier{{Name: "Full", Runs: 4400, Price: 0.02, Cost: 88, SpentRuns: 2000, SpentCost: 40}, {Name: Hostile, Runs: 4400, SpentRuns: 2000}, {Runs: 10}},
			Caps:  []approval.Cap{{Name: "rate", Cap: "50.0/s"}, {Name: "runs a day", Cap: "20,000", Before: "300"}}},
		Against: &approval.Budget{Calls: 1200, Runs: 1200, Seconds: 60, SpentCalls: 700, SpentRuns: 690, SpentSeconds: 35,
			Tiers: []approval.Tier{{Name: Hostile, Runs: 1200, SpentRuns: 690}}, Caps: []approval.Cap{{Name: "runs a day", Cap: "5,000", Before: "0"}}},
		Parts: []approval.Part{
			{Name: approval.Description, About: "released/openapi.yaml", Outcome: summary.Pass, Found: "nothing has changed that callers could notice", Dir: "description"},
			{Name: approval.Verify, Outcome: summary.NoVerdict, Found: "the target turned all calls away: " + Hostile, Mend: "see why " + Hostile, Dir: "verify", Seconds: 40, Calls: 300, Runs: 100},
			{Name: approval.Load, About: Hostile, Outcome: summary.Fail, Found: "p99(latency) < 200ms: found 312 ms", Mend: "make the target meet it", Dir: "load-2", Seconds: 60, Calls: 1900, Runs: 1900,
				Before: &approval.Try{Outcome: summary.Fail, Found: "found 210 ms " + Hostile, Dir: "load", Seconds: 60, Calls: 1900, Runs: 1900}},
			{Name: approval.Compare, Outcome: approval.LeftOut, Found: "it cannot matter any more, since load failed"},
			{Name: approval.Capacity, About: "mixed, 120/s", Outcome: approval.LeftOut, Found: "it cannot matter any more, since load failed"},
		},
		Notes: []string{"The ledger cannot be settled: " + Hostile},
	}
	r.Decide()
	return r
}
