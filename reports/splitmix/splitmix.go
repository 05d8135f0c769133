// Package splitmix makes numbers that look random of numbers that do not: those of calls, and seeds. Each is a function
// of what it is made of alone, so that no state is shared (Steele, Lea and Flood, "Fast splittable pseudorandom number
// generators", 2014).
package splitmix

// Golden is 2^64 divided by the golden ratio: the step from one state to the next.
const Golden = 0x9e3779b97f4a7c15

// Mix is a bijection that spreads its argument over all bits. Of 0 it makes 0.
func Mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Next is what SplitMix64 gives in a state.
func Next(state uint64) uint64 { return Mix(state + Golden) }
