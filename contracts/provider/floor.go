package provider

import (
	"container/heap"
	"slices"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/contracts"
)

// floor is where executions run. It has no goroutine for any of them: whoever asks, and a timer for those who do not,
// has it catch up with the clock. What ends is followed by the next at that very moment, however late that is noticed,
// so that what the floor does is arithmetic and owes nothing to the machine's load.
type floor struct {
	Executions
	tiers []string           // with that of the calls that name none, which is the last
	time  map[string]Latency // has an entry for each
	epoch time.Time          // the zero of its clock
	done  func([]*execution) // is told what has ended
	kept  int                // how many that have ended are remembered

	mutex  sync.Mutex
	closed bool
	timer  *time.Timer
	known  map[string]*execution
	over   []string       // the ids of those that have ended, the oldest first
	queues [][]*execution // by tier; the first has all where there are no shares
	queued int
	busy   int
	ends   endHeap // those that run
	// passes are how far each tier is ahead, in executions for each of its share, and pass is that of the last that
	// began: stride scheduling (Waldspurger and Weihl, 1995).
	passes []float64
	pass   float64
}

// keptExecutions is how many that have ended are remembered; the oldest are unknown then.
const keptExecutions = 1_000_000

func newFloor(e Executions, tiers []string, times map[string]Latency, done func([]*execution)) *floor {
	f := &floor{
		Executions: e, tiers: append(slices.Clone(tiers), contracts.NoTier(tiers)), time: times, epoch: time.Now(), done: done, kept: keptExecutions,
		known: map[string]*execution{},
	}
	f.queues, f.passes = make([][]*execution, len(f.tiers)), make([]float64, len(f.tiers))
	return f
}

// moment is when something was, on the wall's clock.
func (f *floor) moment(at time.Duration) time.Time { return f.epoch.Add(at).Round(0) }

// accept starts an execution, or has it wait. It reports whether there was room.
func (f *floor) accept(id string, n uint64, tier string, draw draws) bool {
	e := &execution{id: id, n: n, tier: slices.Index(f.tiers, tier)}
	if e.tier < 0 {
		e.tier = len(f.tiers) - 1
	}
	e.fate = fate(drawn(draw.unit(forFate), f.Failed, f.Lost, f.Stuck))
	e.takes = f.time[f.tiers[e.tier]].quantile(draw.unit(forTime))
	fromTheStart := e.fate == isLost && draw.unit(forLoss) < 0.5
	if e.fate == isLost {
		e.takes /= 2
	}
	f.mutex.Lock()
	e.arrived = time.Since(f.epoch)
	told := f.catchUp(e.arrived)
	room := fromTheStart || f.Workers == 0 || f.busy < f.Workers || f.queued < f.Queue
	switch {
	case fromTheStart:
		told = append(told, e)
	case room:
		f.known[id] = e
		f.enqueue(e)
		f.begin(e.arrived)
		told = append(told, f.catchUp(e.arrived)...) // it may take no time
	}
	if room && e.fate == isStuck {
		told = append(told, e)
	}
	f.wake()
	f.mutex.Unlock()
	f.tell(told)
	return room
}

// ask gives what is known of an execution at this moment.
func (f *floor) ask(id string) (e execution, ok bool) {
	f.mutex.Lock()
	told := f.catchUp(time.Since(f.epoch))
	known, ok := f.known[id]
	if ok {
		e = *known
	}
	f.wake()
	f.mutex.Unlock()
	f.tell(told)
	return e, ok
}

// tick is what the timer does.
func (f *floor) tick() {
	f.mutex.Lock()
	told := f.catchUp(time.Since(f.epoch))
	f.wake()
	f.mutex.Unlock()
	f.tell(told)
}

func (f *floor) tell(told []*execution) {
	if len(told) > 0 {
		f.done(told)
	}
}

// wake sets the timer for what ends next.
func (f *floor) wake() {
	if len(f.ends) == 0 || f.closed {
		return
	}
	d := max(f.ends[0].ends-time.Since(f.epoch), 0)
	if f.timer == nil {
		f.timer = time.AfterFunc(d, f.tick)
		return
	}
	f.timer.Reset(d)
}

// close has the timer stop. What has not ended does not end any more.
func (f *floor) close() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.closed = true
	if f.timer != nil {
		f.timer.Stop()
	}
}

// catchUp does what has been due up to a moment, in its order, and lists what ended.
func (f *floor) catchUp(now time.Duration) (told []*execution) {
	for len(f.ends) > 0 && f.ends[0].ends <= now && !f.closed {
		e := heap.Pop(&f.ends).(*execution)
		f.busy--
		switch e.fate {
		case isLost:
			delete(f.known, e.id)
			told = append(told, e)
		case isStuck: // it is said to be running
			f.forgetAfter(e)
		default:
			e.state = ended
			f.forgetAfter(e)
			told = append(told, e)
		}
		f.begin(e.ends)
	}
	return told
}

// forgetAfter remembers an execution that is over, and forgets the oldest one if there are too many.
func (f *floor) forgetAfter(e *execution) {
	f.over = append(f.over, e.id)
	if len(f.over) > f.kept {
		delete(f.known, f.over[0])
		f.over = f.over[1:]
	}
}

func (f *floor) enqueue(e *execution) {
	i := 0
	if len(f.Order) > 0 {
		i = e.tier
	}
	if len(f.queues[i]) == 0 {
		// A tier that had nothing to begin does not make up for it.
		f.passes[i] = max(f.passes[i], f.pass)
	}
	f.queues[i] = append(f.queues[i], e)
	f.queued++
}

// begin begins what waits, as far as there are workers.
func (f *floor) begin(at time.Duration) {
	for f.queued > 0 && (f.Workers == 0 || f.busy < f.Workers) {
		next := -1
		for i, q := range f.queues {
			if len(q) > 0 && (next < 0 || f.passes[i] < f.passes[next]) {
				next = i
			}
		}
		e := f.queues[next][0]
		f.queues[next][0] = nil
		f.queues[next] = f.queues[next][1:]
		f.queued--
		f.pass = f.passes[next]
		f.passes[next] += 1 / f.share(next)
		e.state, e.began, e.ends = running, at, at+e.takes
		f.busy++
		heap.Push(&f.ends, e)
	}
}

func (f *floor) share(tier int) float64 {
	if share, given := f.Order[f.tiers[tier]]; given {
		return share
	}
	return 1
}

// endHeap has on top what ends first; of those that end together, what was accepted first.
type endHeap []*execution

func (h endHeap) Len() int { return len(h) }

func (h endHeap) Less(i, j int) bool {
	return h[i].ends < h[j].ends || h[i].ends == h[j].ends && h[i].n < h[j].n
}

func (h endHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *endHeap) Push(x any) { *h = append(*h, x.(*execution)) }

func (h *endHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return e
}
