package verify

import (
	"testing"
	"time"
)

// Whatever a target asks for, the time is none that lies behind, and none that nobody can wait for.
func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{
		"", "0", "7", "-1", "+3", "1.5", " 7 ", "99999999999999999999", "9223372036", "Thu, 26 Nov 2026 02:00:09 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
		"Mon, 01 Jan 0001 00:00:00 GMT",
	} {
		f.Add(value)
	}
	now := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		after, asked := retryAfter(value, now)
		if after < 0 || !asked && after != 0 {
			t.Errorf("%q: %s, asked %v", value, after, asked)
		}
	})
}
