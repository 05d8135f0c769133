package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/document"
)

// WithShare is the scenario with another share of one value in its mix: of a tier, of a content by its signature, and,
// where the key says all, of the calls that have a field or are invalid. The other tiers, or contents, keep their
// proportions among the rest. The thresholds stay, and [Scenario.Plan] fails if they name what is gone.
func (s *Scenario) WithShare(key, value string, share float64) (*Scenario, error) {
	if !(share >= 0 && share <= 1) {
		return nil, fmt.Errorf("expected a share from 0%% to 100%%, found %s", spellShare(share))
	}
	// It is read again from the file as it is written there.
	percent := math.Round(share*100*1e9) / 1e9
	m := s.mix
	var text string
	var err error
	switch key {
	case "tier":
		text, err = m.shareTier(s.description.Tiers(), value, percent)
	case "content":
		text, err = m.shareContent(value, percent)
	default:
		if value != "" {
			return nil, fmt.Errorf("%s has a share of its own in the mix, found one of its value %q; leave the value out", document.Clip(key), document.Clip(value))
		}
		text, err = m.shareField(s.description, key, percent)
	}
	if err != nil {
		return nil, err
	}
	changed := *s
	if changed.Source, err = document.Merge(s.Source, "mix", []byte(text), nil); err != nil {
		return nil, fmt.Errorf("the scenario's file cannot have another `mix`: %w", err)
	}
	// Both lists have been made anew, so that those of the other scenario are what they were.
	classes := m.nameClasses()
	if len(classes) > maxClasses {
		return nil, fmt.Errorf("the mix has %d classes (tiers × content), more than the %d that can be told apart", len(classes), maxClasses)
	}
	if c, violation := m.broken(s.description); violation != nil {
		return nil, fmt.Errorf("a call with the content %s breaks the contract: %s", c, violation.Message)
	}
	changed.takeMix(m, classes, s.Feeders)
	return &changed, nil
}

// shareTier gives a tier its share, and writes the weights of all as the mix has them.
func (m *mix) shareTier(known []string, tier string, percent float64) (string, error) {
	vocabulary := append(slices.Clone(known), m.noTier)
	if !slices.Contains(vocabulary, tier) {
		return "", fmt.Errorf("the description has no tier %q; %s", document.Clip(tier), document.ExpectedOne(tier, vocabulary))
	}
	var names []string
	for _, t := range m.tiers {
		names = append(names, m.tierName(t))
	}
	ws, at, err := reshare(m.tierDraw, slices.Index(names, tier), percent)
	if err != nil {
		return "", fmt.Errorf("the mix has no tier but %s, so that nothing takes the rest; give another a weight in `mix.tier`", tier)
	}
	if at == len(names) {
		names = append(names, tier)
	}
	m.tiers, m.tierDraw = nil, nil
	var b bytes.Buffer
	var kept []float64
	for i, name := range names {
		if ws[i] == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s%q: %s", separator(kept), name, number(ws[i]))
		if name == m.noTier {
			name = ""
		}
		m.tiers, kept = append(m.tiers, name), append(kept, ws[i])
	}
	m.tierDraw = newWeights(kept)
	return "tier: {" + b.String() + "}\n", nil
}

// shareContent gives a content its share, and writes the list of all as the mix has it.
func (m *mix) shareContent(signature string, percent float64) (string, error) {
	var names []string
	for _, c := range m.contents {
		names = append(names, c.name)
	}
	i := slices.Index(names, signature)
	if i < 0 {
		return "", fmt.Errorf("the mix has no content %q; %s", document.Clip(signature), document.ExpectedOne(signature, names))
	}
	ws, _, err := reshare(m.draw, i, percent)
	if err != nil {
		return "", fmt.Errorf("the mix has no content but %s, so that nothing takes the rest; add another to `mix.content`", signature)
	}
	all := m.contents
	m.contents, m.draw = nil, nil
	var b bytes.Buffer
	var kept []float64
	for i, c := range all {
		if ws[i] == 0 {
			continue
		}
		items := noContent
		if !c.omitted {
			var types []string
			for _, it := range c.items {
				types = append(types, strconv.Quote(it.contentType))
			}
			items = "[" + strings.Join(types, ", ") + "]"
		}
		fmt.Fprintf(&b, "%s{weight: %s, items: %s}", separator(kept), number(ws[i]), items)
		m.contents, kept = append(m.contents, c), append(kept, ws[i])
	}
	m.draw = newWeights(kept)
	return "content: [" + b.String() + "]\n", nil
}

// shareField gives the invalid calls their share, or those with a field.
func (m *mix) shareField(d *contracts.Description, key string, percent float64) (string, error) {
	if key == invalid {
		m.invalid, m.refused = percent/100, nil
		if percent > 0 {
			if m.refused = cases.InvalidBodies(d); len(m.refused) == 0 {
				return "", errors.New("the description forbids nothing, so there are no invalid calls to send")
			}
		}
		return fmt.Sprintf("%s: %s%%\n", invalid, number(percent)), nil
	}
	names := []string{"tier", "content", invalid}
	for _, f := range m.fields {
		names = append(names, f.name)
	}
	i := slices.Index(names, key) - 3
	if i < 0 {
		return "", fmt.Errorf("the mix says nothing of %q; %s, or add it to `mix` with the share that it has else, be it 0%%", document.Clip(key), document.ExpectedOne(key, names))
	}
	for _, f := range d.Fields() {
		if f.Name == key && f.Required && percent < 100 {
			return "", fmt.Errorf("the description requires %s in every call; expected 100%%, found %s%%", key, number(percent))
		}
	}
	m.fields = slices.Clone(m.fields)
	m.fields[i].share = percent / 100
	return fmt.Sprintf("%q: %s%%\n", key, number(percent)), nil
}

// reshare gives entry at of a distribution so many percent, and the others what is left, in proportion; -1 is one that
// is new, and added. It fails where there is no other to take what is left.
func reshare(w weights, at int, percent float64) (ws []float64, place int, err error) {
	before, rest := 0.0, 0.0
	for i, limit := range w {
		ws = append(ws, limit-before)
		if before = limit; i != at {
			rest += ws[i]
		}
	}
	if at < 0 {
		at, ws = len(ws), append(ws, 0)
	}
	if rest == 0 && percent < 100 {
		return nil, 0, errors.New("nothing takes the rest")
	}
	for i := range ws {
		if i == at {
			ws[i] = percent
		} else {
			ws[i] = math.Round(ws[i]/rest*(100-percent)*1e9) / 1e9
		}
	}
	return ws, at, nil
}

// number writes a figure without an exponent, which the mix does not know.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// separator stands before what is written next, after so many others.
func separator(before []float64) string {
	if len(before) == 0 {
		return ""
	}
	return ", "
}
