package scenarios

import (
	"time"

	"github.com/kaizenautomation/andon/contracts"
)

// Following says how it is found out what becomes of the executions that calls start.
type Following struct {
	// Operation tells the state of one.
	Operation contracts.Following
	// Sample is the share of the executions that is followed from when they are accepted on, chosen by the number of their
	// calls; all are asked about once after the last call.
	Sample float64
	// For is how long after the last call they are followed.
	For time.Duration
	// Polls is how many polls a second there may be.
	Polls float64
	// Within is how wide the bounds of a completion may be, as a share of the median.
	Within float64
}

// DefaultFollowing is how executions are followed where a scenario says no more than that they are.
func DefaultFollowing(operation contracts.Following) Following {
	return Following{Operation: operation, Sample: 1, For: 10 * time.Minute, Polls: 50, Within: 0.05}
}
