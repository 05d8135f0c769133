package verify

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// Everything is every word of [Config.Strict].
func Everything() []string {
	return []string{string(cases.ByHTTP), string(cases.ByJSON), string(cases.ByAssumption), summary.StrictDeviations}
}

// Strict reads words for [Config.Strict]; "all" is every one of them.
func Strict(words []string) (strict []string, err error) {
	known := Everything()
	var wrong []error
	for _, w := range words {
		if w != "all" && !slices.Contains(known, w) {
			wrong = append(wrong, fmt.Errorf("%s is nothing to be strict about; %s", strconv.Quote(text.Printable(w, 40)),
				text.Suggest(w, append(known, "all"), "there are "+strings.Join(known, ", ")+", and all")))
		}
	}
	for _, w := range known {
		if slices.Contains(words, w) || slices.Contains(words, "all") {
			strict = append(strict, w)
		}
	}
	return strict, errors.Join(wrong...)
}

// Choose sets the cases: those that a filter takes, of all that this configuration can try and of the random ones.
func (c *Config) Choose(f cases.Filter) (err error) {
	all := append(c.All(), cases.Random(c.Description, c.Seed, c.Generated)...)
	if c.Cases, err = f.Choose(all); err != nil || f.Empty() {
		return err
	}
	c.Choice = &summary.Choice{Cases: f.Patterns, Tags: f.Tags, Skip: f.Skip, SkipTags: f.SkipTags, Chosen: len(c.Cases), Of: len(all)}
	return nil
}

// decides reports whether what is broken by an authority fails a verification. The description always decides.
func (c Config) decides(by string) bool {
	return by == string(cases.ByDescription) || slices.Contains(c.Strict, by)
}

// fails reports whether an outcome is a breach that decides, and that no known deviation waives.
func (c Config) fails(o Outcome) bool {
	return o.Verdict == summary.CheckBroken && c.decides(string(c.authority(o))) && !c.waives(o)
}

// settle makes advice of the breaches that do not decide. It is the one step between what was found and the verdict.
func (c Config) settle(list []summary.Check) {
	for i := range list {
		if k := &list[i]; k.Verdict == summary.CheckBroken && !c.decides(k.Authority) {
			k.Verdict = summary.CheckAdvice
		}
	}
}

// authority is who says what an outcome is about: of what the case expects, whoever says so of the case; of what the
// answer itself breaks, the description, unless the call is one of which only HTTP knows.
func (c Config) authority(o Outcome) cases.Authority {
	if o.Authority != "" || o.Verdict != summary.CheckBroken {
		return o.Authority
	}
	switch o.Rule {
	case contracts.RuleAccepted, ruleRefused, ruleWrongStatus, ruleAllow, rulePact:
		return o.Case.By()
	}
	if o.Case.Method != "" && o.Case.Method != c.Description.Operation().Method {
		return cases.ByHTTP
	}
	return cases.ByDescription
}
