package executions

import (
	"strings"

	"github.com/kaizenautomation/andon/reports/results"
)

// Make says what became of the executions of one run.
func Make(list []results.Execution, about About) Report { return Of(list, about).Report() }

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

// kept is an id as files keep it.
func kept(id string) string { return strings.ToValidUTF8(id, "\ufffd") }

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
						f.IDs = append(f.IDs, kept(x.ID))
					}
				}
			}
		}
		if f.Count > 0 {
			list = append(list, f)
		}
	}
	if id := a.about.Imagined; id != "" {
		list = append(list, Fault{Name: imagined, Count: 1, IDs: []string{kept(id)}})
	}
	return list
}

// imagined is the name of the fault that there is no execution for.
const imagined = "imagined"
