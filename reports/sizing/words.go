package sizing

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// Word is the answer in one or two words, such as YES, FOUND or NO VERDICT.
func (r Report) Word() string {
	words := map[string]string{summary.Pass: "FOUND", summary.Fail: "FAIL", summary.NoVerdict: "NO VERDICT"}
	if r.Need != nil {
		words = map[string]string{summary.Pass: "YES", summary.Fail: "NO", summary.NoVerdict: "UNDECIDED"}
	}
	return words[r.Verdict.Status]
}

// Headline is the answer in a line: what is needed, what it takes, and at which rate executions end. No rate of them is
// without its interval.
func (r Report) Headline() string {
	var said []string
	if r.Need != nil {
		said = append(said, r.Need.answer())
	}
	if c := r.Acceptance; c != nil {
		verb := "takes"
		if r.Completion != nil {
			verb = "accepts"
		}
		said = append(said, c.line(verb))
	}
	if c := r.Completion; c != nil {
		said = append(said, c.line("completes"))
	}
	if n := r.Replicas; n != nil && len(said) == 0 {
		return strings.TrimSuffix(n.String(), ".")
	}
	if len(said) == 0 {
		return "not known: " + r.Run.why()
	}
	return strings.Join(said, "; ")
}

// line says of a capacity what it is, with the reason where it is no interval.
func (c Capacity) line(verb string) string {
	said := verb + " " + c.String()
	if c.Kind == Unknown {
		said = "what it " + verb + " is " + c.String()
	}
	if why := strings.TrimSuffix(c.Why, "."); c.Kind != Interval && why != "" {
		said += ": " + why
	}
	return said
}

// Between is a capacity by its ends alone: 71.0–75.2/s, or the one that is known.
func (c Capacity) Between() string {
	switch {
	case c.Kind == Interval && c.Low != nil && c.High != nil:
		return text.RateBetween(*c.Low, c.High)
	case c.Kind == AtLeast && c.Low != nil:
		return "≥ " + text.Rate(*c.Low)
	case c.Kind == AtMost && c.High != nil:
		return "≤ " + text.Rate(*c.High)
	}
	return text.Unsupported
}

// String is a capacity with its interval: 73.1/s (71.0–75.2/s, 95 %).
func (c Capacity) String() string {
	switch {
	case c.Kind == Interval && c.Low != nil && c.High != nil:
		return fmt.Sprintf("%s (%s, %s)", text.Rate(c.Rate), text.RateBetween(*c.Low, c.High), Percent(c.Confidence))
	case c.Kind == AtLeast && c.Low != nil:
		return "at least " + text.Rate(*c.Low)
	case c.Kind == AtMost && c.High != nil:
		return "at most " + text.Rate(*c.High)
	}
	return "not known"
}

// Sentences are what belongs beside a capacity: what it means in calls in flight, and what about it is not as it should
// be.
func (c Capacity) Sentences() (list []string) {
	if c.Kind == Interval {
		if c.InFlight > 0 {
			list = append(list, fmt.Sprintf("At %s, %s calls are in flight on average (rate × mean time).", text.Rate(c.Rate), text.Digits(c.InFlight)))
		}
		if c.Goodput > 0 {
			list = append(list, fmt.Sprintf("At %s, %s calls a second keep all objectives (goodput).", text.Rate(c.Rate), plain(c.Goodput)))
		}
	}
	if c.Headroom != nil && c.Low != nil {
		word := "above"
		if *c.Headroom < 0 {
			word = "below"
		}
		list = append(list, fmt.Sprintf("The low end, %s, is %s %s what is needed.", text.Rate(*c.Low), Percent(math.Abs(*c.Headroom)), word))
	}
	if c.Spread > 0 && c.Kind == Interval {
		list = append(list, fmt.Sprintf("Trials at one rate differ as if their rates did by %s (a standard deviation); the interval allows for it.", Percent(c.Spread)))
	}
	for _, s := range []string{c.NotMonotone, c.Hysteresis} {
		if s != "" {
			list = append(list, text.Sentence(s))
		}
	}
	if c.Kind != Interval && c.Why != "" {
		list = append(list, text.Sentence(c.Why))
	}
	return list
}

// answer is the answer to a need, in a clause.
func (n Need) answer() string {
	asked := text.Rate(n.Rate)
	if n.Headroom > 0 {
		asked += fmt.Sprintf(" and %s more (%s)", Percent(n.Headroom), text.Rate(n.Tried))
	}
	switch n.Answer {
	case Yes:
		return "takes " + asked
	case No:
		return "does not take " + asked
	}
	return "undecided whether it takes " + asked
}

// String is the answer to a need in sentences, with how sure it is and why.
func (n Need) String() string {
	said := "it " + n.answer()
	if n.Answer != Yes && n.Answer != No {
		said = n.answer()
	} else if n.Error > 0 {
		said += fmt.Sprintf("; such an answer is wrong in at most %s of cases", Percent(n.Error))
	}
	return strings.TrimSpace(text.Sentence(said) + " " + text.Sentence(n.Reason))
}

// String says between which rates something begins.
func (o Onset) String() string {
	begins, not := o.What+" begins", o.What+" did not begin"
	switch o.What {
	case "contract":
		begins, not = "the contract is first broken", "the contract was not broken"
		if o.Rule != "" {
			begins += " (" + o.Rule + ")"
		}
	case "shed":
		begins, not = "calls are first shed", "no call was shed"
	}
	clean := func() string {
		if o.Clean == 0 {
			return ""
		}
		// Where nothing was seen in n calls, a share of p would have been missed with (1−p)ⁿ.
		most := 1 - math.Pow(0.05, 1/float64(o.Clean))
		return fmt.Sprintf("in none of %s at %s (below %s, 95 %%)", text.Plural(o.Clean, "call"), text.Rate(*o.Low), text.Percent(most))
	}
	var said []string
	switch {
	case o.Low != nil && o.High != nil:
		said = []string{begins + " between " + text.Rate(*o.Low) + " and " + text.Rate(*o.High),
			fmt.Sprintf("in %s of the calls at %s", text.Percent(o.Share), text.Rate(*o.High)), clean()}
	case o.High != nil:
		said = []string{fmt.Sprintf("%s at %s or below, the lowest rate that was tried", begins, text.Rate(*o.High)), fmt.Sprintf("in %s of the calls there", text.Percent(o.Share))}
	case o.Low != nil:
		said = []string{not + " up to " + text.Rate(*o.Low), clean()}
	default:
		return text.Sentence("it is not known when " + begins)
	}
	said = slices.DeleteFunc(said, func(s string) bool { return s == "" })
	return strings.TrimSpace(text.Sentence(strings.Join(said, ", ")) + " " + text.Sentence(o.RetryAfter))
}

// Ending says why the search ended.
func (r Run) Ending() string {
	return strings.TrimSpace(text.Sentence(r.why()) + " " + text.Sentence(r.Detail))
}

// why is why the search ended, in a clause.
func (r Run) why() string {
	said, known := map[string]string{
		EndedFound:       "the search ended when it knew what was asked",
		EndedBudget:      "what the search may use was used up",
		EndedGenerator:   "this machine is the limit, not the target",
		EndedInterrupted: "the search was interrupted",
		EndedUnreachable: "the target went away",
		EndedCeiling:     "the highest rate that may be tried holds",
		EndedUnkept:      "what was measured could not be kept",
		EndedShort:       "a worker was lost",
		EndedUndecided:   "no rate was found that clearly holds",
	}[r.Ended]
	if !known {
		return "the search ended: " + r.Ended
	}
	return said
}

// KnownBy is that the target's certificate was not checked, the release and the labels, as name and text.
func (r Run) KnownBy() (list [][2]string) {
	if r.Insecure {
		list = append(list, [2]string{"certificate", "not checked"})
	}
	if r.Release != "" {
		list = append(list, [2]string{"release", r.Release})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		list = append(list, [2]string{name, r.Labels[name]})
	}
	return list
}

// String says what was used, and of how much.
func (b Budget) String() string {
	of := func(spent, most string, limited bool) string {
		if !limited {
			return spent
		}
		return spent + " of at most " + most
	}
	said := []string{
		of(text.Plural(b.SpentCalls, "call"), text.Count(b.Calls), b.Calls > 0),
		of(text.Plural(uint64(max(b.SpentTrials, 0)), "trial"), strconv.Itoa(b.Trials), b.Trials > 0),
		of(text.Duration(&b.SpentSeconds), text.Duration(&b.Seconds), b.Seconds > 0),
	}
	if b.Price > 0 {
		said = append(said, of("a cost of "+plain(b.SpentCost), plain(b.Cost), b.Cost > 0)+" (at "+strconv.FormatFloat(b.Price, 'g', 3, 64)+" for each run)")
	}
	return text.Sentence("used " + strings.Join(said, ", ") + "; " + text.Plural(b.Started, "run") + " started")
}

// Most says what may be used, for whoever is to know before the first call.
func (b Budget) Most() string {
	said := fmt.Sprintf("at most %s, each of which may start a run, in %s", text.Plural(b.Calls, "call"), text.Duration(&b.Seconds))
	if b.Cost > 0 {
		said += ", at a cost of at most " + text.Digits(b.Cost)
	}
	return said
}

// plain writes a number as a rate without its unit.
func plain(v float64) string { return strings.TrimSuffix(text.Rate(v), "/s") }

// Percent writes a share that somebody chose, or that is the size of something: 95 %, 2.5 %, 120 %.
func Percent(share float64) string {
	digits := 1
	if p := math.Abs(100 * share); p > 0 && p < 0.1 {
		return text.Percent(share)
	} else if p >= 100 {
		digits = 0
	}
	s := strconv.FormatFloat(100*share, 'f', digits, 64)
	return strings.TrimSuffix(s, ".0") + " %"
}
