package fitness

import (
	"fmt"

	"github.com/kaizenautomation/andon/reports/text"
)

// Notes are sentences that belong to the figures.
func (r Rate) Notes() (list []string) {
	list = append(list, fmt.Sprintf("each try is a run of %s, sent to a neutral target in a process of its own on this machine, which shares its cores; \"on time\" is what every "+
		"run calls valid (99 of 100 calls held up for less than 10 ms by andon itself, unless the scenario has another limits.lag)", span(r.Tries)))
	if x := r.Others(); x != "" {
		list = append(list, x)
	}
	list = append(list, "another time it is another figure: keep a real load well below it")
	if r.TargetLimited {
		list = append(list, "what was too much may have been so for the neutral target: the machine may send more to others")
	}
	return list
}

// Others says who else used the processors; empty where that was next to nothing, or is not known.
func (r Rate) Others() string {
	const noticed = 0.05
	switch others := r.CoresOfOthers; {
	case r.StolenCores >= noticed:
		return fmt.Sprintf("the host of this virtual machine gave %.2f cores to others meanwhile: the figure is that of such a moment", r.StolenCores)
	case others == nil:
		return "what other processes took meanwhile is not known"
	case *others >= noticed:
		return fmt.Sprintf("other processes took %.2f cores meanwhile: without them it would be more", *others)
	}
	return ""
}

// span is how long tries took, from the shortest to the longest.
func span(tries []Try) string {
	low, high := tries[0].Seconds, tries[0].Seconds
	for _, t := range tries {
		low, high = min(low, t.Seconds), max(high, t.Seconds)
	}
	return text.DurationBetween(low, &high)
}
