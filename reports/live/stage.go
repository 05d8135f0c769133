package live

import "time"

// stage is how far what is watched has come, which tells what a Ctrl-C stops.
type stage int

const (
	ahead     stage = iota // no call was sent yet
	sending                // calls are sent, or those in flight are waited for
	asking                 // cases are asked one after the other
	following              // all calls are answered, and their executions are followed
	answered               // no call is in flight
)

// Sender is who sends the calls that are watched.
type Sender int

// The senders.
const (
	Here    Sender = iota // this process, which makes the report as well
	Workers               // others, for this process
	Worker                // this process, for another one
)

// moment is what is known of how far it is.
type moment struct {
	stage stage
	// left is for how long calls are due yet, as of known; measured says that this is known at all.
	left     time.Duration
	known    time.Time
	measured bool
	// follows says that executions are followed afterwards.
	follows bool
}

// sent reports whether the last call is due by now.
func (m moment) sent() bool { return m.measured && time.Since(m.known) >= m.left }

// stopped says what becomes of what is under way where somebody stops it at this moment, and what is done next.
func (m moment) stopped(by Sender) string {
	switch m.stage {
	case ahead:
		return "stopped before the first call: no call was sent"
	case asking:
		return "stopped sending; the cases that are left are not asked (Ctrl-C again ends it at once)"
	case following:
		return "stopped following executions"
	case answered:
		if by == Worker {
			return "no call is in flight; what was measured is handed in (Ctrl-C again gives that up)"
		}
		return "no call is in flight, and no other is sent; what was measured is written down (Ctrl-C again ends that)"
	}
	said := "stopped sending; "
	if m.sent() {
		said = "all calls were sent before; "
	}
	switch {
	case by == Workers:
		return said + "the workers wait for the calls in flight, and hand in what they measured (Ctrl-C again gives that up)"
	case by == Worker:
		return said + "waiting for the calls in flight, and handing in what was measured (Ctrl-C again gives that up)"
	case m.follows:
		return said + "waiting for the calls in flight, and then for the executions that have not ended (Ctrl-C again ends that)"
	}
	return said + "waiting for the calls in flight (Ctrl-C again gives them up)"
}
