package scenarios

import (
	"math"
	"math/rand/v2"

	"github.com/kaizenautomation/andon/scenarios/document"
)

// readLength reads a distribution of lengths in characters, and gives texts of such lengths.
func readLength(v document.Value) source {
	if v.Scalar() {
		n, ok := v.Integer("the length", 0, maxText)
		if !ok {
			return nil
		}
		return textSource(func(*rand.Rand) int { return int(n) })
	}
	keys, ok := v.Object("the length", "median", "p99", "min", "max")
	if !ok {
		return nil
	}
	number := func(name string) (float64, bool) {
		v, given := keys[name]
		if !given {
			return 0, false
		}
		n, ok := v.Integer("`"+name+"` of the length", 0, maxText)
		return float64(n), ok
	}
	median, hasMedian := number("median")
	p99, hasP99 := number("p99")
	low, hasLow := number("min")
	high, hasHigh := number("max")
	switch {
	case hasMedian && hasP99 && len(keys) == 2:
		if median < 1 || p99 < median {
			v.Fail("expected a median of at least 1 and a p99 of at least the median, found %.0f and %.0f", median, p99)
			return nil
		}
		// A lognormal with these two quantiles: sigma = ln(p99/median) / 2.3263, the standard normal's 99th percentile.
		sigma := math.Log(p99/median) / 2.3263478740408408
		return textSource(func(rng *rand.Rand) int {
			return int(min(math.Round(median*math.Exp(sigma*rng.NormFloat64())), 100*p99, maxText))
		})
	case hasLow && hasHigh && len(keys) == 2:
		if low > high {
			v.Fail("the least length %.0f is above the greatest %.0f", low, high)
			return nil
		}
		return textSource(func(rng *rand.Rand) int { return int(low) + rng.IntN(int(high-low)+1) })
	}
	// A misspelt key is reported already.
	if len(keys) == v.Len() {
		v.Fail("expected a length such as 400, {median: 400, p99: 4000} or {min: 10, max: 500}")
	}
	return nil
}

// readObject gives JSON objects of `keys` members, the last of which is such an object itself, down to `depth` levels.
func readObject(keys map[string]document.Value) source {
	size, ok := keys["keys"].Integer("the number of keys", 0, 1000)
	depth := uint64(1)
	if v, given := keys["depth"]; given {
		var good bool
		depth, good = v.Integer("the depth", 1, maxLevels)
		ok = ok && good
	}
	if !ok {
		return nil
	}
	if size == 0 && depth > 1 {
		keys["keys"].Fail("objects without keys have no depth; expected at least 1 key")
		return nil
	}
	return objectSource(size, depth)
}
