package baseline

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// differs lists all that keeps two runs from being of one load, with the names that a sentence has for them. Seeds,
// targets and releases may be others, and so may thresholds, which decide nothing of what is sent.
func differs(a, b *results.Manifest, first, second string) (list []string) {
	say := func(what, x, y string) {
		if x != y {
			list = append(list, fmt.Sprintf("%s is %s %s, %s %s", what, said(x), first, said(y), second))
		}
	}
	for _, name := range partNames(a.Plan, b.Plan) {
		say(text.Printable(name, 80), part(a.Plan, name), part(b.Plan, name))
	}
	say("the description", "the one with the SHA-256 "+short(a.SpecSHA256), "the one with the SHA-256 "+short(b.SpecSHA256))
	say("the protocol", protocol(a), protocol(b))
	say("the timeout", fmt.Sprintf("%g s", a.TimeoutSeconds), fmt.Sprintf("%g s", b.TimeoutSeconds))
	say("the tolerated lag", metrics.Tolerated(*a).String(), metrics.Tolerated(*b).String())
	say("what is known to deviate", deviations(a), deviations(b))
	if len(list) == 0 && !reflect.DeepEqual(a.Labels, b.Labels) {
		list = append(list, "the classes, phases or rules are others "+first+" than "+second)
	}
	return list
}

// partNames are the names of the parts of two plans that decide what is sent. The description has a line of its own.
func partNames(a, b []results.Part) (names []string) {
	for _, p := range slices.Concat(a, b) {
		if p.Name != "thresholds" && p.Name != "description" && !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	return names
}

func part(list []results.Part, name string) string {
	i := slices.IndexFunc(list, func(p results.Part) bool { return p.Name == name })
	if i < 0 {
		return ""
	}
	return list[i].Text
}

func said(s string) string { return cmp.Or(text.Printable(s, 200), "none") }

func short(sum string) string { return fmt.Sprintf("%.12s…", sum) }

// protocol is what the calls were carried by, without how many connections there were.
func protocol(m *results.Manifest) string { return m.Generator.Transport }

func deviations(m *results.Manifest) string {
	var list []string
	for _, d := range m.Deviations {
		list = append(list, strings.Join(d.Rules, ", "))
	}
	return strings.Join(list, "; ")
}

// otherLoad is an error that lists what differs, and says what to do.
func otherLoad(what string, list []string, do string) error {
	return errors.New(what + ":\n  " + strings.Join(list, "\n  ") + "\n" + do)
}
