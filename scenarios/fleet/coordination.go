package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Times are how long things may take. The zero value of each is its usual one.
type Times struct {
	// Arming is how long all workers may take until they are ready for the first call.
	Arming time.Duration
	// Lead is how long before the first call its moment is told.
	Lead time.Duration
	// Lost is how long a worker may be silent, and Alone how long one may go on without the coordinator.
	Lost, Alone time.Duration
	// Every is how often a worker tells how far it is, where there are few.
	Every time.Duration
}

// mostReports is how many reports the coordinator is told a second, of whatever many workers: what one core takes in
// where each is of thousands of calls.
const mostReports = 250

// pace is how often each of so many workers tells how far it is.
func (t Times) pace(workers int) time.Duration {
	return t.within(time.Duration(workers) * time.Second / mostReports)
}

// within is how often a worker may tell how far it is: never so rarely that, where one answer is lost, it would be
// taken to be lost itself.
func (t Times) within(every time.Duration) time.Duration {
	return max(t.Every, min(every, t.Lost*2/5))
}

// usual fills in what is not said.
func (t Times) usual() Times {
	for _, one := range []struct {
		is    *time.Duration
		usual time.Duration
	}{
		{&t.Arming, 10 * time.Minute}, {&t.Lead, 2 * time.Second}, {&t.Lost, 10 * time.Second}, {&t.Alone, 30 * time.Second}, {&t.Every, 500 * time.Millisecond},
	} {
		if *one.is == 0 {
			*one.is = one.usual
		}
	}
	return t
}

// member is what the coordinator knows of a shard and of the worker that has it.
type member struct {
	question
	// heard is when it was last heard of; zero before the first time.
	heard time.Time
	// taken counts the increments that were taken.
	taken uint64
	// again are the parts that are asked for once more, and bringing says that what it has handed in is being read.
	again    []string
	bringing bool
	// home says that all that it measured is here, and gone why nothing more will come of it. told says that it knows
	// of the first, or that there is no start.
	home bool
	gone string
	told bool
}

// over reports whether nothing more is waited for.
func (m *member) over() bool { return m.home || m.gone != "" }

// name names a worker.
func (m *member) name() string { return text.Printable(m.Worker, 100) }

// spooled says where that lies which a worker could not hand in; empty where it has not said.
func (m *member) spooled() string {
	if m.Spool == "" {
		return ""
	}
	return "; what it measured is in " + text.Printable(m.Spool, 1000) + " on its machine"
}

// A coordination decides what becomes of a fleet. It knows no network and no clock: questions and moments go in,
// answers and sentences come out.
type coordination struct {
	run, andon, plan string
	times            Times
	members          []member
	// opened is when it began to wait for workers, looked when it was last looked what did not happen, seen when the hub
	// was there then, and back since when workers can be heard.
	opened, looked, seen, back time.Time
	connected                  bool
	// epoch is from when on the hub's clock goes evenly.
	epoch time.Time
	// start is when the first call is due; zero before it is fixed.
	start time.Time
	// stop ends the sending; nil as long as it goes on.
	stop *results.End
	said []string
}

func newCoordination(run, andon, plan string, workers int, times Times, now time.Time) *coordination {
	return &coordination{
		run: run, andon: andon, plan: plan, times: times.usual(), members: make([]member, workers),
		opened: now, epoch: now, looked: now, seen: now, back: now, connected: true,
	}
}

func (c *coordination) say(format string, args ...any) {
	c.said = append(c.said, fmt.Sprintf(format, args...))
}

// told gives what happened since it was last asked.
func (c *coordination) told() []string {
	said := c.said
	c.said = nil
	return said
}

// clock is a moment by the hub's clock, which goes on evenly also where somebody sets that of its machine meanwhile.
func (c *coordination) clock(t time.Time) time.Time { return evenly(c.epoch, t) }

// ask answers a question. fresh reports whether the increment in it is one that was not taken yet.
func (c *coordination) ask(now time.Time, q question) (a answer, fresh bool) {
	a = answer{Protocol: protocol, Andon: c.andon, Run: c.run, Now: c.clock(now).UnixNano(), Every: c.times.pace(len(c.members)), Stop: c.stop}
	if a.Refused = c.refuses(q); a.Refused != "" {
		c.say("worker %s is refused: %s", text.Printable(q.Worker, 100), a.Refused)
		return a, false
	}
	switch {
	case q.State == looking:
		return a, false
	case q.State == failed && q.Shard < 0:
		c.say("worker %s cannot take part: %s", text.Printable(q.Worker, 100), text.Printable(q.Detail, 1000))
		return a, false
	}
	m := &c.members[q.Shard]
	switch {
	case m.Worker != "" && m.Worker != q.Worker:
		a.Refused = fmt.Sprintf("shard %d is %s's", q.Shard, m.name())
		return a, false
	case m.home:
		a.Confirmed, a.Taken, m.told = true, m.taken, true
		return a, false
	case m.gone != "":
		// What it measures from now on would be missing in what was said of the others. It can still be collected.
		m.Spool = cmp.Or(q.Spool, m.Spool)
		a.Gone = m.gone
		return a, false
	}
	if m.Worker == "" {
		c.say("worker %s has taken shard %d", text.Printable(q.Worker, 100), q.Shard)
	}
	before := m.State
	m.question, m.heard = q, now
	if q.More != nil && q.More.N == m.taken+1 {
		m.taken, fresh = q.More.N, true
	}
	m.More = nil
	a.Taken = m.taken
	if q.State == failed {
		c.lose(q.Shard, text.Printable(q.Detail, 1000))
	}
	if q.State == armed && before != armed {
		c.arm(now)
	}
	if q.State == handed && m.again != nil {
		// It has not handed in what is whole yet.
		a.Again, m.again, m.State = m.again, nil, firing
	}
	if !c.start.IsZero() {
		a.Start = c.clock(c.start).UnixNano()
	}
	if a.Stop = c.stop; c.stop != nil && c.start.IsZero() {
		m.told = true
	}
	return a, fresh
}

// refuses says why a worker cannot take part; empty if it can.
func (c *coordination) refuses(q question) string {
	if other := q.stranger(c.andon); other != "" {
		return other
	}
	switch {
	case q.Worker == "":
		return "it has no name"
	case q.State == looking || q.State == failed && q.Shard < 0:
		return ""
	case q.Shard < 0 || q.Shard >= len(c.members):
		return fmt.Sprintf("it has shard %d, and there are %d, from 0 to %d", q.Shard, len(c.members), len(c.members)-1)
	case q.State != failed && q.Plan != c.plan:
		return fmt.Sprintf("its plan has the digest %s, and the run's has %s", text.Printable(q.Plan, 100), c.plan)
	case !slices.Contains([]state{taken, armed, firing, handed, failed}, q.State):
		return fmt.Sprintf("it says that it is %s, which no worker is", text.Printable(string(q.State), 100))
	case q.Seconds < 0 || q.Seconds > mostRun || q.InFlight < 0:
		return fmt.Sprintf("it says that it has told %g s of the run and that %d calls are under way, which cannot be", q.Seconds, q.InFlight)
	}
	return ""
}

// mostRun is longer than any run lasts, in seconds.
const mostRun = 1e9

// arm fixes the start once all are ready.
func (c *coordination) arm(now time.Time) {
	if !c.start.IsZero() || c.stop != nil {
		return
	}
	for i := range c.members {
		if c.members[i].State != armed {
			return
		}
	}
	c.start = now.Add(c.times.Lead)
	c.say("all %d workers are armed: the first call is due at %s", len(c.members), c.clock(c.start).UTC().Format("15:04:05.000Z"))
}

// lose gives a worker up. Before the start that is the end: no call was sent yet.
func (c *coordination) lose(shard int, why string) {
	m := &c.members[shard]
	if m.over() {
		return
	}
	m.gone = why
	if c.stop != nil && c.start.IsZero() {
		return // all are told to go
	}
	c.say("worker %s, shard %d, is lost: %s", m.name(), shard, why)
	if c.start.IsZero() {
		c.end(results.End{Reason: results.Interrupted, Detail: fmt.Sprintf("worker %s, shard %d, was lost before the start: %s", m.name(), shard, why)})
	}
}

// end has all stop. The first reason counts.
func (c *coordination) end(e results.End) {
	if c.stop == nil {
		c.stop = &e
	}
}

// tick looks at what did not happen. connected reports whether the hub is there.
func (c *coordination) tick(now time.Time, connected bool) {
	switch {
	case !connected:
		c.connected, c.looked = false, now
		if silent := now.Sub(c.seen); silent >= c.times.Alone {
			for i := range c.members {
				c.lose(i, fmt.Sprintf("the hub is gone for %s", silent.Round(time.Second)))
				// Whose measurements are home cannot be told so any more, and is not waited for.
				c.members[i].told = true
			}
		}
		return
	case !c.connected:
		// Who could not be heard is not lost.
		c.connected, c.back = true, now
		c.say("the hub is there again")
	case now.Sub(c.looked) >= c.times.Lost/2:
		// This machine stood still, and heard nobody meanwhile.
		c.back = now
	}
	c.seen, c.looked = now, now
	if c.start.IsZero() && c.stop == nil && now.Sub(c.opened) >= c.times.Arming {
		c.end(results.End{Reason: results.Interrupted, Detail: c.unready()})
		c.say("no call was sent: %s", c.stop.Detail)
	}
	for i := range c.members {
		m := &c.members[i]
		silent := min(now.Sub(m.heard), now.Sub(c.back))
		switch {
		case m.Worker == "" || m.bringing || silent < c.times.Lost:
		case m.home:
			m.told = true
		default:
			c.lose(i, fmt.Sprintf("no contact for %s", silent.Round(100*time.Millisecond)))
		}
	}
}

// unready names those that are not armed.
func (c *coordination) unready() string {
	var list []string
	for i := range c.members {
		switch m := &c.members[i]; {
		case m.Worker == "":
			list = append(list, fmt.Sprintf("shard %d was taken by no worker", i))
		case m.State != armed:
			list = append(list, fmt.Sprintf("worker %s, shard %d, is %s and not armed", m.name(), i, m.State))
		}
	}
	return fmt.Sprintf("after %s %s", c.times.Arming, strings.Join(list, "; "))
}

// bring gives a shard whose parts are at the hub and have to be read, and -1 where there is none.
func (c *coordination) bring() int {
	for i := range c.members {
		if m := &c.members[i]; m.State == handed && !m.over() && !m.bringing && m.again == nil {
			m.bringing = true
			return i
		}
	}
	return -1
}

// brought says what came of it: parts that have to come again, or an error by which all is lost.
func (c *coordination) brought(now time.Time, shard int, again []string, err error) {
	m := &c.members[shard]
	m.bringing, m.heard = false, now
	switch {
	case err != nil:
		c.lose(shard, err.Error())
	case len(again) > 0:
		c.say("worker %s, shard %d: %s did not arrive whole, and is asked for again", m.name(), shard, text.Plural(uint64(len(again)), "part"))
		m.again = again
	default:
		m.home = true
	}
}

// done reports whether nothing more is waited for: all is home, or will not come, and the workers know.
func (c *coordination) done() bool {
	none := c.stop != nil && c.start.IsZero()
	return !slices.ContainsFunc(c.members, func(m member) bool {
		return m.gone == "" && !m.told && (!none || m.Worker != "")
	})
}

// known is up to which moment of the run everything that happened was told, as far as workers are waited for, and how
// many calls are under way.
func (c *coordination) known() (seconds float64, inFlight int) {
	first := true
	for i := range c.members {
		m := &c.members[i]
		if m.gone != "" || m.home || m.End != nil {
			continue
		}
		if first || m.Seconds < seconds {
			seconds, first = m.Seconds, false
		}
		inFlight += m.InFlight
	}
	if first {
		for i := range c.members {
			seconds = max(seconds, c.members[i].Seconds)
		}
	}
	return seconds, inFlight
}
