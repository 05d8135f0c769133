package attack

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// A logbook is a provider that writes down when calls came and when they were answered.
type logbook struct {
	takes  time.Duration
	status int
	sync.Mutex
	came, answered []time.Time
}

func (l *logbook) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	l.Lock()
	l.came = append(l.came, time.Now())
	n := len(l.came)
	l.Unlock()
	time.Sleep(l.takes)
	w.Header().Set("Content-Type", "application/json")
	if l.status != 0 {
		w.WriteHeader(l.status)
	}
	fmt.Fprintf(w, `{"sessionId":"s","executionId":"e%d","status":"running"}`, n)
	l.Lock()
	l.answered = append(l.answered, time.Now())
	l.Unlock()
}

// A logged run is what was measured of a run, and what its provider says.
type logged struct {
	outcome
	log *logbook
	// began is when the run's clock was at 0, and stopped when it was interrupted.
	began, stopped time.Time
}

// fireAt runs a plan against a provider that writes down what came. It is interrupted after so long, if that is not 0.
func fireAt(t *testing.T, load, limits string, log *logbook, after time.Duration) logged {
	t.Helper()
	p := plan(t, "load: "+load+"\nmix: {content: [{items: [text]}]}\nlimits: "+limits, 1)
	l := logged{log: log}
	interrupt := make(chan struct{})
	stop := func() bool { return false }
	l.outcome = fireUntil(context.Background(), t, interrupt, p, serve(t, log), func(c *Config) {
		c.Began = func(at time.Time) {
			l.began = at
			if after > 0 {
				stop = time.AfterFunc(time.Until(at.Add(after)), func() {
					l.stopped = time.Now()
					close(interrupt)
				}).Stop
			}
		}
	})
	stop()
	return l
}

// since is the last of the moments, in seconds of the run.
func (l logged) since(moments []time.Time) float64 {
	return slices.MaxFunc(moments, time.Time.Compare).Sub(l.began).Seconds()
}

// unseen is how long the generator may stand still without its noticing: it looks again after 7.5 ms at most, and takes
// being 10 ms late for nothing.
const unseen = 0.0175

// holds compares a rate with n calls in so many seconds of the provider's log: within 1 %, and what the generator stood
// still for.
func (l logged) holds(t *testing.T, what string, got float64, n int, seconds float64) {
	t.Helper()
	want := float64(n) / seconds
	if allowed := want * (0.01 + (l.stalled+unseen)/seconds); math.Abs(got-want) > allowed {
		t.Errorf("%s at %.3f/s; the provider's log says %d in %.3f s, %.3f/s", what, got, n, seconds, want)
	}
}

// What is said of rates is what the provider's own log says.
func TestRatesOfTheProvidersLog(t *testing.T) {
	t.Run("late target", func(t *testing.T) {
		t.Parallel()
		l := fireAt(t, "[{rate: 100/s, for: 500ms}]", "{timeout: 30s, inFlight: 5}", &logbook{takes: 200 * time.Millisecond}, 0)
		l.holds(t, "sent", l.total.Rate.Achieved, 50, l.since(l.log.came))
		l.holds(t, "answered", l.total.Rate.Answered, 50, l.since(l.log.answered))
		if *l.total.Rate.Planned != 100 || l.total.Rate.Achieved > 30 {
			t.Errorf("of five at once that take 200 ms: %+v", l.total.Rate)
		}
	})
	t.Run("closed loop", func(t *testing.T) {
		t.Parallel()
		l := fireAt(t, "[{callers: 10, for: 1250ms}]", "{}", &logbook{takes: 500 * time.Millisecond}, 0)
		l.holds(t, "sent", l.total.Rate.Achieved, len(l.log.came), 1.25)
		l.holds(t, "answered", l.total.Rate.Answered, len(l.log.answered), l.since(l.log.answered))
		// Little's law: ten callers, who have nothing else to do but to read an answer that has come.
		if callers := l.total.Rate.Answered * *l.total.Service.Mean; math.Abs(callers-10) > 0.3+10*l.stalled {
			t.Errorf("%v callers, at %+v and a service time of %v s", callers, l.total.Rate, *l.total.Service.Mean)
		}
	})
	t.Run("closed loop with a limit of calls", func(t *testing.T) {
		t.Parallel()
		l := fireAt(t, "[{callers: 4, for: 1m}]", "{calls: 40}", &logbook{takes: 100 * time.Millisecond}, 0)
		l.holds(t, "answered", l.total.Rate.Answered, 40, l.since(l.log.answered))
		if l.end.Reason != results.Finished || l.total.Rate.Achieved < l.total.Rate.Answered {
			t.Errorf("%+v, %+v", l.end, l.total.Rate)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		t.Parallel()
		l := fireAt(t, "[{rate: 1/s, for: 1m}]", "{}", &logbook{}, 1700*time.Millisecond)
		until := l.since([]time.Time{l.stopped})
		l.holds(t, "sent", l.total.Rate.Achieved, len(l.log.came), until)
		l.holds(t, "answered", l.total.Rate.Answered, len(l.log.answered), until)
		if math.Abs(l.end.Seconds-until) > 0.01*until+l.stalled || l.end.Detail != fmt.Sprintf("it was told to stop after %s", time.Duration(l.end.StoppedSeconds*1e9).Round(100*time.Millisecond)) {
			t.Errorf("%+v", l.end)
		}
	})
	t.Run("aborted", func(t *testing.T) {
		t.Parallel()
		l := fireAt(t, "[{rate: 200/s, for: 1m}]", "{}\nthresholds: [{expr: rate(goodput) >= 100/s, abort: true, after: 1s}]", &logbook{status: 500}, 0)
		l.holds(t, "sent", l.total.Rate.Achieved, len(l.log.came), l.since(l.log.came))
		if l.end.Reason != results.Aborted || l.total.Rate.Goodput != 0 || l.total.Rate.Answered == 0 {
			t.Errorf("%+v, %+v", l.end, l.total.Rate)
		}
	})
	t.Run("below 1/s", func(t *testing.T) {
		t.Parallel()
		l := fireAt(t, "[{rate: 0.5/s, for: 4s}]", "{}", &logbook{}, 0)
		if l.total.Rate.Achieved != 0.5 || l.total.Rate.Answered != 0.5 || len(l.log.came) != 2 {
			t.Errorf("%+v, and %d calls came", l.total.Rate, len(l.log.came))
		}
	})
	t.Run("two phases", func(t *testing.T) {
		t.Parallel()
		l := fireAt(t, "[{name: slow, rate: 20/s, for: 1s}, {name: fast, rate: 100/s, for: 1s}]", "{}", &logbook{}, 0)
		phases := l.agg.By(metrics.ByPhase, l.agg.Elapsed(l.end))
		l.holds(t, "sent in all", l.total.Rate.Achieved, len(l.log.came), 2)
		l.holds(t, "sent in the first", phases["slow"].Rate.Achieved, 20, 1)
		l.holds(t, "sent in the second", phases["fast"].Rate.Achieved, 100, 1)
	})
	t.Run("merged", func(t *testing.T) {
		t.Parallel()
		var whole *metrics.Aggregator
		var last logged
		var parts []metrics.Part
		var calls int
		var spent float64
		// On a machine that has no processor for it the provider writes down late what was sent in time: then once more.
		for range 4 {
			whole, parts, calls, spent = nil, nil, 0, 0
			for range 2 {
				last = fireAt(t, "[{rate: 100/s, for: 500ms}]", "{timeout: 30s, inFlight: 10}", &logbook{takes: 250 * time.Millisecond}, 0)
				parts = append(parts, metrics.Part{Aggregator: last.agg, Elapsed: last.agg.Elapsed(last.end)})
				calls, spent = calls+len(last.log.came), spent+last.since(last.log.came)
				if whole == nil {
					p := plan(t, "load: [{rate: 100/s, for: 500ms}]\nmix: {content: [{items: [text]}]}", 1)
					whole = metrics.New(p.Labels, nil, metrics.Tolerance)
				}
				whole.Merge(last.agg)
			}
			if rate := float64(calls) / (spent / 2); math.Abs(whole.Total(100).Rate.Achieved-rate) <= rate/100 {
				break
			}
		}
		last.holds(t, "sent at once", whole.Total(100).Rate.Achieved, calls, spent/2)
		whole.Apart(parts)
		last.holds(t, "sent one after the other", whole.Total(100).Rate.Achieved, calls, spent)
	})
}
