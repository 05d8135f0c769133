package provider

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts"
)

// ParseLatencies reads latencies by tier, each as TIER=DISTRIBUTION, or as DISTRIBUTION alone for every tier that is
// not named. What is named nowhere stays as otherwise says, and calls without a tier that took as long as those of the
// first tier go on doing so. The tiers are the description's.
func ParseLatencies(texts []string, otherwise map[string]Latency, tiers []string) (map[string]Latency, error) {
	if len(texts) == 0 {
		return otherwise, nil
	}
	known := append(slices.Clone(tiers), contracts.NoTier(tiers))
	named, out := map[string]Latency{}, maps.Clone(otherwise)
	if noTier := contracts.NoTier(tiers); len(tiers) > 0 && out[noTier] == out[tiers[0]] {
		delete(out, noTier) // without an entry they do: see Config.Latency
	}
	for _, text := range texts {
		tier, distribution, found := strings.Cut(text, "=")
		if !found {
			tier, distribution = "", text
		}
		l, err := ParseLatency(strings.TrimSpace(distribution))
		switch {
		case err != nil:
			return nil, err
		case !found:
			for _, t := range known {
				out[t] = l
			}
		case !slices.Contains(known, tier):
			return nil, fmt.Errorf("the description has no tier %s%s; the tiers are %s", quote(tier), suggest(tier, known), strings.Join(known, ", "))
		default:
			named[tier] = l
		}
	}
	maps.Copy(out, named)
	return out, nil
}

// ParsePools reads how many workers there are for a tier, each as TIER=WORKERS, over what there is otherwise.
func ParsePools(texts []string, otherwise map[string]int) (map[string]int, error) {
	out := maps.Clone(otherwise)
	for _, text := range texts {
		tier, number, _ := strings.Cut(text, "=")
		n, err := strconv.Atoi(strings.TrimSpace(number))
		if err != nil || n < 1 || n > maxWorkers {
			return nil, fmt.Errorf("expected TIER=WORKERS, as in Full=8, with 1 to %d workers, found %s", maxWorkers, quote(text))
		}
		if out == nil {
			out = map[string]int{}
		}
		out[tier] = n
	}
	return out, nil
}

// maxWorkers is the most that a pool is given.
const maxWorkers = 1_000_000

// Set reads NAME=SHARE, as in http500=1%, and sets that share, or above=RATE, as in above=56/s. The names are those of
// [ShareNames].
func (f *Faults) Set(text string) error {
	name, value, found := strings.Cut(text, "=")
	if found && name == "above" {
		number, ok := strings.CutSuffix(strings.TrimSpace(value), "/s")
		rate, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if !ok || err != nil || !(rate > 0 && rate <= highestAbove) {
			return fmt.Errorf("above: expected a rate above 0/s and up to %d/s, such as 56/s, found %s", highestAbove, quote(value))
		}
		f.Above = rate
		return nil
	}
	share := f.Share(name)
	if !found || share == nil {
		return fmt.Errorf("expected NAME=SHARE, found %s%s; the names are %s", quote(text), suggest(name, ShareNames()), strings.Join(ShareNames(), ", "))
	}
	x, err := parseShare(value)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	*share = x
	return nil
}

// parseShare reads a share: 1% or 0.01.
func parseShare(text string) (float64, error) {
	number, inPercent := strings.CutSuffix(strings.TrimSpace(text), "%")
	x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if inPercent {
		x /= 100
	}
	if err != nil || !(x >= 0 && x <= 1) {
		return 0, fmt.Errorf("expected a share from 0%% to 100%%, found %s", quote(text))
	}
	return x, nil
}

// ParseSlowBody reads SHARE,TIME, as in 5%,2s.
func ParseSlowBody(text string) (s SlowBody, err error) {
	share, length, _ := strings.Cut(text, ",")
	if s.Share, err = parseShare(share); err == nil {
		s.For, err = time.ParseDuration(strings.TrimSpace(length))
	}
	if err != nil {
		return SlowBody{}, fmt.Errorf("expected SHARE,TIME as in 5%%,2s: %w", err)
	}
	return s, nil
}

// ParseStall reads AT,FOR, as in 5s,2s.
func ParseStall(text string) (s Stall, err error) {
	at, length, _ := strings.Cut(text, ",")
	if s.At, err = time.ParseDuration(strings.TrimSpace(at)); err == nil {
		s.For, err = time.ParseDuration(strings.TrimSpace(length))
	}
	if err != nil {
		return Stall{}, fmt.Errorf("expected AT,FOR as in 5s,2s: %w", err)
	}
	return s, nil
}
