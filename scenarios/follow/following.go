package follow

import (
	"container/heap"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

const (
	// Lost is what the provider does not know when it was asked so often over so long: some tell of an execution only a
	// while after they have accepted it.
	lostAfter = 3
	lostFor   = 5 * time.Second
	// refusedAfter is how many polls are answered as by a provider that has no such operation, before it is said to have
	// none.
	refusedAfter = 20
	// deadAfter is how many polls may fail, one after the other and over so long, before no more are sent.
	deadAfter = 20
	deadFor   = 10 * time.Second
	// promptly is how soon after it was accepted an execution is asked about for a provider that forgets to know it.
	promptly = 30 * time.Second
	// recheck is for how long those that have ended are asked about once more at the end, as the budget allows.
	recheck = 5 * time.Second
	// long is when there is nothing to be done.
	long = time.Hour
)

// Outcome is what came of it.
type Outcome struct {
	// Executions are all that were accepted, in that order.
	Executions []results.Execution
	// About says how they were followed.
	About executions.About
}

// answered is an answer about an execution.
type answered struct {
	*item
	answer
}

// following is what is known, and what is asked next. But for the inbox it belongs to one goroutine.
type following struct {
	config Config
	*inbox
	ask   func(ctx context.Context, x results.Execution, now func() time.Duration) answer
	slots int
	// ctx ends the polls under way.
	ctx     context.Context
	kill    context.CancelFunc
	answers chan answered
	hooks   chan hook
	// finish is sent what ends the following, once the load is over.
	finish chan (<-chan struct{})

	items  []*item
	byID   map[string]*item
	tempos map[string]*tempo // by tier
	due    schedule
	// open is how many are not settled, and more how many are asked about once more all the same.
	open, more int
	// allowed is when the next poll may be sent, and paused until when the provider wants none.
	allowed, paused time.Duration
	underway        int
	polls           executions.Polls
	took            histogram.Recorder
	// told is how many polls told something; refused is how many were answered as by a provider that has no such
	// operation, and failing how many failed in a row, the first at failed.
	told, refused uint64
	// unknown is how many the provider does not know, and forgets that it did not know one of which it had told the end.
	unknown int
	forgets bool
	failing int
	failed  time.Duration
	// last is why the last poll failed.
	last error
	// stranger has an id that nobody has given, by which a provider is found out that tells of whatever it is asked;
	// and imagined is that id where it is one.
	stranger *item
	imagined string

	// load is when the last call was answered, and deadline until when it goes on after that; 0 before.
	load, deadline time.Duration
	stop           <-chan struct{}
	// end and detail say how it ended, at a moment.
	end, detail string
	endedAt     time.Duration
	// settled is when there was nothing to be asked any more.
	settled time.Duration
}

func newFollowing(c Config, slots int, ask func(context.Context, results.Execution, func() time.Duration) answer) *following {
	g := &following{
		config: c, inbox: &inbox{began: c.Began, arrived: make(chan struct{}, 1)}, ask: ask, slots: slots,
		answers: make(chan answered), hooks: make(chan hook), finish: make(chan (<-chan struct{})), byID: map[string]*item{}, tempos: map[string]*tempo{},
	}
	g.ctx, g.kill = context.WithCancel(context.Background())
	g.polls.PerSecond = c.Following.Polls
	for _, x := range c.Known {
		g.know(x)
		g.progress.Accepted++
		g.count(results.StateUnseen, x.State)
	}
	return g
}

// loop goes on until the following is over.
func (g *following) loop() {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	timer := time.NewTimer(long)
	defer timer.Stop()
	finish := g.finish
	for !g.over() {
		timer.Reset(g.send())
		select {
		case <-g.arrived:
			g.take()
		case a := <-g.answers:
			g.hear(a)
		case h := <-g.hooks:
			h.made <- g.believe(h.early)
		case stop := <-finish:
			finish = nil
			g.sweep(stop)
		case <-g.stop:
			g.stop = nil
			g.conclude(executions.EndInterrupted, "it was told to stop"+g.unseen())
		case <-second.C:
			if g.deadline > 0 {
				// Until then the load does it, which has to know.
				g.config.Credentials.Refresh(g.ctx)
			}
			g.kept(g.config.Journal.Flush())
		case <-timer.C:
		}
	}
	// Nobody waits for the answers that are still to come.
	g.kill()
	for g.underway > 0 {
		g.hear(<-g.answers)
	}
	g.kept(g.config.Journal.Close())
}

// over reports whether it is over, which it is not before the load is.
func (g *following) over() bool {
	if g.deadline == 0 {
		return false
	}
	switch {
	case g.end != "":
	case g.open == 0 && (g.more == 0 || g.now() >= g.load+recheck):
		if g.told == 0 && g.refused > 0 {
			g.refuse()
			break
		}
		if !g.complete() {
			return false
		}
		g.conclude(executions.EndSeen, "")
	case g.now() >= g.deadline:
		g.conclude(executions.EndTime, fmt.Sprintf("after %s the time for it was over%s", g.config.Following.For, g.unseen()))
	}
	return g.end != ""
}

// unseen says how many were not seen to their end.
func (g *following) unseen() string {
	if g.open == 0 {
		return ""
	}
	return fmt.Sprintf("; the end of %s was not seen", text.Plural(uint64(g.open), "execution"))
}

func (g *following) conclude(end, detail string) {
	if g.end != "" {
		return
	}
	g.end, g.detail, g.endedAt = end, detail, g.now()
	if g.told == 0 && g.last != nil && end == executions.EndTime {
		g.detail += "; no poll told anything, and the last one: " + g.config.Credentials.Redact(g.last.Error())
	}
	if !g.forgets {
		return
	}
	// Who forgets what has ended has lost nothing that he was asked about late.
	for _, x := range g.items {
		if x.State == results.StateLost && x.since-x.Accepted > promptly {
			g.unlose(x)
		}
	}
}

// refuse ends it, since the provider does not tell, or not any more. Where it never did, nothing is known of those that
// it said not to know.
func (g *following) refuse() {
	why := g.config.Credentials.Redact(g.last.Error())
	if g.told > 0 {
		g.conclude(executions.EndRefused, fmt.Sprintf("%s does not tell any more: %s%s", g.config.Following.Operation, why, g.unseen()))
		return
	}
	g.conclude(executions.EndRefused, fmt.Sprintf("%s tells nothing: %s; `follow:` in the scenario names another operation", g.config.Following.Operation, why))
	for _, x := range g.items {
		if x.State == results.StateLost {
			g.unlose(x)
		}
	}
}

// unlose takes back that an execution is lost: nothing is known of it.
func (g *following) unlose(x *item) {
	x.State, x.Ended = results.StateUnseen, 0
	g.count(results.StateLost, results.StateUnseen)
	g.kept(g.config.Journal.Seen(x.Execution))
}

// kept ends it where the journal cannot be written: what was accepted would be lost with the process.
func (g *following) kept(err error) {
	if err != nil {
		g.conclude(executions.EndInterrupted, "the journal cannot be written: "+err.Error())
	}
}

// take takes what was accepted.
func (g *following) take() {
	for _, x := range g.arrivals() {
		x.Followed, x.Alive = g.config.sampled(x.N), max(x.Alive, x.Sent)
		g.kept(g.config.Journal.Accepted(x))
		it := g.know(x)
		if g.config.Webhooks != nil {
			if t, at, came := g.config.Webhooks.accepted(x.ID); came {
				g.believe(early{t, at})
			}
		}
		if x.Followed && !it.settled() {
			g.due.put(it, x.Accepted+it.tempo.wait(0, g.config.Following.Within))
		}
	}
}

// know adds an execution to those that are known.
func (g *following) know(x results.Execution) *item {
	tier := g.config.Labels.Classes[x.Class].Tier
	if g.tempos[tier] == nil {
		g.tempos[tier] = new(tempo)
	}
	it := &item{Execution: x, tempo: g.tempos[tier], place: -1}
	it.twin = g.byID[x.ID]
	g.byID[x.ID] = it
	g.items = append(g.items, it)
	if !it.settled() {
		g.open++
	} else if x.State.Terminal() {
		it.tempo.add(max((x.Alive+x.Ended)/2-x.Accepted, 0))
	}
	return it
}

// send sends the polls that may be sent now, and says in how long there is something to be done again.
func (g *following) send() time.Duration {
	now := g.now()
	next := now + long
	if g.deadline > 0 {
		next = g.deadline
	}
	if g.settled > 0 {
		next = min(next, g.settled+stragglers)
	}
	if g.deadline > 0 && g.open == 0 && now < g.load+recheck {
		next = min(next, g.load+recheck)
	}
	for g.end == "" && g.underway < g.slots && len(g.due) > 0 {
		at := max(g.due[0].due, g.allowed, g.paused)
		if at > now {
			next = min(next, at)
			break
		}
		x := heap.Pop(&g.due).(*item)
		if x.settled() && !x.again && x != g.stranger {
			continue // a webhook has told meanwhile
		}
		if now-x.due > x.tempo.wait(max(x.due-x.Accepted, 0), g.config.Following.Within) {
			g.polls.Late++
		}
		// What was not used for a moment may be used up then, but not more than that.
		g.allowed = max(g.allowed, now-10*time.Millisecond) + time.Duration(float64(time.Second)/g.config.Following.Polls)
		x.asking = true
		g.underway++
		g.polls.Sent++
		asked := x.Execution
		go func() { g.answers <- answered{x, g.ask(g.ctx, asked, g.now)} }()
	}
	return max(next-now, 0)
}

// hear takes an answer.
func (g *following) hear(a answered) {
	x := a.item
	g.underway--
	if x == g.stranger {
		g.more--
		if a.failed == "" && a.told.Meaning != contracts.MeansNothing {
			g.imagined = x.ID
		}
		return
	}
	x.asking = false
	if x.again {
		x.again = false
		g.more--
	}
	x.Polls++
	was := x.settled()
	before := x.Execution
	wait := x.tempo.wait(max(a.whole-x.Accepted, 0), g.config.Following.Within)
	switch {
	case a.failed == "":
		g.told++
		g.failing, x.missing = 0, 0
		g.took.Record(int64(min(max(a.whole-a.asked, 0), time.Hour)))
		g.learn(x, a.answer)
		if g.deadline > 0 {
			g.probe()
		}
		if !x.Followed {
			// It is not asked about to know when, but whether.
			wait = max(10*wait, time.Second)
		}
	case a.unknown():
		g.failing = 0
		wait = g.miss(x, a.answer)
	case g.ctx.Err() != nil:
		// We have given it up ourselves.
		g.polls.Sent--
		x.Polls--
		return
	default:
		wait = max(wait, g.fail(a.answer))
	}
	if x.Execution != before {
		g.kept(g.config.Journal.Seen(x.Execution))
		g.count(before.State, x.State)
	}
	switch now := x.settled(); {
	case now && !was:
		g.open--
	case !now && was:
		g.open++
	}
	if !x.settled() && (x.Followed || g.deadline > 0) {
		g.due.put(x, a.whole+wait)
	}
}

// probe has the provider asked about an execution that there is not.
func (g *following) probe() {
	if g.told == 0 || g.stranger != nil {
		return
	}
	g.stranger = &item{Execution: results.Execution{ID: "andon-" + strings.ToLower(rand.Text())}, tempo: new(tempo), place: -1}
	g.more++
	g.due.put(g.stranger, g.now())
}

// learn adds what an answer tells of an execution.
func (g *following) learn(x *item, a answer) {
	known := x.State.Terminal()
	if x.State == results.StateLost {
		x.State, x.Ended = results.StateUnseen, 0
		g.unknown--
	}
	learn(&x.Execution, a.told, a.asked, a.whole)
	if !known && x.State.Terminal() {
		x.tempo.add(max((x.Alive+x.Ended)/2-x.Accepted, 0))
	}
}

// miss takes an answer that there is no such execution, and says when to ask again.
func (g *following) miss(x *item, a answer) time.Duration {
	if x.missing++; x.missing == 1 {
		x.since, x.gone = a.asked, a.whole
	}
	g.turnedDown(a)
	switch {
	case x.State.Terminal():
		// It is over and forgotten.
		g.forgets = true
	case x.missing >= lostAfter && a.asked-x.since >= lostFor:
		if x.State != results.StateLost {
			g.unknown++
		}
		x.State, x.Ended = results.StateLost, x.gone
	}
	return min(lostFor/4<<min(x.missing, 4), 10*time.Second)
}

// fail takes an answer that tells nothing, and says in how long to ask again.
func (g *following) fail(a answer) time.Duration {
	g.polls.Failed++
	if g.polls.Errors == nil {
		g.polls.Errors = map[string]uint64{}
	}
	g.polls.Errors[a.failed]++
	g.last = a.why
	if g.failing++; g.failing == 1 {
		g.failed = a.asked
	}
	g.turnedDown(a)
	if g.deadline > 0 && g.failing >= deadAfter && a.whole-max(g.failed, g.load) >= deadFor {
		g.refuse()
	}
	wait := time.Duration(0)
	if g.failing >= 3 {
		wait = min(100*time.Millisecond<<min(g.failing, 10), 5*time.Second)
	}
	wait = max(wait, a.pause)
	g.paused = max(g.paused, a.whole+wait)
	return wait
}

// turnedDown counts an answer as by a provider that has no such operation, and ends it where all have been so. That it
// knows none of the ids is not said before the load is over: some know of an execution only a while after they have
// accepted it.
func (g *following) turnedDown(a answer) {
	why := a.refusal()
	if why == nil || g.told > 0 {
		return
	}
	g.refused++
	g.last = why
	if !a.unknown() && g.refused >= refusedAfter || g.deadline > 0 && g.refused >= refusedAfter && g.unknown >= len(g.items) {
		g.refuse()
	}
}

// sweep begins when the load is over: all are asked about that are not known to have ended, and some of the others once
// more.
func (g *following) sweep(stop <-chan struct{}) {
	g.take()
	g.stop = stop
	g.load = g.now()
	g.deadline = g.load + g.config.Following.For
	g.probe()
	more := int(recheck.Seconds() * g.config.Following.Polls)
	for _, x := range g.items {
		switch {
		case x.asking || x.place >= 0:
		case !x.settled():
			g.due.put(x, g.load)
		case more > 0 || x.State == results.StateLost:
			more--
			x.again = true
			g.more++
			g.due.put(x, g.load)
		}
	}
}

// outcome is what is known in the end.
func (g *following) outcome() Outcome {
	list := make([]results.Execution, len(g.items))
	for i, x := range g.items {
		list[i] = x.Execution
	}
	scratch := histogram.NewScratch()
	scratch.AddRecorder(&g.took)
	took := scratch.Distribution()
	g.polls.P50, g.polls.P99 = took.Percentile(50), took.Percentile(99)
	if all := g.polls.Sent + uint64(len(list)); all > 0 {
		g.polls.Share = float64(g.polls.Sent) / float64(all)
	}
	about := executions.About{
		Labels: g.config.Labels, Operation: g.config.Following.Operation.String(), Sample: g.config.Following.Sample,
		End: g.end, Detail: g.detail, Seconds: max(g.endedAt-g.load, 0).Seconds(), LoadSeconds: g.load.Seconds(), Polls: g.polls,
		Imagined: g.imagined,
	}
	if g.config.Webhooks != nil {
		told := g.config.Webhooks.end()
		told.Missing = g.missing()
		about.Webhooks = &told
	}
	return Outcome{list, about}
}
