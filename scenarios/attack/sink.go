package attack

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// sink is the one goroutine that everything measured passes through.
type sink struct {
	*run
	// over is closed when no more records come, and drained when all were taken.
	over, drained chan struct{}
	// batch is the list of records that is free.
	batch []record
	// targets is what is kept of each of them.
	targets []*kept
	// aborts are the conditions that end the run when they are broken.
	aborts []metrics.Condition
	// collect is the percentage by which garbage is collected.
	collect int
	// longest is the most records that waited since the last tick.
	longest int
	// end is when the last call was over.
	end time.Duration
	// brokenAt is when a threshold ended the run, 0 where none did, and by the target that ended it, with that or by
	// turning all calls away.
	brokenAt time.Duration
	by       *kept
	err      error
}

// kept is what is kept of the calls to one target.
type kept struct {
	*results.Writer
	aggregator *metrics.Aggregator
	hopeless   hopeless
	// ids are those that it gave, which another target need not know of; repeated counts the answers whose id came
	// before.
	ids      *ids
	repeated uint64
	samples  []results.Sample
	taken    []results.Vitals
	// place is that among the targets, and first has the numbers of the first calls that go to it, where there are two.
	place int
	first []uint32
}

func newSink(r *run) *sink {
	s := &sink{run: r, over: make(chan struct{}), drained: make(chan struct{}), collect: seldom}
	for i := range r.sides {
		w := r.Writer
		if i > 0 {
			w = r.Against.Writer
		}
		s.targets = append(s.targets, &kept{Writer: w, aggregator: metrics.Of(w.Manifest()), place: i})
		if r.Against != nil {
			s.targets[i].first = r.firstOf(i)
		}
		switch {
		case r.RepeatedIDsAllowed:
		case i > 0 && *r.Against.Target == *r.Target:
			s.targets[i].ids = s.targets[0].ids
		default:
			s.targets[i].ids = newIDs()
		}
	}
	for _, t := range r.Plan.Thresholds {
		op, _ := t.Limit()
		// What a shard has too little of, all of them together may have.
		tooLittle := r.Writer.Manifest().Shard != nil && t.OfTotal() && (op == ">" || op == ">=")
		if t.Abort && !tooLittle && r.Ordered == nil {
			s.aborts = append(s.aborts, t)
		}
	}
	return s
}

// gather is how often the sink looks for records. Nobody waits for it but who watches, and each look wakes a processor.
// Where somebody is told of executions it is promptly: until then nobody asks about them, and in between they end.
const (
	gather   = 100 * time.Millisecond
	promptly = 10 * time.Millisecond
)

// drain takes records until the run is over.
func (s *sink) drain() {
	defer close(s.drained)
	each := gather
	if s.Accepted != nil {
		each = promptly
	}
	often, second := time.NewTicker(each), time.NewTicker(time.Second)
	defer often.Stop()
	defer second.Stop()
	for {
		select {
		case <-s.over:
			s.takeAll()
			return
		case <-often.C:
			s.takeAll()
		case <-s.handed.many:
			s.takeAll()
		case <-second.C:
			// Who looks once a second is to have seen all that ended until then.
			s.takeAll()
			s.tick()
		}
	}
}

// takeAll takes the records that wait.
func (s *sink) takeAll() {
	list := s.handed.take(s.batch)
	s.longest = max(s.longest, len(list))
	for i := range list {
		s.take(&list[i])
	}
	clear(list)
	s.batch = list
}

func (s *sink) take(rec *record) {
	row, to := &rec.row, s.targets[rec.side]
	if rec.execution != "" && to.ids != nil && !to.ids.add(rec.execution) {
		s.repeat(rec)
	}
	s.end = max(s.end, rec.end)
	// The labels are the plan's, so a row cannot be foreign to them.
	if err := to.aggregator.Add(*row); err != nil {
		s.fail(err)
	}
	if s.Observe != nil {
		s.Observe(*row)
	}
	// A refusal may name an execution that is there already.
	if s.Accepted != nil && rec.execution != "" && row.Status/100 == 2 {
		s.Accepted(results.Execution{
			N: row.N, Class: row.Class, Phase: row.Phase, ID: rec.execution, Session: rec.session, Sent: rec.sent, Accepted: rec.whole,
		})
	}
	if s.err == nil {
		s.fail(to.Add(*row))
	}
	if s.err == nil && rec.execution != "" && to.ids != nil {
		s.fail(to.Given(row.N, rec.execution))
	}
	if rec.sample != nil {
		to.samples = append(to.samples, *rec.sample)
		if s.err == nil {
			s.fail(to.Sample(*rec.sample))
		}
	}
	of := *row
	of.N = uint32(s.Plan.Place(uint64(row.N)))
	if s.Against != nil {
		of.N = to.rank(row.N)
	}
	if why := to.hopeless.add(&of, s.Plan.Labels.Classes[row.Class].Invalid); why != "" {
		if s.Against != nil {
			why = fmt.Sprintf("%s: %s", text.Printable(to.Manifest().Target, 200), why)
		}
		if s.halt(results.Hopeless, why+to.answerOf(row.Error)) {
			s.by = to
		}
	}
}

// rank is how many calls go to the target before call n does; the first ones are enough.
func (t *kept) rank(n uint32) uint32 {
	i, _ := slices.BinarySearch(t.first, n)
	return uint32(i)
}

// firstOf are the first calls that go to a target, which tell whether it is there at all.
func (r *run) firstOf(place int) (list []uint32) {
	for k := uint64(0); k < r.Plan.Calls && len(list) < looked; k++ {
		if n := r.Plan.Number(k); r.of(r.Plan.Due(n)) == place {
			list = append(list, uint32(n))
		}
	}
	return list
}

// repeat counts an answer whose executionId came before, which breaks the contract.
func (s *sink) repeat(rec *record) {
	s.targets[rec.side].repeated++
	row := &rec.row
	if row.Rule != 0 {
		return
	}
	row.Rule = s.rules[contracts.RuleRepeatedID]
	if row.Error == results.None {
		row.Error = results.Contract
	}
	s.sample(rec, fmt.Sprintf("executionId %q was given to another call before", rec.execution), nil)
}

// answerOf is what a proxy said, or the other side of a handshake: no table has the room for it.
func (t *kept) answerOf(kind results.Kind) string {
	if kind.ByProxy() || kind == results.TLS {
		for _, x := range t.samples {
			if x.Kind == kind.String() {
				return ": " + x.Message
			}
		}
	}
	return ""
}

// fail ends the run because the files cannot be written; what is measured still counts.
func (s *sink) fail(err error) {
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("the results cannot be kept: %w", err)
		s.halt(results.Unkept, s.err.Error())
	}
}

// keepVitals writes down how the generator did since the last time.
func (s *sink) keepVitals(now time.Duration) {
	v := s.stalls.vitals(now)
	v.Queue = s.longest
	v.BlockedSeconds = time.Duration(s.blocked.Swap(0)).Seconds() / float64(s.workers)
	v.Machine = s.machine.since()
	for _, t := range s.targets {
		v.WriteMax = max(v.WriteMax, t.Longest().Seconds())
	}
	s.longest = 0
	for i, t := range s.targets {
		seen := s.sides[i].transport.Seen()
		v.Connections, v.Repeated = s.sides[i].transport.Connections(), t.repeated
		v.Unasked, v.Encoded, v.Protocol = seen.Unasked, seen.Encoded, seen.Protocol
		t.taken = append(t.taken, v)
		if s.err == nil {
			s.fail(t.Vitals(v))
		}
	}
}

func (s *sink) tick() {
	now := time.Since(s.began)
	for _, t := range s.targets {
		if s.err == nil {
			s.fail(t.Flush())
		}
	}
	s.keepVitals(now)
	if by := collectBy(s.stalls.before.live, s.stalls.before.scanned, s.stalls.added); by != s.collect && os.Getenv("GOGC") == "" {
		s.collect = by
		debug.SetGCPercent(by)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit(s.Plan.Limits.Memory, s.stalls.before.live))
	}
	if why, by := s.broken(s.known(now)); by != nil && s.halt(results.Aborted, why) {
		s.brokenAt, s.by = now, by
	}
	if s.Tick != nil {
		s.Tick(now, s.targets[0].aggregator, int(s.inFlight.Load()))
	}
}

// known is up to when it is known what was answered: while records wait, what came after the last that was taken may be
// among them. A disk that hangs holds up more than a second of them.
func (s *sink) known(now time.Duration) time.Duration {
	if s.handed.waiting() > 0 {
		return min(now, s.end)
	}
	return now
}

// broken says which of the conditions that end the run is broken, and by which target; nil where none is.
func (s *sink) broken(now time.Duration) (why string, by *kept) {
	for _, to := range s.targets {
		for _, t := range s.aborts {
			if why := t.Ends(to.aggregator, now, s.underWay(to)); why != "" {
				return why, to
			}
		}
	}
	return "", nil
}

// underWay gives how many of the calls to a target that were due in a stretch of the run are not counted yet, of which
// so many are.
func (s *sink) underWay(to *kept) func(from, until time.Duration, counted uint64) uint64 {
	return func(from, until time.Duration, counted uint64) uint64 {
		if s.closed {
			return uint64(s.inFlight.Load()) + uint64(s.handed.waiting())
		}
		first, last := s.Plan.DueBefore(from), s.Plan.DueBefore(until)
		due := last - first
		if s.Against != nil {
			due = 0
			for k := first; k < last; k++ {
				if s.of(s.Plan.Due(s.Plan.Number(k))) == to.place {
					due++
				}
			}
		}
		return due - min(counted, due)
	}
}

// finish waits for the last record, closes the files, and says how the run ended. killed says that calls in flight were
// given up; stopped is when the sending ended before the plan did, 0 if it did not.
func (s *sink) finish(killed bool, stopped time.Duration) (Outcome, error) {
	close(s.over)
	<-s.drained
	s.close()
	s.keepVitals(time.Since(s.began))
	s.end = max(s.end, stopped)
	end := results.End{Reason: s.reason, Detail: s.detail, Seconds: s.end.Seconds(), StoppedSeconds: stopped.Seconds()}
	if killed && (end.Reason == results.Finished || end.Reason == results.Enough) {
		end.Reason = results.Interrupted
	}
	switch end.Reason {
	case results.Aborted:
		if s.by == nil { // others have judged it, by more than is known here
			break
		}
		// Only now is it known what has left and was answered until then.
		if at := s.by.aggregator.At(s.brokenAt.Truncate(time.Second)); at != nil {
			end.Detail += ", " + at.Rates()
		}
	case results.Interrupted:
		told := fmt.Sprintf("it was told to stop after %s", s.stopped.Round(100*time.Millisecond))
		if s.stopped == 0 {
			told = "it was told to stop before it began"
		}
		end.Detail = strings.TrimPrefix(end.Detail+"; "+told, "; ")
	}
	if s.Tick != nil {
		s.Tick(s.end, s.targets[0].aggregator, 0)
	}
	if s.blamed != "" && s.Against != nil {
		s.by = s.targets[strings.Index("ab", s.blamed)&1]
	}
	var out *Outcome
	for _, t := range slices.Backward(s.targets) {
		end := end
		if s.by != nil && s.by != t {
			end.Reason, end.Detail = results.Enough, "the other target ended it: "+end.Detail
		}
		if err := t.Close(end); err != nil {
			s.err = errors.Join(s.err, fmt.Errorf("the results cannot be kept: %w", err))
		}
		out = &Outcome{t.aggregator, end, t.samples, t.taken, out}
	}
	return *out, s.err
}
