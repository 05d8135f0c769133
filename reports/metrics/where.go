package metrics

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/kaizenautomation/andon/reports/text"
)

// Windows are the windows of a threshold that asks for some: each as long as it says, the next a second later, all over
// the time of the phases that it is of. Calls are in the windows in which they were due. A rate in calls a second is of
// the calls that left in a window, or were answered in it; none of them is a rate of 0. The windows of answers begin
// with the first of them. No window lies across a warm-up, or whatever else is not measured.
type Windows struct {
	// Seconds is the length of a window, Step how much later the next one begins: a second, and more where the run went
	// on for more than an hour. A window is then as long as it must be to hold what was asked for.
	Seconds float64 `json:"seconds"`
	Step    float64 `json:"step"`
	// Judged is how many windows had calls enough for the figure, Short how many had not; nothing is said of those. Broken
	// counts those of the judged ones that did not meet the condition.
	Judged int `json:"judged"`
	Short  int `json:"short"`
	Broken int `json:"broken"`
	// FromSeconds and UntilSeconds place the worst of the judged windows on the run's clock. The figure is its.
	FromSeconds  float64 `json:"fromSeconds"`
	UntilSeconds float64 `json:"untilSeconds"`
}

// String says when the worst window was, and what there is to know of the others.
func (w Windows) String() string {
	said := between(w.FromSeconds, w.UntilSeconds)
	switch long := spellWindow(time.Duration(w.Seconds * float64(time.Second))); {
	case w.Broken > 0 && w.Step > 1: // they may be longer than what was asked for
		said += fmt.Sprintf(", %d of %d windows of %s did not hold", w.Broken, w.Judged, long)
	case w.Broken > 0:
		said += fmt.Sprintf(", %d of %d windows did not hold", w.Broken, w.Judged)
	case w.Step > 1:
		said = fmt.Sprintf("at worst %s, in windows of %s", said, long)
	default:
		said = "at worst " + said
	}
	if w.Short > 0 {
		said += fmt.Sprintf(", %d more had too few calls to tell", w.Short)
	}
	return said
}

// MarshalJSON leaves out the place of the worst window where none was judged.
func (w Windows) MarshalJSON() ([]byte, error) {
	type plain Windows
	if w.Judged > 0 {
		return json.Marshal(plain(w))
	}
	return json.Marshal(struct {
		plain
		FromSeconds  *float64 `json:"fromSeconds,omitempty"`
		UntilSeconds *float64 `json:"untilSeconds,omitempty"`
	}{plain: plain(w)})
}

// add adds the windows of another run; the worst of all is among them, or it is not.
func (w *Windows) add(o Windows, worst bool) {
	w.Judged += o.Judged
	w.Short += o.Short
	w.Broken += o.Broken
	w.Seconds, w.Step = max(w.Seconds, o.Seconds), max(w.Step, o.Step)
	if worst {
		w.FromSeconds, w.UntilSeconds = o.FromSeconds, o.UntilSeconds
	}
}

func between(from, until float64) string {
	return fmt.Sprintf("between %s and %s", clock(from), clock(until))
}

// clock writes a moment of a run: 02:10, 1:02:10.
func clock(seconds float64) string {
	s := int(math.Round(seconds))
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// Broke is where in a run a condition broke, and at which rate.
type Broke struct {
	// AtSeconds is on the run's clock; it is the end of the first window in which the condition did not hold. Phase is
	// the phase that went on then, and IntoSeconds for how long it had.
	AtSeconds   float64 `json:"atSeconds"`
	Phase       string  `json:"phase"`
	IntoSeconds float64 `json:"intoSeconds"`
	// FromStart marks a condition that has held in no window before.
	FromStart bool `json:"fromStart,omitempty"`
	// Offered is how many calls a second were due at that moment, nil in a closed loop, where nothing is; Sent and
	// Answered are how many left, and how many were answered.
	Offered  *float64 `json:"offered"`
	Sent     float64  `json:"sent"`
	Answered float64  `json:"answered"`
}

// String is a clause of a sentence about the condition.
func (b Broke) String() string {
	switch {
	case !b.FromStart:
		return "broke " + b.Rates()
	case b.Offered == nil:
		return "did not hold from the start"
	}
	return "did not hold from the start, at " + spellRate(*b.Offered)
}

// Rates say the moment and the rates alone.
func (b Broke) Rates() string {
	when := fmt.Sprintf("%s into %s", spell(b.IntoSeconds, 3), text.Printable(b.Phase, 80))
	if b.Offered != nil {
		when = fmt.Sprintf("at %s (%s)", spellRate(*b.Offered), when)
	}
	return fmt.Sprintf("%s, sent %s, answered %s", when, spellRate(b.Sent), spellRate(b.Answered))
}

func spellRate(v float64) string { return plain(round(v, 3)) + "/s" }
