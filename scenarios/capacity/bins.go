package capacity

// most is how many bins a trial has at most: beyond it, neighbours are joined.
const most = 4096

// bins count the calls of a trial by when they were due, in stretches of one length, which doubles as the trial grows:
// its memory does not depend on its length.
type bins struct {
	width      float64
	objectives int
	calls      []float64
	latency    []float64 // the sum, in seconds
	counted    []float64 // by bin, then by objective
	over       []float64
}

func newBins(width float64, objectives int) *bins { return &bins{width: width, objectives: objectives} }

func (b *bins) add(c Call) {
	at := int(max(c.Due, 0) / b.width)
	for at >= most {
		b.join()
		at = int(c.Due / b.width)
	}
	for len(b.calls) <= at {
		b.calls, b.latency = append(b.calls, 0), append(b.latency, 0)
		for range b.objectives {
			b.counted, b.over = append(b.counted, 0), append(b.over, 0)
		}
	}
	b.calls[at]++
	b.latency[at] += c.Latency
	for i := range b.objectives {
		if bit := uint64(1) << i; c.Counted&bit != 0 {
			b.counted[at*b.objectives+i]++
			if c.Over&bit != 0 {
				b.over[at*b.objectives+i]++
			}
		}
	}
}

// join makes one bin of two.
func (b *bins) join() {
	b.width *= 2
	b.calls, b.latency = pairs(b.calls, 1), pairs(b.latency, 1)
	b.counted, b.over = pairs(b.counted, b.objectives), pairs(b.over, b.objectives)
}

// pairs adds each second group of n values to the one before it.
func pairs(list []float64, n int) []float64 {
	groups := 0
	for from := 0; from < len(list); from += 2 * n {
		for i := range n {
			sum := list[from+i]
			if next := from + n + i; next < len(list) {
				sum += list[next]
			}
			list[groups*n+i] = sum
		}
		groups++
	}
	return list[:groups*n]
}

// of is what was counted for an objective in the bins from one on and before another.
func (b *bins) of(objective, from, until int) (counted, over float64) {
	for at := from; at < until; at++ {
		counted += b.counted[at*b.objectives+objective]
		over += b.over[at*b.objectives+objective]
	}
	return counted, over
}

// until is the first bin that has a moment or something later in it.
func (b *bins) until(seconds float64) int { return max(min(int(seconds/b.width), len(b.calls)), 0) }
