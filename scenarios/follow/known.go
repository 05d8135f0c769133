package follow

import (
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/results"
)

// learn adds to what is known of an execution what an answer tells, which was asked for at a moment and whole at
// another. The state that it tells was true at some time between the two.
func learn(x *results.Execution, t contracts.Told, asked, whole time.Duration) {
	if t.Same != "" && t.Same != x.ID {
		x.Faults |= results.Reidentified
		return
	}
	if t.Meaning == contracts.MeansNothing {
		x.Faults |= results.Stateless
		return
	}
	if t.Reversed {
		x.Faults |= results.Reversed
	}
	switch session := t.Session; {
	case len(session) > results.MaxID:
	case x.Session == "":
		x.Session = session
	case session != "" && session != x.Session:
		x.Faults |= results.Resessioned
	}
	switch t.Meaning {
	case contracts.MeansWaiting:
		// An answer that was asked for before another one was whole may be the older one.
		switch {
		case x.Ended > 0 && asked >= x.Ended:
			x.Faults |= results.Resurrected
		case x.Ended > 0:
		case x.Running > 0:
			// It waits to go on.
			x.State, x.Alive = results.StateWaiting, max(x.Alive, asked)
		default:
			x.State, x.Alive, x.Waiting = results.StateWaiting, max(x.Alive, asked), max(x.Waiting, asked)
		}
	case contracts.MeansRunning:
		switch {
		case x.Ended > 0 && asked >= x.Ended:
			x.Faults |= results.Resurrected
		case x.Ended > 0:
		default:
			x.State, x.Alive, x.Running = results.StateRunning, max(x.Alive, asked), earlier(x.Running, whole)
		}
	case contracts.MeansCompleted:
		ended(x, results.StateCompleted, whole)
	case contracts.MeansFailed:
		ended(x, results.StateFailed, whole)
	}
}

// ended notes that an execution had ended by a moment.
func ended(x *results.Execution, as results.State, by time.Duration) {
	if x.State.Terminal() && x.State != as {
		x.Faults |= results.EndedOtherwise
		return
	}
	x.State = as
	x.Ended = earlier(x.Ended, by)
	x.Running = earlier(x.Running, by)
}

// earlier is the earlier of two moments, of which the first may not be known.
func earlier(known, other time.Duration) time.Duration {
	if known == 0 || other < known {
		return other
	}
	return known
}
