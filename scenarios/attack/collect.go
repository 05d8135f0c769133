package attack

import "github.com/kaizenautomation/andon/scenarios"

// A collection takes a processor for a few milliseconds, in which calls leave late: a fifth as many of them cut the
// p99 of the lag to a third at 10,000 calls a second on one core. There are none while the heap is small, and then what
// it may grow by until the next one stays about what is left behind in half a second, within bounds. Once there is more
// than that to look through, the heap may grow by as much as there is, as it always does. The ids of a long run are
// kept, and not looked through: with them the heap grows by no more than they take.
const (
	seldom    = 400
	often     = 10
	small     = 16 << 20
	leastRoom = 4 << 20
	mostRoom  = 32 << 20
)

// collectBy gives the percentage for a heap of which so much is live, so much of that is looked through, and to which
// so much is added in a second: see [debug.SetGCPercent].
func collectBy(live, scanned, added uint64) int {
	room := max(min(max(added/2, leastRoom), mostRoom), scanned, small-min(live, small))
	return int(min(max(100*room/max(live, 1), often), seldom))
}

// collectAfter gives the most that the percentage is after a run that took so much memory in all, of which so much is
// live. After one that took little a report is soon made, and seldom needs as much as this; after others its rows are
// read and dropped batch after batch.
func collectAfter(live, allocated uint64) int {
	const room, little = 12 << 20, 64 << 20
	if allocated > little {
		return 100
	}
	return int(min(max(100*room/max(live, 1), 100), seldom))
}

// memoryLimit is from which size of the process on garbage is collected as often as it takes to stay there (see
// [debug.SetMemoryLimit]), so that what large answers leave behind is not added to what they may take. It is out of the
// way of what is live: where that alone is as large, collecting would be all that is done.
func memoryLimit(megabytes int, live uint64) int64 {
	return max(2*int64(megabytes)*scenarios.MB, 2*int64(live))
}
