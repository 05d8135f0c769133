package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// settings say how much is measured.
type settings struct {
	turns, turnsAt10k, freezeTurns int
	// floorTurns are those of what is no load tester, and fewTurns of tables with many runs.
	floorTurns, fewTurns           int
	closed, open, long             time.Duration
	freezeRun, freezeAt, freezeFor time.Duration
	// hits is how many the memory is measured over, and reported how many are read from disk.
	hits, reported int
	// longest bounds the run for the memory.
	longest time.Duration
	// probe is how long the search for the highest rate tries one, and fastest where it ends.
	probe   time.Duration
	fastest float64
	// searching bounds that search, all tools together.
	searching time.Duration
}

var (
	full = settings{
		turns: 5, turnsAt10k: 6, freezeTurns: 2, floorTurns: 3, fewTurns: 3, closed: 2 * time.Second, open: 2 * time.Second, long: 10 * time.Second,
		freezeRun: 10 * time.Second, freezeAt: 3 * time.Second, freezeFor: 2 * time.Second,
		hits: 1_000_000, reported: 5_000_000, longest: 30 * time.Second,
		probe: time.Second, fastest: 150_000, searching: 9 * time.Minute,
	}
	quick = settings{
		turns: 1, turnsAt10k: 2, freezeTurns: 1, floorTurns: 1, fewTurns: 1, closed: time.Second, open: time.Second, long: 2 * time.Second,
		freezeRun: 5 * time.Second, freezeAt: 1500 * time.Millisecond, freezeFor: time.Second,
		hits: 100_000, reported: 500_000, longest: 3 * time.Second,
		probe: time.Second / 2, fastest: 20_000, searching: time.Minute,
	}
)

// Columns that bounds speak of.
const (
	cpuEach      = "CPU a request"
	jitterMedian = "jitter, median"
	jitterP99    = "jitter, p99"
	tooHigh      = "p50 too high by"
	peakMemory   = "peak memory"
	highestRate  = "highest rate"
	scalesByRate = "scales by rate"
	scalesByTime = "scales by time"
)

const (
	callers = 64
	// places is how many calls an open run may have in flight: 10,000 a second over 5 ms need 50.
	places = 200
	delay  = 5 * time.Millisecond
	// freezeRate calls a second over 5 ms need 5 places, so that eight times as many look like plenty. They are fewer than
	// the hundredth part of the run's calls, which is what a p99 rests on.
	freezeRate   = 1000
	freezePlaces = 40
	// wholeShare is the share of the plan that a run must have sent to have sent every call.
	wholeShare = 0.999
)

// turns runs each tool in turn, several times over, so that noise hits all alike. A program that can do it in none of
// its settings has a row that says what it lacks; the floor, which is none, has not.
func (b *bench) turns(t *table, n int, can func(tool) bool, lacking string, once func(tool, *row) error) {
	able := map[string]bool{}
	for _, tool := range b.tools {
		able[tool.program] = able[tool.program] || can(tool)
	}
	for turn := range n {
		for _, tool := range b.tools {
			switch {
			case b.ctx.Err() != nil:
				return
			case !able[tool.program] && tool.program == "floor":
			case !able[tool.program]:
				t.row(tool.name).absent = lacking
			case !can(tool), tool.program == "floor" && turn >= b.floorTurns:
			case !b.built(tool.program):
				t.row(tool.name).absent = "not built"
			default:
				fmt.Fprintf(b.progress, "%s: turn %d of %d: %s\n", t.title, turn+1, n, tool.name)
				r := t.row(tool.name)
				if err := once(tool, r); err != nil {
					r.fail(err)
				}
			}
		}
	}
}

// closedLoop measures what a call costs.
func (b *bench) closedLoop(turns int, secure bool) *table {
	t := &table{
		name: "closed", title: "Closed loop",
		text: fmt.Sprintf("%d callers, each sending as soon as it is answered, for %s, against a target that answers at once. Processor time is user and system "+
			"time of the generator, its start and its end included, over the requests that the target counted; the kernel's work for a request is in it.", callers, b.closed),
		reference: vegetaCapped,
		columns: []column{
			{name: cpuEach, show: duration, ratio: true},
			{name: "rate", show: perSecond, ratio: true},
			{name: "body sent", show: bytesEach},
		},
	}
	if secure {
		t.secure(fmt.Sprintf("%d callers, as above.", callers))
	}
	can := func(t tool) bool { return t.closed && !(secure && t.plain) }
	b.turns(t, turns, can, "no closed loop", func(tool tool, r *row) error {
		o, err := b.measure(tool, job{length: b.closed, callers: callers, secure: secure})
		if err != nil {
			return err
		}
		if o.calls == 0 {
			return errors.New("the target saw no call")
		}
		n := float64(o.counts.calls)
		values := []float64{ns(o.CPU) / n, n / b.closed.Seconds(), float64(o.body) / n}
		if secure {
			values = append(values, float64(o.accepted), float64(o.resumed))
		}
		r.add(values...)
		return os.RemoveAll(o.dir)
	})
	return t
}

// secure makes a table one of calls over TLS.
func (t *table) secure(text string) {
	t.name += "/tls"
	t.title += ", TLS 1.3"
	t.text = text
	t.columns = append(t.columns, column{name: "connections", show: whole}, column{name: "sessions resumed", show: whole})
}

func (b *bench) openLoop(turns, rate int, secure bool) *table {
	t := &table{
		name:      fmt.Sprint(rate),
		title:     fmt.Sprintf("%s calls a second", whole(float64(rate))),
		text:      fmt.Sprintf("For %s, at most %d in flight where a tool has such a cap, against a target that answers after %s.", b.open, places, delay),
		reference: vegetaDefaults,
		columns: []column{
			{name: jitterMedian, show: duration, ratio: true},
			{name: jitterP99, show: duration, ratio: true},
			{name: tooHigh, show: duration, ratio: true},
			{name: "calls sent", show: percent, ratio: true},
			{name: "runs with every call", total: true},
			{name: cpuEach, show: duration, ratio: true},
		},
	}
	if secure {
		t.secure("As without TLS.")
	}
	can := func(t tool) bool { return t.open && !(secure && (t.plain || t.name == andonCoarse)) }
	b.turns(t, turns, can, "no rate", func(tool tool, r *row) error {
		o, err := b.measure(tool, job{rate: rate, length: b.open, callers: places, secure: secure}, "-delay", delay.String())
		if err != nil {
			return err
		}
		if len(o.log) == 0 {
			return errors.New("the target saw no call of the schedule")
		}
		p50, p99 := jitter(o.log, rate)
		sent := share(len(o.log), int(float64(rate)*b.open.Seconds()))
		every := 0.0
		if o.every(sent) {
			every = 1
		}
		values := []float64{ns(p50), ns(p99), ns(o.p50 - knownDelay(o.log)), sent, every, ns(o.CPU) / float64(o.calls)}
		if secure {
			values = append(values, float64(o.accepted), float64(o.resumed))
		}
		r.add(values...)
		if o.remark != "" {
			r.remarks[o.remark]++
		}
		return os.RemoveAll(o.dir)
	})
	return t
}

// longLoop is an open loop of few calls a second that goes on for so long that its start and its end, which take as much
// processor time whatever the rate is, are a small part of the whole.
func (b *bench) longLoop(rate int) *table {
	few := *b
	few.open = b.long
	few.tools = slices.DeleteFunc(slices.Clone(b.tools), func(t tool) bool {
		return t.name != andonDefaults && t.name != andonCoarse && t.name != vegetaDefaults
	})
	t := few.openLoop(b.fewTurns, rate, false)
	t.name += "/long"
	t.title += fmt.Sprintf(" for %s", b.long)
	t.text = fmt.Sprintf("As for %s, but for so long that what the start and the end of a run take is a small part: with %s of it, every %s of processor time there adds %s a call.",
		b.open, b.open, duration(10e6), duration(10e6/(float64(rate)*b.open.Seconds())))
	return t
}

// every reports whether a run sent every call of its schedule, of which the target saw a share, with success.
func (o *outcome) every(sent float64) bool { return sent >= wholeShare && o.success >= wholeShare }

func (b *bench) freezing() *table {
	s := b.settings
	planned := int(freezeRate * s.freezeRun.Seconds())
	t := &table{
		title: "A target that freezes",
		text: fmt.Sprintf("%s calls a second for %s, at most %d in flight where a tool has such a cap. %s after the first call the target stands still for %s. "+
			"The truth is what the target's own log says of the time from due to answered; where a tool sent less than 99.9 %% of the calls, it is what the "+
			"schedule would have met.", whole(freezeRate), s.freezeRun, freezePlaces, s.freezeAt, s.freezeFor),
		reference: vegetaDefaults,
		columns: []column{
			{name: "p99 reported", show: duration},
			{name: "p99 in truth", show: duration},
			{name: "p99 off by", show: duration, ratio: true},
			{name: "calls sent", show: percent, ratio: true},
			{name: "calls accounted for", show: percent, ratio: true},
		},
	}
	b.turns(t, s.freezeTurns, func(t tool) bool { return t.open && t.name != andonCoarse && t.program != "floor" }, "no rate", func(tool tool, r *row) error {
		o, err := b.measure(tool, job{rate: freezeRate, length: s.freezeRun, callers: freezePlaces},
			"-delay", delay.String(), "-freeze-at", s.freezeAt.String(), "-freeze-for", s.freezeFor.String())
		if err != nil {
			return err
		}
		if len(o.log) == 0 || o.to == 0 {
			return errors.New("the target saw no call of the schedule, or did not freeze")
		}
		sent := share(len(o.log), planned)
		met := truth(o.log, freezeRate)
		if sent < wholeShare {
			met = scheduleTruth(o.log[0].arrived, freezeRate, planned, o.counts.freeze, delay)
		}
		true99 := quantile(met, 0.99)
		r.add(ns(o.p99), ns(true99), ns(o.p99-true99), sent, share(o.hits, planned))
		return os.RemoveAll(o.dir)
	})
	return t
}
