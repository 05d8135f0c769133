package results

// Paired says how a run shared its time with one against another target: each was sent to in slices, in turn.
type Paired struct {
	// Side is "a" or "b", and Other the target of the other.
	Side  string `json:"side"`
	Other string `json:"other"`
	// SliceSeconds is the length of a slice, and Order has the side of each, such as "abbaabba".
	SliceSeconds float64 `json:"sliceSeconds"`
	Order        string  `json:"order"`
}

// Own is for how long the run had the time to itself between two moments, in seconds. What goes on after the last slice
// is both sides' own.
func (p *Paired) Own(from, until float64) (seconds float64) {
	if p == nil {
		return max(until-from, 0)
	}
	at := 0.0
	for i := range len(p.Order) {
		end := at + p.SliceSeconds
		if p.Order[i:i+1] == p.Side {
			seconds += max(min(until, end)-max(from, at), 0)
		}
		at = end
	}
	return seconds + max(until-max(from, at), 0)
}
