package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
)

// mostShares is how many shares there are at most.
const mostShares = 20

// ParseMix reads of which value the share is varied, and how: tier=0,25,50 is of the first tier of the description, and
// tier.Lite=0,25,50 of another one; invalid=0,1,5 and agentId=0,100 have no value. Without shares it is 0, 50 and 100
// percent. The error names all that is wrong.
func ParseMix(said string, s *scenarios.Scenario) (Mix, error) {
	key, list, given := strings.Cut(said, "=")
	var m Mix
	m.Of, m.Value, _ = strings.Cut(strings.TrimSpace(key), ".")
	if tiers := s.Description().Tiers(); m.Of == "tier" && m.Value == "" && len(tiers) > 0 {
		m.Value = tiers[0]
	}
	if !given {
		list = "0,50,100"
	}
	// What the mix does not have is wrong once, and not at each share.
	if _, err := s.WithShare(m.Of, m.Value, 0.5); err != nil {
		return m, err
	}
	var shares []float64
	var wrong []error
	for _, one := range strings.Split(list, ",") {
		one = strings.TrimSpace(one)
		percent, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(one, "%")), 64)
		if err != nil || !(percent >= 0 && percent <= 100) {
			wrong = append(wrong, fmt.Errorf("expected shares from 0 to 100 percent, such as %s=0,25,50,75,100, found %q", key, text.Printable(one, 40)))
			continue
		}
		share := percent / 100
		if slices.Contains(shares, share) {
			wrong = append(wrong, fmt.Errorf("the share %s%% stands twice; leave one out", text.Printable(one, 40)))
			continue
		}
		if _, err := s.WithShare(m.Of, m.Value, share); err != nil {
			wrong = append(wrong, fmt.Errorf("%s at %s %%: %w", key, strconv.FormatFloat(percent, 'g', -1, 64), err))
			continue
		}
		shares = append(shares, share)
	}
	if n := len(shares); n > mostShares || n < 2 && len(wrong) == 0 {
		wrong = append(wrong, fmt.Errorf("expected from 2 to %d shares, found %d: a single one is a scenario of its own", mostShares, n))
	}
	m.Shares = inTurn(shares)
	return m, errors.Join(wrong...)
}

// inTurn puts the two ends first, of which the others are predicted, then what is nearest to the middle, where a
// departure shows the most.
func inTurn(shares []float64) []float64 {
	shares = slices.Clone(shares)
	slices.Sort(shares)
	n := len(shares)
	if n < 3 {
		return shares
	}
	low, high := shares[0], shares[n-1]
	between := slices.Clone(shares[1 : n-1])
	off := func(share float64) float64 { return math.Abs(share - (low+high)/2) }
	middle := slices.MinFunc(between, func(a, b float64) int { return cmp.Compare(off(a), off(b)) })
	rest := slices.DeleteFunc(between, func(share float64) bool { return share == middle })
	return append([]float64{low, high, middle}, rest...)
}

// mix measures the capacity at each share. What is known when an error ends it is in the report.
func (s *session) mix(ctx context.Context, m Mix, start float64) error {
	accepting := s.acceptance()
	out := &sizing.Mix{Of: m.Of, Value: m.Value, Other: others(accepting, m)}
	s.report.Mix = out
	for _, share := range m.Shares {
		changed, err := accepting.WithShare(m.Of, m.Value, share)
		if err != nil {
			return err
		}
		out.Points = append(out.Points, sizing.MixPoint{Share: share, Capacity: sizing.Capacity{Kind: sizing.Unknown}})
		predict(out)
		at := &out.Points[len(out.Points)-1]
		from := start
		if at.Predicted != nil {
			from = at.Predicted.Value
		}
		w := want{Of: "mix", About: saidShare(m, share), Scenario: changed}
		err = s.within(ofSearch*s.Seconds, func() (err error) {
			at.Capacity, err = s.hunt(ctx, w, from)
			return err
		})
		predict(out)
		if err != nil {
			return err
		}
		if rate := best(at.Capacity); rate > 0 {
			start = rate
		}
	}
	slices.SortFunc(out.Points, func(a, b sizing.MixPoint) int { return cmp.Compare(a.Share, b.Share) })
	predict(out)
	return nil
}

// saidShare is a share of the mix in words: 25 % Full.
func saidShare(m Mix, share float64) string {
	value := m.Value
	if value == "" {
		value = m.Of
	}
	return strconv.FormatFloat(100*share, 'g', 6, 64) + " % " + value
}

// others are what takes the rest of the calls; empty where that has no name.
func others(s *scenarios.Scenario, m Mix) string {
	var names []string
	for _, c := range s.Labels.Classes {
		name := map[string]string{"tier": c.Tier, "content": c.Content}[m.Of]
		if name != "" && name != m.Value && !c.Invalid && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
