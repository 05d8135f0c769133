package baseline

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// Schema names the format of a [Report] as JSON.
const Schema = "andon.baseline.report/1"

// Report is what is shown of a baseline. Times are in seconds, shares from 0 to 1.
type Report struct {
	Schema string `json:"schema"`
	// File is the baseline.
	File     string `json:"file"`
	Scenario string `json:"scenario"`
	// SpecSHA256 is that of the description that answers were judged by.
	SpecSHA256 string `json:"specSHA256"`
	Transport  string `json:"transport"`
	// Enough is how many runs there should be.
	Enough int `json:"enough"`
	// Service says that times are service times: the load is a closed loop, in which no call is due.
	Service bool        `json:"service,omitempty"`
	Runs    []ReportRun `json:"runs"`
	// Groups are all runs together: all calls under the empty name, then each tier.
	Groups []Group `json:"groups"`
}

// ReportRun is one of the runs.
type ReportRun struct {
	ID       string    `json:"id"`
	Started  time.Time `json:"started"`
	Seconds  float64   `json:"seconds"`
	Sent     uint64    `json:"sent"`
	Target   string    `json:"target"`
	Release  string    `json:"release,omitempty"`
	Andon    string    `json:"andon"`
	Platform string    `json:"platform"`
	Cores    float64   `json:"cores"`
	Validity string    `json:"validity"`
	// P50 and P99 are null where the samples cannot tell. Errors is a share of the sent calls.
	P50    *float64 `json:"p50"`
	P99    *float64 `json:"p99"`
	Errors float64  `json:"errors"`
}

// Group is a tier, or all calls.
type Group struct {
	Tier   string `json:"tier,omitempty"`
	Sent   uint64 `json:"sent"`
	P50    Spread `json:"p50"`
	P90    Spread `json:"p90"`
	P99    Spread `json:"p99"`
	Errors Spread `json:"errors"`
}

// Spread is a figure of all runs together, with the lowest and the highest that a run has; null where the samples
// cannot tell.
type Spread struct {
	Whole   *float64 `json:"whole"`
	Lowest  *float64 `json:"lowest"`
	Highest *float64 `json:"highest"`
}

// Report is what is shown of the baseline.
func (b *Baseline) Report() Report {
	first := &b.Runs[0]
	r := Report{
		Schema: Schema, File: b.Path, Scenario: first.Scenario, SpecSHA256: first.SpecSHA256,
		Transport: first.Generator.Transport, Enough: Enough,
		Service: slices.ContainsFunc(first.Labels.Phases, func(p results.Phase) bool { return p.Closed }),
	}
	parts := make([]map[string]metrics.Figures, len(b.Runs))
	for i := range b.Runs {
		run := &b.Runs[i]
		parts[i] = groups(run.Whole, seconds(run))
		all := parts[i][""]
		t := r.times(all)
		r.Runs = append(r.Runs, ReportRun{
			ID: run.ID, Started: run.Started.UTC(), Seconds: run.End.Seconds, Sent: all.Sent, Target: run.Target, Release: run.Release,
			Andon: run.Andon, Platform: run.Generator.Platform, Cores: run.Generator.Cores, Validity: run.Validity,
			P50: t.P50, P99: t.P99, Errors: *failed(all),
		})
	}
	all, length := b.whole()
	whole := groups(all, length)
	for _, tier := range slices.Sorted(maps.Keys(whole)) {
		f := whole[tier]
		g := Group{Tier: tier, Sent: f.Sent}
		for _, one := range []struct {
			to *Spread
			of func(metrics.Figures) *float64
		}{
			{&g.P50, func(f metrics.Figures) *float64 { return r.times(f).P50 }},
			{&g.P90, func(f metrics.Figures) *float64 { return r.times(f).P90 }},
			{&g.P99, func(f metrics.Figures) *float64 { return r.times(f).P99 }},
			{&g.Errors, failed},
		} {
			*one.to = spread(f, parts, tier, one.of)
		}
		r.Groups = append(r.Groups, g)
	}
	return r
}

// Encode writes a report as JSON.
func Encode(w io.Writer, r Report) error {
	return results.WriteSealed(w, r)
}

// times are the times that stand for a group.
func (r *Report) times(f metrics.Figures) metrics.Times {
	if r.Service {
		return f.Service
	}
	return f.Latency
}

// groups are the figures by tier, and of all calls under the empty name.
func groups(a *metrics.Aggregator, length float64) map[string]metrics.Figures {
	by := a.By(metrics.ByTier, length)
	by[""] = a.Total(length)
	return by
}

// failed is the share of errors; 0 where nothing was sent.
func failed(f metrics.Figures) *float64 {
	share := 0.0
	if f.Sent > 0 {
		share = float64(f.Failed()) / float64(f.Sent)
	}
	return &share
}

// spread is a figure of the whole, with what the runs have of it.
func spread(whole metrics.Figures, parts []map[string]metrics.Figures, tier string, of func(metrics.Figures) *float64) Spread {
	s := Spread{Whole: of(whole)}
	for _, p := range parts {
		v := of(p[tier])
		if v == nil {
			continue
		}
		if s.Lowest == nil || *v < *s.Lowest {
			s.Lowest = v
		}
		if s.Highest == nil || *v > *s.Highest {
			s.Highest = v
		}
	}
	return s
}

// Others says in what the runs differ that may differ, and that whoever reads a figure of all of them has to know.
func (b *Baseline) Others() (list []string) {
	for _, one := range []struct {
		said string
		of   func(*compare.Measured) string
	}{
		{"the runs were sent to %d different targets", func(r *compare.Measured) string {
			if r.Provider != nil { // which has another port each time
				return fmt.Sprint(r.Provider)
			}
			return r.Target
		}},
		{"the runs were sent from %d different kinds of machine", func(r *compare.Measured) string {
			return fmt.Sprintf("%s, %g cores", r.Generator.Platform, r.Generator.Cores)
		}},
		{"the runs were made with %d different versions of andon", func(r *compare.Measured) string { return r.Andon }},
	} {
		seen := map[string]bool{}
		for i := range b.Runs {
			seen[one.of(&b.Runs[i])] = true
		}
		if len(seen) > 1 {
			list = append(list, fmt.Sprintf(one.said, len(seen)))
		}
	}
	return list
}
