package attack

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// sink is the one goroutine that everything measured passes through.
type sink struct {
	*run
	drained    chan struct{}
	aggregator *metrics.Aggregator
	ids        *ids
	// repeated counts the answers whose id came before.
	repeated uint64
	// aborts are the conditions that end the run when they are broken.
	aborts   []metrics.Condition
	hopeless hopeless
	// collect is the percentage by which garbage is collected.
	collect int
	// longest is the most records that waited since the last tick.
	longest int
	// end is when the last call was over.
	end     time.Duration
	samples []results.Sample
	taken   []results.Vitals
	// brokenAt is when a threshold ended the run; 0 where none did.
	brokenAt time.Duration
	err      error
}

func newSink(r *run) *sink {
	s := &sink{
		run: r, drained: make(chan struct{}),
		aggregator: metrics.Of(r.Writer.Manifest()), collect: seldom,
	}
	if !r.RepeatedIDsAllowed {
		s.ids = newIDs()
	}
	for _, t := range r.Plan.Thresholds {
		if t.Abort {
			s.aborts = append(s.aborts, t)
		}
	}
	return s
}

// drain takes records until the queue is closed.
func (s *sink) drain() {
	defer close(s.drained)
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case rec, open := <-s.queue:
			if !open {
				return
			}
			s.longest = max(s.longest, len(s.queue))
			s.take(rec)
		case <-second.C:
			// Who looks once a second is to have seen all that ended until then.
			for range len(s.queue) {
				s.take(<-s.queue)
			}
			s.tick()
		}
	}
}

func (s *sink) take(rec record) {
	row := &rec.row
	if rec.execution != "" && s.ids != nil && !s.ids.add(rec.execution) {
		s.repeat(&rec)
	}
	s.end = max(s.end, rec.end)
	// The labels are the plan's, so a row cannot be foreign to them.
	if err := s.aggregator.Add(*row); err != nil {
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
		s.fail(s.Writer.Add(*row))
	}
	if rec.sample != nil {
		s.samples = append(s.samples, *rec.sample)
		if s.err == nil {
			s.fail(s.Writer.Sample(*rec.sample))
		}
	}
	if why := s.hopeless.add(row, s.Plan.Labels.Classes[row.Class].Invalid); why != "" {
		s.halt(results.Hopeless, why+s.answerOf(row.Error))
	}
}

// repeat counts an answer whose executionId came before, which breaks the contract.
func (s *sink) repeat(rec *record) {
	s.repeated++
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
func (s *sink) answerOf(kind results.Kind) string {
	if kind.ByProxy() || kind == results.TLS {
		for _, x := range s.samples {
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
	v.Queue, v.Connections = s.longest, s.transport.Connections()
	v.BlockedSeconds = time.Duration(s.blocked.Swap(0)).Seconds() / float64(s.workers)
	v.WriteMax, v.Machine = s.Writer.Longest().Seconds(), s.machine.since()
	seen := s.transport.Seen()
	v.Unasked, v.Repeated, v.Encoded, v.Protocol = seen.Unasked, s.repeated, seen.Encoded, seen.Protocol
	s.longest = 0
	s.taken = append(s.taken, v)
	if s.err == nil {
		s.fail(s.Writer.Vitals(v))
	}
}

func (s *sink) tick() {
	now := time.Since(s.began)
	if s.err == nil {
		s.fail(s.Writer.Flush())
	}
	s.keepVitals(now)
	if by := collectBy(s.stalls.before.live, s.stalls.before.scanned); by != s.collect && os.Getenv("GOGC") == "" {
		s.collect = by
		debug.SetGCPercent(by)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit(s.Plan.Limits.Memory, s.stalls.before.live))
	}
	if why := s.broken(s.known(now)); why != "" && s.halt(results.Aborted, why) {
		s.brokenAt = now
	}
	if s.Tick != nil {
		s.Tick(now, s.aggregator, int(s.inFlight.Load()))
	}
}

// known is up to when it is known what was answered: while records wait, what came after the last that was taken may be
// among them. A disk that hangs holds up more than a second of them.
func (s *sink) known(now time.Duration) time.Duration {
	if len(s.queue) > 0 {
		return min(now, s.end)
	}
	return now
}

// broken says which of the conditions that end the run is broken; empty where none is.
func (s *sink) broken(now time.Duration) string {
	for _, t := range s.aborts {
		switch {
		case now < t.After:
		case t.Window() > 0:
			if when := t.BrokenWindow(s.aggregator, t.After, now, s.underWay); when != "" {
				return fmt.Sprintf("the threshold %s was broken %s", t.Threshold, when)
			}
		case t.Broken(s.aggregator, now.Seconds(), s.underWay):
			return fmt.Sprintf("the threshold %s was broken after %s", t.Threshold, now.Round(100*time.Millisecond))
		}
	}
	return ""
}

// underWay is how many of the calls that were due in a stretch of the run are not counted yet, of which so many are.
func (s *sink) underWay(from, until time.Duration, counted uint64) uint64 {
	if s.closed {
		return uint64(s.inFlight.Load()) + uint64(len(s.queue))
	}
	due := s.Plan.DueBefore(until) - s.Plan.DueBefore(from)
	return due - min(counted, due)
}

// finish waits for the last record, closes the files, and says how the run ended. killed says that calls in flight were
// given up; stopped is when the sending ended before the plan did, 0 if it did not.
func (s *sink) finish(killed bool, stopped time.Duration) (Outcome, error) {
	close(s.queue)
	<-s.drained
	s.transport.Close()
	s.keepVitals(time.Since(s.began))
	s.end = max(s.end, stopped)
	end := results.End{Reason: s.reason, Detail: s.detail, Seconds: s.end.Seconds(), StoppedSeconds: stopped.Seconds()}
	if killed && (end.Reason == results.Finished || end.Reason == results.Enough) {
		end.Reason = results.Interrupted
	}
	switch end.Reason {
	case results.Aborted:
		// Only now is it known what has left and was answered until then.
		if at := s.aggregator.At(s.brokenAt.Truncate(time.Second)); at != nil {
			end.Detail += ", " + at.Rates()
		}
	case results.Interrupted:
		end.Detail = fmt.Sprintf("it was told to stop after %s", s.stopped.Round(100*time.Millisecond))
	}
	if s.Tick != nil {
		s.Tick(s.end, s.aggregator, 0)
	}
	if err := s.Writer.Close(end); err != nil {
		s.err = errors.Join(s.err, fmt.Errorf("the results cannot be kept: %w", err))
	}
	return Outcome{s.aggregator, end, s.samples, s.taken}, s.err
}
