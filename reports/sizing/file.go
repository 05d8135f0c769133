package sizing

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// maxFile is the most bytes of capacity.json that are read. A search of thousands of trials takes less.
const maxFile = 16 << 20

// ErrDamaged is that capacity.json is there and says nothing that a search can come to.
var ErrDamaged = errors.New("the answer of the search is damaged")

// Encode writes a report as capacity.json has it.
func Encode(w io.Writer, r Report) error {
	r.Verdict.Causes = listed(r.Verdict.Causes)
	r.Objectives, r.Trials = listed(r.Objectives), slices.Clone(listed(r.Trials))
	for i := range r.Trials {
		r.Trials[i].Shares = listed(r.Trials[i].Shares)
	}
	if r.Mix != nil {
		m := *r.Mix
		m.Points, r.Mix = listed(m.Points), &m
	}
	if r.Isolation != nil {
		i := *r.Isolation
		i.Points, r.Isolation = listed(i.Points), &i
	}
	if r.Scaling != nil {
		s := *r.Scaling
		s.Levels, r.Scaling = listed(s.Levels), &s
	}
	if r.Replicas != nil {
		n := *r.Replicas
		n.Assumptions, r.Replicas = listed(n.Assumptions), &n
	}
	return results.WriteSealed(w, func(w io.Writer) error { return results.EncodeJSON(w, r) })
}

// listed is a list that is there, also where nothing is on it: whoever reads JSON need not ask.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Write writes capacity.json into the directory of a search, so that it is there whole or not at all.
func Write(dir string, r Report) error {
	return regular.Write(filepath.Join(dir, File), func(w io.Writer) error { return Encode(w, r) })
}

// Read reads capacity.json from the directory of a search. The error is fs.ErrNotExist where there is none, and
// [ErrDamaged] where it cannot be read for what it holds.
func Read(dir string) (Report, error) {
	path := filepath.Join(dir, File)
	data, err := regular.Read(path, maxFile)
	if err != nil {
		return Report{}, err
	}
	return parse(path, data)
}

// parse reads a report from its text. The path is for the error.
func parse(path string, data []byte) (Report, error) {
	// What another version knows more of is no reason to say of its file that it is damaged.
	var of struct {
		Schema *string `json:"schema"`
	}
	if json.Unmarshal(data, &of) == nil && of.Schema != nil && *of.Schema != Schema {
		return Report{}, fmt.Errorf("%s: expected \"schema\": %q, found %q; another version of andon wrote it, or it is of no search", path, Schema, text.Printable(*of.Schema, 40))
	}
	var r Report
	if err := results.ParseJSON(path, data, &r); err != nil {
		return Report{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if why := r.wrong(); why != "" {
		return Report{}, fmt.Errorf("%w: %s: %s", ErrDamaged, path, why)
	}
	return r, nil
}

// wrong says what in a report cannot be, of what is shown of it; empty where all can.
func (r *Report) wrong() string {
	codes := map[string]int{summary.Pass: 0, summary.Fail: 1, summary.NoVerdict: 3}
	if code, known := codes[r.Verdict.Status]; !known || code != r.Verdict.ExitCode {
		return fmt.Sprintf("/verdict: expected pass, fail or no-verdict with the exit code 0, 1 or 3, found %q with %d", text.Printable(r.Verdict.Status, 40), r.Verdict.ExitCode)
	}
	if r.Schema != Schema {
		return fmt.Sprintf("/schema: expected %q, found nothing", Schema)
	}
	if n := r.Need; n != nil {
		if why := unknown("/need/answer", n.Answer, Yes, No, Undecided); why != "" {
			return why
		}
	}
	for _, one := range []struct {
		at string
		*Capacity
	}{{"/acceptance", r.Acceptance}, {"/completion", r.Completion}} {
		if why := r.wrongCapacity(one.at, one.Capacity); why != "" {
			return why
		}
	}
	if r.Mix != nil {
		for i := range r.Mix.Points {
			if why := r.wrongCapacity(fmt.Sprintf("/mix/points/%d/capacity", i), &r.Mix.Points[i].Capacity); why != "" {
				return why
			}
		}
	}
	for i, t := range r.Trials {
		at := fmt.Sprintf("/trials/%d", i)
		if why := unknown(at+"/outcome", t.Outcome, Holds, Broken, Open, Void); why != "" {
			return why
		}
		if len(t.Shares) > len(r.Objectives) {
			return fmt.Sprintf("%s/shares: expected one for each of %s at most, found %d", at, text.Plural(uint64(len(r.Objectives)), "objective"), len(t.Shares))
		}
	}
	return ""
}

// wrongCapacity says what in a capacity cannot be.
func (r *Report) wrongCapacity(at string, c *Capacity) string {
	if c == nil {
		return ""
	}
	if why := unknown(at+"/kind", c.Kind, Interval, AtLeast, AtMost, Unknown); why != "" {
		return why
	}
	switch low, high := c.Low != nil, c.High != nil; {
	case c.Kind == Interval && !(low && high && *c.Low <= *c.High):
		return at + ": expected an interval with a low end and a high one that is not below it"
	case c.Kind == AtLeast && !low:
		return at + ": expected the low end of what it is at least"
	case c.Kind == AtMost && !high:
		return at + ": expected the high end of what it is at most"
	}
	if b := c.Broke; b != nil && (b.Objective < 0 || b.Objective >= len(r.Objectives)) {
		return fmt.Sprintf("%s/broke/objective: expected one of %s, counted from 0, found %d", at, text.Plural(uint64(len(r.Objectives)), "objective"), b.Objective)
	}
	return ""
}

// unknown says of a word that it is none of those there are; empty where it is one.
func unknown(at, word string, words ...string) string {
	if slices.Contains(words, word) {
		return ""
	}
	return fmt.Sprintf("%s: unknown word %q; %s", at, text.Printable(word, 40), text.Suggest(word, words, "another version of andon may have written it"))
}
