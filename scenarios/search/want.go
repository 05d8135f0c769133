package search

import (
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// want is a trial to be made.
type want struct {
	// Of and About say what for, as in a [sizing.Trial].
	Of, About string
	// Scenario is what is sent. Its load is replaced, and its limits as far as the trial wants it.
	Scenario *scenarios.Scenario
	// Ask says at which rate, and what ends it. Where Callers is set it is a closed loop of so many. One of which
	// Seconds is set is not judged, and measures for so long after its settling.
	Ask     capacity.Ask
	Callers int
	Seconds float64
	// Alpha is the most likely share of wrong decisions on either side.
	Alpha float64
}
