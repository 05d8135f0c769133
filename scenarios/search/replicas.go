package search

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/scalability"
)

const mostReplicas = 10_000

// ParseReplicas reads how many replicas were measured: measured=2 is of the target, 1=95/s,2=180/s,4=350/s are the
// capacities of so many each. The error names all that is wrong.
func ParseReplicas(said string) (Replicas, error) {
	var r Replicas
	var wrong []error
	for _, one := range strings.Split(said, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(one), "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if key == "measured" {
			n, err := count(value)
			if r.Measured = n; err != nil {
				wrong = append(wrong, err)
			}
			continue
		}
		n, err := count(key)
		rate, per := strings.CutSuffix(value, "/s")
		x, err2 := strconv.ParseFloat(rate, 64)
		switch {
		case err != nil:
			wrong = append(wrong, err)
		case err2 != nil || !per || !(x > 0) || math.IsInf(x, 0):
			wrong = append(wrong, fmt.Errorf("expected the capacity of %d replicas, such as %d=95/s, found %q", n, n, text.Printable(one, 40)))
		case slices.ContainsFunc(r.Counts, func(l scalability.Level) bool { return l.N == float64(n) }):
			wrong = append(wrong, fmt.Errorf("the capacity of %d replicas stands twice; leave one out", n))
		default:
			r.Counts = append(r.Counts, scalability.Level{N: float64(n), X: x})
		}
	}
	if r.Measured > 0 && len(r.Counts) > 0 {
		wrong = append(wrong, errors.New("either the target's replicas are said, as measured=2, or capacities that were measured before, as 1=95/s,2=180/s; leave one out"))
	}
	return r, errors.Join(wrong...)
}

func count(said string) (int, error) {
	n, err := strconv.Atoi(said)
	if err != nil || n < 1 || n > mostReplicas {
		return 0, fmt.Errorf("expected how many replicas were measured, such as measured=2, or their capacities, such as 1=95/s,2=180/s,4=350/s, found %q", text.Printable(said, 40))
	}
	return n, nil
}

// needed is how many replicas are needed. found is the capacity that was searched for.
func (r Replicas) needed(found *sizing.Capacity) *sizing.Replicas {
	out := &sizing.Replicas{Measured: r.Measured, Need: r.Need, Reserve: r.Reserve}
	say := func(format string, args ...any) {
		out.Assumptions = append(out.Assumptions, fmt.Sprintf(format, args...))
	}
	need := r.Need / (1 - r.Reserve)
	counts := r.Counts
	if len(counts) == 0 {
		if found == nil || found.Low == nil || !(*found.Low > 0) {
			say("what the target takes is not known, so that nothing can be said of more replicas of it")
			return out
		}
		counts = []scalability.Level{{N: float64(r.Measured), X: *found.Low}}
		say("the low end of the capacity counts, %s by %s", text.Rate(*found.Low), text.Plural(uint64(r.Measured), "replica"))
	}
	for _, l := range counts {
		out.Measured = max(out.Measured, int(l.N))
		if each := l.X / l.N; out.Each == 0 || each < out.Each {
			out.Each = each
		}
	}
	law, err := scalability.FitReplicas(counts)
	switch {
	case err == nil:
		n := law.Needs(need)
		if math.IsInf(n, 1) {
			say("by the law that fits what was measured no number of replicas takes so much: it comes to %s at the most", text.Rate(law.Gamma.Value/law.Alpha.Value))
			return out
		}
		out.Needed = upTo(n)
		out.Each = law.At(float64(out.Needed)) / float64(out.Needed)
		say("the more replicas, the less each takes, as was measured: contention %.3f (%.3f to %.3f, 95 %%)", law.Alpha.Value, law.Alpha.Low, law.Alpha.High)
	default:
		out.Needed = upTo(need / out.Each)
		say("each further replica takes as much as one that was measured: adding load to one deployment says nothing of adding replicas")
		if len(counts) >= 3 {
			say("what was measured is not put to use for more than that: %v", err)
		} else {
			say("with the capacities of three or more numbers of replicas the loss by each further one would be known")
		}
	}
	if r.Reserve > 0 {
		say("%s of what each takes stays free", text.Percent(r.Reserve))
	}
	if out.Needed > out.Measured {
		say("%s were measured at the most: beyond that it is a guess", text.Plural(uint64(out.Measured), "replica"))
	}
	say("what replicas share, such as a database or a queue, is not in it, nor how evenly calls are spread over them")
	return out
}

// upTo rounds up, but for what is off by no more than rounding.
func upTo(n float64) int {
	const most = 1e9
	return int(math.Ceil(min(max(n*(1-1e-12), 1), most)))
}
