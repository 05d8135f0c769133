package text

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// address is where one begins in a text, and all of it.
var address = regexp.MustCompile("[A-Za-z][A-Za-z0-9+.-]*://[^\\s\"'`<>]+")

// Public is a text for people, an error of a library's say, in whose addresses nothing is left that may be secret: no
// user, no password, no query and no fragment. Whatever shows an address shows it by this function.
func Public(s string) string {
	return address.ReplaceAllStringFunc(s, func(whole string) string {
		scheme, rest, _ := strings.Cut(whole, "://")
		// What ends a sentence, or stands around the address, is none of it.
		inner := strings.TrimRight(rest, ".,;:)]}")
		behind := rest[len(inner):]
		before, after := inner, ""
		if at := strings.IndexAny(inner, "?#"); at >= 0 {
			before, after = inner[:at], inner[at:at+1]+"…"
		}
		if at := strings.LastIndexByte(before, '@'); at >= 0 {
			before = "…" + before[at:]
		} else if host, _, _ := strings.Cut(before, "/"); after != "" && passworded(host) {
			// What seems to be a query is the rest of a password.
			before, after = "…", ""
		}
		return scheme + "://" + before + after + behind
	})
}

// Reason is an error of net/http's without the address that it names first, in which a secret may stand.
func Reason(err error) error {
	var whole *url.Error
	if errors.As(err, &whole) {
		return whole.Err
	}
	return err
}

// passworded reports whether a host has something behind a colon that is no port.
func passworded(host string) bool {
	if strings.HasPrefix(host, "[") {
		return false
	}
	_, port, found := strings.Cut(host, ":")
	return found && strings.Trim(port, "0123456789") != ""
}
