package document

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// Text reads a scalar as it is written, be it a number, with the environment's variables put in where it asks for them.
func (v Value) Text(what string) (string, bool) {
	if v.node.Kind == yaml.ScalarNode && v.node.Style&yaml.TaggedStyle != 0 && v.node.Tag != "!!str" {
		v.Fail("expected %s, found the tag %s, which andon does not read; write the value itself", what, Clip(v.node.Tag))
		return "", false
	}
	if v.node.Kind != yaml.ScalarNode || v.null() {
		v.Fail("expected %s, found %s", what, v.Found())
		return "", false
	}
	s, err := substitute(v.node.Value, v.doc.env)
	if err != nil {
		v.Fail("%v", err)
		return "", false
	}
	return s, true
}

// substitute replaces ${NAME} and ${NAME:-default} in s; $${ stands for ${ itself. Without an environment nothing is.
func substitute(s string, env func(string) (string, bool)) (string, error) {
	if env == nil || !strings.Contains(s, "${") {
		return s, nil
	}
	var b strings.Builder
	for {
		at := strings.Index(s, "${")
		if at < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		if at > 0 && s[at-1] == '$' {
			b.WriteString(s[:at-1] + "${")
			s = s[at+2:]
			continue
		}
		end := strings.IndexByte(s[at:], '}')
		if end < 0 {
			return "", fmt.Errorf("`${` is not closed by `}`; write $${ for the two characters themselves")
		}
		name, otherwise, hasDefault := strings.Cut(s[at+2:at+end], ":-")
		if !isVariable(name) {
			return "", fmt.Errorf("%q is no name of an environment variable; expected ${NAME} or ${NAME:-default}", Clip(name))
		}
		b.WriteString(s[:at])
		s = s[at+end+1:]
		switch found, ok := env(name); {
		case ok && (found != "" || !hasDefault):
			b.WriteString(found)
		case hasDefault:
			b.WriteString(otherwise)
		default:
			return "", fmt.Errorf("the environment variable %s is not set; set it, or write ${%s:-default}", name, name)
		}
	}
}

func isVariable(name string) bool {
	for i, c := range []byte(name) {
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return name != ""
}

// Boolean reads true or false.
func (v Value) Boolean(what string) bool {
	s, ok := v.Text(what)
	means, _ := jsontext.Plain(s)
	truth, is := means.(bool)
	if ok && !is {
		v.Fail("expected %s, true or false, found %s", what, v.Found())
	}
	return truth
}

// Integer reads a whole number between lo and hi. Underscores may group its digits.
func (v Value) Integer(what string, lo, hi uint64) (uint64, bool) {
	s, ok := v.Text(what)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.ReplaceAll(s, "_", ""), 10, 64)
	if err != nil || n < lo || n > hi {
		v.Fail("expected %s, a whole number from %d to %d, found %s", what, lo, hi, v.Found())
		return 0, false
	}
	return n, true
}

// decimal reads a number in decimal digits. The standard library would take 0x1p4 too.
func decimal(s string) (float64, error) {
	if strings.ContainsAny(s, "xX_") {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(s, 64)
}

// Weight reads a number of at least 0.
func (v Value) Weight(what string) (float64, bool) {
	s, ok := v.Text(what)
	if !ok {
		return 0, false
	}
	f, err := decimal(s)
	if err != nil || !(f >= 0) || f > 1e12 {
		hint := ""
		if strings.HasSuffix(s, "%") {
			hint = "; weights are shares of their sum, so leave the % out"
		}
		v.Fail("expected %s, a number of at least 0, found %s%s", what, v.Found(), hint)
		return 0, false
	}
	return f, true
}

// Share reads a percentage.
func (v Value) Share(what string) (float64, bool) {
	s, ok := v.Text(what)
	if !ok {
		return 0, false
	}
	number, percent := strings.CutSuffix(s, "%")
	f, err := decimal(strings.TrimSpace(number))
	switch {
	case err == nil && !percent && f >= 0 && f <= 100:
		v.Fail("expected %s, a share with its unit such as %s%%, found %s", what, strconv.FormatFloat(f, 'g', -1, 64), v.Found())
		return 0, false
	case err != nil || !percent || !(f >= 0 && f <= 100):
		v.Fail("expected %s, a share from 0%% to 100%%, found %s", what, v.Found())
		return 0, false
	}
	return f / 100, true
}

// MaxDuration is the longest duration that is read.
const MaxDuration = 7 * 24 * time.Hour

// Duration reads a duration with its unit.
func (v Value) Duration(what string) (time.Duration, bool) {
	s, ok := v.Text(what)
	if !ok {
		return 0, false
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		if _, bare := decimal(s); bare == nil {
			v.Fail("expected %s with a unit, such as %ss or %sms, found %s", what, s, s, v.Found())
		} else {
			v.Fail("expected %s, a duration such as 500ms, 30s or 1h30m, found %s", what, v.Found())
		}
		return 0, false
	}
	if d < 0 || d > MaxDuration {
		v.Fail("expected %s, a duration from 0s to 168h, found %s", what, v.Found())
		return 0, false
	}
	return d, true
}

// Positive reads a duration longer than 0.
func (v Value) Positive(what string) (time.Duration, bool) {
	d, ok := v.Duration(what)
	if ok && d == 0 {
		v.Fail("expected %s, longer than 0s", what)
		return 0, false
	}
	return d, ok
}

// Megabytes reads a size in whole megabytes: a number with MB or GB behind it.
func (v Value) Megabytes(what string) (uint64, bool) {
	s, ok := v.Text(what)
	if !ok {
		return 0, false
	}
	unit := uint64(1)
	number, found := strings.CutSuffix(s, "MB")
	if !found {
		number, found = strings.CutSuffix(s, "GB")
		unit = 1000
	}
	n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 32)
	if err != nil || !found {
		v.Fail("expected %s, a size such as 256MB or 2GB, found %s", what, v.Found())
		return 0, false
	}
	return n * unit, true
}

// MaxRate is the highest rate that is read, in calls a second.
const MaxRate = 1e6

// Rate reads a rate, in calls a second: a number, a slash and s, m or h.
func (v Value) Rate(what string) (float64, bool) {
	s, ok := v.Text(what)
	if !ok {
		return 0, false
	}
	number, unit, slash := strings.Cut(s, "/")
	f, err := decimal(strings.TrimSpace(number))
	per := map[string]float64{"s": 1, "m": 60, "h": 3600}[strings.TrimSpace(unit)]
	switch {
	case err == nil && !slash:
		v.Fail("expected %s with its unit, such as %s/s or %s/m, found %s", what, s, s, v.Found())
		return 0, false
	case err != nil || per == 0:
		v.Fail("expected %s, a rate such as 100/s, 90/m or 20/h, found %s", what, v.Found())
		return 0, false
	case f < 0:
		v.Fail("%s is below zero: %s", what, v.Found())
		return 0, false
	case math.IsNaN(f) || f/per > MaxRate:
		v.Fail("expected %s of at most 1000000/s, found %s", what, v.Found())
		return 0, false
	}
	return f / per, true
}
