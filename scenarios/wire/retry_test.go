package wire

import (
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const answered = "Sun, 01 Mar 2026 11:59:00 GMT"
	for _, c := range []struct {
		value, date string
		want        time.Duration
		ok          bool
	}{
		{"", answered, 0, false},
		{"0", "", 0, true},
		{"5", "", 5 * time.Second, true},
		{"86400", "", 24 * time.Hour, true},
		{"86401", "", 24 * time.Hour, true}, // bounded
		{"99999999999999999999999999", "", 24 * time.Hour, true},
		{"Sun, 01 Mar 2026 12:00:30 GMT", "", 30 * time.Second, true},
		{"Sun, 01 Mar 2026 12:00:30 GMT", answered, 90 * time.Second, true}, // by the answer's own clock
		{"Sun, 01 Mar 2026 12:00:30 GMT", "yesterday", 30 * time.Second, true},
		{"Sunday, 01-Mar-26 12:00:30 GMT", answered, 90 * time.Second, true}, // RFC 850
		{"Sun, 01 Mar 2020 12:00:30 GMT", answered, 0, true},                 // long ago
		{"Sun, 01 Mar 2099 12:00:30 GMT", answered, 24 * time.Hour, true},
		{"-1", "", 0, false},
		{"1.5", "", 0, false},
		{"soon", "", 0, false},
	} {
		if got, ok := retryAfter(c.value, c.date, now); got != c.want || ok != c.ok {
			t.Errorf("Retry-After %q, Date %q: %v, %v, want %v, %v", c.value, c.date, got, ok, c.want, c.ok)
		}
	}
}
