package cases

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/text"
)

// ErrNone says that a filter leaves no case.
var ErrNone = errors.New("the filter leaves no case")

// Filter chooses among cases, by patterns for their ids, in which * stands for anything, and by tags.
type Filter struct {
	// Patterns and Tags say which cases are wanted: those whose id matches one of the patterns, and that have one of the
	// tags. Without patterns all match, and without tags all have one.
	Patterns, Tags []string
	// Skip and SkipTags say which of these are left out: a pattern that matches, or a tag, is enough.
	Skip, SkipTags []string
}

// Empty reports whether the filter takes every case.
func (f Filter) Empty() bool { return len(f.Patterns)+len(f.Tags)+len(f.Skip)+len(f.SkipTags) == 0 }

// Choose gives the cases that the filter takes. A pattern that is none, or that no case matches, is an error, and so is
// a tag that no case has, or that no case is left.
//
// Random cases are there since they were asked for. What is wanted of the others does not leave them out, unless it
// names them, by a pattern that begins like their ids or by their tag; or unless something else must come back for
// them. What is skipped is skipped of them as well.
func (f Filter) Choose(list []Case) (chosen []Case, err error) {
	if err := f.check(list); err != nil {
		return nil, err
	}
	for _, c := range list {
		if f.takes(c) {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 {
		return nil, ErrNone
	}
	return chosen, nil
}

// drawn is the first word of the ids of random cases, and so a tag of theirs.
const drawn = "generated"

func (f Filter) takes(c Case) bool {
	if matchesOne(f.Skip, c) || hasOne(f.SkipTags, c) {
		return false
	}
	named := slices.Contains(f.Tags, drawn) || slices.ContainsFunc(f.Patterns, func(p string) bool { return strings.HasPrefix(p, drawn) })
	if c.Random && !named {
		var must []string
		for _, t := range f.Tags {
			if slices.Contains(expectations, Expectation(t)) {
				must = append(must, t)
			}
		}
		return len(must) == 0 || hasOne(must, c)
	}
	return (len(f.Patterns) == 0 || matchesOne(f.Patterns, c)) && (len(f.Tags) == 0 || hasOne(f.Tags, c))
}

var expectations = []Expectation{Accepted, Refused, Either}

func matchesOne(patterns []string, c Case) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, c.ID) })
}

// matches reports whether a pattern matches an id, in which a / is a character like any other.
func matches(pattern, id string) bool {
	flat := strings.NewReplacer("/", "\x00")
	ok, _ := path.Match(flat.Replace(pattern), flat.Replace(id))
	return ok
}

func hasOne(tags []string, c Case) bool {
	own := c.Tags()
	return slices.ContainsFunc(tags, func(t string) bool { return slices.Contains(own, t) })
}

// check says what is wrong with the filter, all of it at once.
func (f Filter) check(list []Case) error {
	var ids, known []string
	for _, c := range list {
		ids = append(ids, c.ID)
		for _, t := range c.Tags() {
			if !slices.Contains(known, t) {
				known = append(known, t)
			}
		}
	}
	var wrong []error
	for _, p := range slices.Concat(f.Patterns, f.Skip) {
		shown := strconv.Quote(text.Printable(p, 100))
		if _, err := path.Match(p, ""); err != nil {
			wrong = append(wrong, fmt.Errorf("%s is no pattern for the ids of cases: %w", shown, err))
		} else if !slices.ContainsFunc(ids, func(id string) bool { return matches(p, id) }) {
			hint := ""
			if near := text.Nearest(p, ids); near != "" {
				hint = "; did you mean " + strconv.Quote(near) + "?"
			}
			wrong = append(wrong, fmt.Errorf("no case's id matches %s%s", shown, hint))
		}
	}
	for _, t := range slices.Concat(f.Tags, f.SkipTags) {
		if slices.Contains(known, t) {
			continue
		}
		hint := "the tags are " + strings.Join(known, ", ")
		if near := text.Nearest(t, known); near != "" {
			hint = "did you mean " + strconv.Quote(near) + "? " + hint
		}
		wrong = append(wrong, fmt.Errorf("no case has the tag %s; %s", strconv.Quote(text.Printable(t, 100)), hint))
	}
	return errors.Join(wrong...)
}
