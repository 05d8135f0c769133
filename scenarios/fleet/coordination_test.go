package fleet

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/results"
)

var zero = time.Date(2026, 11, 26, 16, 0, 0, 0, time.UTC)

// A fleetTest drives a coordination by hand.
type fleetTest struct {
	*coordination
	t    *testing.T
	now  time.Time
	said []string
}

func newFleetTest(t *testing.T, workers int) *fleetTest {
	return &fleetTest{coordination: newCoordination("run", "v1", "digest", workers, Times{}, zero), t: t, now: zero}
}

func (f *fleetTest) later(d time.Duration) { f.now = f.now.Add(d) }

// from is what worker i says of itself.
func (f *fleetTest) from(i int, s state, change ...func(*question)) answer {
	q := question{Protocol: protocol, Worker: string(rune('a' + i)), Andon: "v1", Plan: "digest", Shard: i, State: s}
	for _, c := range change {
		c(&q)
	}
	a, _ := f.ask(f.now, q)
	return a
}

// passes looks what did not happen, as a moment before.
func (f *fleetTest) passes(connected bool) {
	f.looked = f.now
	f.tick(f.now, connected)
	f.said = append(f.said, f.told()...)
}

// says checks that something was said.
func (f *fleetTest) says(want string) {
	f.t.Helper()
	if f.said = append(f.said, f.told()...); !slices.ContainsFunc(f.said, func(s string) bool { return strings.Contains(s, want) }) {
		f.t.Errorf("expected %q to be said, found %q", want, f.said)
	}
}

// The start is fixed when the last is armed, and no sooner.
func TestStart(t *testing.T) {
	f := newFleetTest(t, 2)
	f.from(0, armed)
	f.later(time.Second)
	if a := f.from(1, taken); a.Start != 0 || a.Stop != nil {
		t.Errorf("one is not armed: %+v", a)
	}
	f.later(time.Second)
	at := f.from(1, armed).Start
	if want := f.now.Add(2 * time.Second).UnixNano(); at != want {
		t.Errorf("the start is %d, and should be %d", at, want)
	}
	f.later(100 * time.Millisecond)
	if a := f.from(0, armed); a.Start != at || a.Now != f.now.UnixNano() {
		t.Errorf("the start moved: %+v", a)
	}
}

// Where one never arms, no call is sent, and it is named.
func TestNeverArms(t *testing.T) {
	f := newFleetTest(t, 3)
	for range 61 {
		f.from(0, armed)
		f.from(1, taken)
		f.passes(true)
		f.later(10 * time.Second)
	}
	f.says("no call was sent: after 10m0s worker b, shard 1, is taken and not armed; shard 2 was taken by no worker")
	if f.done() {
		t.Error("it is done before the workers know")
	}
	for i := range 2 {
		if a := f.from(i, armed); a.Start != 0 || a.Stop == nil {
			t.Errorf("worker %d is told %+v", i, a)
		}
	}
	if !f.done() || !f.start.IsZero() {
		t.Errorf("done %t, with the start %v", f.done(), f.start)
	}
}

// A worker that is silent for ten seconds is lost, but not before the hub could be heard for as long.
func TestLost(t *testing.T) {
	f := newFleetTest(t, 2)
	f.from(0, armed)
	f.from(1, armed)
	f.later(9 * time.Second)
	f.passes(true)
	f.from(0, firing)
	f.passes(false)
	f.later(8 * time.Second)
	f.passes(false)
	f.passes(true)
	f.says("the hub is there again")
	f.later(9 * time.Second)
	f.from(0, firing)
	f.passes(true)
	if f.members[1].gone != "" {
		t.Error("a worker is lost because the hub was not there")
	}
	f.later(time.Second)
	f.passes(true)
	f.says("worker b, shard 1, is lost: no contact for 10s")
	if a := f.from(1, firing); a.Gone == "" {
		t.Error("who was lost may go on")
	}
	if f.done() {
		t.Error("nobody waits for the other")
	}
	f.from(0, handed)
	if shard := f.bring(); shard != 0 || f.bring() != -1 {
		t.Errorf("shard %d is brought home", shard)
	}
	// What is being read may take long.
	f.later(time.Minute)
	f.passes(true)
	f.brought(f.now, 0, nil, nil)
	if f.done() {
		t.Error("done before the worker knows that all is home")
	}
	if a := f.from(0, handed); !a.Confirmed || !f.done() {
		t.Errorf("it is told %+v; done %t", a, f.done())
	}
}

// Nobody is lost because the coordinator's machine stood still.
func TestCoordinatorStoodStill(t *testing.T) {
	f := newFleetTest(t, 1)
	f.from(0, armed)
	f.passes(true)
	f.later(15 * time.Second)
	f.tick(f.now, true)
	if f.members[0].gone != "" {
		t.Errorf("it is lost: %s", f.members[0].gone)
	}
	f.later(10 * time.Second)
	f.passes(true)
	f.says("worker a, shard 0, is lost: no contact for 10s")
}

// Before the start a loss is the end: nobody sends a call.
func TestLostBeforeTheStart(t *testing.T) {
	for what, lose := range map[string]func(f *fleetTest){
		"silent": func(f *fleetTest) { f.later(10 * time.Second); f.from(0, taken); f.passes(true) },
		"failed": func(f *fleetTest) { f.from(1, failed, func(q *question) { q.Detail = "the target cannot be reached" }) },
	} {
		f := newFleetTest(t, 3)
		f.from(0, taken)
		f.from(1, taken)
		lose(f)
		f.says("worker b, shard 1, is lost: ")
		if a := f.from(0, armed); a.Stop == nil || !strings.Contains(a.Stop.Detail, "worker b, shard 1, was lost before the start") || !f.done() {
			t.Errorf("%s: the other is told %+v, done %t", what, a, f.done())
		}
	}
}

// A hub that is gone for half a minute is gone.
func TestHubGone(t *testing.T) {
	f := newFleetTest(t, 1)
	f.from(0, armed)
	f.passes(true)
	f.later(29 * time.Second)
	f.passes(false)
	if f.done() {
		t.Error("given up too soon")
	}
	f.later(time.Second)
	f.passes(false)
	f.says("worker a, shard 0, is lost: the hub is gone for 30s")
	if !f.done() {
		t.Error("it goes on")
	}
	// Who is home, and cannot be told any more, is home.
	f = newFleetTest(t, 1)
	f.from(0, armed)
	f.from(0, handed)
	f.bring()
	f.brought(f.now, 0, nil, nil)
	f.later(30 * time.Second)
	f.passes(false)
	if m := f.members[0]; !f.done() || !m.home || m.gone != "" {
		t.Errorf("it goes on, or %+v is lost", m)
	}
}

// A worker that was given up says later where that lies which it measured.
func TestSpoolOfTheLost(t *testing.T) {
	f := newFleetTest(t, 1)
	f.from(0, armed)
	f.later(10 * time.Second)
	f.passes(true)
	a := f.from(0, failed, func(q *question) { q.Spool = "/spool/run-s0" })
	if m := &f.members[0]; a.Gone == "" || m.spooled() != "; what it measured is in /spool/run-s0 on its machine" {
		t.Errorf("it is told %+v, and its spool is %q", a, m.Spool)
	}
	if f.from(0, firing); f.members[0].Spool == "" {
		t.Error("the spool is forgotten")
	}
}

// Whoever is of another version, has another plan or no such shard, or one that is another's, is refused and named.
func TestRefused(t *testing.T) {
	f := newFleetTest(t, 2)
	f.from(0, taken)
	for want, change := range map[string]func(*question){
		"it is andon v2 (protocol 1), and the run is of andon v1 (protocol 1)": func(q *question) { q.Andon = "v2" },
		"it is andon v1 (protocol 7)":                                          func(q *question) { q.Protocol = 7 },
		"its plan has the digest other, and the run's has digest":              func(q *question) { q.Plan = "other" },
		"it has shard 2, and there are 2, from 0 to 1":                         func(q *question) { q.Shard = 2 },
		"it has shard -1": func(q *question) { q.Shard = -1 },
		"shard 0 is a's":  func(q *question) { q.Shard = 0 },
		"it has no name":  func(q *question) { q.Worker = "" },
		`it says that it is \x1b[2J, which no worker is`:                                   func(q *question) { q.State = "\x1b[2J" },
		"it says that it has told -1 s of the run":                                         func(q *question) { q.Seconds = -1 },
		"it says that it has told 1e+300 s of the run":                                     func(q *question) { q.Seconds = 1e300 },
		"it says that it has told 0 s of the run and that -1 calls are under way, which c": func(q *question) { q.InFlight = -1 },
	} {
		if a := f.from(1, taken, change); !strings.HasPrefix(a.Refused, want) || a.Start != 0 {
			t.Errorf("expected %q, found %+v", want, a)
		}
	}
	if f.members[1].Worker != "" {
		t.Error("who was refused has a shard")
	}
	f.from(1, failed, func(q *question) { q.Shard, q.Detail, q.Plan = -1, "the seed is 2 here", "" })
	f.says("worker b cannot take part: the seed is 2 here")
	if f.stop != nil {
		t.Error("who never had a shard has ended the run")
	}
}

// Parts that did not arrive whole are asked for once, and the rest waits for them.
func TestAgain(t *testing.T) {
	f := newFleetTest(t, 1)
	f.from(0, armed)
	f.from(0, handed)
	f.bring()
	f.brought(f.now, 0, []string{"up.0.1.2"}, nil)
	f.says("1 part did not arrive whole, and is asked for again")
	if f.bring() != -1 {
		t.Error("it is read before it came again")
	}
	if a := f.from(0, handed); !slices.Equal(a.Again, []string{"up.0.1.2"}) || f.bring() != -1 {
		t.Errorf("it is told %+v, or read before it came again", a)
	}
	if a := f.from(0, handed); a.Again != nil || f.bring() != 0 {
		t.Errorf("it is told %+v, or not read again", a)
	}
	f.brought(f.now, 0, nil, errors.New("the disk is full"))
	f.says("is lost: the disk is full")
}

// All are told to stop, and the first reason counts.
func TestStop(t *testing.T) {
	f := newFleetTest(t, 2)
	f.from(0, armed)
	f.from(1, armed)
	f.end(results.End{Reason: results.Aborted, Detail: "x"})
	f.end(results.End{Reason: results.Interrupted, Detail: "y"})
	for i := range 2 {
		if a := f.from(i, firing); a.Stop == nil || *a.Stop != (results.End{Reason: results.Aborted, Detail: "x"}) {
			t.Errorf("worker %d is told %+v", i, a)
		}
	}
	if f.done() {
		t.Error("nobody waits for what they measured")
	}
}

// Whatever comes twice, late or not at all: each increment is taken once and in order, no shard has two workers, and no
// start is told before all are armed.
func TestWhateverArrives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const workers = 3
		f := newFleetTest(t, workers)
		taken, owners := [workers]uint64{}, [workers]string{}
		for range rapid.IntRange(1, 60).Draw(rt, "questions") {
			f.later(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "ms")) * time.Millisecond)
			if rapid.IntRange(0, 4).Draw(rt, "tick") == 0 {
				f.passes(rapid.Bool().Draw(rt, "connected"))
			}
			i := rapid.IntRange(0, workers-1).Draw(rt, "shard")
			q := question{
				Protocol: protocol, Andon: "v1", Plan: "digest", Shard: i, Worker: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "worker"),
				State: rapid.SampledFrom([]state{looking, "taken", armed, firing, handed}).Draw(rt, "state"),
				More:  &increment{N: uint64(rapid.IntRange(0, 5).Draw(rt, "n"))},
			}
			a, fresh := f.ask(f.now, q)
			if fresh {
				if taken[i]++; q.More.N != taken[i] {
					rt.Errorf("increment %d was taken as the %dth", q.More.N, taken[i])
				}
			}
			if a.Refused == "" && a.Gone == "" && !a.Confirmed && q.State != looking {
				if owners[i] == "" {
					owners[i] = q.Worker
				}
				if owners[i] != q.Worker {
					rt.Errorf("shard %d is %s's and %s's", i, owners[i], q.Worker)
				}
			}
			if a.Start != 0 && slices.Contains(owners[:], "") {
				rt.Error("a start was told before all had a shard")
			}
		}
	})
}

func TestKnown(t *testing.T) {
	f := newFleetTest(t, 3)
	for i := range 3 {
		f.from(i, firing, func(q *question) { q.Seconds, q.InFlight = float64(10-i), i+1 })
	}
	if s, n := f.known(); s != 8 || n != 6 {
		t.Errorf("known up to %v s, with %d calls under way", s, n)
	}
	f.members[2].gone = "x"
	if s, n := f.known(); s != 9 || n != 3 {
		t.Errorf("without the lost one: known up to %v s, with %d calls under way", s, n)
	}
	f.members[0].home, f.members[1].home = true, true
	if s, _ := f.known(); s != 10 {
		t.Errorf("at the end: known up to %v s", s)
	}
}

// The offset is found within what it is said to be wrong by, whatever the ways took and however far the clocks are
// apart, and by the reading that says most.
func TestClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		off := time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "off"))
		var c clock
		least := time.Hour
		now := zero
		for range rapid.IntRange(1, 100).Draw(t, "questions") {
			to := time.Duration(rapid.IntRange(1, 1e9).Draw(t, "to"))
			back := time.Duration(rapid.IntRange(1, 1e9).Draw(t, "back"))
			c.heard(now, now.Add(to+off).UnixNano(), now.Add(to+back))
			if c.n <= tells {
				least = min(least, (to+back)/2)
			}
			now = now.Add(to + back + time.Second)
		}
		r := c.best()
		if wrong := (r.Offset - off).Abs(); wrong > r.Uncertain+1 || c.n <= tells && r.Uncertain != least {
			t.Errorf("the offset is %s, told as %s ± %s", off, r.Offset, r.Uncertain)
		}
		if hub := c.hub(now); hub.Sub(now.Add(off)).Abs() > r.Uncertain+1 {
			t.Errorf("the hub's time is wrong by %s", hub.Sub(now.Add(off)))
		}
	})
}

// A worker of another run at the same hub, as one that was begun before, is no worker of this one.
func TestWorkerOfAnotherRun(t *testing.T) {
	r := &run{state: newCoordination("run-2", "v1", "digest", 1, Times{}, zero)}
	r.record.Run = "run-2"
	for name, answered := range map[string]bool{"": true, "run-1": false, "run-2": true} {
		text, err := json.Marshal(question{Protocol: protocol, Run: name, Worker: "a" + name, Andon: "v1", Plan: "digest", State: firing})
		if err != nil {
			t.Fatal(err)
		}
		if said := r.answer(text); (said != nil) != answered {
			t.Errorf("a worker of the run %q is told %s", name, said)
		}
		if owner := r.state.members[0].Worker; owner == "arun-1" {
			t.Errorf("the shard is %s's", owner)
		}
	}
}

// Many workers tell more rarely how far they are, and never so rarely that one lost answer would be a lost worker.
func TestPace(t *testing.T) {
	for _, c := range []struct {
		times   Times
		workers int
		want    time.Duration
	}{
		{Times{}, 1, 500 * time.Millisecond}, {Times{}, 125, 500 * time.Millisecond}, {Times{}, 500, 2 * time.Second}, {Times{}, 1000, 4 * time.Second},
		{Times{}, 100_000, 4 * time.Second}, {Times{Every: time.Second}, 10, time.Second}, {Times{Lost: time.Second}, 1000, 500 * time.Millisecond},
	} {
		times := c.times.usual()
		a, _ := newCoordination("run-1", "v1", "plan", c.workers, times, time.Now()).ask(time.Now(), question{Protocol: protocol, Andon: "v1", Worker: "w", Shard: -1, State: looking})
		h := newHand(nil, question{}, times, time.Now)
		if h.answer = a; a.Every != c.want || h.pace() != c.want {
			t.Errorf("%d workers of %+v tell every %s, and are told to every %s", c.workers, times, h.pace(), a.Every)
		}
		// Whatever a coordinator says, and before it has said anything.
		if h.answer.Every = time.Hour; h.pace() > max(times.Every, times.Lost/2) {
			t.Errorf("a worker tells every %s, and is lost after %s", h.pace(), times.Lost)
		}
		if h.answer.Every = 0; h.pace() != times.Every {
			t.Errorf("a worker that was told nothing tells every %s", h.pace())
		}
	}
}
