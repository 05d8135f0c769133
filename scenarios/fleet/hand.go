package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
)

// A hand is a worker's contact with the coordinator: it tells how far the worker is, every so often, and hears what is
// wanted.
type hand struct {
	conn  *hub.Conn
	times Times
	// now is the machine's clock.
	now   func() time.Time
	meter meter

	mu    sync.Mutex
	says  question
	clock clock
	// last is when the coordinator was last heard, and answer what it said then.
	last   time.Time
	answer answer
	// again are the parts that are asked for once more, and not handed in again yet.
	again []string
	// measured says that the run is over, so that what is told then is all.
	measured bool

	// ordered ends the sending, changed is told after each answer, and drained is closed when everything measured was
	// told and taken.
	ordered chan results.End
	changed chan struct{}
	drained chan struct{}
	once    sync.Once
}

func newHand(conn *hub.Conn, says question, times Times, now func() time.Time) *hand {
	return &hand{
		conn: conn, times: times.usual(), now: now, says: says, last: now(),
		ordered: make(chan results.End, 1), changed: make(chan struct{}, 1), drained: make(chan struct{}),
	}
}

// set changes what is said of the worker.
func (h *hand) set(change func(*question)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(&h.says)
}

// heard is the last answer.
func (h *hand) heard() answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.answer
}

// fires says that the first call is about to leave.
func (h *hand) fires() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.says.State, h.says.Began = firing, h.clock.hub(h.now()).UnixNano()
}

// until is how long it is until a moment of the hub's.
func (h *hand) until(hub int64) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Unix(0, hub).Sub(h.clock.hub(h.now()))
}

// missing gives the parts that are asked for once more.
func (h *hand) missing() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	again := h.again
	h.again = nil
	return again
}

// over says that everything was measured.
func (h *hand) over(end *results.End) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.measured, h.says.End = true, end
}

// order ends the sending, unless that was ordered before.
func (h *hand) order(e results.End) {
	select {
	case h.ordered <- e:
	default:
	}
}

// orders gives what ends the sending, and what ends the following of executions after it, which is when an order comes
// that no sending takes, or interrupt is closed. It is done when over is closed.
func (h *hand) orders(interrupt, over <-chan struct{}) (<-chan results.End, <-chan struct{}) {
	ends, stop := make(chan results.End, 1), make(chan struct{})
	go func() {
		defer close(stop)
		var soon <-chan time.Time
		var given results.End
		for {
			select {
			case <-interrupt:
				return
			case <-over:
				return
			case e := <-h.ordered:
				// It is told every so often, and is the same one then.
				if len(ends) == 0 && e != given {
					ends <- e
					given = e
					soon = time.After(h.times.Every)
				}
			case <-soon:
				// While calls are sent, an order is taken at once.
				if len(ends) > 0 {
					return
				}
			}
		}
	}()
	return ends, stop
}

// alone is for how long the coordinator was not heard, and reports whether that is too long.
func (h *hand) alone() (time.Duration, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	silent := h.now().Sub(h.last)
	return silent, silent >= h.times.Alone
}

// keep tells how far the worker is until ctx ends.
func (h *hand) keep(ctx context.Context) {
	for ctx.Err() == nil {
		more, heard := h.tell(ctx)
		if silent, long := h.alone(); long {
			h.order(results.End{Reason: results.Interrupted, Detail: fmt.Sprintf("no contact with the coordinator for %s", silent.Round(100*time.Millisecond))})
			h.change()
		}
		// Who was not heard tells it again soon.
		wait := h.times.Every
		if heard {
			wait = h.pace()
		}
		switch {
		case more:
			continue
		case h.eager():
			wait /= 5
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// pace is how often the coordinator wants to be told.
func (h *hand) pace() time.Duration { return h.times.within(h.heard().Every) }

// eager reports whether the worker waits for what the coordinator says next.
func (h *hand) eager() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.measured || h.says.State == armed || h.clock.n < 10
}

// tell asks once, and reports whether there is more to tell at once, and whether an answer came.
func (h *hand) tell(ctx context.Context) (more, heard bool) {
	h.mu.Lock()
	measured := h.measured
	h.mu.Unlock()
	first, seconds, inFlight, err := h.meter.cut(h.now())
	if err != nil {
		h.order(results.End{Reason: results.Unkept, Detail: err.Error()})
		return false, false
	}
	h.mu.Lock()
	q := h.says
	h.mu.Unlock()
	q.More, q.Seconds, q.InFlight = first, seconds, inFlight
	if first != nil {
		// What comes later is told later.
		q.Seconds = first.Seconds
	}
	a, err := h.ask(ctx, q)
	if err != nil {
		return false, false
	}
	drained := h.meter.taken(a.Taken)
	if measured && drained {
		h.once.Do(func() { close(h.drained) })
	}
	if a.Stop != nil {
		h.order(*a.Stop)
	}
	if a.Refused != "" {
		h.order(results.End{Reason: results.Interrupted, Detail: a.Refused})
	}
	if a.Gone != "" {
		h.order(results.End{Reason: results.Interrupted, Detail: "the coordinator has given this worker up: " + a.Gone})
	}
	h.change()
	return !drained && first != nil && a.Taken >= first.N, true
}

// change wakes whoever waits for an answer.
func (h *hand) change() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// ask asks the coordinator once.
func (h *hand) ask(ctx context.Context, q question) (a answer, err error) {
	if h.clock.n > 0 {
		r := h.clock.best()
		q.Clock = &r
	}
	text, err := json.Marshal(q)
	if err != nil {
		return a, err
	}
	soon, cancel := context.WithTimeout(ctx, 4*h.times.Every)
	defer cancel()
	asked := h.now()
	said, err := h.conn.Ask(soon, text)
	at := h.now()
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(said, &a); err != nil {
		return a, fmt.Errorf("the coordinator's answer cannot be read: %w", err)
	}
	if a.Protocol != protocol {
		a.Refused = fmt.Sprintf("the coordinator is andon %s (protocol %d), and this is andon %s (protocol %d): the same version has to run everywhere", a.Andon, a.Protocol, q.Andon, protocol)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock.heard(asked, a.Now, at)
	h.last, h.answer = at, a
	h.again = append(h.again, a.Again...)
	return a, nil
}

// errAlone is why a step is given up.
var errAlone = errors.New("the hub is gone")

// try makes a step again until it is done, or has failed for as long as a worker goes on alone.
func (h *hand) try(ctx context.Context, step func(context.Context) error) error {
	return try(ctx, h.times, step)
}

func try(ctx context.Context, times Times, step func(context.Context) error) error {
	began := time.Now()
	var full error
	for {
		soon, cancel := context.WithTimeout(ctx, 4*times.Every)
		err := step(soon)
		cancel()
		if hub.Full(err) {
			// A later answer may not come in time, and the room is what is wanted.
			full = err
		}
		switch {
		case err == nil || errors.Is(err, hub.ErrTaken) || errors.Is(err, hub.ErrMissing):
			return err
		case ctx.Err() != nil:
			return errors.Join(ctx.Err(), err)
		case time.Since(began) >= times.Alone && full != nil:
			return fmt.Errorf("the hub's disk is full: %w", full)
		case time.Since(began) >= times.Alone:
			return fmt.Errorf("%w for %s: %w", errAlone, time.Since(began).Round(time.Second), err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(times.Every / 5):
		}
	}
}
