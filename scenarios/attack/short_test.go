package attack

import (
	"strings"
	"testing"
)

// What does not fit into the descriptors of this process is said beforehand.
func TestShort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		yaml  string
		files uint64
		lanes int
		short bool
	}{
		{"load: [{rate: 100/s, for: 60s}]", 64, 1, true},
		{"load: [{rate: 100/s, for: 60s}]", 1019, 1, true},
		{"load: [{rate: 100/s, for: 60s}]", 1020, 1, false},
		{"load: [{rate: 100/s, for: 60s}]", 0, 1, false},
		{"load: [{rate: 100/s, for: 60s}]\nlimits: {inFlight: 40}", 64, 1, false},
		{"load: [{rate: 1/s, for: 44s}]", 64, 1, false},
		{"load: [{callers: 44, for: 60s}]", 64, 1, false},
		{"load: [{callers: 45, for: 60s}]", 64, 1, true},
		{"load: [{callers: 44, for: 60s}]", 64, 2, true},
		{"load: [{callers: 40, for: 60s}]", 64, 2, false},
		{"load: [{rate: 100/s, for: 60s}]", 5999, 6, true},
		{"load: [{rate: 100/s, for: 60s}]\nlimits: {inFlight: 40}", 279, 6, true},
		{"load: [{rate: 100/s, for: 60s}]\nlimits: {inFlight: 40}", 280, 6, false},
		{"load: [{rate: 100/s, for: 1s}]", 140, 6, false},
	} {
		said := Config{Plan: plan(t, c.yaml, 1)}.short(c.files, c.lanes)
		if (said != "") != c.short || c.short && (!strings.Contains(said, "limits.inFlight") || !strings.Contains(said, "only ")) {
			t.Errorf("%s with %d files and %d lanes: %q", c.yaml, c.files, c.lanes, said)
		}
	}
}
