package metrics

import (
	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// fate is what became of a call, as far as its times go.
type fate uint8

const (
	wasAccepted fate = iota
	wasTimedOut      // no whole response within the timeout: an answer would have taken longer still
	wasDropped       // never sent, since no slot came free within the timeout
	wasShed
	wasRefused
	wasFailed // a whole response that was a failure
	fates
	untimed = fates // its times say nothing about the provider
)

// fateOf is the fate of a row.
func fateOf(r results.Row) fate {
	switch {
	case !r.Timed():
		return untimed
	case r.Error == results.Dropped:
		return wasDropped
	case !r.Completed():
		return wasTimedOut
	}
	switch r.Outcome() {
	case results.OutcomeShed:
		return wasShed
	case results.OutcomeRefused:
		return wasRefused
	case results.OutcomeFailed:
		return wasFailed
	}
	return wasAccepted
}

// fateSet is a set of fates, a bit for each.
type fateSet uint8

const anyFate fateSet = 1<<fates - 1

func (s fateSet) has(f fate) bool { return s>>f&1 != 0 }

// headline are the fates whose times stand for a class: the accepted calls, and those that were given up, whose true
// latency is at least the time recorded. The quicker a target turns calls away, the faster it would look with the
// others in. Of deliberately invalid calls the refused ones stand for the class: that is what they are for.
func headline(invalid bool) fateSet {
	s := fateSet(1<<wasAccepted | 1<<wasTimedOut | 1<<wasDropped)
	if invalid {
		s |= 1 << wasRefused
	}
	return s
}

// fatesOf are the fates of an outcome.
func fatesOf(o results.Outcome) fateSet {
	switch o {
	case results.OutcomeAccepted:
		return 1 << wasAccepted
	case results.OutcomeShed:
		return 1 << wasShed
	case results.OutcomeRefused:
		return 1 << wasRefused
	case results.OutcomeFailed:
		return 1<<wasFailed | 1<<wasTimedOut
	}
	return 0
}

// bounds are times of which the generator itself has had a part in some: those calls are touched, and are kept as they
// were measured and less that part. The truth lies between the two, so that any figure of the times has an upper and a
// lower bound.
type bounds struct {
	clean   histogram.Recorder
	touched *touched // nil until the first
}

type touched struct{ measured, less histogram.Recorder }

// record counts a time as it was measured and less the generator's own part, which is the same where there is none.
func (b *bounds) record(measured, less int64) {
	if measured == less {
		b.clean.Record(measured)
		return
	}
	if b.touched == nil {
		b.touched = new(touched)
	}
	b.touched.measured.Record(measured)
	b.touched.less.Record(less)
}

// into adds the times to s, as measured or less the generator's own part.
func (b *bounds) into(s *histogram.Scratch, less bool) {
	s.AddRecorder(&b.clean)
	switch {
	case b.touched == nil:
	case less:
		s.AddRecorder(&b.touched.less)
	default:
		s.AddRecorder(&b.touched.measured)
	}
}

// touches is how many times the generator had a part in.
func (b *bounds) touches() uint64 {
	if b.touched == nil {
		return 0
	}
	return b.touched.measured.Samples()
}

// merge adds the times of o.
func (b *bounds) merge(o *bounds, working *[]byte) {
	b.clean.Merge(o.clean.Pack(working))
	if o.touched == nil {
		return
	}
	if b.touched == nil {
		b.touched = new(touched)
	}
	b.touched.measured.Merge(o.touched.measured.Pack(working))
	b.touched.less.Merge(o.touched.less.Pack(working))
}

// kind is what a row's error says of it, looked up because asking each row anew took a sixth of Add.
type kind struct {
	name string
	one  Counts
	fate fate
	// outcome is none of the sent ones where the status tells it: see turned.
	outcome results.Outcome
	// turned is what it says where the status is 3xx or 4xx; nil where that makes no difference.
	turned *kind
}

// of is what a row with the status says.
func (k *kind) of(status uint16) *kind {
	if class := status / 100; k.turned != nil && (class == 3 || class == 4) {
		return k.turned
	}
	return k
}

// allKinds looks up what each kind of error says of a row.
func allKinds() []kind {
	var all []kind
	for k, name := range results.KindNames() {
		accepted, refused := kindOf(results.Row{Error: results.Kind(k)}, name), kindOf(results.Row{Error: results.Kind(k), Status: 400}, name)
		if accepted.outcome != refused.outcome {
			accepted.turned = &refused
		}
		all = append(all, accepted)
	}
	return all
}

func kindOf(r results.Row, name string) kind {
	k := kind{name: name, one: Counts{Due: 1}, fate: fateOf(r), outcome: r.Outcome()}
	one := &k.one
	switch {
	case r.Error == results.Dropped:
		one.Dropped = 1
	case r.Sent():
		one.Sent = 1
		if !r.OK() && !r.Error.GivenUp() && r.Error != results.Shed {
			one.Errors = 1
		}
	}
	if r.Completed() {
		one.Completed = 1
	}
	if r.OK() {
		one.OK = 1
	}
	switch k.outcome {
	case results.OutcomeAccepted:
		one.Accepted = 1
	case results.OutcomeShed:
		one.Shed = 1
	case results.OutcomeRefused:
		one.Refused = 1
	}
	return k
}
