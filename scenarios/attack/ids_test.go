package attack

import (
	"net/http"
	"runtime"
	"strconv"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// bytes is what the ids take.
func (s *ids) bytes() (n int) {
	for i := range s.shards {
		n += len(s.shards[i].pages)*len(page{}) + 8*cap(s.shards[i].pages)
	}
	return n
}

// Of some number on, ids take little more than their hashes, whatever their number.
func TestIDsAreSmall(t *testing.T) {
	s := newIDs()
	for i := range 400_000 {
		s.add(strconv.Itoa(i))
		if n := i + 1; n >= 200_000 && n%1000 == 0 && s.bytes() > 10*n {
			t.Fatalf("%d ids take %d bytes, %.1f each", n, s.bytes(), float64(s.bytes())/float64(n))
		}
	}
}

// vegeta makes nothing of what it is told to send: no request leaves, the attack goes on, and little is left behind.
func TestVegetaLeavesLittle(t *testing.T) {
	const calls = 2000
	attacker := vegeta.NewAttacker(vegeta.Workers(1), vegeta.MaxWorkers(1), vegeta.Client(&http.Client{Transport: sends{t}}))
	asked := 0
	target := func(to *vegeta.Target) error {
		asked++
		to.Method = refused
		return nil
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	results := 0
	for range attacker.Attack(target, flood(calls), 0, "") {
		results++
	}
	runtime.ReadMemStats(&after)
	if asked != calls || results != calls {
		t.Errorf("vegeta asked %d times and gave %d results, want %d", asked, results, calls)
	}
	if each := (after.TotalAlloc - before.TotalAlloc) / calls; each > 600 {
		t.Errorf("a call leaves %d bytes behind, want 600 at most", each)
	}
}

// flood is a pacer of so many calls, as fast as they go.
type flood uint64

func (f flood) Pace(_ time.Duration, calls uint64) (time.Duration, bool) {
	return 0, calls >= uint64(f)
}

func (f flood) Rate(time.Duration) float64 { return 0 }

// sends is a transport that nothing may be sent by.
type sends struct{ t *testing.T }

func (s sends) RoundTrip(*http.Request) (*http.Response, error) {
	s.t.Error("a request left")
	return nil, http.ErrHandlerTimeout
}

// BenchmarkIDs gives the processor time and the memory of an id, its growth included.
func BenchmarkIDs(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000, 3_000_000} {
		list := make([]string, n)
		for i := range list {
			list[i] = "e-" + strconv.Itoa(i)
		}
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			cpu := ProcessTime()
			for b.Loop() {
				s := newIDs()
				for _, id := range list {
					s.add(id)
				}
			}
			b.ReportMetric(float64(ProcessTime()-cpu)/float64(b.N)/float64(n), "ns/id")
		})
	}
}
