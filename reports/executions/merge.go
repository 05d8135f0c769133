package executions

import (
	"cmp"
	"slices"
)

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
		a.Imagined = cmp.Or(a.Imagined, o.Imagined)
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
