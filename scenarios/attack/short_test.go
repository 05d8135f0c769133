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
		short bool
	}{
		{"load: [{rate: 100/s, for: 60s}]", 64, true},
		{"load: [{rate: 100/s, for: 60s}]", 1019, true},
		{"load: [{rate: 100/s, for: 60s}]", 1020, false},
		{"load: [{rate: 100/s, for: 60s}]", 0, false},
		{"load: [{rate: 100/s, for: 60s}]\nlimits: {inFlight: 40}", 64, false},
		{"load: [{rate: 1/s, for: 44s}]", 64, false},
		{"load: [{callers: 44, for: 60s}]", 64, false},
		{"load: [{callers: 45, for: 60s}]", 64, true},
	} {
		said := Config{Plan: plan(t, c.yaml, 1)}.short(c.files)
		if (said != "") != c.short || c.short && (!strings.Contains(said, "limits.inFlight") || !strings.Contains(said, "only ")) {
			t.Errorf("%s with %d files: %q", c.yaml, c.files, said)
		}
	}
}
