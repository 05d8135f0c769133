package results

import (
	"fmt"
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

func TestTraceID(t *testing.T) {
	// Once an id was given out, it must be found again.
	for _, c := range []struct {
		seed, n uint64
		want    string
	}{
		{0, 0, "a706dd2f4d197e6f246e8d982bb2b96c 497390ae714f35d4"},
		{1, 0, "5e41ab087439611e909dcd031f32f8cb 444ca7a93cdbbb7d"},
		{1, 1, "86d6fd953217ae039a2dc80e87e2ff71 7b090ea638930741"},
	} {
		if got := fmt.Sprintf("%x %x", TraceID(c.seed, c.n), SpanID(c.seed, c.n)); got != c.want {
			t.Errorf("seed %d, call %d: %s, want %s", c.seed, c.n, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		seed, n, other := rapid.Uint64().Draw(t, "seed"), rapid.Uint64().Draw(t, "n"), rapid.Uint64().Draw(t, "other")
		id := TraceID(seed, n)
		if id == [16]byte{} || SpanID(seed, n) == [8]byte{} {
			t.Fatal("an id is all zeros")
		}
		if n != other && id == TraceID(seed, other) {
			t.Fatalf("calls %d and %d share a trace id", n, other)
		}
		if id != TraceID(seed, n) {
			t.Fatal("the id is not a function of seed and call")
		}
	})
	seen := map[[16]byte]bool{}
	for seed := range uint64(100) {
		for n := range uint64(1000) {
			seen[TraceID(seed, n)] = true
		}
	}
	if len(seen) != 100_000 {
		t.Errorf("100,000 calls of 100 seeds have %d ids", len(seen))
	}
}

func TestTraceparent(t *testing.T) {
	// The grammar of W3C Trace Context, section 3.2.2; all zeros are no ids.
	valid := regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`)
	none := regexp.MustCompile(`-0+-`)
	rapid.Check(t, func(t *rapid.T) {
		traces, n := rapid.Uint64().Draw(t, "traces"), rapid.Uint64().Draw(t, "n")
		got := string(AppendTraceparent([]byte("x"), traces, n)[1:])
		if !valid.MatchString(got) || none.MatchString(got) || len(got) != TraceparentLength {
			t.Fatalf("%q is no traceparent", got)
		}
		if again := string(AppendTraceparent(nil, traces, n)); again != got {
			t.Fatalf("call %d has %q and %q", n, got, again)
		}
		if next := string(AppendTraceparent(nil, traces, n+1)); next == got {
			t.Fatalf("calls %d and %d share %q", n, n+1, got)
		}
	})
}

func BenchmarkTraceparent(b *testing.B) {
	buf := make([]byte, 0, 64)
	b.ReportAllocs()
	for n := uint64(0); b.Loop(); n++ {
		buf = AppendTraceparent(buf[:0], 1, n)
	}
}
