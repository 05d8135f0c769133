// Package gate asks, in one go, whether what is deployed at a target is safe to ship.
//
// What is asked is in parts that are all optional: does the description break callers, does the target keep the
// contract, does it meet its thresholds under load, did it become worse than a baseline, does it take the rate that is
// needed.
//
//  1. [Open] reads a gate's file into an [Asked], with every problem at its place.
//  2. [Prepare] opens all that the parts need, adds up what they may use at most, and holds that against the caps of
//     the target: nothing was sent by then.
//  3. [Plan.Run] reserves the runs in the ledger, runs the parts one after the other, each in a directory of its own
//     below the gate's, and settles what was started.
//
// What came of it is an [approval.Report]. Who answers each part is what answers it alone: packages verify, trial,
// compare and search. Where a fleet is asked for, it sends what is measured; all else is this machine's.
package gate

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/fleet"
)

// Asked is what a gate asks, as it was written. A part that is nil is not asked for.
type Asked struct {
	// Target is a name in the file of targets, or a URL; empty is the embedded provider. Targets is that file.
	Target, Targets string
	// Deviations is a file of known breaches of the contract.
	Deviations string
	// Fleet is how many workers send what is measured; 0 is none, so that this machine does.
	Fleet int

	Description *Description
	Verify      *Verify
	Load        *Load
	Compare     *Compare
	Capacity    *Capacity

	// places is where the file names what is opened or looked for.
	places document.Places
}

// Blame has an error about something that is named say where the file names it, if it does.
func (a Asked) Blame(name string, err error) error { return a.places.Blame(name, err) }

// Description asks whether the description breaks those who call by the last released one.
type Description struct{ Base string }

// Verify asks whether the target keeps every case of the contract.
type Verify struct {
	// Strict are the authorities that decide besides the description.
	Strict []string
	// Rate is how many calls are sent a second at most; 0 is 10, and infinity as fast as the answers come.
	Rate float64
}

// Load asks whether the target meets the thresholds of a scenario.
type Load struct{ Scenario string }

// Compare asks whether runs of a scenario became worse than those of a baseline, or the target than another one.
type Compare struct {
	// Scenario is that of the load where it is empty.
	Scenario, Baseline string
	// Against is what the target is compared with in the place of a baseline: a name in the file of targets, or a URL.
	Against string
	// Runs is how many are made where there is a baseline.
	Runs      int
	Tolerance string
	// NeedAnswer makes it a fail where nothing can be told.
	NeedAnswer bool
}

// Capacity asks whether the target takes a rate.
type Capacity struct {
	// Scenario is that of the load where it is empty.
	Scenario       string
	Need, Headroom float64
	// Calls and Time are the most that it may use.
	Calls uint64
	Time  time.Duration
}

const (
	// maxFile is the most bytes of a gate's file.
	maxFile = 1 << 20
	// DefaultRuns is how many runs are compared where nobody says: as many as a baseline should have. DefaultTime is how
	// long a rate is tried at most.
	DefaultRuns = 5
	DefaultTime = 5 * time.Minute
)

// Open reads a gate's file.
func Open(path string) (Asked, error) {
	data, err := regular.Read(path, maxFile)
	if err != nil {
		return Asked{}, fmt.Errorf("the gate cannot be read: %w", err)
	}
	return Parse(path, data)
}

// Parse reads a gate from YAML. The error is a [*document.InvalidError] that lists all that is wrong. Files that it
// names are beside it.
func Parse(file string, data []byte) (Asked, error) {
	doc, root, ok := document.Parse(file, "a gate needs at least one part, such as `verify: {}`", data, nil)
	if !ok {
		return Asked{}, doc.Err()
	}
	r := reader{filepath.Dir(file), document.Places{}}
	a := r.asked(root)
	a.places = r.places
	return a, doc.Err()
}

// reader reads a gate's file, by the directory that it is in, and notes where it names something.
type reader struct {
	dir    string
	places document.Places
}

// names notes where a name stands.
func (r reader) names(v document.Value, name string) string {
	r.places.Note(name, v)
	return name
}

func (r reader) asked(root document.Value) (a Asked) {
	keys, ok := root.Object("a gate", "target", "targets", "deviations", "fleet", "description", "verify", "load", "compare", "capacity")
	if !ok {
		return a
	}
	if v, given := keys["target"]; given {
		a.Target = r.names(v, word(v, "a target's name in the file of targets, or its URL"))
	}
	a.Targets = r.file(keys, "targets", "the file of targets")
	a.Deviations = r.file(keys, "deviations", "a file of known deviations")
	if v, given := keys["fleet"]; given {
		n, _ := v.Integer("how many workers send what is measured", 1, fleet.MostWorkers)
		a.Fleet = int(n)
	}
	if v, given := keys["description"]; given {
		a.Description = r.description(v)
	}
	if v, given := keys["verify"]; given {
		a.Verify = r.verify(v)
	}
	if v, given := keys["load"]; given {
		a.Load = r.load(v)
	}
	if v, given := keys["compare"]; given {
		a.Compare = r.compare(v)
		if a.Compare.Scenario == "" && a.Load == nil {
			v.Fail("expected scenario in compare: there is no load part whose scenario it could be")
		}
	}
	if v, given := keys["capacity"]; given {
		a.Capacity = r.capacity(v)
		if a.Capacity.Scenario == "" && a.Load == nil {
			v.Fail("expected scenario in capacity: there is no load part whose scenario it could be")
		}
	}
	if a.Empty() {
		root.Fail("expected at least one part: description, verify, load, compare or capacity")
	}
	return a
}

// Empty reports whether nothing is asked.
func (a Asked) Empty() bool {
	return a.Description == nil && a.Verify == nil && a.Load == nil && a.Compare == nil && a.Capacity == nil
}

// word reads a text that is not blank.
func word(v document.Value, what string) string {
	s, ok := v.Text(what)
	if ok && strings.TrimSpace(s) == "" {
		v.Fail("expected %s, found nothing", what)
	}
	return s
}

// file reads the name of a file, which is beside the gate's.
func (r reader) file(keys map[string]document.Value, key, what string) string {
	v, given := keys[key]
	if !given {
		return ""
	}
	return r.names(v, r.beside(word(v, what)))
}

func (r reader) beside(name string) string {
	if name == "" || filepath.IsAbs(name) || r.dir == "." {
		return name
	}
	return filepath.Join(r.dir, name)
}

// scenario reads a scenario: one that comes with andon, or a file.
func (r reader) scenario(keys map[string]document.Value) string {
	v, given := keys["scenario"]
	if !given {
		return ""
	}
	name := word(v, "a scenario that comes with andon, or its file")
	if _, ships := scenarios.Open(name); !ships {
		name = r.beside(name)
	}
	return r.names(v, name)
}

func (r reader) description(v document.Value) *Description {
	keys, _ := v.Object("the part description", "base")
	if _, given := keys["base"]; !given {
		v.Fail("expected base: the file of the last released description")
	}
	return &Description{Base: r.file(keys, "base", "the file of the last released description")}
}

func (r reader) verify(v document.Value) *Verify {
	p := &Verify{}
	keys, _ := v.Object("the part verify", "strict", "rate")
	if list, given := keys["strict"]; given {
		items, _ := list.List("what decides besides the description")
		var words []string
		for _, item := range items {
			words = append(words, word(item, "what decides besides the description"))
		}
		strict, err := verify.Strict(words)
		if err != nil {
			list.Fail("%s", strings.ReplaceAll(err.Error(), "\n", "; "))
		}
		p.Strict = strict
	}
	if rate, given := keys["rate"]; given {
		if s, ok := rate.Text("most calls a second, or max"); ok && s == "max" {
			p.Rate = math.Inf(1)
		} else if ok {
			p.Rate, _ = rate.Rate("most calls a second, or max")
		}
	}
	return p
}

func (r reader) load(v document.Value) *Load {
	keys, _ := v.Object("the part load", "scenario")
	if _, given := keys["scenario"]; !given {
		v.Fail("expected scenario: one that comes with andon, such as %s, or a file", scenarios.Default)
	}
	return &Load{Scenario: r.scenario(keys)}
}

func (r reader) compare(v document.Value) *Compare {
	p := &Compare{Runs: DefaultRuns}
	keys, _ := v.Object("the part compare", "scenario", "baseline", "against", "runs", "tolerance", "failOnUnknown")
	p.Scenario = r.scenario(keys)
	to, against := keys["against"]
	_, baseline := keys["baseline"]
	switch {
	case against && baseline:
		to.Fail("expected either against or baseline, found both: they are two questions")
	case against:
		p.Against = r.names(to, word(to, "a target's name in the file of targets, or its URL"))
	case !baseline:
		v.Fail("expected baseline, a file of runs to compare with, which andon baseline add makes; or against, a target that is met in turn with this one")
	}
	p.Baseline = r.file(keys, "baseline", "a file of runs to compare with")
	if n, given := keys["runs"]; given && against {
		n.Fail("expected no runs beside against: two targets are met in turn, once")
	} else if given {
		runs, _ := n.Integer("how many runs are made", 1, 100)
		p.Runs = int(runs)
	}
	if t, given := keys["tolerance"]; given {
		p.Tolerance = word(t, "how much worse figures may become, such as p99=10%,errors=0.5pp")
		if _, err := compare.ParseTolerances(p.Tolerance); err != nil {
			t.Fail("%s", strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	if f, given := keys["failOnUnknown"]; given {
		p.NeedAnswer = f.Boolean("whether it fails where nothing can be told")
	}
	return p
}

func (r reader) capacity(v document.Value) *Capacity {
	p := &Capacity{Time: DefaultTime}
	keys, _ := v.Object("the part capacity", "scenario", "need", "headroom", "calls", "time")
	p.Scenario = r.scenario(keys)
	if n, given := keys["need"]; !given {
		v.Fail("expected need: the rate that the target has to take, such as 120/s")
	} else if rate, ok := n.Rate("the rate that the target has to take"); ok {
		if p.Need = rate; rate == 0 {
			n.Fail("expected a rate above 0, such as 120/s")
		}
	}
	if h, given := keys["headroom"]; given {
		p.Headroom, _ = h.Share("the share above it that the target has to take as well")
	}
	if c, given := keys["calls"]; given {
		p.Calls, _ = c.Integer("the most calls of the part", 1, 100_000_000)
	}
	if t, given := keys["time"]; given {
		p.Time, _ = t.Positive("the most time of the part")
	}
	return p
}
