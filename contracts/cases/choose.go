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

// ErrNone says that no case matches the patterns and has one of the tags.
var ErrNone = errors.New("no case matches the patterns and has one of the tags")

// Choose gives the cases whose id matches one of the patterns, in which * stands for anything, and that have one of the
// tags. Without patterns all match, and without tags all have one. A tag that no case has is an error, and so is a
// pattern that is none, or that no case is left.
func Choose(list []Case, patterns, tags []string) (chosen []Case, err error) {
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil {
			return nil, fmt.Errorf("%s is no pattern for the ids of cases: %w", strconv.Quote(p), err)
		}
	}
	var known []string
	for _, c := range list {
		own := c.Tags()
		for _, t := range own {
			if !slices.Contains(known, t) {
				known = append(known, t)
			}
		}
		matches := len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool { ok, _ := path.Match(p, c.ID); return ok })
		if matches && (len(tags) == 0 || slices.ContainsFunc(tags, func(t string) bool { return slices.Contains(own, t) })) {
			chosen = append(chosen, c)
		}
	}
	for _, t := range tags {
		if slices.Contains(known, t) {
			continue
		}
		hint := "the tags are " + strings.Join(known, ", ")
		if near := text.Nearest(t, known); near != "" {
			hint = "did you mean " + strconv.Quote(near) + "? " + hint
		}
		return nil, fmt.Errorf("no case has the tag %s; %s", strconv.Quote(t), hint)
	}
	if len(chosen) == 0 {
		return nil, ErrNone
	}
	return chosen, nil
}
