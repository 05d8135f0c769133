package scenarios

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func planOf(t testing.TB, text string, seed uint64) *Plan { return must(parse(t, text).Plan(seed)) }

// Whatever the load and the number of shards, each call is sent by one of them, as the whole would send it.
func TestShardsAreTheWhole(t *testing.T) {
	loads := []string{
		"load: [{rate: 50/s, for: 2s}]", "load: [{ramp: {from: 0/s, to: 80/s}, for: 3s}]", "arrivals: poisson\nload: [{rate: 90/s, for: 2s}]",
		"load: [{rate: 20/s, for: 1s, warmup: true}, {steps: {from: 10/s, to: 40/s, by: 10/s}, for: 4s}]",
		"load: [{spike: {base: 10/s, peak: 90/s, at: 1s, width: 1s}, for: 3s}]",
		"load: [{sine: {mean: 30/s, amplitude: 30/s, period: 1s}, for: 2s}, {rate: 7/s, for: 3s}]",
	}
	mixes := []string{"", "mix: {tier: {Full: 1, Lite: 2}, invalid: 10%}\n"}
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.SampledFrom(mixes).Draw(r, "mix") + rapid.SampledFrom(loads).Draw(r, "load") + "\n"
		whole := planOf(t, text, rapid.Uint64().Draw(r, "seed"))
		k := rapid.IntRange(1, 9).Draw(r, "shards")
		sent := make([]int, whole.Calls)
		planned := make([][]uint64, len(whole.Planned))
		for i := range planned {
			planned[i] = make([]uint64, len(whole.Planned[i]))
		}
		inFlight, warm := 0, 0
		at := time.Duration(rapid.Float64Range(0, whole.Seconds).Draw(r, "at") * float64(time.Second))
		var due uint64
		var rate float64
		for i := range k {
			p, err := whole.Shard(Shard{i, k})
			if err != nil {
				r.Fatalf("shard %d of %d: %v", i, k, err)
			}
			var last time.Duration
			for j := range p.Calls {
				n := p.Number(j)
				sent[n]++
				a, c := whole.AppendBody(nil, n)
				b, d := p.AppendBody(nil, n)
				if !bytes.Equal(a, b) || c != d || p.Due(n) != whole.Due(n) || p.Phase(n) != whole.Phase(n) || p.Tenant(n) != whole.Tenant(n) || p.Place(n) != j || p.Due(n) < last {
					r.Fatalf("call %d is another in shard %d of %d", n, i, k)
				}
				last = p.Due(n)
			}
			for i, phase := range p.Planned {
				for c, n := range phase {
					planned[i][c] += n
				}
			}
			inFlight, warm, due = inFlight+p.Limits.InFlight, warm+p.Limits.Warm, due+p.DueBefore(at)
			_, _, asked := p.At(at)
			rate += asked
			if p.Digest("v1") != whole.Digest("v1") || !reflect.DeepEqual(p.Labels, whole.Labels) {
				r.Fatal("a shard has another digest, or other labels, than the whole")
			}
		}
		for n, times := range sent {
			if times != 1 {
				r.Fatalf("call %d of %d is sent %d times by %d shards", n, whole.Calls, times, k)
			}
		}
		_, _, want := whole.At(at)
		if !reflect.DeepEqual(planned, whole.Planned) || inFlight != whole.Limits.InFlight || warm != whole.Limits.Warm || due != whole.DueBefore(at) || rate < want*(1-1e-9) || rate > want*(1+1e-9) {
			r.Fatalf("%d shards have %v calls, %d in flight, %d warm, %d due, %v/s; the whole %v, %d, %d, %d, %v/s",
				k, planned, inFlight, warm, due, rate, whole.Planned, whole.Limits.InFlight, whole.Limits.Warm, whole.DueBefore(at), want)
		}
	})
}

// A million calls, by their numbers and moments alone.
func TestShardsOfAMillion(t *testing.T) {
	whole := planOf(t, "load: [{rate: 100000/s, for: 10s}]\nlimits: {calls: 1000000}\n", 1)
	const k = 7
	var parts []*Plan
	var sum uint64
	for i := range k {
		p, err := whole.Shard(Shard{i, k})
		if err != nil {
			t.Fatal(err)
		}
		parts, sum = append(parts, p), sum+p.Calls
	}
	for n := range whole.Calls {
		p := parts[n%k]
		if p.Number(p.Place(n)) != n || p.Place(n) >= p.Calls || n%1000 == 0 && p.Due(n) != whole.Due(n) {
			t.Fatalf("call %d is not that of shard %d", n, n%k)
		}
	}
	if whole.Calls != 1_000_000 || sum != whole.Calls {
		t.Fatalf("%d of %d calls are in shards", sum, whole.Calls)
	}
}

func TestShardsOfAClosedLoop(t *testing.T) {
	whole := planOf(t, "load: [{callers: 10, for: 1s}, {callers: 3, for: 1s}]\nlimits: {calls: 100, inFlight: 8}\n", 1)
	var calls uint64
	var callers, inFlight int
	for i := range 3 {
		p, err := whole.Shard(Shard{i, 3})
		if err != nil {
			t.Fatal(err)
		}
		_, later, _ := p.At(1500 * time.Millisecond)
		calls, callers, inFlight = calls+p.MaxCalls(), callers+p.PeakCallers(), inFlight+p.Limits.InFlight
		if later != 1 || p.Number(p.MaxCalls()-1) >= 100 {
			t.Errorf("shard %d has %d callers in the second phase, and the number %d", i, later, p.Number(p.MaxCalls()-1))
		}
	}
	if calls != 100 || callers != 10 || inFlight != 8 {
		t.Errorf("the shards have %d calls, %d callers and %d in flight", calls, callers, inFlight)
	}
}

func TestShardThatCannotBe(t *testing.T) {
	open, closed := "load: [{rate: 10/s, for: 1s}]\nlimits: {inFlight: 4}\n", "load: [{callers: 3, for: 1s}]\nlimits: {calls: 2}\n"
	for _, c := range []struct {
		text  string
		shard Shard
		says  []string
	}{
		{open, Shard{4, 4}, []string{"no shard 4 of 4", "from 0/4 to 3/4"}},
		{open, Shard{-1, 4}, []string{"no shard -1 of 4"}},
		{open, Shard{1, 0}, []string{"of no number of shards"}},
		{open, Shard{0, 10_001}, []string{"from 1 to 10000 shards"}},
		{open, Shard{0, 5}, []string{"limits.inFlight is 4", "each of 5 shards", "raise it, or take at most 4 shards"}},
		{open, Shard{0, 11}, []string{"limits.inFlight", "shard 10 of 11 would have no call that is measured"}},
		{closed, Shard{0, 4}, []string{"limits.calls is 2", `callers of the phase "callers" is 3`}},
	} {
		_, err := planOf(t, c.text, 1).Shard(c.shard)
		for _, want := range c.says {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s of\n%s: %v\ndoes not say %q", c.shard, c.text, err, want)
			}
		}
	}
	whole := planOf(t, "load: [{rate: 10/s, for: 1s}]\n", 1)
	p, err := whole.Shard(Shard{})
	if p != whole || err != nil {
		t.Errorf("no shard is not the whole: %v", err)
	}
	if p, _ = whole.Shard(Shard{1, 2}); p == nil {
		t.Fatal("there is no shard 1 of 2")
	} else if _, err := p.Shard(Shard{0, 2}); err == nil {
		t.Error("a shard is divided")
	}
}

func FuzzParseShard(f *testing.F) {
	for _, s := range []string{"2/8", "8/8", "0/1", "1", "/", "-1/2", "1/-2", "01/2", "1/2/3", "x/y", "99999999999999999999/2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseShard(text)
		if err != nil {
			return
		}
		if s.Of < 1 || s.Index < 0 || s.Index >= s.Of {
			t.Fatalf("%q is %v", text, s)
		}
		if again, err := ParseShard(s.String()); again != s || err != nil {
			t.Fatalf("%q is %v, and that %v: %v", text, s, again, err)
		}
	})
}

// What decides what is sent is in the digest.
func TestPlanDigest(t *testing.T) {
	text := "load: [{rate: 10/s, for: 1s}]\n"
	a := planOf(t, text, 1).Digest("v1")
	for i, other := range []string{
		planOf(t, text, 2).Digest("v1"), planOf(t, text, 1).Digest("v2"), planOf(t, text+"limits: {inFlight: 7}\n", 1).Digest("v1"),
	} {
		if a == other {
			t.Errorf("%d: the digests are the same", i)
		}
	}
	if b := planOf(t, "# the same\nname: other\ntarget: http://127.0.0.1:1\n"+text, 1).Digest("v1"); a != b || len(a) != 64 {
		t.Errorf("%s and %s", a, b)
	}
}
