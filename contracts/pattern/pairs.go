package pattern

import (
	"fmt"
	"regexp"
	"strconv"
)

// pairs are two escapes that make up one character.
var pairs = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}`)

// joined writes such a pair as the one character that it is.
func joined(pair string) string {
	high, _ := strconv.ParseUint(pair[2:6], 16, 32)
	low, _ := strconv.ParseUint(pair[8:12], 16, 32)
	return fmt.Sprintf(`\u{%x}`, 0x10000+(high-0xd800)<<10+(low-0xdc00))
}
