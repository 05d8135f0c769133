package follow

import (
	"container/heap"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// item is an execution, and when it is asked about.
type item struct {
	results.Execution
	tempo *tempo
	// due is when it is asked about next, and place where it stands among those that are; -1 where it is not.
	due   time.Duration
	place int
	// asking says that a poll about it is under way.
	asking bool
	// missing is how many polls in a row said that there is no such execution, the first of which was sent at since and
	// answered at gone.
	missing     int
	since, gone time.Duration
	// again says that it is asked about once more, though it is known what became of it.
	again bool
	// hooked says that a webhook has told of its end.
	hooked bool
	// twin is another execution that the provider gave the same id.
	twin *item
}

// settled reports whether nothing more is to be asked about it.
func (x *item) settled() bool {
	return !x.again && (x.State.Terminal() || x.State == results.StateLost)
}

// schedule is a heap of those that are asked about, the next first.
type schedule []*item

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].due < s[j].due }
func (s schedule) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].place, s[j].place = i, j
}

// Push implements [heap.Interface].
func (s *schedule) Push(x any) {
	it := x.(*item)
	it.place = len(*s)
	*s = append(*s, it)
}

// Pop implements [heap.Interface].
func (s *schedule) Pop() any {
	old := *s
	it := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	it.place = -1
	return it
}

// put has an execution asked about at a moment.
func (s *schedule) put(x *item, due time.Duration) {
	x.due = due
	if x.place >= 0 {
		heap.Fix(s, x.place)
		return
	}
	heap.Push(s, x)
}
