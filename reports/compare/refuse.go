package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// RefusedError is that runs must not be compared.
type RefusedError struct {
	// Reasons are all that is in the way.
	Reasons []string
	// Forceable says that what is in the way is only by what the answers were judged, so that times can be compared all
	// the same.
	Forceable bool
}

func (e *RefusedError) Error() string {
	return "the runs must not be compared:\n  " + strings.Join(e.Reasons, "\n  ")
}

// difference is something that is not the same in the first run and in others.
type difference struct {
	what, first, other string
	// judged says that it is only about by what answers are judged.
	judged bool
	who    []string
}

// differences are what keeps runs from being compared.
type differences struct {
	alone []string // what is wrong with single runs
	list  []difference
}

// refuse lists all that keeps two sets of runs from being compared, and gives what was forced. New runs whose calls
// were held up may be allowed: then not all of their figures can be.
func refuse(base, changed Set, force, held bool) (forced []string, err error) {
	var d differences
	all := slices.Concat(base.Runs, changed.Runs)
	for i := range all {
		d.look(&all[i], held && i >= len(base.Runs))
		for k := range all[:i] {
			if same(&all[k], &all[i]) {
				where := "twice"
				switch {
				case k < len(base.Runs) && i >= len(base.Runs):
					where = "on both sides"
				case len(changed.Runs) > 0:
					where = "twice on one side"
				}
				d.alone = append(d.alone, fmt.Sprintf("%s is there %s, and a run says nothing of how much runs differ: give each once", named(&all[i]), where))
			}
		}
	}
	for i := range all[1:] {
		d.against(&all[0], &all[i+1])
	}
	load, judged := d.alone, []string(nil)
	for _, one := range d.list {
		said := fmt.Sprintf("%s %s in %s, %s in %s", one.what, one.first, named(&all[0]), one.other, one.who[0])
		if more := len(one.who) - 1; more > 0 {
			said += " and " + text.Plural(uint64(more), "run") + " more"
		}
		if one.judged {
			judged = append(judged, said)
		} else {
			load = append(load, said)
		}
	}
	if len(load) == 0 && (force || len(judged) == 0) {
		return judged, nil
	}
	return nil, &RefusedError{Reasons: slices.Concat(load, judged), Forceable: len(load) == 0}
}

// named is a run in a sentence.
func named(m *Measured) string { return text.Printable(m.ID, 80) }

// same reports whether two runs are one.
func same(a, b *Measured) bool {
	return a.ID == b.ID && a.Started.Equal(b.Started) && a.Seed == b.Seed && a.Traces == b.Traces && a.Target == b.Target
}

// look says what is wrong with a run itself, the calls of which may have been held up or not.
func (d *differences) look(m *Measured, held bool) {
	if m.End.Reason != results.Finished {
		why := text.Printable(m.End.Detail, 200)
		if why == "" {
			why = m.End.Reason
		}
		d.alone = append(d.alone, fmt.Sprintf("%s did not go on to the end of its plan: %s", named(m), why))
	}
	if m.held() && !held || m.Validity == metrics.NoData {
		why := ""
		if len(m.Reasons) > 0 {
			why = ": " + text.Printable(m.Reasons[0], 300)
		}
		d.alone = append(d.alone, fmt.Sprintf("%s is %s%s", named(m), m.Validity, why))
	}
}

// note takes down that one run differs from the first in something, if it does.
func (d *differences) note(who *Measured, judged bool, what, first, other string) {
	if first == other {
		return
	}
	i := slices.IndexFunc(d.list, func(o difference) bool { return o.what == what && o.other == other })
	if i < 0 {
		i = len(d.list)
		d.list = append(d.list, difference{what: what, first: or(first), other: or(other), judged: judged})
	}
	d.list[i].who = append(d.list[i].who, named(who))
}

// against says what differs between the first run and another. Seeds and thresholds may, and so may releases and
// targets, which are what is compared.
func (d *differences) against(a, b *Measured) {
	for _, of := range partsApart(a.Plan, b.Plan) {
		if of.name != "thresholds" && of.name != "description" {
			d.note(b, false, of.name+" is", of.a, of.b)
		}
	}
	if len(a.Plan) == 0 || len(b.Plan) == 0 {
		d.labels(a, b)
	}
	d.note(b, false, "the transport is", text.Printable(a.Generator.Transport, 80), text.Printable(b.Generator.Transport, 80))
	d.note(b, false, "the proxy is", text.Printable(a.Generator.Proxy, 80), text.Printable(b.Generator.Proxy, 80))
	d.note(b, false, "executions are", following(a), following(b))
	d.note(b, true, "the description has the SHA-256", digest(a.SpecSHA256), digest(b.SpecSHA256))
	d.note(b, true, "the known deviations waive", waived(a), waived(b))
	d.note(b, true, "the rules that are not checked are", strings.Join(a.Unchecked, ", "), strings.Join(b.Unchecked, ", "))
}

// digest is enough of one to tell it from others.
func digest(of string) string { return fmt.Sprintf("%.12s…", of) }

// labels holds the classes and phases of runs against each other of which one does not say what its plan is.
func (d *differences) labels(a, b *Measured) {
	list := func(m *Measured) (classes, phases string) {
		var c, p []string
		for _, class := range m.Labels.Classes {
			c = append(c, class.Name)
		}
		for _, phase := range m.Labels.Phases {
			p = append(p, fmt.Sprintf("%s: %s for %g s", phase.Name, phase.Shape, phase.Seconds))
		}
		return strings.Join(c, ", "), strings.Join(p, ", ")
	}
	ac, ap := list(a)
	bc, bp := list(b)
	d.note(b, false, "the load is", text.Printable(ap, 200), text.Printable(bp, 200))
	d.note(b, false, "the classes of the mix are", text.Printable(ac, 200), text.Printable(bc, 200))
}

// apart is a part of two plans that is not the same in both.
type apart struct{ name, a, b string }

// partsApart are the parts of two plans that differ; none where one of them is not known.
func partsApart(a, b []results.Part) (list []apart) {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	find := func(parts []results.Part, name string) string {
		for _, p := range parts {
			if p.Name == name {
				return p.Text
			}
		}
		return ""
	}
	seen := map[string]bool{}
	for _, p := range slices.Concat(a, b) {
		x, y := find(a, p.Name), find(b, p.Name)
		if x != y && !seen[p.Name] {
			list = append(list, apart{text.Printable(p.Name, 80), text.Printable(x, 160), text.Printable(y, 160)})
		}
		seen[p.Name] = true
	}
	return list
}

// or is a text, or a word for none.
func or(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func following(m *Measured) string {
	if m.Following == nil {
		return "not followed"
	}
	return fmt.Sprintf("followed by %s, %s of them", text.Printable(m.Following.Operation, 200), text.Percent(m.Following.Sample))
}

// waived are the rules that known deviations waive in a run.
func waived(m *Measured) string {
	var rules []string
	for _, one := range m.Deviations {
		if !one.Expired {
			rules = append(rules, one.Rules...)
		}
	}
	slices.Sort(rules)
	return strings.Join(slices.Compact(rules), ", ")
}

// Alike says all that keeps runs from being of one set: a [RefusedError].
func Alike(runs []Measured) error {
	_, err := refuse(Set{Runs: runs}, Set{}, false, false)
	return err
}
