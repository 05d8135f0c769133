package results

import "time"

// Execution is what is known of one execution, which an accepted call started. Moments are on the run's clock, as due
// times are; nothing of it was read from a clock of the provider's.
type Execution struct {
	// N, Class and Phase are those of the call; see [Row].
	N     uint32
	Class uint16
	Phase uint8
	// State is the last that is known.
	State State
	// Followed says that it was asked about, or waited for, from when it was accepted on; the others were asked about
	// once, after the last call.
	Followed bool
	// ByWebhook says that its end was told by a webhook, and not by an answer to a poll.
	ByWebhook bool
	// ID is the provider's id of it, and Session that of its session, where it tells one.
	ID, Session string
	// Sent is when the call left, and Accepted when its answer was whole. The provider accepted it between the two.
	Sent, Accepted time.Duration
	// Alive is the last moment at which it had certainly not ended: the sending of the last poll that was answered so,
	// or Sent. Ended is the first at which it certainly had: the end of the first answer, or the arrival of the
	// webhook, that said so; 0 where nothing has. It ended between the two, and where Ended is 0 it is censored at
	// Alive.
	Alive, Ended time.Duration
	// Waiting is the last moment at which it had certainly not begun to run, and Running the first at which it
	// certainly had; 0 where nothing told.
	Waiting, Running time.Duration
	// Polls is how many polls asked about it.
	Polls uint32
	// Faults are what the provider told of it that cannot be.
	Faults ExecutionFaults
}

// State is what an execution is in. The values are stored in files: append, never reorder.
type State uint8

// The states.
const (
	StateUnseen    State = iota // accepted, and nothing else is known
	StateWaiting                // accepted, and not begun
	StateRunning                // begun, and not ended; paused ones among them
	StateCompleted              // ended well
	StateFailed                 // ended, and not well
	StateLost                   // the provider, which accepted it, does not know it
	states
)

// String is the state's name in reports and files.
func (s State) String() string {
	return [states + 1]string{"unseen", "waiting", "running", "completed", "failed", "lost", "unknown"}[min(s, states)]
}

// Terminal reports whether an execution in it does nothing any more.
func (s State) Terminal() bool { return s == StateCompleted || s == StateFailed }

// ExecutionFaults is a set of what the provider told of an execution that cannot be. The values are stored in files:
// append, never reorder.
type ExecutionFaults uint16

// The faults.
const (
	Resurrected    ExecutionFaults = 1 << iota // it had ended, and was said to be waiting or running afterwards
	EndedOtherwise                             // it was said to have completed, and to have failed
	Resessioned                                // its session changed
	Reidentified                               // the answer is about another id than was asked for
	Reversed                                   // it ended before it began, as the provider's own times have it
	Stateless                                  // its state is none of those that are known
)

// FaultNames lists the names of the faults, by their bits.
func FaultNames() []string {
	return []string{"resurrected", "ended-otherwise", "resessioned", "reidentified", "reversed", "stateless"}
}

// Following is how executions are followed: Operation tells the state of one, such as "POST /executions/get", and
// Sample is the share of them that is followed from when they are accepted on.
type Following struct {
	Operation string  `json:"operation"`
	Sample    float64 `json:"sample"`
}
