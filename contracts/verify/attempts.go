package verify

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/reports/summary"
)

// persist tries a case until there is an answer that tells something, as often as it may be sent.
func (r *run) persist(ctx context.Context, s sending) Outcome {
	attempts := max(r.Attempts, 1)
	var before []string
	var last Outcome
	for n := 1; ; n++ {
		o := r.try(ctx, s)
		o.Attempts = n
		if o.Verdict == summary.CheckSkipped && n > 1 && ctx.Err() == nil {
			// It may not be sent again: what the last answer said stands.
			return r.conclude(last, before[:n-2], false)
		}
		if o.Verdict == summary.CheckSkipped || ctx.Err() != nil {
			return o
		}
		last = o
		started := allowed(s.Case) && (o.mayRun() || o.Status/100 == 2)
		if o.hiccup == none || started || n >= o.hiccup.most(attempts) || o.after > patience {
			return r.conclude(o, before, started)
		}
		before = append(before, o.met())
		wait := backoff(s.ID, n)
		if o.hiccup == away {
			r.books.turnedAway(o.Status, max(o.after, wait))
		} else if o.hiccup != failed && !sleep(ctx, wait) {
			return o
		}
	}
}

// met says in a few words what an attempt met.
func (o Outcome) met() string {
	switch o.hiccup {
	case unreached:
		return "was not connected"
	case dropped:
		return "was dropped"
	case hung:
		return "got no answer in time"
	}
	return fmt.Sprintf("was answered with %d", o.Status)
}

// conclude says what the last attempt at a case comes to, with what those before it met.
func (r *run) conclude(o Outcome, before []string, started bool) Outcome {
	response := r.Description.ResponseFor(o.Status)
	// A response for any other status promises none in particular.
	documented := response != nil && response != r.Description.ResponseFor(999)
	open := func(rule, reason string) Outcome {
		o.alike = rule == "gateway" && !documented || rule == ruleNoAnswer && started && o.Status != 0 ||
			o.Status == http.StatusServiceUnavailable && !o.asked && !documented
		o.Verdict, o.Rule, o.Pointer, o.Reason = summary.CheckInconclusive, rule, "", reason
		return o
	}
	switch h := o.hiccup; {
	case h == none:
		if len(before) > 0 {
			told := fmt.Sprintf("tried %d times: it %s before", o.Attempts, strings.Join(before, ", then "))
			o.Reason = strings.TrimPrefix(o.Reason+"; "+told, "; ")
		}
		return o
	case h == away && o.after > patience:
		return open("turned-away", fmt.Sprintf("it was turned away with status %d for %s, which is longer than the %s that are waited", o.Status, o.after.Round(time.Second), patience))
	case h == away && (o.Status == http.StatusTooManyRequests || o.asked || documented || o.Attempts == 1):
		return open("turned-away", fmt.Sprintf("it was turned away with status %d, %s", o.Status, times(o.Attempts)))
	case h == gateway && started:
		return open("gateway", fmt.Sprintf("a gateway answered with status %d; it may have started a run, so it was not sent again", o.Status))
	case h == gateway && o.Attempts == 1:
		return open("gateway", fmt.Sprintf("a gateway answered with status %d", o.Status))
	case (h == failed || h == gateway || h == away) && documented:
		return open(ruleServerError, fmt.Sprintf("it was answered with status %d, %s, which the description documents", o.Status, times(o.Attempts)))
	case h.silent() && started:
		return open(ruleNoAnswer, o.Reason+"; it may have started a run, so it was not sent again")
	case h.silent():
		// Whether it is this case alone that gets none, the next answers tell.
		o.mute = o.Attempts > 1 && h != unreached
		return open(ruleNoAnswer, fmt.Sprintf("%s, %s", o.Reason, times(o.Attempts)))
	}
	return o
}

func times(n int) string {
	switch n {
	case 1:
		return "tried once"
	case 2:
		return "both times that it was tried"
	}
	return fmt.Sprintf("all %d times that it was tried", n)
}

// mutes decides on the cases that got no answer on any attempt, now that the target has answered another one.
func (r *run) mutes() (found bool) {
	for _, o := range r.outcomes {
		if o != nil && o.mute {
			o.mute, o.Verdict = false, summary.CheckBroken
			o.Reason += ", while the target answers other calls"
			found = found || r.fails(*o)
		}
	}
	return found
}

// always decides on allowed calls that a gateway answered, or whose answers did not come whole: a few of them are
// hiccups, but not where no call got a better answer.
func (r *run) always() {
	var all []*Outcome
	for _, o := range r.outcomes {
		switch {
		case o == nil || !allowed(o.Case) || o.Verdict == summary.CheckSkipped:
		case o.alike:
			all = append(all, o)
		case o.Case.Expect == cases.Accepted:
			return
		}
	}
	if len(all) < lost {
		return
	}
	for _, o := range all {
		o.Verdict, o.Rule = summary.CheckBroken, ruleServerError
		if o.Status/100 != 5 {
			o.Rule = ruleIncompleteBody
		}
	}
}
