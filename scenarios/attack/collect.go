package attack

import "github.com/kaizenautomation/andon/scenarios"

// A collection takes a processor for a few milliseconds, in which calls leave late: a fifth as many of them cut the p99
// of the lag to a third at 10,000 calls a second on one core. They are that seldom while little is live, so that what
// the heap may grow by until the next one stays about headroom; from there on they are as often as always.
const (
	seldom   = 400
	usual    = 100
	headroom = 32 << 20
)

// collectBy gives the percentage for a heap of which so much is live: see [debug.SetGCPercent].
func collectBy(live uint64) int {
	return int(min(max(usual*headroom/max(live, 1), usual), seldom))
}

// memoryLimit is from which size of the process on garbage is collected as often as it takes to stay there (see
// [debug.SetMemoryLimit]), so that what large answers leave behind is not added to what they may take. It is out of the
// way of what is live: where that alone is as large, collecting would be all that is done.
func memoryLimit(megabytes int, live uint64) int64 {
	return max(2*int64(megabytes)*scenarios.MB, 2*int64(live))
}
