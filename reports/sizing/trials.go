package sizing

import (
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/text"
)

// Load is what a trial asked for: a rate, or callers.
func (t Trial) Load() string {
	if t.Callers > 0 {
		return text.Plural(uint64(t.Callers), "caller")
	}
	return text.Rate(t.Rate)
}

// Purpose is what a trial was for: of the search for the capacity its step alone.
func (t Trial) Purpose() string {
	words := []string{t.Of, t.About, t.Step}
	if t.Of == "acceptance" && t.Step != "" {
		words[0] = ""
	}
	if t.About == t.Load() {
		words[1] = ""
	}
	return strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), ", ")
}

// Share is the share of calls that were over the limit of an objective, and false where the trial does not tell.
func (t Trial) Share(objective int) (float64, bool) {
	if objective < 0 || objective >= len(t.Shares) || t.Outcome == Void {
		return 0, false
	}
	return t.Shares[objective], true
}

// Trial finds a trial by its number; nil where there is none.
func (r Report) Trial(n int) *Trial {
	if i := slices.IndexFunc(r.Trials, func(t Trial) bool { return t.N == n }); i >= 0 {
		return &r.Trials[i]
	}
	return nil
}

// Focus is the objective of which shares are shown: the one that broke first, else the one that came nearest to what it
// allows. It is an index into the objectives, of which there may be none.
func (r Report) Focus() int {
	for _, c := range []*Capacity{r.Acceptance, r.Completion} {
		if c != nil && c.Broke != nil {
			return c.Broke.Objective
		}
	}
	nearest, at := -1.0, 0
	for _, t := range r.Trials {
		for i, o := range r.Objectives {
			if share, told := t.Share(i); told && o.Allowed > 0 && share/o.Allowed > nearest {
				nearest, at = share/o.Allowed, i
			}
		}
	}
	return at
}
