package provider

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/text"
)

// Latency is a distribution of service times. The zero value is a constant of zero. Two latencies are equal (==) when
// they are the same distribution with the same parameters.
type Latency struct {
	shape shape
	// a is the constant, the lower bound, or the median.
	a time.Duration
	// b is the upper bound of a uniform distribution.
	b time.Duration
	// sigma is the standard deviation of the logarithm of a lognormal distribution.
	sigma float64
}

type shape uint8

const (
	constant shape = iota
	uniform
	lognormal
)

var shapeNames = []string{constant: "constant", uniform: "uniform", lognormal: "lognormal"}

const (
	// maxLatency bounds every duration that is written in a latency.
	maxLatency = time.Hour
	// maxSigma keeps the share of draws that lognormalCap cuts off at 1.1 % or less: P(Z > ln(100)/2) = 0.0107.
	maxSigma = 2.0
	// lognormalCap bounds a lognormal draw, in medians, so that one unlucky call cannot outlast a run.
	lognormalCap = 100
)

// ParseLatency reads a distribution:
//
//	latency      = duration | distribution .
//	distribution = "constant"  "(" duration ")"
//	             | "uniform"   "(" duration "," duration ")"    lowest and highest
//	             | "lognormal" "(" duration "," sigma ")"       median and sigma of the logarithm
//	duration     = as in time.ParseDuration, from 0s to 1h: 20ms, 1.5s, 1m30s .
//	sigma        = a number from 0 to 2: 0.4 .
//
// A bare duration is a constant. Spaces may stand between any two parts. No draw of a lognormal exceeds 100 times its
// median. An error names the column, counted in characters from 1, what was expected there, and what was found.
func ParseLatency(s string) (Latency, error) {
	p := latencyParser{text: s}
	l := p.latency()
	if p.err != nil {
		return Latency{}, fmt.Errorf("latency %s: %w", quote(s), p.err)
	}
	return l, nil
}

// String writes the distribution so that [ParseLatency] reads the same one.
func (l Latency) String() string {
	switch l.shape {
	case uniform:
		return fmt.Sprintf("uniform(%s, %s)", l.a, l.b)
	case lognormal:
		return fmt.Sprintf("lognormal(%s, %s)", l.a, strconv.FormatFloat(l.sigma, 'g', -1, 64))
	}
	return l.a.String()
}

// quantile is the inverse of the distribution function, for u strictly between 0 and 1. Drawn with a uniform u, it is a
// sample of the distribution.
func (l Latency) quantile(u float64) time.Duration {
	switch l.shape {
	case uniform:
		return l.a + time.Duration(u*float64(l.b-l.a))
	case lognormal:
		// The normal quantile is √2·erf⁻¹(2u−1).
		f := math.Exp(l.sigma * math.Sqrt2 * math.Erfinv(2*u-1))
		return time.Duration(float64(l.a) * min(f, lognormalCap))
	}
	return l.a
}

// DefaultLatency is a service that is quick enough to try things on and yet not flat: the first tier is lognormal with
// a median of 40 ms, each further one takes 30 % of the one before it, but not less than 1 ms. Descriptions list their
// tiers from the most capable down (Full, Lite), so what comes first is slowest. A call without a tier takes as long
// as one of the first.
func DefaultLatency(tiers []string) map[string]Latency {
	median := 40 * time.Millisecond
	out := map[string]Latency{contracts.NoTier(tiers): {shape: lognormal, a: median, sigma: 0.4}}
	for _, tier := range tiers {
		out[tier] = Latency{shape: lognormal, a: median, sigma: 0.4}
		median = max(median*3/10, time.Millisecond)
	}
	return out
}

type latencyParser struct {
	text string
	pos  int
	err  error
}

func (p *latencyParser) latency() Latency {
	start, word := p.next()
	if first, _ := utf8.DecodeRuneInString(word); !isLetter(first) {
		l := Latency{a: p.duration(start, word)}
		p.end()
		return l
	}
	i := slices.Index(shapeNames, word)
	if i < 0 {
		p.fail(start, "expected a duration or one of "+strings.Join(shapeNames, ", "), word)
		p.err = fmt.Errorf("%w%s", p.err, suggest(word, shapeNames))
		return Latency{}
	}
	l := Latency{shape: shape(i)}
	p.expect("(")
	at, token := p.next()
	l.a = p.duration(at, token)
	switch l.shape {
	case uniform:
		p.expect(",")
		at, token = p.next()
		if l.b = p.duration(at, token); l.b < l.a {
			p.fail(at, "expected a highest duration of at least "+l.a.String(), token)
		}
	case lognormal:
		p.expect(",")
		at, token = p.next()
		sigma, err := strconv.ParseFloat(token, 64)
		if err != nil || !(sigma >= 0 && sigma <= maxSigma) {
			p.fail(at, "expected sigma, a number from 0 to 2", token)
		}
		l.sigma = math.Abs(sigma) // −0 becomes 0
	}
	p.expect(")")
	p.end()
	return l
}

// next reads one token: a parenthesis, a comma, or a run of anything else up to one of them or a space. It is empty at
// the end of the text.
func (p *latencyParser) next() (at int, token string) {
	for p.pos < len(p.text) && isSpace(p.text[p.pos]) {
		p.pos++
	}
	at = p.pos
	for p.pos < len(p.text) && !isSpace(p.text[p.pos]) {
		if strings.IndexByte("(),", p.text[p.pos]) >= 0 {
			if p.pos == at {
				p.pos++
			}
			break
		}
		p.pos++
	}
	return at, p.text[at:p.pos]
}

func (p *latencyParser) duration(at int, token string) time.Duration {
	d, err := time.ParseDuration(token)
	if err != nil || d < 0 || d > maxLatency {
		p.fail(at, "expected a duration from 0s to 1h, such as 20ms", token)
		return 0
	}
	return d
}

func (p *latencyParser) expect(want string) {
	if at, token := p.next(); token != want {
		p.fail(at, "expected "+want, token)
	}
}

func (p *latencyParser) end() {
	if at, token := p.next(); token != "" {
		p.fail(at, "expected the end", token)
	}
}

// fail keeps the first error.
func (p *latencyParser) fail(at int, expected, found string) {
	if p.err != nil {
		return
	}
	if found == "" {
		found = "the end"
	} else {
		found = quote(found)
	}
	p.err = fmt.Errorf("column %d: %s, found %s", utf8.RuneCountInString(p.text[:at])+1, expected, found)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// quote makes a foreign text fit for a message: control characters escaped, and not longer than a line bears.
func quote(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}

// suggest gives " (did you mean …?)" for the name nearest to word, or nothing if none is near.
func suggest(word string, names []string) string {
	if near := text.Nearest(word, names); near != "" {
		return " (did you mean " + strconv.Quote(near) + "?)"
	}
	return ""
}

// byTier gives an entry to every tier, and to the calls without one.
func byTier[V any](tiers []string, given map[string]V) (map[string]V, error) {
	noTier := contracts.NoTier(tiers)
	known := append(slices.Clone(tiers), noTier)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			errs = append(errs, fmt.Errorf("expected one of the tiers %s, found %s%s",
				strings.Join(known, ", "), quote(name), suggest(name, known)))
		}
	}
	otherwise, ok := given[noTier]
	for _, tier := range tiers {
		if !ok {
			otherwise, ok = given[tier]
		}
	}
	all := make(map[string]V, len(tiers)+1)
	for _, tier := range known {
		all[tier] = otherwise
	}
	maps.Copy(all, given)
	return all, errors.Join(errs...)
}
