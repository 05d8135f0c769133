package contracts

import (
	"path/filepath"
	"strconv"
	"strings"
)

// clip shortens a text to n runes.
func clip(s string, n int) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	i := 0
	for at := range s {
		if i == n {
			return s[:at] + "…"
		}
		i++
	}
	return s
}

func quote(s string) string { return strconv.Quote(s) }

// below gives a place further down.
func below(at []string, more ...string) []string { return append(at[:len(at):len(at)], more...) }

// fileBeside is how a file is called that lies in the folder of another, or below.
func fileBeside(name, file string) string {
	return filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
}
