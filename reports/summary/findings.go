package summary

import (
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/text"
)

// Finding is what several checks found alike, so that it is told once: the same rule, broken in the same way, by the
// same authority.
type Finding struct {
	Verdict, Engine, Rule, Authority string
	// Checks are those that found it, in their order; there is one at least.
	Checks []Check
}

// Findings are the checks of one of some verdicts, those together that say the same. They are in the order in which
// each was found first.
func Findings(checks []Check, verdicts ...string) (all []Finding) {
	type key struct {
		verdict, engine, rule, authority, pointer, reason, area string
		deviation                                               int
	}
	names := map[string]bool{}
	for _, c := range checks {
		names[c.Name] = strings.Contains(c.Name, ".") // else it may be any word
	}
	at := map[key]int{}
	for _, c := range checks {
		if !slices.Contains(verdicts, c.Verdict) {
			continue
		}
		k := key{
			verdict: c.Verdict, engine: c.Engine, rule: c.Rule, authority: c.Authority, deviation: c.Deviation,
			pointer: shape(c.Pointer, names), reason: shape(c.Reason, names),
		}
		if c.Expect == "refused" && c.Status/100 == 2 {
			// The answer does not say what was wrong with the request: only the case does.
			k.area = c.Area()
		}
		i, known := at[k]
		if !known {
			i, at[k] = len(all), len(all)
			all = append(all, Finding{Verdict: c.Verdict, Engine: c.Engine, Rule: c.Rule, Authority: c.Authority})
		}
		all[i].Checks = append(all[i].Checks, c)
	}
	return all
}

// Example is the check that is repeated by the shortest command, the first of several.
func (f Finding) Example() Check {
	best := f.Checks[0]
	for _, c := range f.Checks[1:] {
		if n := len(c.Again()); n > 0 && (n < len(best.Again()) || best.Again() == "") {
			best = c
		}
	}
	return best
}

// Area is the part of the description that a check is about: the first word of its name.
func (c Check) Area() string {
	word, _, _ := strings.Cut(c.Name, ".")
	word, _, _ = strings.Cut(word, "+")
	return word
}

// maxShape is how much of a sentence is looked at: no more of it is shown.
const maxShape = 1000

// shape is a sentence without what differs from one call to the next: what is in quotes, numbers other than a status,
// words with digits in them (ids, times), and names of checks.
func shape(s string, names map[string]bool) string {
	var b strings.Builder
	before := ""
	for i, part := range quoted(s[:min(len(s), maxShape)]) {
		if i%2 == 1 {
			b.WriteString(`"…"`)
			continue
		}
		for _, word := range strings.FieldsFunc(part, func(r rune) bool { return r == ' ' || r == '\n' || r == '/' }) {
			bare := strings.Trim(word, "().,;:")
			switch status := len(bare) == 3 && strings.Trim(bare, "0123456789") == ""; {
			case names[bare], strings.ContainsAny(bare, "0123456789") && !(status && (before == "status" || before == "expected")):
				b.WriteString(" …")
			default:
				b.WriteString(" " + word)
			}
			before = bare
		}
	}
	return b.String()
}

// quoted cuts a sentence at its double quotes: what was between two of them has an odd place. A quote behind a
// backslash is part of what is quoted.
func quoted(s string) (parts []string) {
	from, inside := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case inside && s[i] == '\\':
			i++
		case s[i] == '"':
			parts = append(parts, s[from:i])
			from, inside = i+1, !inside
		}
	}
	return append(parts, s[min(from, len(s)):])
}

// By is who says what a check holds to: "the description", "HTTP", "JSON" or "an assumption"; empty where that is not
// said.
func (c Check) By() string {
	switch c.Authority {
	case "":
		return ""
	case "description":
		return "the description"
	case "assumption":
		return "an assumption of the description"
	}
	return strings.ToUpper(text.Printable(c.Authority, 20))
}
