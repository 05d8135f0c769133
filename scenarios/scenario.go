// Package scenarios reads a scenario, checks it, and turns it into a plan: when each call is due and what it carries.
//
// A scenario is a YAML file that says what is sent and when, in the words of the description: its tiers, its content
// types and its properties are the vocabulary of the mix. Everything that is wrong with a file is reported at once, with
// its place. A plan is pure: hit n is a function of the scenario, the seed and n alone.
package scenarios

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// Scenario is a checked scenario. It does not change after it was parsed.
type Scenario struct {
	Name string
	// Source is the file as it was read, before the environment was put in.
	Source []byte
	// Feeders are the files of data as they were read, by their names relative to the scenario, with slashes. Files that
	// lie elsewhere than below the scenario are not among them.
	Feeders map[string][]byte
	// Target is the provider's base URL; empty where the scenario names none.
	Target string
	// Timeout is how long a hit may take from being sent, and how long it may wait for a free slot.
	Timeout time.Duration
	// InFlight is the most calls in flight at a time.
	InFlight int
	// Calls is the most calls in all.
	Calls uint64
	// Thresholds are the conditions that decide the verdict.
	Thresholds []metrics.Condition
	// Provider configures the embedded provider.
	Provider provider.Config
	// Labels name the classes, the phases and the rules by which hits are counted.
	Labels results.Labels

	description *contracts.Description
	phases      []phase
	poisson     bool
	mix         mix
}

// A phase is one entry of the load.
type phase struct {
	profile profile
	callers int // of a closed loop; 0 otherwise
	seconds float64
}

// Limits that hold where the scenario names none.
const (
	DefaultTimeout  = 30 * time.Second
	DefaultInFlight = 1000
	DefaultCalls    = 100_000
)

const (
	maxPhases  = 100
	maxClasses = 2000
	maxItems   = 64
	maxCalls   = 1_000_000_000
)

// None is what the mix calls a property that is left out: the tier "default", the content "none".
const (
	NoTier    = "default"
	noContent = "none"
	invalid   = "invalid"
)

var scenarioKeys = []string{"name", "description", "target", "load", "arrivals", "mix", "data", "limits", "thresholds", "provider"}

// Parse reads a scenario for a description. The file's name is for messages and places the files that the scenario
// names; env looks up a variable of the environment. The error is an [*InvalidError] with all problems.
func Parse(file string, data []byte, d *contracts.Description, env func(string) (string, bool)) (*Scenario, error) {
	doc := &document{file: file, env: env}
	s := &Scenario{
		Name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), Source: data,
		Timeout: DefaultTimeout, InFlight: DefaultInFlight, Calls: DefaultCalls,
		description: d,
	}
	root, ok := doc.parse(data)
	if !ok {
		return nil, doc.err()
	}
	keys, ok := root.object("the scenario", scenarioKeys...)
	if !ok {
		return nil, doc.err()
	}
	if v, given := keys["name"]; given {
		if name, ok := v.text("a name"); ok && !isName(name) {
			v.fail("expected a name of up to 64 letters, digits, '-', '_' and '.', found %s", v.found())
		} else if ok {
			s.Name = name
		}
	} else if !isName(s.Name) {
		root.fail("the file's name cannot name the scenario; add `name:` with letters, digits, '-', '_' and '.'")
	}
	if v, given := keys["description"]; given {
		v.text("a description")
	}
	if v, given := keys["target"]; given {
		s.readTarget(v)
	}
	s.readLimits(keys)
	s.readLoad(root, keys)
	s.readMix(doc, keys)
	s.Labels.Rules = append([]string{""}, contracts.Rules()...)
	if v, given := keys["thresholds"]; given {
		s.readThresholds(v)
	}
	if v, given := keys["provider"]; given {
		s.readProvider(v)
	} else {
		s.Provider.Latency = provider.DefaultLatency(d.Tiers())
	}
	if err := doc.err(); err != nil {
		return nil, err
	}
	return s, nil
}

func isName(s string) bool {
	if s == "" || len(s) > 64 || strings.Trim(s, ".") == "" {
		return false
	}
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return true
}

func (s *Scenario) readTarget(v value) {
	text, ok := v.text("the provider's base URL")
	if !ok {
		return
	}
	u, err := contracts.ParseTarget(text)
	if err != nil {
		v.fail("%v", err)
		return
	}
	s.Target = u.String()
}

func (s *Scenario) readLimits(keys map[string]value) {
	v, given := keys["limits"]
	if !given {
		return
	}
	limits, _ := v.object("limits", "timeout", "inFlight", "calls")
	if v, given := limits["timeout"]; given {
		if d, ok := v.positive("the timeout"); ok {
			if d > time.Hour {
				v.fail("expected a timeout of at most 1h, the longest time that the histograms hold, found %s", v.found())
			} else {
				s.Timeout = d
			}
		}
	}
	if v, given := limits["inFlight"]; given {
		if n, ok := v.integer("the most calls in flight", 1, 60_000); ok {
			s.InFlight = int(n)
		}
	}
	if v, given := limits["calls"]; given {
		if n, ok := v.integer("the most calls in all", 1, maxCalls); ok {
			s.Calls = n
		}
	}
}

func (s *Scenario) readLoad(root value, keys map[string]value) {
	if v, given := keys["arrivals"]; given {
		if a, ok := v.text("the arrivals"); ok {
			s.poisson = a == "poisson"
			if a != "poisson" && a != "constant" {
				v.fail("unknown arrivals %s; %s", v.found(), expectedOne(a, []string{"constant", "poisson"}))
			}
		}
	}
	v, given := keys["load"]
	if !given {
		root.fail("the scenario has no `load`: nothing says how many calls are sent; write, say, load: [{rate: 10/s, for: 30s}]")
		return
	}
	list, ok := v.list("the load, a list of phases such as {rate: 10/s, for: 30s}")
	if !ok {
		return
	}
	if len(list) == 0 {
		v.fail("the load has no phase; write, say, load: [{rate: 10/s, for: 30s}]")
		return
	}
	if len(list) > maxPhases {
		list[maxPhases].fail("the load has %d phases, more than the %d that a scenario may have", len(list), maxPhases)
		return
	}
	before := len(v.doc.problems)
	for _, p := range list {
		s.readPhase(p)
	}
	if len(v.doc.problems) > before {
		return
	}
	s.checkLoad(v, list, keys)
}

// checkLoad looks at the phases together.
func (s *Scenario) checkLoad(v value, list []value, keys map[string]value) {
	var seconds, calls float64
	measured := false
	for i, p := range s.phases {
		s.Labels.Phases[i].StartSeconds = seconds
		seconds += p.seconds
		calls += p.profile.calls()
		measured = measured || !s.Labels.Phases[i].Warmup
		if closed := p.callers > 0; closed != (s.phases[0].callers > 0) {
			list[i].fail("open phases (a rate) and closed ones (callers) do not go together: their latencies mean different things; split the scenario")
			return
		}
	}
	if a, given := keys["arrivals"]; given && s.Closed() {
		a.fail("a closed loop has no arrivals: each caller sends when its last call is answered; remove the key")
	}
	switch {
	case !measured:
		v.fail("every phase is a warm-up, so nothing would be measured; add a phase without `warmup`")
	case seconds > maxDuration.Seconds():
		v.fail("the load lasts %s, more than 168h", spellSeconds(seconds))
	case !s.Closed() && calls < 1e-6:
		v.fail("the load adds up to no call at all")
	case !s.poisson && !s.Closed() && s.constantCalls() > s.Calls, s.poisson && calls > float64(s.Calls):
		at := v
		if limits, given := keys["limits"]; given {
			if l, ok := limits.members("limits"); ok {
				for _, m := range l {
					if m.name == "calls" {
						at = m.value
					}
				}
			}
		}
		at.fail("%s", tooMany(uint64(math.Ceil(calls-1e-6)), s.Calls))
	}
}

func (s *Scenario) constantCalls() (n uint64) {
	for _, p := range s.phases {
		n += constantArrivals(p.profile).count
	}
	return n
}

func tooMany(calls, limit uint64) string {
	return fmt.Sprintf("the load adds up to %d calls, more than the %d that limits.calls allows; raise limits.calls or shorten the load", calls, limit)
}

// Closed tells whether the load is a closed loop.
func (s *Scenario) Closed() bool { return len(s.phases) > 0 && s.phases[0].callers > 0 }

var shapeKeys = []string{"rate", "ramp", "steps", "sine", "spike", "callers"}

// readPhase reads one entry of the load.
func (s *Scenario) readPhase(v value) {
	keys, ok := v.object("the phase", append([]string{"name", "for", "warmup"}, shapeKeys...)...)
	if !ok {
		return
	}
	var shapes []string
	for _, k := range shapeKeys {
		if _, given := keys[k]; given {
			shapes = append(shapes, k)
		}
	}
	if len(shapes) > 1 {
		keys[shapes[1]].fail("the phase has %s; expected one of them", strings.Join(shapes, " and "))
		return
	}
	label := results.Phase{}
	if w, given := keys["warmup"]; given {
		label.Warmup = w.boolean("warmup")
	}
	var length time.Duration
	if f, given := keys["for"]; given {
		length, ok = f.positive("the phase's length")
	} else {
		v.fail("the phase has no length; add, say, for: 30s")
		ok = false
	}
	if len(shapes) == 0 {
		if len(keys) < len(v.node.Content)/2 {
			return // the misspelt key is reported already
		}
		v.fail("the phase says no load; expected one of %s", strings.Join(shapeKeys, ", "))
		return
	}
	kind := shapes[0]
	p, shape, good := readShape(keys[kind], kind, length.Seconds())
	if !ok || !good {
		return
	}
	p.seconds = length.Seconds()
	label.Shape, label.Seconds, label.Closed = shape, p.seconds, p.callers > 0
	label.Name = s.phaseName(keys, kind, label.Warmup)
	s.phases = append(s.phases, p)
	s.Labels.Phases = append(s.Labels.Phases, label)
}

// phaseName is the given name, or the kind of phase, numbered from the second of the kind on.
func (s *Scenario) phaseName(keys map[string]value, kind string, warmup bool) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(s.Labels.Phases, func(p results.Phase) bool { return p.Name == name })
	}
	if v, given := keys["name"]; given {
		name, ok := v.text("the phase's name")
		switch {
		case ok && !isName(name):
			v.fail("expected a name of up to 64 letters, digits, '-', '_' and '.', found %s", v.found())
		case ok && taken(name):
			v.fail("two phases are called %q; give each its own name", name)
		}
		return name
	}
	base := kind
	if kind == "rate" {
		base = "constant"
	}
	if warmup {
		base = "warmup"
	}
	name := base
	for i := 2; taken(name); i++ {
		name = base + "-" + strconv.Itoa(i)
	}
	return name
}

// readShape reads what a phase of a kind says, and puts it in words. The length is 0 where it could not be read.
func readShape(v value, kind string, seconds float64) (p phase, shape string, ok bool) {
	switch kind {
	case "rate":
		r, ok := v.perSecond("the rate")
		p.profile = profile{{seconds: seconds, from: r, to: r}}
		return p, spellRate(r), ok
	case "callers":
		n, ok := v.integer("the number of callers", 1, 60_000)
		p.callers = int(n)
		return p, fmt.Sprintf("%d callers (closed loop)", n), ok
	}
	reader := shapeReader{v: v, kind: kind, ok: true}
	switch kind {
	case "ramp":
		reader.open("from", "to")
		from, to := reader.rate("from"), reader.rate("to")
		p.profile = profile{{seconds: seconds, from: from, to: to}}
		shape = fmt.Sprintf("ramp %s → %s", spellRate(from), spellRate(to))
	case "steps":
		reader.open("from", "to", "by")
		from, to, by := reader.rate("from"), reader.rate("to"), reader.rate("by")
		shape = fmt.Sprintf("steps %s → %s by %s", spellRate(from), spellRate(to), spellRate(by))
		p.profile = reader.steps(from, to, by, seconds)
	case "sine":
		reader.open("mean", "amplitude", "period")
		mean, amplitude, period := reader.rate("mean"), reader.rate("amplitude"), reader.duration("period")
		if reader.ok && amplitude > mean {
			reader.keys["amplitude"].fail("the amplitude is larger than the mean, so the rate would fall below zero; expected at most %s", spellRate(mean))
			reader.ok = false
		}
		p.profile = profile{{seconds: seconds, from: mean, to: mean, amplitude: amplitude, period: period}}
		shape = fmt.Sprintf("sine %s ± %s every %s", spellRate(mean), spellRate(amplitude), spellSeconds(period))
	case "spike":
		reader.open("base", "peak", "at", "width")
		base, peak, at, width := reader.rate("base"), reader.rate("peak"), reader.duration("at"), reader.duration("width")
		if reader.ok && seconds > 0 && at+width > seconds {
			reader.keys["at"].fail("the spike ends at %s, after the phase's end at %s", spellSeconds(at+width), spellSeconds(seconds))
			reader.ok = false
		}
		for _, s := range []stretch{{at, base, base, 0, 0}, {width, peak, peak, 0, 0}, {seconds - at - width, base, base, 0, 0}} {
			if s.seconds > 1e-9 {
				p.profile = append(p.profile, s)
			}
		}
		shape = fmt.Sprintf("spike %s → %s at %s for %s", spellRate(base), spellRate(peak), spellSeconds(at), spellSeconds(width))
	}
	return p, shape, reader.ok
}

// shapeReader reads the members of a shape, all of which must be there.
type shapeReader struct {
	v    value
	kind string
	keys map[string]value
	ok   bool
}

func (r *shapeReader) open(names ...string) {
	if r.keys, r.ok = r.v.object("the "+r.kind, names...); !r.ok {
		return
	}
	var missing []string
	for _, n := range names {
		if _, given := r.keys[n]; !given {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		r.v.fail("the %s lacks %s", r.kind, strings.Join(missing, " and "))
		r.ok = false
	}
}

func (r *shapeReader) rate(name string) float64 {
	v, given := r.keys[name]
	if !given {
		return 0
	}
	f, ok := v.perSecond("`" + name + "` of the " + r.kind)
	r.ok = r.ok && ok
	return f
}

func (r *shapeReader) duration(name string) float64 {
	v, given := r.keys[name]
	if !given {
		return 0
	}
	read := v.positive
	if name == "at" {
		read = v.duration
	}
	d, ok := read("`" + name + "` of the " + r.kind)
	r.ok = r.ok && ok
	return d.Seconds()
}

// steps cuts the phase into stretches of equal length, one for each rate.
func (r *shapeReader) steps(from, to, by, seconds float64) profile {
	if !r.ok {
		return nil
	}
	n := math.Round(math.Abs(to-from) / by)
	switch {
	case by == 0:
		r.keys["by"].fail("expected a step above 0/s")
		r.ok = false
		return nil
	case math.Abs(n*by-math.Abs(to-from)) > 1e-6*by:
		r.keys["by"].fail("steps of %s from %s do not meet %s; choose a step that divides the difference", spellRate(by), spellRate(from), spellRate(to))
		r.ok = false
		return nil
	case n >= 1000:
		r.keys["by"].fail("these are %.0f steps, more than the 1000 that a phase may have; choose a larger step", n+1)
		r.ok = false
		return nil
	}
	var p profile
	for i := range int(n) + 1 {
		rate := from + math.Copysign(float64(i)*by, to-from)
		p = append(p, stretch{seconds: seconds / (n + 1), from: rate, to: rate})
	}
	return p
}

func spellRate(r float64) string {
	for _, u := range []struct {
		name string
		per  float64
	}{{"/s", 1}, {"/m", 60}, {"/h", 3600}} {
		if x := r * u.per; math.Abs(x-math.Round(x)) < 1e-9*max(1, x) || u.name == "/h" {
			return strconv.FormatFloat(math.Round(x*1e6)/1e6, 'f', -1, 64) + u.name
		}
	}
	return ""
}

// spellSeconds writes a duration the short way: 5m, 1h30m, 20s.
func spellSeconds(seconds float64) string {
	s := time.Duration(seconds * float64(time.Second)).Round(time.Microsecond).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (s *Scenario) readThresholds(v value) {
	list, _ := v.list("the thresholds, such as `p99(latency) < 800ms`")
	for _, t := range list {
		var out metrics.Condition
		expr := t
		if !t.scalar() {
			keys, ok := t.object("the threshold", "expr", "abort", "after")
			if !ok {
				continue
			}
			var given bool
			if expr, given = keys["expr"]; !given {
				t.fail("the threshold lacks `expr`; write, say, expr: \"p99(latency) < 800ms\"")
				continue
			}
			if a, given := keys["abort"]; given {
				out.Abort = a.boolean("abort")
			}
			if a, given := keys["after"]; given {
				out.After, _ = a.duration("after")
				if !out.Abort {
					a.fail("`after` delays `abort: true`, which is not there")
				}
			}
		}
		text, ok := expr.text("a threshold")
		if !ok {
			continue
		}
		parsed, err := metrics.ParseThreshold(text)
		// Where the load or the mix could not be read, its names are not known.
		if err == nil && len(s.Labels.Phases) > 0 && len(s.Labels.Classes) > 0 {
			err = parsed.Check(s.Labels)
		}
		if err != nil {
			expr.failInside(text, err)
			continue
		}
		out.Threshold = parsed
		s.Thresholds = append(s.Thresholds, out)
	}
}

var providerKeys = []string{"workers", "queue", "latency", "faults"}

func (s *Scenario) readProvider(v value) {
	c := &s.Provider
	c.Latency = provider.DefaultLatency(s.description.Tiers())
	keys, _ := v.object("the provider", providerKeys...)
	if v, given := keys["workers"]; given {
		n, _ := v.integer("the number of workers", 0, 1_000_000)
		c.Workers = int(n)
	}
	if v, given := keys["queue"]; given {
		n, _ := v.integer("the queue's length", 0, 1_000_000)
		c.Queue = int(n)
	}
	if v, given := keys["latency"]; given {
		s.readLatency(v)
	}
	if v, given := keys["faults"]; given {
		s.readFaults(v)
	}
	if len(v.doc.problems) == 0 {
		if _, err := provider.New(s.description, *c); err != nil {
			v.fail("the provider cannot be made: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
}

// readLatency reads one distribution for every tier, or one for each.
func (s *Scenario) readLatency(v value) {
	tiers := append(slices.Clone(s.description.Tiers()), NoTier)
	read := func(v value) (provider.Latency, bool) {
		text, ok := v.text("a latency")
		if !ok {
			return provider.Latency{}, false
		}
		l, err := provider.ParseLatency(text)
		if err != nil {
			v.fail("not a latency: %v", err)
			return l, false
		}
		return l, true
	}
	s.Provider.Latency = map[string]provider.Latency{}
	if v.scalar() {
		if l, ok := read(v); ok {
			for _, t := range tiers {
				s.Provider.Latency[t] = l
			}
		}
		return
	}
	members, _ := v.members("the latencies by tier")
	for _, m := range members {
		if !slices.Contains(tiers, m.name) {
			m.key.fail("the description has no tier %q; %s", clip(m.name), expectedOne(m.name, tiers))
			continue
		}
		if l, ok := read(m.value); ok {
			s.Provider.Latency[m.name] = l
		}
	}
}

func (s *Scenario) readFaults(v value) {
	f := &s.Provider.Faults
	keys, _ := v.object("the faults", append(provider.ShareNames(), "slowBody", "stall")...)
	for _, name := range provider.ShareNames() {
		if v, given := keys[name]; given {
			*f.Share(name), _ = v.share(name)
		}
	}
	if v, given := keys["slowBody"]; given {
		r := shapeReader{v: v, kind: "slowBody", ok: true}
		r.open("share", "for")
		if share, given := r.keys["share"]; given {
			f.SlowBody.Share, _ = share.share("the share of slow bodies")
		}
		f.SlowBody.For = time.Duration(r.duration("for") * float64(time.Second))
	}
	if v, given := keys["stall"]; given {
		r := shapeReader{v: v, kind: "stall", ok: true}
		r.open("at", "for")
		f.Stall.At = time.Duration(r.duration("at") * float64(time.Second))
		f.Stall.For = time.Duration(r.duration("for") * float64(time.Second))
	}
}
