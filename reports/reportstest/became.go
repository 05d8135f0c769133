package reportstest

import "github.com/kaizenautomation/andon/reports/executions"

// Became is what became of the executions of [Manifest]: from 5 s to 55 s 100 a second were accepted, and 80 a second
// ended. Some were lost or failed, and the provider, whose ids are hostile, told what cannot be.
func Became() *executions.Report {
	second := func(low, high float64) *executions.Bounds { return &executions.Bounds{Low: low, High: high} }
	times := func(count, censored uint64, scale float64) executions.Times {
		x := executions.Times{Count: count, Censored: censored, P50: second(1.93*scale, 2.08*scale), P90: second(6.1*scale, 6.3*scale), P95: second(8.01*scale, 8.012*scale)}
		if censored == 0 {
			x.P99 = second(9.7*scale, 10.1*scale)
		}
		return x
	}
	r := &executions.Report{
		Operation: "POST /executions/get", Sample: 0.2, End: executions.EndTime, Detail: "20 executions had not ended", Seconds: 15,
		Total: executions.Figures{Accepted: 5000, Completed: 4830, Failed: 100, Lost: 50, Waiting: 4, Running: 12, Unseen: 4,
			Start: times(1000, 8, 0.6), Run: times(990, 3, 0.4), Completion: times(1000, 11, 1), PerSecond: *second(79.1, 80.6)},
		Tiers: map[string]executions.Figures{
			"Full": {Accepted: 2500, Completed: 2400, Failed: 70, Lost: 20, Running: 10, Start: times(500, 4, 0.7), Run: times(500, 2, 0.5), Completion: times(500, 11, 1.2), PerSecond: *second(40, 40.001)},
			"Lite": {Accepted: 2500, Completed: 2430, Failed: 30, Lost: 30, Waiting: 4, Running: 2, Unseen: 4, Completion: times(500, 0, 0.8), PerSecond: *second(39.1, 40.6)},
		},
		Classes: map[string]executions.Figures{"text.Full": {Accepted: 2500, Completed: 2400, Failed: 70, Lost: 20, Running: 10, Completion: times(500, 11, 1.2), PerSecond: *second(40, 40.001)}},
		Backlog: executions.Backlog{Peak: *second(981, 1012), AtEnd: *second(975, 1010),
			Growth: &executions.Growth{PerSecond: 18.9, Low: 18.1, High: 19.7, Grows: 1}},
		Polls: executions.Polls{Sent: 6210, Share: 0.55, Failed: 12, Errors: map[string]uint64{"timeout-waiting": 5, "http-5xx": 7}, PerSecond: 50, Late: 31,
			P50: &second(0.0031, 0).Low, P99: &second(0.021, 0).Low},
		Webhooks: &executions.Webhooks{Received: 4800, Believed: 4700, Repeated: 60, Unsigned: 20, Old: 10, Unknown: 5, Malformed: 4, Excess: 1, Missing: 230},
		Faults: []executions.Fault{{Name: "resurrected", Count: 3, IDs: []string{"exe-1", Hostile, "exe-3"}}, {Name: "resessioned", Count: 1, IDs: []string{"exe-4"}},
			{Name: "not-known-yet", Count: 1200, IDs: []string{"exe-5", "exe-6", "exe-7", "exe-8", "exe-9", "exe-10"}}},
	}
	var begun, low, high float64
	for at := 0.0; at < 70; at++ {
		p := executions.Point{AtSeconds: at, Seconds: 1}
		switch {
		case at < 5:
			p.Accepted = 20
		case at < 55:
			p.Accepted = 100
		}
		// Ended ones are seen within half a second; not all that did in a stretch certainly did so in it.
		begun += float64(p.Accepted)
		ended := min(begun-high, 80)
		high += ended
		low = max(low, min(high-40, low+80))
		if at > 66 {
			low = high
		}
		p.Completed, p.Failed = *second(max(ended-40, 0), ended+38), *second(0, min(ended, 2))
		p.Backlog = *second(begun-high, begun-low)
		p.Running = *second(min(160, begun-high), min(170, begun-low))
		r.Timeline = append(r.Timeline, p)
	}
	return r
}
