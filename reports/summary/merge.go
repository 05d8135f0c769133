package summary

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Mergeable names what keeps runs from being reported as one. They can be of different seeds, since a run is merged
// with that of another machine; all else that decides what is sent and how it is judged must be the same, and so must
// the target. Nothing is mapped by name: runs of the same plan have the same labels, and those of others would be
// figures of nothing.
func Mergeable(runs []*results.Run) error {
	for i, b := range runs {
		for _, a := range runs[:i] {
			if err := sameShards(a, b); err != nil {
				return err
			}
			if a.Shard == nil && a.ID == b.ID && a.Started.Equal(b.Started) {
				return fmt.Errorf("%s and %s are the same run, and its calls would count twice: give each run once", a.Dir, b.Dir)
			}
		}
		a := runs[0]
		if a.Release != b.Release {
			none := func(s string) string { return cmp.Or(text.Printable(s, 80), "none") }
			return fmt.Errorf("%s and %s cannot be merged: the release is %s in the one, %s in the other; two releases are for comparing, not for merging",
				a.Dir, b.Dir, none(a.Release), none(b.Release))
		}
		files, err := filesDiffer(a, b)
		if err != nil {
			return err
		}
		x, y := &a.Manifest, &b.Manifest
		if difference := cmp.Or(differs(x, y), targetsDiffer(x, y), files); difference != "" {
			return fmt.Errorf("%s and %s cannot be merged: %s; merge runs of one plan against one target only", a.Dir, b.Dir, difference)
		}
	}
	return nil
}

// sameShards names what keeps shards from being one run, those that are none from being merged with them, and one that
// is there twice.
func sameShards(a, b *results.Run) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%s and %s cannot be merged: %s", a.Dir, b.Dir, fmt.Sprintf(format, args...))
	}
	x, y := a.Shard, b.Shard
	switch {
	case x == nil && y == nil:
		return nil
	case x == nil || y == nil:
		return refuse("the one is a shard of a run on several machines and the other is none; merge the shards of one run")
	case x.Plan != y.Plan:
		return refuse("they are shards of two plans: %s", shardsDiffer(&a.Manifest, &b.Manifest))
	case !x.Start.Equal(y.Start) && x.Group != y.Group:
		return refuse("they are shards of two runs, which began at %s and at %s", x.Start.UTC().Format(time.RFC3339Nano), y.Start.UTC().Format(time.RFC3339Nano))
	case x.Group != y.Group:
		return refuse("they are shards of two runs, %s and %s", text.Printable(x.Group, 80), text.Printable(y.Group, 80))
	case x.Of != y.Of:
		return refuse("the one is a shard of %d and the other of %d, so that calls are in both", x.Of, y.Of)
	case x.Index == y.Index:
		return fmt.Errorf("%s and %s are both shard %d/%d, and its calls would count twice: give each shard once", a.Dir, b.Dir, x.Index, x.Of)
	}
	return nil
}

// shardsDiffer names what differs between the plans of two shards.
func shardsDiffer(a, b *results.Manifest) string {
	switch {
	case a.Seed != b.Seed:
		return fmt.Sprintf("the seed is %d in the one, %d in the other", a.Seed, b.Seed)
	case a.Andon != b.Andon:
		return fmt.Sprintf("the version of andon is %s in the one, %s in the other", text.Printable(a.Andon, 80), text.Printable(b.Andon, 80))
	}
	return cmp.Or(differs(a, b), fmt.Sprintf("the digest is %.12s… in the one, %.12s… in the other", a.Shard.Plan, b.Shard.Plan))
}

// plansDiffer names the parts in which the plans of two runs differ. Where a version of andon wrote one of them that
// kept no digest, nothing is known of it.
func plansDiffer(a, b *results.Manifest) string {
	if a.PlanSHA256 == "" || b.PlanSHA256 == "" || a.PlanSHA256 == b.PlanSHA256 {
		return ""
	}
	return cmp.Or(partsDiffer(a.Plan, b.Plan), fmt.Sprintf("the plan has the SHA-256 %.12s… in the one, %.12s… in the other", a.PlanSHA256, b.PlanSHA256))
}

// partsDiffer names what differs between two lists of parts.
func partsDiffer(a, b []results.Part) string {
	find := func(list []results.Part, name string) string {
		for _, p := range list {
			if p.Name == name {
				return cmp.Or(p.Text, "none")
			}
		}
		return "none"
	}
	var differ []string
	for _, p := range slices.Concat(a, b) {
		x, y := find(a, p.Name), find(b, p.Name)
		if x == y {
			continue
		}
		x, y = apart(x, y)
		said := fmt.Sprintf("%s is %s in the one, %s in the other", text.Printable(p.Name, 80), text.Printable(x, 160), text.Printable(y, 160))
		if !slices.Contains(differ, said) {
			differ = append(differ, said)
		}
	}
	const most = 5
	if more := len(differ) - most; more > 0 {
		differ = append(differ[:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(differ, "; ")
}

// apart cuts off what two long texts have in common before they differ, but for a few words.
func apart(a, b string) (string, string) {
	x, y := []rune(a), []rune(b)
	same := 0
	for same < min(len(x), len(y)) && x[same] == y[same] {
		same++
	}
	const before = 40
	if cut := same - before; cut > before && max(len(x), len(y)) > 120 {
		return "…" + string(x[cut:]), "…" + string(y[cut:])
	}
	return a, b
}

// targetsDiffer says whether two runs were sent to different targets. The embedded provider has a new port each time,
// and is the same one if it behaves alike. What an earlier version of andon wrote does not tell which it was.
func targetsDiffer(a, b *results.Manifest) string {
	switch {
	case a.PlanSHA256 == "" || b.PlanSHA256 == "":
	case a.Provider != nil && b.Provider != nil:
		return partsDiffer(a.Provider, b.Provider)
	case a.Provider != nil || b.Provider != nil || a.Target != b.Target:
		named := func(m *results.Manifest) string {
			if m.Provider != nil {
				return "the embedded provider"
			}
			return text.Printable(m.Target, 200)
		}
		return fmt.Sprintf("the target is %s in the one, %s in the other, and what two targets took says nothing of either", named(a), named(b))
	}
	return ""
}

// filesDiffer stands in for the digest where an earlier version of andon wrote one of two runs: their scenarios must be
// the same text, as far as they are there.
func filesDiffer(a, b *results.Run) (string, error) {
	if a.PlanSHA256 != "" && b.PlanSHA256 != "" {
		return "", nil
	}
	x, err := a.ScenarioFile()
	if err != nil || x == nil {
		return "", err
	}
	y, err := b.ScenarioFile()
	if err != nil || y == nil || bytes.Equal(x, y) {
		return "", err
	}
	return "their scenario.yaml is not the same", nil
}

// differs names what differs between the plans of two runs, and between what their rows refer to. Where one of them
// has no digest, it is the first thing in which their labels or their thresholds do.
func differs(a, b *results.Manifest) string {
	list := func(what string, x, y []string) string {
		if slices.Equal(x, y) {
			return ""
		}
		for i := range max(len(x), len(y)) {
			var p, q string
			if i < len(x) {
				p = x[i]
			}
			if i < len(y) {
				q = y[i]
			}
			if p != q {
				none := func(s string) string {
					if s == "" {
						return "none"
					}
					return `"` + text.Printable(s, 80) + `"`
				}
				return fmt.Sprintf("%s %d of the one is %s, of the other %s", what, i+1, none(p), none(q))
			}
		}
		return ""
	}
	names := func(m *results.Manifest) (classes, phases, thresholds []string) {
		for _, c := range m.Labels.Classes {
			classes = append(classes, c.Name)
		}
		for _, p := range m.Labels.Phases {
			phases = append(phases, p.Name+": "+p.Shape+fmt.Sprintf(" for %g s", p.Seconds))
		}
		for _, t := range m.Thresholds {
			thresholds = append(thresholds, t.Expr)
		}
		return classes, phases, thresholds
	}
	known := func(m *results.Manifest) (list []string) {
		for _, d := range m.Deviations {
			said := strings.Join(d.Rules, ", ") + " until " + d.Until
			if d.Expired {
				said += ", expired"
			}
			list = append(list, said)
		}
		return list
	}
	ac, ap, at := names(a)
	bc, bp, bt := names(b)
	plans := plansDiffer(a, b)
	if a.PlanSHA256 == b.PlanSHA256 && a.PlanSHA256 != "" {
		// They are the same conditions, and may be written in two ways.
		at, bt = nil, nil
	}
	switch {
	case a.SpecSHA256 != b.SpecSHA256:
		return fmt.Sprintf("the description that answers were judged by has the SHA-256 %.12s… in the one, %.12s… in the other", a.SpecSHA256, b.SpecSHA256)
	case plans != "":
		return plans
	case following(a) != following(b):
		return fmt.Sprintf("executions are %s in the one, %s in the other", following(a), following(b))
	case a.TimeoutSeconds != b.TimeoutSeconds:
		return fmt.Sprintf("the timeout is %g s in the one, %g s in the other", a.TimeoutSeconds, b.TimeoutSeconds)
	case metrics.Tolerated(*a) != metrics.Tolerated(*b):
		return fmt.Sprintf("the tolerated lag is %s in the one, %s in the other", metrics.Tolerated(*a), metrics.Tolerated(*b))
	}
	if d := cmp.Or(list("class", ac, bc), list("phase", ap, bp), list("rule", a.Labels.Rules, b.Labels.Rules), list("threshold", at, bt),
		list("known deviation", known(a), known(b))); d != "" {
		return d
	}
	if !reflect.DeepEqual(told(a.Labels), told(b.Labels)) {
		return "their classes or phases have the same names and mean different things"
	}
	return ""
}

// following says how the executions of a run are followed.
func following(m *results.Manifest) string {
	if m.Following == nil {
		return "not followed"
	}
	return fmt.Sprintf("followed by %s, %s of them", text.Printable(m.Following.Operation, 200), text.Percent(m.Following.Sample))
}

// told are the labels without what earlier versions of andon did not keep, and what follows from the rest of them.
func told(l results.Labels) results.Labels {
	l.Phases = slices.Clone(l.Phases)
	for i := range l.Phases {
		p := &l.Phases[i]
		p.Of, p.Steady, p.PeriodSeconds = "", false, 0
	}
	return l
}

// Joined is the manifest of all runs together.
func Joined(runs []*results.Run) results.Manifest {
	m := runs[0].Manifest
	if len(runs) == 1 {
		return m
	}
	var ids, scenarios, targets, andons, platforms, transports []string
	m.Generator.Command = nil
	// The trace ids of a call follow from its own run's number, which no summary of several has.
	m.Traces = 0
	m.Planned = nil
	for _, r := range runs {
		ids = append(ids, r.ID)
		scenarios, targets, andons = append(scenarios, r.Scenario), append(targets, r.Target), append(andons, r.Andon)
		platforms, transports = append(platforms, r.Generator.Platform), append(transports, r.Generator.Transport)
		m.RunLabels = shared(m.RunLabels, r.RunLabels)
		m.InFlight = max(m.InFlight, r.InFlight)
		// What one generator has is what it must do with.
		m.Generator.Cores = min(m.Generator.Cores, r.Generator.Cores)
		if files := r.Generator.OpenFiles; files > 0 && (m.Generator.OpenFiles == 0 || files < m.Generator.OpenFiles) {
			m.Generator.OpenFiles = files
		}
		if r.Started.Before(m.Started) {
			m.Started = r.Started
		}
	}
	joinShards(&m, runs)
	m.ID, m.Scenario, m.Target = strings.Join(ids, "+"), distinct(scenarios), distinct(targets)
	m.Andon, m.Generator.Platform, m.Generator.Transport = distinct(andons), distinct(platforms), distinct(transports)
	if !slices.ContainsFunc(runs, func(r *results.Run) bool { return r.Planned == nil }) {
		for p := range runs[0].Planned {
			sum := make([]uint64, len(runs[0].Planned[p]))
			for _, r := range runs {
				for c, n := range r.Planned[p] {
					sum[c] += n
				}
			}
			m.Planned = append(m.Planned, sum)
		}
	}
	return m
}

// joinShards is the manifest of shards together, where it is not as of other runs.
func joinShards(m *results.Manifest, runs []*results.Run) {
	if m.Shard == nil {
		return
	}
	m.InFlight = 0
	for _, r := range runs {
		m.InFlight += r.InFlight
	}
	m.Started, m.Shard = m.Shard.Start, nil
}

// named is what a run is called beside others.
func named(r *results.Run) string {
	if r.Shard != nil {
		return fmt.Sprintf("shard %d (%s)", r.Shard.Index, r.ID)
	}
	return r.ID
}

// shared are the labels that are in both.
func shared(a, b map[string]string) map[string]string {
	both := maps.Clone(a)
	maps.DeleteFunc(both, func(name, text string) bool {
		other, there := b[name]
		return !there || other != text
	})
	return both
}

// distinct joins texts, each once, in the order in which they come.
func distinct(texts []string) string {
	var list []string
	for _, t := range texts {
		if !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	return strings.Join(list, ", ")
}

// Merge summarizes several runs as one. parts are their rows by run, whole all of them: every percentile is that of one
// histogram which was given all calls. The runs lie on one clock, each from its own start.
func Merge(runs []*results.Run, m results.Manifest, parts []*metrics.Aggregator, whole *metrics.Aggregator) Summary {
	merged := Merged{SideBySide: true, Shards: shardsOf(runs)}
	var (
		samples []results.Sample
		vitals  []results.Vitals
		apart   = make([]metrics.Part, len(runs))
		// followed are the accounts of executions, of all runs or of none.
		followed []*executions.Account
		worst    = metrics.Validity{Status: metrics.Valid}
		reasons  []string
		stopped  float64
		doubt    *metrics.Little
	)
	type kind struct{ kind, rule string }
	seen := map[kind]bool{}
	for i, r := range runs {
		for _, x := range r.Samples {
			if k := (kind{x.Kind, x.Rule}); !seen[k] {
				seen[k] = true
				samples = append(samples, x)
			}
		}
		vitals = append(vitals, r.Vitals...)
		elapsed := parts[i].Elapsed(r.End)
		apart[i] = metrics.Part{Aggregator: parts[i], Elapsed: elapsed}
		if account := parts[i].Followed(); account != nil {
			followed = append(followed, account)
		}
		stopped = max(stopped, elapsed)
		alone := Summarize(r.Manifest, r.Samples, r.Vitals, r.End, parts[i])
		if doubt == nil && alone.Generator.Doubtful() {
			doubt = alone.Generator.Little
		}
		own := alone.Validity
		if severity(own.Status) > severity(worst.Status) {
			worst, reasons = own, nil
		}
		if own.Status == worst.Status {
			for _, reason := range own.Reasons {
				reasons = append(reasons, named(r)+": "+reason)
			}
		}
		seconds := r.End.Seconds
		if r.End.Reason == results.Cut {
			seconds = elapsed
		}
		merged.Runs = append(merged.Runs, MergedRun{
			ID: named(r), Scenario: r.Scenario, Seed: r.Seed, Target: r.Target, Started: r.Started.UTC(), DurationSeconds: seconds,
			End: End{Reason: r.End.Reason, Detail: r.End.Detail}, Validity: own.Status, Sent: alone.Total.Sent,
			Verdict: alone.Verdict.Status, Cause: strings.Join(alone.Verdict.Causes[:min(1, len(alone.Verdict.Causes))], ""),
		})
	}
	end := merged.place()
	if end.Reason != results.Finished {
		end.StoppedSeconds = stopped
	}
	if !merged.SideBySide {
		whole.Apart(apart)
	}
	if len(followed) > 0 {
		whole.Follow(executions.Merge(followed, merged.SideBySide))
	}
	s := Summarize(m, samples, vitals, end, whole)
	s.Run.DurationSeconds, s.Run.Merged = end.Seconds, &merged
	// Whether times are right is told by those who looked while they were measured. Together, one of whom nothing is known
	// could spoil it.
	if s.Generator.Doubtful() != (doubt != nil) {
		s.Generator.Little = doubt
	}
	// A merged run is no better than the worst of them: the lateness of one could be lost among the calls of many.
	if severity(worst.Status) >= severity(s.Validity.Status) {
		s.Validity.Status, s.Validity.Reasons = worst.Status, append([]string{}, reasons...)
	}
	s.decide()
	return s
}

func severity(status string) int {
	return slices.Index([]string{metrics.Valid, metrics.TargetLimited, metrics.GeneratorLimited, metrics.NoData}, status)
}

// place finds out whether the runs went on side by side, which they did if all of them went on for nine tenths of the
// longest, and how they ended: as the worst of them did. The length is the time from the first start to the last end
// side by side, else the sum. Shards began at one moment; of other runs the clocks of their machines tell.
func (m *Merged) place() results.End {
	ends := []string{results.Finished, results.Enough, results.Aborted, results.Hopeless, results.Unkept, results.Interrupted, results.Damaged, results.Cut}
	end := results.End{Reason: results.Finished}
	var details []string
	first, last := m.Runs[0].Started, time.Time{}         // of any
	from, until := time.Time{}, time.Unix(1<<40, 0).UTC() // of all
	longest, sum := 0.0, 0.0
	for _, r := range m.Runs {
		stop := r.Started.Add(time.Duration(r.DurationSeconds * float64(time.Second)))
		if r.Started.Before(first) {
			first = r.Started
		}
		if r.Started.After(from) {
			from = r.Started
		}
		if stop.After(last) {
			last = stop
		}
		if stop.Before(until) {
			until = stop
		}
		longest = max(longest, r.DurationSeconds)
		sum += r.DurationSeconds
		if slices.Index(ends, r.End.Reason) > slices.Index(ends, end.Reason) {
			end.Reason = r.End.Reason
		}
		if r.End.Reason != results.Finished {
			details = append(details, fmt.Sprintf("%s: %s", r.ID, cmp.Or(r.End.Detail, r.End.Reason)))
		}
	}
	end.Detail = strings.Join(details, "; ")
	if m.Shards != nil {
		// They count from one moment, whatever each machine's clock says of it.
		m.SideBySide, end.Seconds = true, longest
		return end
	}
	m.SideBySide = until.Sub(from).Seconds() >= 0.9*longest
	if end.Seconds = sum; m.SideBySide {
		end.Seconds = last.Sub(first).Seconds()
	}
	return end
}
