package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// settings say how much is measured.
type settings struct {
	turns, turnsAt10k, freezeTurns int
	closed, open                   time.Duration
	freezeRun, freezeAt, freezeFor time.Duration
	// hits is how many the memory is measured over, and reported how many are read from disk.
	hits, reported int
	// longest bounds the run for the memory.
	longest time.Duration
}

var (
	full = settings{
		turns: 5, turnsAt10k: 6, freezeTurns: 2, closed: 2 * time.Second, open: 2 * time.Second,
		freezeRun: 10 * time.Second, freezeAt: 3 * time.Second, freezeFor: 2 * time.Second,
		hits: 1_000_000, reported: 5_000_000, longest: 30 * time.Second,
	}
	quick = settings{
		turns: 1, turnsAt10k: 2, freezeTurns: 1, closed: time.Second, open: time.Second,
		freezeRun: 5 * time.Second, freezeAt: 1500 * time.Millisecond, freezeFor: time.Second,
		hits: 100_000, reported: 500_000, longest: 3 * time.Second,
	}
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
// its settings has a row that says what it lacks.
func (b *bench) turns(t *table, n int, can func(tool) bool, lacking string, once func(tool, *row) error) {
	able := map[string]bool{}
	for _, tool := range tools() {
		able[tool.program] = able[tool.program] || can(tool)
	}
	for turn := range n {
		for _, tool := range tools() {
			switch {
			case b.ctx.Err() != nil:
				return
			case !able[tool.program]:
				t.row(tool.name).absent = lacking
			case !can(tool):
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
func (b *bench) closedLoop(s settings) *table {
	t := &table{
		title: "Closed loop",
		text: fmt.Sprintf("%d callers, each sending as soon as it is answered, for %s, against a target that answers at once. Processor time is user and system "+
			"time of the generator, its start and its end included, over the requests that the target counted; the kernel's work for a request is in it.", callers, s.closed),
		reference: vegetaCapped,
		columns: []column{
			{name: "CPU a request", show: duration, ratio: true},
			{name: "rate", show: perSecond, ratio: true},
			{name: "body sent", show: bytesEach},
		},
	}
	b.turns(t, s.turns, func(t tool) bool { return t.closed }, "no closed loop", func(tool tool, r *row) error {
		o, err := b.measure(tool, job{length: s.closed, callers: callers})
		if err != nil {
			return err
		}
		if o.calls == 0 {
			return errors.New("the target saw no call")
		}
		n := float64(o.counts.calls)
		r.add(ns(o.CPU)/n, n/s.closed.Seconds(), float64(o.body)/n)
		return os.RemoveAll(o.dir)
	})
	return t
}

func (b *bench) openLoop(s settings, rate int) *table {
	turns := s.turns
	if rate == 10_000 {
		turns = s.turnsAt10k
	}
	t := &table{
		title:     fmt.Sprintf("%s calls a second", whole(float64(rate))),
		text:      fmt.Sprintf("For %s, at most %d in flight where a tool has such a cap, against a target that answers after %s.", s.open, places, delay),
		reference: vegetaDefaults,
		columns: []column{
			{name: "jitter, median", show: duration, ratio: true},
			{name: "jitter, p99", show: duration, ratio: true},
			{name: "p50 too high by", show: duration, ratio: true},
			{name: "calls sent", show: percent, ratio: true},
			{name: "runs with every call", total: true},
			{name: "CPU a request", show: duration, ratio: true},
		},
	}
	b.turns(t, turns, func(t tool) bool { return t.open }, "no rate", func(tool tool, r *row) error {
		o, err := b.measure(tool, job{rate: rate, length: s.open, callers: places}, "-delay", delay.String())
		if err != nil {
			return err
		}
		if len(o.log) == 0 {
			return errors.New("the target saw no call of the schedule")
		}
		p50, p99 := jitter(o.log, rate)
		sent := share(len(o.log), int(float64(rate)*s.open.Seconds()))
		every := 0.0
		if sent >= wholeShare && o.success >= wholeShare {
			every = 1
		}
		r.add(ns(p50), ns(p99), ns(o.p50-knownDelay(o.log)), sent, every, ns(o.CPU)/float64(o.calls))
		if o.remark != "" {
			r.remarks[o.remark]++
		}
		return os.RemoveAll(o.dir)
	})
	return t
}

func (b *bench) freeze(s settings) *table {
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
	b.turns(t, s.freezeTurns, func(t tool) bool { return t.open }, "no rate", func(tool tool, r *row) error {
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

// volume measures what many calls take: memory while they are sent, the disk, and the time to report them. rates are
// those of the closed loop.
func (b *bench) volume(s settings, rates *table) (sending, reporting *table) {
	sending = &table{
		title: whole(float64(s.hits)) + " calls",
		text: fmt.Sprintf("%d callers in a closed loop, for as long as that many calls should take, %s at most. One run each. Memory is the largest resident size of the "+
			"process; below 10 MiB it is the starter's. Disk is what the tool keeps of each call.", callers, s.longest),
		reference: vegetaCapped,
		columns: []column{
			{name: "calls", show: whole},
			{name: "peak memory", show: mebibytes, ratio: true},
			{name: "disk a call", show: bytesEach, ratio: true},
		},
	}
	reporting = &table{
		title: "Reporting " + whole(float64(s.reported)) + " calls",
		text: "From the files of the runs above, each call taken several times. vegeta: `vegeta report -type json results.gob`. andon: `andon report RUN_DIR --format json`, " +
			"without the summary that a run leaves. One core, medians of three.",
		reference: vegetaCapped,
		columns: []column{
			{name: "time", show: duration, ratio: true},
			{name: "peak memory", show: mebibytes, ratio: true},
			{name: "calls", show: whole},
		},
	}
	b.turns(sending, 1, func(t tool) bool { return t.closed }, "no closed loop", func(tool tool, r *row) error {
		rate := median(rates.row(tool.name).values[1])
		if math.IsNaN(rate) {
			return errors.New("its rate is not known")
		}
		length := min(s.longest, time.Duration(math.Ceil(float64(s.hits)/rate))*time.Second)
		o, err := b.measure(tool, job{length: length, callers: callers})
		if err != nil {
			return err
		}
		disk := math.NaN()
		if tool.kept != "" {
			bytes, err := size(filepath.Join(o.dir, tool.kept))
			if err != nil {
				return err
			}
			disk = float64(bytes) / float64(o.hits)
		}
		r.add(float64(o.calls), float64(o.Memory), disk)
		if tool.name == vegetaCapped || tool.name == andonDefaults {
			if err := b.report(reporting.row(tool.name), tool, o, s.reported); err != nil {
				reporting.row(tool.name).fail(err)
			}
		}
		return os.RemoveAll(o.dir)
	})
	return sending, reporting
}

// report times a tool's report of its run repeated until there are enough calls.
func (b *bench) report(r *row, t tool, o outcome, hits int) error {
	if o.hits == 0 {
		return errors.New("it has no calls to report")
	}
	times := (hits + o.hits - 1) / o.hits
	join := command{args: []string{filepath.Join(b.programs, "repeat"), "run", strconv.Itoa(times), "many"}}
	report := command{args: []string{b.program("andon"), "report", "many", "--format", "json"}}
	if t.program == "vegeta" {
		join = command{args: []string{b.program("vegeta"), "encode", "-to", "gob", "-output", "many"}}
		for range times {
			join.args = append(join.args, t.kept)
		}
		report = command{args: []string{b.program("vegeta"), "report", "-type", "json", "many"}}
	}
	if u, _, complaint, err := run(b.ctx, o.dir, join, 5*time.Minute); err != nil || u.Code != 0 {
		return errors.Join(err, fmt.Errorf("the results could not be repeated: %s", lastLine(complaint)))
	}
	for range 3 {
		u, text, complaint, err := run(b.ctx, o.dir, report, 5*time.Minute)
		if err != nil {
			return err
		}
		parse := parseAndon
		if t.program == "vegeta" {
			parse = parseVegeta
		} else if err := removeReports(filepath.Join(o.dir, "many")); err != nil {
			return err
		}
		s, err := parse(text)
		if err != nil {
			return fmt.Errorf("no report (exit code %d, %s): %w", u.Code, lastLine(complaint), err)
		}
		r.add(ns(u.Wall), float64(u.Memory), float64(s.hits))
	}
	return nil
}

// removeReports removes what andon keeps of a report, so that it is made again.
func removeReports(dir string) error {
	return errors.Join(os.Remove(filepath.Join(dir, "summary.json")), os.Remove(filepath.Join(dir, "report.md")))
}
