package metrics

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/results"
)

// fataler is a test, or one draw of a property's.
type fataler interface {
	Helper()
	Fatal(args ...any)
}

// said is all that is ever said of rows, as text.
func said(t fataler, a *Aggregator, v *Stretches) string {
	t.Helper()
	var b bytes.Buffer
	write := func(what any) {
		text, err := json.Marshal(what)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
	}
	for _, end := range []results.End{{Reason: results.Finished}, {Reason: results.Cut}} {
		elapsed := a.Elapsed(end)
		write(elapsed)
		write(a.Total(elapsed))
		for _, by := range []Grouping{ByTier, ByContent, ByClass, ByPhase} {
			write(a.By(by, elapsed))
		}
	}
	for _, by := range []Grouping{ByTier, ByContent} {
		for _, name := range []string{"Full", "Lite", "invalid", "text", "text+file"} {
			d := a.Latencies(by)[name]
			write(d.Samples())
			for _, p := range []float64{1, 50, 90, 99} {
				write(d.Percentile(p))
			}
		}
	}
	lag, own := a.Lags()
	write([]any{lag.Percentile(50), lag.Percentile(99), own.Percentile(50), own.Percentile(99), a.Lag(), a.OwnLag()})
	write(a.Parts())
	write(a.Validity(5, Generator{}))
	write(a.Generator(results.Generator{}, []results.Vitals{{Seconds: 1, Samples: 10, InFlight: 2}}))
	for _, points := range []int{1, 7, 300, 640} {
		write(a.Timeline(points))
	}
	write(a.Slowest())
	write(a.Tally())
	write(a.Running())
	write(a.Curve("Lite", false))
	for _, expr := range []string{"p50(latency) < 1s", "count(errors){error=reset} == 0", "count(violations){rule=schema} == 0", "rate(ok) > 1%", "max(lag) < 1s", "p90(latency){outcome=any} < 1s", "p50(service) < 250ms", "rate(answered){tier=Lite} > 1/s",
		"p50(latency, 2s) < 1s", "rate(errors, 2s) < 5%", "rate(errors) < 1%", "count(violations) == 0"} {
		threshold, err := ParseThreshold(expr)
		if err != nil {
			t.Fatal(err)
		}
		write(threshold.Evaluate(a, a.Elapsed(results.End{Reason: results.Cut})))
	}
	statuses, kinds, rules := v.Names()
	write([]any{statuses, kinds, rules})
	if err := v.Each(func(s Stretch) error { write(s); return nil }); err != nil {
		t.Fatal(err)
	}
	// Encoding takes the most time by far; what it is made of is above.
	enough, n := errors.New("enough"), 0
	err := v.EachTier(func(s TierStretch) error {
		if write(s); n == 3 {
			return enough
		}
		n++
		return nil
	})
	if err != nil && err != enough {
		t.Fatal(err)
	}
	return b.String()
}

func written(t fataler, a *Aggregator, v *Stretches) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, a, v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// manyRows draws rows as a run has them, so many that percentiles are told, and some that are absurd.
func manyRows(t *rapid.T) []results.Row {
	rows := rapid.SliceOfN(anyRow(), 0, 30).Draw(t, "rows")
	n, random := rapid.SampledFrom([]int{0, 50, 400}).Draw(t, "more"), rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	seconds := rapid.SampledFrom([]int64{3, 21, 5000}).Draw(t, "seconds")
	for i := range n {
		rows = append(rows, results.Row{
			N: uint32(i), Due: time.Duration(random.Int64N(seconds * 1e9)), Lag: float32(random.ExpFloat64() / 100), OwnLag: float32(random.ExpFloat64() / 300),
			Service: float32(random.ExpFloat64() / 4), Read: float32(random.ExpFloat64() / 100), Connect: float32(random.IntN(2)) / 100, Stall: float32(random.IntN(2)) / 50,
			Status: uint16(200 + random.IntN(250)), RetryAfter: float32(random.IntN(9)), Class: uint16(random.IntN(3)), Phase: uint8(random.IntN(3)),
			Error: results.Kind(max(random.IntN(67)-39, 0)), Rule: uint8(max(random.IntN(12)-9, 0)), BytesIn: random.Uint32(), BytesOut: 7,
		})
	}
	return rows
}

// What is kept of rows says the same as the rows, to the last digit; written again, it is the same bytes, and so are
// the same rows in another order.
func TestStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := manyRows(t)
		planned := [][]uint64{{9, 9, 9}, {1, 2, 3}, {4, 5, 6}}
		m := windowed()
		m.Planned = planned
		a, v := Of(m), NewStretches(labels())
		b, w := Of(m), NewStretches(labels())
		for i, r := range rapid.Permutation(rows).Draw(t, "shuffled") {
			if a.Add(rows[i]) != nil || v.Add(rows[i]) != nil || b.Add(r) != nil || w.Add(r) != nil {
				t.Fatal("a row is refused")
			}
		}
		data := written(t, a, v)
		if !bytes.Equal(written(t, b, w), data) {
			t.Fatal("in another order, the same rows are other bytes")
		}
		x, y, err := Read(m, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if want, got := said(t, a, v), said(t, x, y); got != want {
			t.Fatalf("kept, it says\n%s\nnot\n%s", got, want)
		}
		if !bytes.Equal(written(t, x, y), data) {
			t.Fatal("written again, it is other bytes")
		}
		// What was read goes on as what was not.
		for _, r := range rows {
			if a.Add(r) != nil || v.Add(r) != nil || x.Add(r) != nil || y.Add(r) != nil {
				t.Fatal("a row is refused")
			}
		}
		if !bytes.Equal(written(t, x, y), written(t, a, v)) {
			t.Fatal("kept and gone on with, it is something else")
		}
	})
}

// Merged is as if the rows of both had been added, to the last bit.
func TestMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts [2]*Aggregator
		var stretches [2]*Stretches
		m := windowed()
		whole, all := Of(m), NewStretches(labels())
		for i := range parts {
			parts[i], stretches[i] = Of(m), NewStretches(labels())
			for _, r := range manyRows(t) {
				if whole.Add(r) != nil || all.Add(r) != nil || parts[i].Add(r) != nil || stretches[i].Add(r) != nil {
					t.Fatal("a row is refused")
				}
			}
		}
		before := written(t, parts[1], stretches[1])
		parts[0].Merge(parts[1])
		stretches[0].Merge(stretches[1])
		// The same state says the same: see TestStored.
		if !bytes.Equal(written(t, parts[0], stretches[0]), written(t, whole, all)) {
			t.Fatalf("merged, it says\n%s\nnot\n%s", said(t, parts[0], stretches[0]), said(t, whole, all))
		}
		if !bytes.Equal(written(t, parts[1], stretches[1]), before) {
			t.Fatal("what was merged has changed")
		}
	})
}

// windowed is the manifest of a run with a threshold of each kind.
func windowed() results.Manifest {
	return results.Manifest{Labels: labels(), Thresholds: []results.Threshold{{Expr: "p50(latency, 2s) < 1s"}, {Expr: "rate(errors, 2s) < 5%"}, {Expr: "max(lag) < 1s"}, {Expr: "p50(service) < 250ms"}}}
}

// stored are the bytes of a short run with a bit of everything.
func stored(t fataler) []byte {
	a, v := Of(windowed()), NewStretches(labels())
	broken := failed(steady, full, results.Contract, 200)
	broken.Rule, broken.Connect, broken.Read = 1, 0.01, 0.02
	for _, r := range append(repeat(20, ok(steady, lite, 0.25)), ok(warmup, full, 0.5), broken, failed(peak, invalid, results.Status4xx, 400), dropped(1, 0)) {
		if a.Add(r) != nil || v.Add(r) != nil {
			t.Fatal("a row is refused")
		}
	}
	return written(t, a, v)
}

// What was cut off, goes on, or is of a run with other labels is refused with its place.
func TestReadRefuses(t *testing.T) {
	data := stored(t)
	refused := func(why string, l results.Labels, data []byte, want string) {
		t.Helper()
		if _, _, err := Read(results.Manifest{Labels: l, Thresholds: windowed().Thresholds}, bytes.NewReader(data)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "at byte") {
			t.Errorf("%s: %v; want %q", why, err, want)
		}
	}
	for size := range data {
		refused("cut off", labels(), data[:size], "cut off")
	}
	refused("a byte more", labels(), append(bytes.Clone(data), 0), "expected the end")
	other := labels()
	other.Classes = other.Classes[:2]
	refused("fewer classes", other, data, "classes")
	for at := range 4 {
		changed := bytes.Clone(data)
		changed[at] += 50
		refused("another head", labels(), changed, "head")
	}
	for at := range data {
		changed := bytes.Clone(data)
		changed[at] ^= 0x81
		if a, v, err := Read(windowed(), bytes.NewReader(changed)); err == nil {
			said(t, a, v) // another number somewhere: the file's checksum is there to notice
		}
	}
}

// Whatever is read, nothing panics, and what is taken says something and can be written.
func FuzzRead(f *testing.F) {
	f.Add(stored(f))
	f.Add(written(f, Of(windowed()), NewStretches(labels())))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, v, err := Read(windowed(), bytes.NewReader(data))
		if err != nil {
			return
		}
		text, again := said(t, a, v), written(t, a, v)
		b, w, err := Read(windowed(), bytes.NewReader(again))
		if err != nil || said(t, b, w) != text {
			t.Fatalf("written and read again, it is something else (%v)", err)
		}
		a.Merge(b)
		v.Merge(w)
		said(t, a, v)
	})
}
