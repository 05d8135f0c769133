package metrics

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/reports/text"
)

// spell writes seconds with that many significant digits and a unit that suits them.
func spell(seconds float64, digits int) string {
	switch {
	case seconds < 1e-3:
		return plain(round(seconds*1e6, digits)) + " µs"
	case seconds < 1:
		return plain(round(seconds*1e3, digits)) + " ms"
	}
	return plain(round(seconds, digits)) + " s"
}

// spellWindow writes a whole number of seconds as thresholds have it.
func spellWindow(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return strconv.Itoa(int(d/time.Second)) + "s"
}

// round keeps that many significant digits of v.
func round(v float64, digits int) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64)
	return rounded
}

// plain writes v without an exponent.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// calls counts calls in words.
func calls(n uint64) string {
	if n == 1 {
		return "1 call"
	}
	return strconv.FormatUint(n, 10) + " calls"
}

// isBareRune reports whether r may stand in a selector's value that has no quotes.
func isBareRune(r rune) bool {
	return r != utf8.RuneError && unicode.IsPrint(r) && !unicode.IsSpace(r) && !strings.ContainsRune("\"',{}=", r)
}

// quote writes a selector's value as ParseThreshold reads it.
func quote(s string) string {
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !isBareRune(r) }) < 0 {
		return s
	}
	return strconv.Quote(s)
}

// unknown says that there is no such word, what there is, and which one may have been meant.
func unknown(what, word string, known []string) string {
	var names []string
	for _, k := range known {
		if !slices.Contains(names, quote(k)) {
			names = append(names, quote(k))
		}
	}
	s := fmt.Sprintf("unknown %s %q; ", what, word)
	const most = 20
	switch {
	case len(names) == 0:
		return s + "there is none"
	case len(names) > most:
		s += fmt.Sprintf("there are %d, the first are %s", len(names), strings.Join(names[:most], ", "))
	default:
		s += "expected one of " + strings.Join(names, ", ")
	}
	if near := text.Nearest(word, known); near != "" {
		s += fmt.Sprintf("; did you mean %q?", near)
	}
	return s
}
