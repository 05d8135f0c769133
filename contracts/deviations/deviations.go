// Package deviations reads and writes files of known deviations: breaches of the contract that are waived, each for a
// reason and up to a day. It says which breaches one is about, and what became of it when a target was tried.
package deviations

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

const maxFile = 1 << 20

// Known is what a file may speak of.
type Known struct {
	// Cases are the ids of all cases, be they tried or not. Without any, patterns of ids are taken as they are.
	Cases []string
	// Drawn is how the ids of cases begin that are drawn by a seed, so that another run has others.
	Drawn string
	// Rules are the names of all rules.
	Rules []string
}

// Read reads a file of known deviations.
func Read(file string, known Known) ([]summary.Deviation, error) {
	data, err := regular.Read(file, maxFile)
	if err != nil {
		return nil, fmt.Errorf("the known deviations cannot be read: %w", err)
	}
	return Parse(file, data, known)
}

// Parse reads known deviations from YAML. The error is a [*document.InvalidError] that lists all that is wrong; the
// file's name is for it, and for the places of the deviations.
func Parse(file string, data []byte, known Known) ([]summary.Deviation, error) {
	doc, root, ok := document.Parse(file, "a file of known deviations needs at least `deviations:`", data, nil)
	if !ok {
		return nil, doc.Err()
	}
	r := reader{known: known, file: file}
	if keys, ok := root.Object("a file of known deviations", "deviations"); ok {
		if list, given := keys["deviations"]; given {
			r.list(list)
		} else {
			root.Fail("expected the key deviations, a list of them")
		}
	}
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return r.found, nil
}

type reader struct {
	known Known
	file  string
	found []summary.Deviation
}

func (r *reader) list(v document.Value) {
	list, _ := v.List("known deviations")
	for _, item := range list {
		keys, ok := item.Object("a deviation", "cases", "rules", "why", "ask", "until")
		if !ok {
			continue
		}
		line, column := item.Place()
		d := summary.Deviation{Place: &summary.Place{File: r.file, Line: line, Column: column}}
		cases, anyCases := keys["cases"]
		rules, anyRules := keys["rules"]
		if anyCases {
			d.Cases = r.patterns(cases, "patterns of the ids of cases", "case", r.known.Cases)
		}
		if anyRules {
			d.Rules = r.patterns(rules, "patterns of rules", "rule", r.known.Rules)
		}
		if !anyCases && !anyRules {
			item.Fail("expected what the deviation is about: cases, rules, or both")
		}
		d.Why = r.why(item, keys)
		if ask, ok := keys["ask"]; ok {
			d.Ask = sentence(ask, "whom to ask: a link, a ticket, a name")
		}
		d.Until = r.until(item, keys)
		r.found = append(r.found, d)
	}
}

// patterns reads a list of patterns, each of which has to match one of the names, if these are known.
func (r *reader) patterns(v document.Value, what, one string, names []string) (list []string) {
	items, ok := v.List(what)
	if ok && len(items) == 0 {
		v.Fail("expected %s, found an empty list, which nothing matches", what)
	}
	for _, item := range items {
		p, ok := item.Text("a pattern of the " + one + "s")
		if !ok {
			continue
		}
		if _, err := path.Match(p, ""); err != nil || p == "" {
			item.Fail("%q is no pattern: * stands for anything, ? for one character, \\ takes the next one as it is", document.Clip(p))
			continue
		}
		drawn := one == "case" && r.known.Drawn != "" && strings.HasPrefix(p, r.known.Drawn)
		if len(names) > 0 && !drawn && !slices.ContainsFunc(names, func(name string) bool { return matches(p, name) }) {
			otherwise := "expected one of " + strings.Join(names, ", ")
			if one == "case" {
				otherwise = "a * stands for anything, as in text.*"
			}
			item.Fail("no %s matches %q; %s", one, document.Clip(p), text.Suggest(p, names, otherwise))
			continue
		}
		list = append(list, p)
	}
	return list
}

// sentence reads a text that is not blank.
func sentence(v document.Value, what string) string {
	s, ok := v.Text(what)
	if s = strings.Join(strings.Fields(s), " "); ok && s == "" {
		v.Fail("expected %s, found nothing", what)
	}
	return s
}

func (r *reader) why(item document.Value, keys map[string]document.Value) string {
	v, given := keys["why"]
	if !given {
		item.Fail("expected why: the reason for which the deviation is accepted")
		return ""
	}
	why := sentence(v, "the reason for which the deviation is accepted")
	if strings.HasPrefix(strings.ToUpper(why), todo) {
		v.Fail("the reason is still to be filled in: say why the deviation is accepted, or take it out")
	}
	return why
}

func (r *reader) until(item document.Value, keys map[string]document.Value) string {
	v, given := keys["until"]
	if !given {
		item.Fail("expected until: the last day on which the deviation is accepted, as 2027-01-31")
		return ""
	}
	s, ok := v.Text("the last day on which the deviation is accepted, as 2027-01-31")
	if !ok {
		return ""
	}
	if t, err := time.Parse(day, s); err != nil || t.Format(day) != s {
		v.Fail("%q is no day; expected the last one on which the deviation is accepted, as 2027-01-31", document.Clip(s))
	}
	return s
}

// About reports whether a deviation is about a check of such a name that breaks such a rule.
func About(d summary.Deviation, name, rule string) bool {
	return aboutCase(d, name) && aboutRule(d, rule)
}

func aboutRule(d summary.Deviation, rule string) bool {
	return len(d.Rules) == 0 || slices.ContainsFunc(d.Rules, func(p string) bool { return matches(p, rule) })
}

func aboutCase(d summary.Deviation, name string) bool {
	return len(d.Cases) == 0 || slices.ContainsFunc(d.Cases, func(p string) bool { return matches(p, name) })
}

// matches reports whether a pattern matches a name, in which a / is a character like any other.
func matches(pattern, name string) bool {
	flat := strings.NewReplacer("/", "\x00")
	ok, err := path.Match(flat.Replace(pattern), flat.Replace(name))
	return ok && err == nil
}

// Expired reports whether the last day of a deviation is over, in UTC.
func Expired(d summary.Deviation, now time.Time) bool { return d.Until < now.UTC().Format(day) }

// Waives gives the place of the deviation that waives such a breach, from 1; 0 where none does.
func Waives(list []summary.Deviation, name, rule string, now time.Time) int {
	return 1 + slices.IndexFunc(list, func(d summary.Deviation) bool { return About(d, name, rule) && !Expired(d, now) })
}

// Tried says what a verification looks for, so that a deviation is not said to be gone of which a part was not tried.
type Tried struct {
	// Cases are the ids of all cases that there are, tried or not, and Rules the names of all rules.
	Cases, Rules []string
	// Judge is the engine that looks for a rule; empty where none does. Of no rule in particular it is the engine that
	// looks for most.
	Judge func(rule string) string
}

// Apply waives the checks that known deviations are about, and says what became of each deviation.
func Apply(v *summary.Verification, list []summary.Deviation, tried Tried, now time.Time) {
	v.Deviations = slices.Clone(list)
	for j := range v.Deviations {
		if d := &v.Deviations[j]; !slices.ContainsFunc(v.Checks, func(c summary.Check) bool { return broke(c) && About(*d, c.Name, c.Rule) }) {
			d.State = tried.unseen(*d, v.Checks)
		}
	}
	for i := range v.Checks {
		c := &v.Checks[i]
		if !broke(*c) {
			continue
		}
		for j := range v.Deviations {
			d := &v.Deviations[j]
			if !About(*d, c.Name, c.Rule) {
				continue
			}
			d.Occurred++
			switch {
			case !Expired(*d, now):
				d.State = summary.DeviationWaived
			case c.Verdict == summary.CheckBroken && Waives(list, c.Name, c.Rule, now) == 0:
				d.State = summary.DeviationExpired
			case d.State == "":
				d.State = summary.DeviationLapsed
			}
		}
		waive(c, list, now)
	}
}

// broke reports whether a check did not hold, whether that decides or not.
func broke(c summary.Check) bool {
	return c.Verdict == summary.CheckBroken || c.Verdict == summary.CheckAdvice
}

// unseen is the state of a deviation that did not occur: it is gone where each of its cases was tried, and each of its
// rules looked for. A case that breaks another rule says nothing of it, so that one at least has to hold.
func (t Tried) unseen(d summary.Deviation, checks []summary.Check) string {
	tried, clear, open := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range checks {
		if !aboutCase(d, c.Name) {
			continue
		}
		switch {
		case broke(c):
			tried[c.Name] = true
		case c.Verdict == summary.CheckHeld || c.Verdict == summary.CheckNoted && c.Rule == "":
			tried[c.Name], clear[c.Engine] = true, true
		default:
			open[c.Engine] = true
		}
	}
	for _, engine := range t.engines(d) {
		if engine == "" || !clear[engine] || open[engine] {
			return summary.DeviationUntried
		}
	}
	for _, id := range t.Cases {
		if !tried[id] && aboutCase(d, id) {
			return summary.DeviationUntried
		}
	}
	return summary.DeviationGone
}

// engines are those that have to look for what a deviation is about.
func (t Tried) engines(d summary.Deviation) (engines []string) {
	if len(d.Rules) == 0 {
		return []string{t.Judge("")}
	}
	for _, rule := range t.Rules {
		if engine := t.Judge(rule); aboutRule(d, rule) && !slices.Contains(engines, engine) {
			engines = append(engines, engine)
		}
	}
	return engines
}

// waive makes a breach a waived one, or says that its deviation has expired.
func waive(c *summary.Check, list []summary.Deviation, now time.Time) {
	if at := Waives(list, c.Name, c.Rule, now); at > 0 {
		c.Verdict, c.Deviation = summary.CheckWaived, at
		return
	}
	at := slices.IndexFunc(list, func(d summary.Deviation) bool { return About(d, c.Name, c.Rule) })
	if at < 0 {
		return
	}
	c.Deviation = at + 1
	c.Reason += fmt.Sprintf(" (this was a known deviation until %s, and has expired: %s)", list[at].Until, list[at].Why)
}
