package scenarios

import (
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts/document"
)

// readLoad reads `load`, `arrivals` and `pacing`. The calls of an open load may be as many as the limit says.
func readLoad(doc *document.Document, root document.Value, keys map[string]document.Value, limit uint64) (l load) {
	if v, given := keys["arrivals"]; given {
		if a, ok := v.Text("the arrivals"); ok {
			if a == "poisson" {
				l.arrivals = Poisson
			} else if a != "constant" {
				v.Fail("unknown arrivals %s; %s", v.Found(), document.ExpectedOne(a, []string{"constant", "poisson"}))
			}
		}
	}
	if v, given := keys["pacing"]; given {
		l.readPacing(v)
	}
	v, given := keys["load"]
	if !given {
		root.Fail("the scenario has no `load`: nothing says how many calls are sent; write, say, load: [{rate: 10/s, for: 30s}]")
		return l
	}
	list, ok := v.List("the load, a list of phases such as {rate: 10/s, for: 30s}")
	if !ok {
		return l
	}
	if len(list) == 0 {
		v.Fail("the load has no phase; write, say, load: [{rate: 10/s, for: 30s}]")
		return l
	}
	if len(list) > maxPhases {
		list[maxPhases].Fail("the load has %d phases, more than the %d that a scenario may have", len(list), maxPhases)
		return l
	}
	before := doc.Problems()
	for _, p := range list {
		l.readPhase(p)
	}
	if doc.Problems() > before {
		return l
	}
	if i := l.mixed(); i >= 0 {
		list[i].Fail(mixedProblem)
		return l
	}
	if a, given := keys["arrivals"]; given && l.closed() {
		a.Fail("a closed loop has no arrivals: each caller sends when its last call is answered; remove the key")
	}
	if a, given := keys["pacing"]; given && l.closed() {
		a.Fail("a closed loop has no pacing: each caller sends when its last call is answered; remove the key")
	}
	if wrong := l.place(limit); wrong != nil {
		at := v
		if limits, given := keys["limits"]; given && wrong.key == "calls" {
			if calls, given := limits.Member("calls"); given {
				at = calls
			}
		}
		at.Fail("%s", wrong.problem)
	}
	return l
}

// maxPacing is the coarsest pacing: calls that left later would be andon's own lag beyond what is usual.
const maxPacing = 5 * time.Millisecond

// readPacing reads on which grid calls leave.
func (l *load) readPacing(v document.Value) {
	d, ok := v.Positive("the pacing")
	switch {
	case !ok:
	case d > maxPacing:
		v.Fail("expected a pacing of at most %s, found %s: each call may leave by so much later than it is due", maxPacing, v.Found())
	default:
		l.pacing = d
	}
}

// readPhase reads one entry of the load.
func (l *load) readPhase(v document.Value) {
	keys, ok := v.Object("the phase", append([]string{"name", "for", "warmup"}, shapeKeys...)...)
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
		keys[shapes[1]].Fail("the phase has %s; expected one of them", strings.Join(shapes, " and "))
		return
	}
	var p Phase
	if w, given := keys["warmup"]; given {
		p.Warmup = w.Boolean("warmup")
	}
	if f, given := keys["for"]; given {
		p.For, ok = f.Positive("the phase's length")
	} else {
		v.Fail("the phase has no length; add, say, for: 30s")
		ok = false
	}
	if len(shapes) == 0 {
		if len(keys) < v.Len() {
			return // the misspelt key is reported already
		}
		v.Fail("the phase says no load; expected one of %s", strings.Join(shapeKeys, ", "))
		return
	}
	kind := shapes[0]
	r := memberReader{v: keys[kind], what: kind, ok: true}
	p.Shape = r.shape()
	if !r.ok {
		return
	}
	if _, wrong := p.Shape.profile(p.For.Seconds()); wrong != nil {
		r.keys[wrong.key].Fail("%s", wrong.problem)
		return
	}
	if !ok {
		return
	}
	p.Name = l.readPhaseName(keys)
	// Its shape fits, as was seen just now.
	if wrong := l.add(p); wrong != nil {
		keys[kind].Fail("%s", wrong.problem)
	}
}

func (l *load) readPhaseName(keys map[string]document.Value) string {
	v, given := keys["name"]
	if !given {
		return ""
	}
	name, ok := v.Text("the phase's name")
	switch {
	case ok && !isName(name):
		v.Fail("expected %s, found %s", aName, v.Found())
	case ok && l.isTaken(name):
		v.Fail("two phases are called %q; give each its own name", name)
	}
	return name
}

// A memberReader reads the members of a mapping, all of which must be there.
type memberReader struct {
	v    document.Value
	what string
	keys map[string]document.Value
	ok   bool
}

// shape reads what a phase of a kind says.
func (r *memberReader) shape() Shape {
	switch r.what {
	case "rate":
		rate, ok := r.v.Rate("the rate")
		r.ok = ok
		return Constant(rate)
	case "callers":
		n, ok := r.v.Integer("the number of callers", 1, maxCallers)
		r.ok = ok
		return Callers(int(n))
	case "ramp":
		r.open("from", "to")
		return Ramp(r.rate("from"), r.rate("to"))
	case "steps":
		r.open("from", "to", "by")
		return Steps(r.rate("from"), r.rate("to"), r.rate("by"))
	case "sine":
		r.open("mean", "amplitude", "period")
		return Sine(r.rate("mean"), r.rate("amplitude"), r.duration("period"))
	}
	r.open("base", "peak", "at", "width")
	return Spike(r.rate("base"), r.rate("peak"), r.duration("at"), r.duration("width"))
}

func (r *memberReader) open(names ...string) {
	if r.keys, r.ok = r.v.Object("the "+r.what, names...); !r.ok {
		return
	}
	var missing []string
	for _, n := range names {
		if _, given := r.keys[n]; !given {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		r.v.Fail("the %s lacks %s; add it with what it is", r.what, strings.Join(missing, " and "))
		r.ok = false
	}
}

func (r *memberReader) rate(name string) float64 {
	v, given := r.keys[name]
	if !given {
		return 0
	}
	f, ok := v.Rate("`" + name + "` of the " + r.what)
	r.ok = r.ok && ok
	return f
}

func (r *memberReader) duration(name string) time.Duration {
	v, given := r.keys[name]
	if !given {
		return 0
	}
	read := v.Positive
	if name == "at" {
		read = v.Duration
	}
	d, ok := read("`" + name + "` of the " + r.what)
	r.ok = r.ok && ok
	return d
}
