package follow

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
)

// truth is what becomes of an execution, on the run's clock.
type truth struct {
	accepted, begins, ends time.Duration
	failed                 bool
	// lost is unknown to the provider, and known is from when on it is told of at all.
	lost  bool
	known time.Duration
}

// world is a provider that tells the truth, after some time.
type world struct {
	mutex sync.Mutex
	truth map[string]truth
	// delay is how long a poll takes to the provider, and its answer back.
	delay func() time.Duration
	// instead, if not nil, answers in its place.
	instead func(n int, x results.Execution) *answer
	polls   []time.Duration
	// imagines has it tell of executions that there are not.
	imagines bool
}

func (w *world) ask(ctx context.Context, x results.Execution, now func() time.Duration) (a answer) {
	a.asked = now()
	defer func() { a.whole = now() }()
	w.mutex.Lock()
	w.polls = append(w.polls, a.asked)
	n := len(w.polls)
	there, back := w.delay(), w.delay()
	w.mutex.Unlock()
	wait := func(d time.Duration) bool {
		select {
		case <-time.After(d):
			return true
		case <-ctx.Done():
			a.failed, a.why = "canceled", ctx.Err()
			return false
		}
	}
	if !wait(there) {
		return a
	}
	if w.instead != nil {
		if other := w.instead(n, x); other != nil {
			a.status, a.failed, a.why, a.told, a.pause = other.status, other.failed, other.why, other.told, other.pause
			wait(back)
			return a
		}
	}
	at := now()
	t, known := w.truth[x.ID]
	if !known && !w.imagines {
		t.lost = true
	}
	a.status, a.told.Same = http.StatusOK, x.ID
	switch {
	case t.lost, at < t.known:
		a.status, a.failed, a.why = http.StatusNotFound, "status 404", errors.New("it answers 404")
	case at < t.begins:
		a.told.Meaning = contracts.MeansWaiting
	case at < t.ends:
		a.told.Meaning = contracts.MeansRunning
	case t.failed:
		a.told.Meaning = contracts.MeansFailed
	default:
		a.told.Meaning = contracts.MeansCompleted
	}
	wait(back)
	return a
}

// follows follows executions as they are accepted, in the time of a bubble, and says what came of it.
func follows(t *testing.T, w *world, f scenarios.Following, list []truth, stop <-chan struct{}) Outcome {
	t.Helper()
	dir := t.TempDir()
	journal, err := results.CreateJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	f.Operation = contracts.DefaultFollowing()
	g := newFollowing(Config{Following: f, Labels: results.Labels{Classes: []results.Class{{Name: "text.Full", Tier: "Full"}}}, Journal: journal, Timeout: time.Second}, 8, w.ask)
	w.truth = map[string]truth{}
	ids := make([]string, len(list))
	for i, x := range list {
		ids[i] = fmt.Sprint("e", i)
		w.truth[ids[i]] = x
	}
	began := time.Now()
	follower := start(g, func() {})
	g.Begin(began)
	for i, x := range list {
		time.Sleep(x.accepted - time.Since(began))
		g.Accepted(results.Execution{N: uint32(i), ID: ids[i], Sent: x.accepted - time.Millisecond, Accepted: x.accepted})
	}
	out := follower.Finish(t.Context(), stop)
	var done Progress
	for _, x := range out.Executions {
		done.Accepted++
		switch x.State {
		case results.StateCompleted:
			done.Completed++
		case results.StateFailed:
			done.Failed++
		case results.StateLost:
			done.Lost++
		}
	}
	if said := follower.Progress(); said != done {
		t.Errorf("it says %+v, want %+v", said, done)
	}
	kept, damage, err := results.ReadJournal(dir)
	if err != nil || len(damage) > 0 || len(kept) != len(list) {
		t.Errorf("the journal has %d of %d, %v, %v", len(kept), len(list), damage, err)
	}
	return out
}

// contained fails where the truth lies outside what is known.
func contained(t interface{ Errorf(string, ...any) }, x results.Execution, is truth) {
	switch {
	case x.Alive >= is.ends && is.ends > 0:
		t.Errorf("%s ended at %s and was alive at %s", x.ID, is.ends, x.Alive)
	case x.Ended > 0 && x.Ended < is.ends && !is.lost:
		t.Errorf("%s ended at %s and had ended at %s", x.ID, is.ends, x.Ended)
	case x.Waiting > 0 && x.Waiting >= is.begins, x.Running > 0 && x.Running < is.begins:
		t.Errorf("%s began at %s, not between %s and %s", x.ID, is.begins, x.Waiting, x.Running)
	case x.Faults != 0:
		t.Errorf("%s has the faults %b", x.ID, x.Faults)
	}
}

// Whatever becomes of executions, and however long polls take: the truth lies between the bounds, every one that ends
// is seen to its end, the lost ones are told and no others, and there are no more polls than there may be.
func TestTruthIsWithinBounds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		polls := rapid.Float64Range(5, 200).Draw(r, "polls")
		count := rapid.IntRange(1, 60).Draw(r, "executions")
		gap := time.Duration(rapid.IntRange(1, 400).Draw(r, "gap")) * time.Millisecond
		sample := rapid.Float64Range(0, 1).Draw(r, "sample")
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			list := make([]truth, count)
			for i := range list {
				x := &list[i]
				x.accepted = time.Duration(i+1) * gap
				x.begins = x.accepted + time.Duration(random.ExpFloat64()*float64(200*time.Millisecond)) - time.Millisecond/2
				x.ends = x.begins + time.Duration(random.ExpFloat64()*float64(time.Second)) + 1
				x.failed, x.lost = random.IntN(10) == 0, random.IntN(10) == 0
				if random.IntN(5) == 0 {
					x.known = x.accepted + time.Duration(random.Int64N(int64(2*time.Second)))
				}
			}
			// One is there, so that the provider is one that tells.
			list[0].lost = false
			w := &world{delay: func() time.Duration { return time.Duration(random.Int64N(int64(40 * time.Millisecond))) }}
			out := follows(t, w, scenarios.Following{Sample: sample, For: 10 * time.Minute, Polls: polls, Within: 0.05}, list, nil)
			if out.About.End != executions.EndSeen || len(out.Executions) != count || out.About.Polls.Sent != uint64(len(w.polls)) {
				t.Errorf("%+v, %d executions, %d polls", out.About, len(out.Executions), len(w.polls))
			}
			for i, x := range out.Executions {
				contained(t, x, list[i])
				want := results.StateCompleted
				if list[i].failed {
					want = results.StateFailed
				}
				if list[i].lost {
					want = results.StateLost
				}
				if x.State != want {
					t.Errorf("%s is %s, want %s", x.ID, x.State, want)
				}
			}
			for i := range w.polls {
				if j := i + int(polls) + 3; j < len(w.polls) && w.polls[j]-w.polls[i] < time.Second-10*time.Millisecond {
					t.Errorf("%d polls in %s, of %.1f a second", j-i, w.polls[j]-w.polls[i], polls)
				}
			}
		})
		if t.Failed() {
			r.FailNow()
		}
	})
}

// The bounds are as narrow as is asked for, where the budget allows for it: within 5 % of the median.
func TestBoundsAreNarrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(7, 7))
		list := make([]truth, 300)
		for i := range list {
			accepted := time.Duration(i+1) * 500 * time.Millisecond
			begins := accepted + 100*time.Millisecond
			list[i] = truth{accepted: accepted, begins: begins, ends: begins + time.Duration((1.8+0.4*random.Float64())*float64(time.Second))}
		}
		w := &world{delay: func() time.Duration { return 2 * time.Millisecond }}
		out := follows(t, w, scenarios.Following{Sample: 1, For: time.Minute, Polls: 100, Within: 0.05}, list, nil)
		wide := 0
		for i, x := range out.Executions {
			contained(t, x, list[i])
			if x.Ended-x.Alive > 105*time.Millisecond {
				wide++
			}
		}
		if perEach := float64(out.About.Polls.Sent) / 300; wide > 15 || perEach > 20 {
			t.Errorf("%d of 300 bounds are wider than 5 %% of 2.1 s, by %.1f polls for each", wide, perEach)
		}
	})
}

// A provider that does not tell ends the following with a sentence, and nothing is called lost for it.
func TestProviderThatDoesNotTell(t *testing.T) {
	list := make([]truth, 50)
	for i := range list {
		list[i] = truth{accepted: time.Duration(i+1) * 50 * time.Millisecond, begins: time.Hour, ends: 2 * time.Hour}
	}
	reply := func(status int) func(int, results.Execution) *answer {
		return func(int, results.Execution) *answer {
			return &answer{status: status, failed: fmt.Sprint("status ", status), why: fmt.Errorf("it answers %d", status)}
		}
	}
	for name, c := range map[string]struct {
		instead func(int, results.Execution) *answer
		list    []truth
		says    string
	}{
		"no such path":          {reply(404), list, "none of the executions"},
		"few ids, no such path": {reply(404), list[:2], "none of the executions"},
		"no such method":        {reply(405), list, "it answers 405"},
		"not allowed":           {reply(403), list, "it answers 403"},
		"nobody there": {func(int, results.Execution) *answer {
			return &answer{failed: "dial-refused", why: errors.New("connection refused")}
		}, list, "connection refused"},
		"broken": {reply(500), list, "it answers 500"},
		"nonsense": {func(int, results.Execution) *answer {
			return &answer{status: 200, failed: "unreadable", why: errors.New("it has no state at /execution/status")}
		}, list, "no state"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{delay: func() time.Duration { return time.Millisecond }, instead: c.instead}
				began := time.Now()
				out := follows(t, w, scenarios.Following{Sample: 1, For: 10 * time.Minute, Polls: 50, Within: 0.05}, c.list, nil)
				if out.About.End != executions.EndRefused || !strings.Contains(out.About.Detail, c.says) || time.Since(began) > 2*time.Minute {
					t.Errorf("after %s: %+v", time.Since(began), out.About)
				}
				for _, x := range out.Executions {
					if x.State != results.StateUnseen {
						t.Errorf("%s is %s", x.ID, x.State)
					}
				}
			})
		})
	}
}

// A provider that tells of executions only a while after it has accepted them is waited for, and one that stops telling
// has told what it has.
func TestProviderThatTellsLate(t *testing.T) {
	list := make([]truth, 80)
	for i := range list {
		at := time.Duration(i+1) * 25 * time.Millisecond
		list[i] = truth{accepted: at, begins: at + time.Millisecond, ends: at + 1500*time.Millisecond, known: at + 3*time.Second}
	}
	synctest.Test(t, func(t *testing.T) {
		w := &world{delay: func() time.Duration { return time.Millisecond }}
		out := follows(t, w, scenarios.Following{Sample: 1, For: 10 * time.Minute, Polls: 50, Within: 0.05}, list, nil)
		for i, x := range out.Executions {
			if contained(t, x, list[i]); x.State != results.StateCompleted {
				t.Errorf("%s is %s", x.ID, x.State)
			}
		}
		if out.About.End != executions.EndSeen {
			t.Errorf("%+v", out.About)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		for i := range list {
			list[i].known, list[i].lost = 0, i%10 == 3
			if i%10 == 4 {
				list[i].ends = time.Hour
			}
		}
		began := time.Now()
		w := &world{delay: func() time.Duration { return time.Millisecond }, instead: func(int, results.Execution) *answer {
			if time.Since(began) < 20*time.Second {
				return nil
			}
			return &answer{failed: "dial-refused", why: errors.New("connection refused")}
		}}
		out := follows(t, w, scenarios.Following{Sample: 1, For: 10 * time.Minute, Polls: 50, Within: 0.05}, list, nil)
		states := map[results.State]int{}
		for i, x := range out.Executions {
			states[x.State]++
			contained(t, x, list[i])
			if x.State == results.StateLost && x.Ended < x.Accepted {
				t.Errorf("%+v", x)
			}
		}
		if out.About.End != executions.EndRefused || !strings.Contains(out.About.Detail, "does not tell any more: connection refused; the end of 8 executions") ||
			states[results.StateLost] != 8 || states[results.StateRunning] != 8 || states[results.StateCompleted] != 64 {
			t.Errorf("%+v, %v", out.About, states)
		}
	})
}

// One that is stuck, and one of which nothing is heard, are known to last as long as was looked, and are no lost ones.
func TestUnfinishedAreNotLost(t *testing.T) {
	for name, stopped := range map[string]bool{"the time is over": false, "stopped": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list := make([]truth, 40)
				for i := range list {
					at := time.Duration(i+1) * 100 * time.Millisecond
					list[i] = truth{accepted: at, begins: at + time.Millisecond, ends: at + 500*time.Millisecond}
				}
				list[10].ends = 24 * time.Hour
				stop := make(chan struct{})
				if stopped {
					go func() {
						time.Sleep(9 * time.Second)
						close(stop)
					}()
				}
				w := &world{delay: func() time.Duration { return time.Millisecond }}
				out := follows(t, w, scenarios.Following{Sample: 1, For: time.Minute, Polls: 50, Within: 0.05}, list, stop)
				end, after := executions.EndTime, 60.0
				if stopped {
					end, after = executions.EndInterrupted, 5
				}
				if out.About.End != end || !strings.Contains(out.About.Detail, "1 execution") || out.About.Seconds < after-0.1 || out.About.Seconds > after+0.1 {
					t.Errorf("%+v", out.About)
				}
				x := out.Executions[10]
				if x.State != results.StateRunning || x.Ended != 0 || x.Alive < time.Duration(after*0.7*float64(time.Second)) {
					t.Errorf("%+v", x)
				}
				if n := len(w.polls); n > 40*25+100 {
					t.Errorf("%d polls", n)
				}
			})
		})
	}
}

// What a provider tells that cannot be is noted, and what only overtook another answer is not.
func TestWhatCannotBe(t *testing.T) {
	said := func(m contracts.Meaning, more ...func(*contracts.Told)) contracts.Told {
		t := contracts.Told{Meaning: m, Session: "s", Same: "e"}
		for _, f := range more {
			f(&t)
		}
		return t
	}
	const waiting, running, completed, failed = contracts.MeansWaiting, contracts.MeansRunning, contracts.MeansCompleted, contracts.MeansFailed
	type heard struct {
		contracts.Told
		asked, whole time.Duration
	}
	for _, c := range []struct {
		name  string
		heard []heard
		want  results.ExecutionFaults
		state results.State
	}{
		{"as it should be", []heard{{said(waiting), 1, 2}, {said(running), 3, 4}, {said(completed), 5, 6}}, 0, results.StateCompleted},
		{"running again", []heard{{said(completed), 1, 2}, {said(running), 3, 4}}, results.Resurrected, results.StateCompleted},
		{"an older answer came later", []heard{{said(completed), 2, 3}, {said(running), 1, 4}}, 0, results.StateCompleted},
		{"to and fro", []heard{{said(running), 1, 2}, {said(waiting), 3, 4}, {said(running), 5, 6}}, 0, results.StateRunning},
		{"completed and failed", []heard{{said(completed), 1, 2}, {said(failed), 3, 4}}, results.EndedOtherwise, results.StateCompleted},
		{"another session", []heard{{said(waiting), 1, 2}, {said(running, func(t *contracts.Told) { t.Session = "other" }), 3, 4}}, results.Resessioned, results.StateRunning},
		{"another id", []heard{{said(completed, func(t *contracts.Told) { t.Same = "x" }), 1, 2}}, results.Reidentified, results.StateUnseen},
		{"no state that is known", []heard{{said(contracts.MeansNothing), 1, 2}}, results.Stateless, results.StateUnseen},
		{"ended before it began", []heard{{said(completed, func(t *contracts.Told) { t.Reversed = true }), 1, 2}}, results.Reversed, results.StateCompleted},
	} {
		x := results.Execution{ID: "e"}
		for _, h := range c.heard {
			learn(&x, h.Told, h.asked*time.Second, h.whole*time.Second)
		}
		if x.Faults != c.want || x.State != c.state {
			t.Errorf("%s: faults %b, %s; want %b, %s", c.name, x.Faults, x.State, c.want, c.state)
		}
	}
}

// A provider that has too much to do is left alone for as long as it asks for.
func TestPollsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := []truth{{accepted: time.Second, begins: 2 * time.Second, ends: 20 * time.Second}}
		busy := func(n int, _ results.Execution) *answer {
			if n == 3 {
				return &answer{status: 429, failed: "status 429", why: errors.New("it answers 429"), pause: 7 * time.Second}
			}
			return nil
		}
		w := &world{delay: func() time.Duration { return time.Millisecond }, instead: busy}
		out := follows(t, w, scenarios.Following{Sample: 1, For: time.Minute, Polls: 50, Within: 0.05}, list, nil)
		if out.About.End != executions.EndSeen || out.About.Polls.Failed != 1 || w.polls[3]-w.polls[2] < 7*time.Second {
			t.Errorf("%+v, %v", out.About, w.polls[:5])
		}
		contained(t, out.Executions[0], list[0])
	})
}

// A provider that tells of whatever it is asked is found out.
func TestImagined(t *testing.T) {
	for _, imagines := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			list := []truth{{accepted: time.Second, begins: 2 * time.Second, ends: 3 * time.Second}}
			w := &world{delay: func() time.Duration { return time.Millisecond }, imagines: imagines}
			out := follows(t, w, scenarios.Following{Sample: 1, For: time.Minute, Polls: 50, Within: 0.05}, list, nil)
			if (out.About.Imagined != "") != imagines || out.About.End != executions.EndSeen || len(out.Executions) != 1 {
				t.Errorf("%+v", out.About)
			}
		})
	}
}

// Which executions are followed is known beforehand, and as many as asked for.
func TestSample(t *testing.T) {
	c := Config{Seed: 3, Following: scenarios.Following{Sample: 0.2}}
	var list []uint32
	for n := range uint32(10_000) {
		if c.sampled(n) {
			list = append(list, n)
		}
	}
	if len(list) < 1850 || len(list) > 2150 || !c.sampled(list[7]) || slices.Equal(list[:5], []uint32{0, 1, 2, 3, 4}) {
		t.Errorf("%d of 10,000: %v", len(list), list[:5])
	}
}
