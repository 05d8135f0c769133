package metrics

import (
	"math"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// Figures is what is said of a group of calls: the whole run, a tier, a content signature, a class or a phase. Times
// are in seconds, sizes in bytes, rates in calls a second.
type Figures struct {
	// Planned counts the calls of the plan; null where part of the group is a closed loop, which plans no number.
	Planned *uint64 `json:"planned"`
	// Sent counts the calls that left.
	Sent uint64 `json:"sent"`
	// Dropped counts the calls that were due, but waited longer than their timeout for a free slot.
	Dropped uint64 `json:"dropped"`
	// Unsent counts the calls that were due and not sent: as the run ended, or because the generator's own machine or a
	// proxy kept them from the target. Of the latter Errors says why.
	Unsent uint64 `json:"unsent"`
	// Completed counts the calls whose whole response was read, whatever it said.
	Completed uint64 `json:"completed"`
	// OK counts the calls that went as the contract wants.
	OK uint64 `json:"ok"`
	// Rate says how fast calls were meant to leave, how fast they left, and how fast they were answered.
	Rate Rate `json:"rate"`
	// Latency is due → last byte, Service is send → last byte, both of the accepted calls and of those that were given up
	// after their time: what is turned away is turned away quickly, and has its times in Outcomes. Of deliberately invalid
	// calls those that were refused are in.
	Latency Times `json:"latency"`
	Service Times `json:"service"`
	// Touched counts the calls among them that andon itself held up for longer than is tolerated; LatencyLessOwn and
	// ServiceLessOwn are the same times without that part. The truth lies between. They are nil where there was none.
	Touched        uint64 `json:"touched,omitempty"`
	LatencyLessOwn *Times `json:"latencyLessOwn,omitempty"`
	ServiceLessOwn *Times `json:"serviceLessOwn,omitempty"`
	// Outcomes say what the provider made of the calls, by the names that results.Outcomes have; those that did not occur
	// are left out.
	Outcomes map[string]Came `json:"outcomes,omitempty"`
	// RetryAfter is in how many seconds shed calls may be made again, as far as answers said; nil where none did.
	RetryAfter *RetryAfter `json:"retryAfter,omitempty"`
	// Status counts responses by HTTP status. A status outside 100–999 is counted under "other".
	Status map[string]uint64 `json:"status"`
	// Errors counts what kept calls from being a success, by kind; canceled calls and those that were kept from the
	// target are in it, though they are not the provider's errors. Shed calls, dropped ones and those that the end of the
	// run left unsent have counts of their own and are not in it.
	Errors map[string]uint64 `json:"errors"`
	// Violations counts the responses that broke the contract, by rule.
	Violations map[string]uint64 `json:"violations"`
	// Waived counts those that a known deviation waives, by rule: they are not in Violations. nil where there are none.
	Waived map[string]uint64 `json:"waived,omitempty"`
	// Bytes sums the bodies, without heads.
	Bytes Bytes `json:"bytes"`
}

// Came is what came of the calls with one outcome.
type Came struct {
	Count uint64 `json:"count"`
	// Latency is due → last byte; of failed calls the timeouts are in it, which broken connections are not. As in
	// [Figures], that of deliberately invalid calls is left out where their own are not asked for.
	Latency Times `json:"latency"`
}

// RetryAfter sums up headers of that name, in seconds.
type RetryAfter struct {
	// N is how many shed calls had one that says more than 0.
	N   uint64  `json:"n"`
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// String says the range, and nothing where there is none.
func (r *RetryAfter) String() string {
	switch {
	case r == nil:
		return ""
	case r.Min == r.Max:
		return spell(r.Min, 3)
	}
	return spell(r.Min, 3) + " to " + spell(r.Max, 3)
}

// Of counts the calls with an outcome.
func (f Figures) Of(o results.Outcome) uint64 { return f.Outcomes[o.String()].Count }

// Failed counts the errors of the group: the sent calls that were no success, without those that andon gave up, and
// without those that were shed. It is what count(errors) and rate(errors) count.
func (f Figures) Failed() uint64 {
	var n uint64
	for k, name := range results.KindNames() {
		if kind := results.Kind(k); !kind.GivenUp() && kind != results.Shed && !kind.Kept() {
			n += f.Errors[name]
		}
	}
	return n
}

// Tried counts the calls that andon tried to send: those that left, and those that were kept from the target.
func (f Figures) Tried() uint64 {
	n := f.Sent
	for k, name := range results.KindNames() {
		if results.Kind(k).Kept() {
			n += f.Errors[name]
		}
	}
	return n
}

// Violated counts the responses of the group that broke the contract.
func (f Figures) Violated() uint64 {
	var n uint64
	for _, count := range f.Violations {
		n += count
	}
	return n
}

// Rate is in calls a second: what happened over the time in which it happened.
//
// Sending goes on from the start of the group's phases to their end, or to when its last call left if that is later,
// and no longer than until the run stopped sending. Answering goes on for as long, or until the last answer was read.
// A target that holds calls up, and the tail of a closed loop, are so in the time as well as in the calls.
type Rate struct {
	// Planned is the planned calls over the length of the group's phases; null where Figures.Planned is.
	Planned *float64 `json:"planned"`
	// Achieved is the sent calls over the time of sending; 0 if none of the phases began.
	Achieved float64 `json:"achieved"`
	// Answered is the calls whose whole response was read, over the time of answering.
	Answered float64 `json:"answered"`
	// Goodput is the calls that went as the contract wants, over the time of answering.
	Goodput float64 `json:"goodput"`
	// Accepted is the calls that were accepted, whether or not they kept the contract, over the time of answering.
	Accepted float64 `json:"accepted"`
}

// Uneven reports whether calls were answered, or went as the contract wants, at another rate than they left: by more
// than 1 %. Summaries that older versions wrote do not say.
func (f Figures) Uneven() bool {
	r := f.Rate
	if r.Answered == 0 && f.Completed > 0 {
		return false
	}
	return math.Abs(r.Answered-r.Achieved) > r.Achieved/100 || math.Abs(r.Goodput-r.Achieved) > r.Achieved/100
}

// Bytes sums the bodies of responses (In) and requests (Out).
type Bytes struct {
	In  uint64 `json:"in"`
	Out uint64 `json:"out"`
}

// Times describes a distribution of times in seconds. Percentiles have 3 significant digits; min, mean and max are
// exact (up to an hour, where every time is cut off). A percentile that the sample cannot support is null (see
// [histogram.Needed]), and everything is null over no sample.
type Times struct {
	Min  *float64 `json:"min"`
	Mean *float64 `json:"mean"`
	P50  *float64 `json:"p50"`
	P90  *float64 `json:"p90"`
	P95  *float64 `json:"p95"`
	P99  *float64 `json:"p99"`
	P999 *float64 `json:"p999"`
	Max  *float64 `json:"max"`
}

// Percentile is one percentile of a distribution of times.
type Percentile struct {
	// Name is "p99.9", P is 99.9.
	Name string
	P    float64
	// Value is in seconds, null where the samples cannot tell it.
	Value *float64
}

// Percentiles lists the percentiles of t in ascending order.
func (t Times) Percentiles() []Percentile {
	return []Percentile{{"p50", 50, t.P50}, {"p90", 90, t.P90}, {"p95", 95, t.P95}, {"p99", 99, t.P99}, {"p99.9", 99.9, t.P999}}
}

// times reads off what was merged.
func times(s *histogram.Scratch) Times {
	p := s.Percentiles(50, 90, 95, 99, 99.9)
	return Times{Min: s.Min(), Mean: s.Mean(), P50: p[0], P90: p[1], P95: p[2], P99: p[3], P999: p[4], Max: s.Max()}
}

// Parts says what the service time is made of. Connect and TLS are over those calls alone for which a connection was
// set up; those set up before the first call are in nobody's time. Wait is from then to the first byte of the response,
// Read from there to the last; it is 0 where a response came at once.
type Parts struct {
	Connect Times `json:"connect"`
	TLS     Times `json:"tls"`
	Wait    Times `json:"wait"`
	Read    Times `json:"read"`
}

// Tolerance is how late calls may leave before a run is something else than plainly valid, unless its scenario says
// otherwise: 1 call in 100 may leave later than this. Timers wake about 1 ms late and a collection takes a few; 10 ms
// is beyond both, and below any latency that an execute call is held to.
const Tolerance = 10 * time.Millisecond

// Tolerated is the tolerance of a run.
func Tolerated(m results.Manifest) time.Duration {
	if !(m.LagSeconds > 0) {
		return Tolerance
	}
	return time.Duration(math.Round(min(m.LagSeconds, time.Hour.Seconds()) * 1e9))
}

// HeldUp is for how long the generator itself held a call up, before it left and while it was under way. What is less
// than a hundredth of its latency counts as no more than is tolerated: two runs differ by more.
func HeldUp(r results.Row, tolerated time.Duration) time.Duration {
	own := min(histogram.Nanoseconds(r.OwnLag)+histogram.Nanoseconds(r.Stall), histogram.Highest)
	if own < (histogram.Nanoseconds(r.Lag)+histogram.Nanoseconds(r.Service))/100 {
		own = min(own, int64(tolerated))
	}
	return time.Duration(own)
}

// Lag says how late calls left, in seconds; null as in [Times].
type Lag struct {
	P50 *float64 `json:"p50"`
	P99 *float64 `json:"p99"`
	Max *float64 `json:"max"`
}

func lagOf(s *histogram.Scratch) Lag {
	p := s.Percentiles(50, 99)
	return Lag{P50: p[0], P99: p[1], Max: s.Max()}
}

// Validity says whether a run's figures can be trusted, and as what.
type Validity struct {
	// Status is one of the constants below.
	Status string `json:"status"`
	// Reasons are sentences with figures that say why, and what to do; empty for a valid run.
	Reasons []string `json:"reasons"`
	// Lag is actual send − due; OwnLag is the part of it that is the generator's own doing, and the time by which it may
	// have lengthened the call after that (see [HeldUp]).
	Lag    Lag `json:"lag"`
	OwnLag Lag `json:"ownLag"`
	// Held counts the calls that the generator itself held up for longer than the run tolerates.
	Held uint64 `json:"held,omitempty"`
}

// What a run's figures can be.
const (
	Valid            = "valid"
	GeneratorLimited = "generator-limited" // calls were held up by the generator itself: our fault, no verdict possible
	TargetLimited    = "target-limited"    // calls left late because every slot waited on the target: a finding
	NoData           = "no-data"           // no response was measured
)

// Counts are the calls of a stretch of time.
type Counts struct {
	// Due counts every call, sent or not.
	Due        uint64 `json:"due"`
	Sent       uint64 `json:"sent"`
	Completed  uint64 `json:"completed"`
	OK         uint64 `json:"ok"`
	Errors     uint64 `json:"errors"` // as Figures.Failed
	Violations uint64 `json:"violations"`
	Dropped    uint64 `json:"dropped"`
	// Accepted, Shed and Refused are outcomes: see results.Outcome. Shed calls are no errors.
	Accepted uint64 `json:"accepted"`
	Shed     uint64 `json:"shed"`
	Refused  uint64 `json:"refused"`
}

// Add adds others.
func (c *Counts) Add(o Counts) { c.merge(&o) }

func (c *Counts) merge(o *Counts) {
	c.Due += o.Due
	c.Sent += o.Sent
	c.Completed += o.Completed
	c.OK += o.OK
	c.Errors += o.Errors
	c.Violations += o.Violations
	c.Dropped += o.Dropped
	c.Accepted += o.Accepted
	c.Shed += o.Shed
	c.Refused += o.Refused
}

// Point is a stretch of the run: all phases, warm-up too, and all classes. Its counts, its lag and its latency are of
// the calls that were due in it, whenever they left and ended; what says otherwise goes by those moments. Its latency
// is that of the calls that stand for them (see [Figures]), without deliberately invalid ones.
type Point struct {
	// StartSeconds and Seconds place the point on the run's clock.
	StartSeconds float64 `json:"startSeconds"`
	Seconds      float64 `json:"seconds"`
	Counts
	// Left counts the calls that left in the stretch; Ended those sent calls that ended in it, one way or another, and
	// Answered those among them whose whole response was read.
	Left     uint64 `json:"left"`
	Ended    uint64 `json:"ended"`
	Answered uint64 `json:"answered"`
	// Touched counts the calls that andon itself held up for longer than is tolerated, as [Figures] has it, but whatever
	// became of them.
	Touched uint64 `json:"touched,omitempty"`
	// InFlight is the mean number of calls in flight, from the moments at which the calls left and ended.
	InFlight float64 `json:"inFlight"`
	// ErrorsByKind and ViolationsByRule are as in [Figures]; nil where there are none.
	ErrorsByKind     map[string]uint64 `json:"errorsByKind,omitempty"`
	ViolationsByRule map[string]uint64 `json:"violationsByRule,omitempty"`
	Latency          PointLatency      `json:"latency"`
	Lag              PointLag          `json:"lag"`
}

// PointLatency is the latency of a [Point], in seconds; null as in [Times].
type PointLatency struct {
	P50 *float64 `json:"p50"`
	P90 *float64 `json:"p90"`
	P95 *float64 `json:"p95"`
	P99 *float64 `json:"p99"`
	Max *float64 `json:"max"`
}

// PointLag is the lag of the sent and the dropped calls of a [Point] that open phases made due, in seconds, and the
// longest time for which the generator itself held one of them up (see [Validity]); null if there were none.
type PointLag struct {
	Mean   *float64 `json:"mean"`
	Max    *float64 `json:"max"`
	OwnMax *float64 `json:"ownMax"`
}

// Recent is what ended lately, for a live view.
type Recent struct {
	// Seconds is the length of the stretch.
	Seconds float64
	// Counts are the calls that ended in it, whenever they were due.
	Counts
	// P50 and P99 are their latency in seconds; null as in [Times].
	P50, P99 *float64
}

// Tally counts what came back, over the whole run so far, warm-ups too.
type Tally struct {
	// Status, Errors and Violations are as in [Figures].
	Status, Errors, Violations map[string]uint64
}
