package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// volume measures what many calls take: memory while they are sent, the disk, and the time to report them. rates are
// those of the closed loop.
func (b *bench) volume(rates *table) (sending, reporting *table) {
	s := b.settings
	sending = &table{
		name:  "volume",
		title: whole(float64(s.hits)) + " calls",
		text: fmt.Sprintf("%d callers in a closed loop, for as long as that many calls should take, %s at most. One run each. Memory is the largest resident size of the "+
			"process; below 10 MiB it is the starter's. Disk is what the tool keeps of each call.", callers, s.longest),
		reference: vegetaCapped,
		columns: []column{
			{name: "calls", show: whole},
			{name: peakMemory, show: mebibytes, ratio: true},
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
			{name: peakMemory, show: mebibytes, ratio: true},
			{name: "calls", show: whole},
		},
	}
	b.turns(sending, 1, func(t tool) bool { return t.closed && t.program != "floor" }, "no closed loop", func(tool tool, r *row) error {
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
	if u, _, complaint, err := run(b.ctx, o.dir, generatorCore, 0, join, 5*time.Minute); err != nil || u.Code != 0 {
		return errors.Join(err, fmt.Errorf("the results could not be repeated: %s", lastWords(complaint)))
	}
	for range 3 {
		u, text, complaint, err := run(b.ctx, o.dir, generatorCore, 0, report, 5*time.Minute)
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
			return fmt.Errorf("no report (exit code %d, %s): %w", u.Code, lastWords(complaint), err)
		}
		r.add(ns(u.Wall), float64(u.Memory), float64(s.hits))
	}
	return nil
}

// removeReports removes what andon keeps of a report, so that it is made again.
func removeReports(dir string) error {
	return errors.Join(os.Remove(filepath.Join(dir, "summary.json")), os.Remove(filepath.Join(dir, "report.md")))
}

const (
	// idSize is what an id may take in memory, and slack how much more ten times as many calls may take besides.
	idSize, slack = 8, 1.3
	tenfold       = 10
)

// large measures what ten times as many calls take of andon's memory.
func (b *bench) large() *table {
	t := &table{
		name: "large", title: "Ten times as many calls",
		text: fmt.Sprintf("andon as above, %d callers in a closed loop for as long as the calls should take. May take is the memory of fewer calls and %g of it, and %d bytes for each id more.",
			callers, slack-1, idSize),
		columns: []column{{name: "calls", show: whole}, {name: peakMemory, show: mebibytes}, {name: "may take", show: mebibytes}},
	}
	index := slices.IndexFunc(b.tools, func(t tool) bool { return t.name == andonDefaults })
	once := func(length time.Duration) (calls, memory float64, err error) {
		o, err := b.measure(b.tools[index], job{length: length, callers: callers})
		if err == nil && o.calls == 0 {
			err = errors.New("the target saw no call")
		}
		if err != nil {
			return 0, 0, err
		}
		return float64(o.calls), float64(o.Memory), os.RemoveAll(o.dir)
	}
	calls, _, err := once(b.closed)
	each, few, fewMemory := ns(b.closed)/calls, 0.0, 0.0
	for _, hits := range []int{b.hits, tenfold * b.hits} {
		r, memory := t.row("andon, "+whole(float64(hits))), 0.0
		if err == nil {
			fmt.Fprintf(b.progress, "%s: %s\n", t.title, r.name)
			calls, memory, err = once(time.Duration(each*float64(hits)/1e9+1) * time.Second)
		}
		if err != nil {
			r.fail(err)
			continue
		}
		if few == 0 {
			few, fewMemory = calls, memory
			r.add(calls, memory, math.NaN())
			continue
		}
		r.add(calls, memory, slack*fewMemory+idSize*(calls-few))
	}
	return t
}
