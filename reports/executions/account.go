package executions

import (
	"cmp"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// About is what the executions of a run say nothing of: how they were followed.
type About struct {
	Labels results.Labels `json:"-"`
	// Operation, Sample, End, Detail, Seconds, Polls and Webhooks are those of [Report].
	Operation string    `json:"operation"`
	Sample    float64   `json:"sample"`
	End       string    `json:"end"`
	Detail    string    `json:"detail,omitempty"`
	Seconds   float64   `json:"seconds"`
	Polls     Polls     `json:"polls"`
	Webhooks  *Webhooks `json:"webhooks,omitempty"`
	// LoadSeconds is when the last call was answered, on the run's clock.
	LoadSeconds float64 `json:"loadSeconds"`
}

// Account is the executions of a run, or of several that were merged: what figures are made of.
type Account struct {
	about About
	// parts are the executions of runs that went on one after the other, each on its own clock. Those of runs that went on
	// at the same time are one part.
	parts []part
}

type part struct {
	list []results.Execution
	// load is when the last call was answered.
	load time.Duration
}

// Of is the account of one run. The list stays the caller's, and is not to be changed.
func Of(list []results.Execution, about About) *Account {
	return &Account{about, []part{{list, seconds(about.LoadSeconds)}}}
}

// Make says what became of the executions of one run.
func Make(list []results.Execution, about About) Report { return Of(list, about).Report() }

// Merge makes one account of those of several runs, which are of the same labels: of runs that went on at the same
// time, or one after the other.
func Merge(accounts []*Account, sideBySide bool) *Account {
	m := &Account{about: accounts[0].about}
	a := &m.about
	var details []string
	for i, one := range accounts {
		m.parts = append(m.parts, one.parts...)
		if i == 0 {
			details = append(details, a.Detail)
			continue
		}
		o := one.about
		if rank := slices.Index(ends, o.End); rank > slices.Index(ends, a.End) {
			a.End = o.End
		}
		details = append(details, o.Detail)
		a.Seconds = max(a.Seconds, o.Seconds)
		a.LoadSeconds = max(a.LoadSeconds, o.LoadSeconds)
		a.Sample = min(a.Sample, o.Sample)
		a.Polls = a.Polls.plus(o.Polls)
		a.Webhooks = a.Webhooks.plus(o.Webhooks)
	}
	a.Detail = joined(details)
	if !sideBySide {
		return m
	}
	all := part{}
	for _, p := range m.parts {
		all.list = append(all.list, p.list...)
		all.load = max(all.load, p.load)
	}
	m.parts = []part{all}
	return m
}

// ends are how following ends, the worst last.
var ends = []string{EndSeen, EndTime, EndInterrupted, EndRefused, EndCut}

// joined joins sentences, each once.
func joined(sentences []string) (all string) {
	var said []string
	for _, s := range sentences {
		if s == "" || slices.Contains(said, s) {
			continue
		}
		said = append(said, s)
		if all != "" {
			all += "; "
		}
		all += s
	}
	return all
}

// plus adds the polls of another run. Percentiles of both together are not known.
func (p Polls) plus(o Polls) Polls {
	calls := func(p Polls) float64 { // all that the target got
		if p.Share == 0 {
			return 0
		}
		return float64(p.Sent) / p.Share
	}
	sum := Polls{Sent: p.Sent + o.Sent, Failed: p.Failed + o.Failed, PerSecond: p.PerSecond + o.PerSecond, Late: p.Late + o.Late}
	if all := calls(p) + calls(o); all > 0 {
		sum.Share = float64(sum.Sent) / all
	}
	for _, errors := range []map[string]uint64{p.Errors, o.Errors} {
		for name, n := range errors {
			if sum.Errors == nil {
				sum.Errors = map[string]uint64{}
			}
			sum.Errors[name] += n
		}
	}
	return sum
}

func (w *Webhooks) plus(o *Webhooks) *Webhooks {
	if w == nil || o == nil {
		return cmp.Or(w, o)
	}
	return &Webhooks{
		Received: w.Received + o.Received, Believed: w.Believed + o.Believed, Repeated: w.Repeated + o.Repeated, Unsigned: w.Unsigned + o.Unsigned,
		Old: w.Old + o.Old, Unknown: w.Unknown + o.Unknown, Malformed: w.Malformed + o.Malformed, Excess: w.Excess + o.Excess, Missing: w.Missing + o.Missing,
	}
}

// Report is what became of all of them.
func (a *Account) Report() Report {
	labels := a.about.Labels
	measured := func(phase, _ int) bool { return !labels.Phases[phase].Warmup }
	r := Report{
		Operation: a.about.Operation, Sample: a.about.Sample, End: a.about.End, Detail: a.about.Detail, Seconds: a.about.Seconds,
		Polls: a.about.Polls, Webhooks: a.about.Webhooks,
		Total: a.Group(measured).Figures(), Tiers: map[string]Figures{}, Classes: map[string]Figures{},
		Backlog:  a.Backlog(func(class int) bool { return true }, func(phase int) bool { return measured(phase, 0) }),
		Timeline: a.timeline(), Faults: a.faults(),
	}
	by := func(name func(results.Class) string, to map[string]Figures) {
		for _, c := range labels.Classes {
			if _, there := to[name(c)]; there {
				continue
			}
			f := a.Group(func(phase, class int) bool { return measured(phase, class) && name(labels.Classes[class]) == name(c) }).Figures()
			if to[name(c)] = f; f.Accepted == 0 {
				delete(to, name(c))
			}
		}
	}
	by(func(c results.Class) string { return c.Tier }, r.Tiers)
	by(func(c results.Class) string { return c.Name }, r.Classes)
	return r
}

// mostIDs is how many ids of a kind of fault are named.
const mostIDs = 10

// faults counts what cannot be, over all executions.
func (a *Account) faults() (list []Fault) {
	for bit, name := range results.FaultNames() {
		f := Fault{Name: name}
		for _, p := range a.parts {
			for i := range p.list {
				if x := &p.list[i]; x.Faults>>bit&1 == 1 {
					if f.Count++; len(f.IDs) < mostIDs {
						f.IDs = append(f.IDs, x.ID)
					}
				}
			}
		}
		if f.Count > 0 {
			list = append(list, f)
		}
	}
	return list
}
