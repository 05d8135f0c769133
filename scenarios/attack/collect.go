package attack

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
