package scenarios

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

func TestTraceparent(t *testing.T) {
	// The grammar of W3C Trace Context, section 3.2.2; all zeros are no ids.
	valid := regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`)
	none := regexp.MustCompile(`-0+-`)
	rapid.Check(t, func(t *rapid.T) {
		p := &Plan{Seed: rapid.Uint64().Draw(t, "seed")}
		n := rapid.Uint64().Draw(t, "n")
		got := string(p.AppendTraceparent([]byte("x"), n)[1:])
		if !valid.MatchString(got) || none.MatchString(got) {
			t.Fatalf("%q is no traceparent", got)
		}
		if again := string(p.AppendTraceparent(nil, n)); again != got {
			t.Fatalf("hit %d has %q and %q", n, got, again)
		}
		if next := string(p.AppendTraceparent(nil, n+1)); next == got {
			t.Fatalf("hits %d and %d share %q", n, n+1, got)
		}
	})
}

func BenchmarkTraceparent(b *testing.B) {
	p, buf := &Plan{Seed: 1}, make([]byte, 0, 64)
	b.ReportAllocs()
	for n := uint64(0); b.Loop(); n++ {
		buf = p.AppendTraceparent(buf[:0], n)
	}
}
