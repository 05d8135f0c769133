package fleet

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// labelled are the texts of rows of tests.
var labelled = results.Labels{
	Classes: []results.Class{{Name: "text"}, {Name: "image"}}, Phases: []results.Phase{{Name: "settle"}, {Name: "measured"}}, Rules: []string{"", "status"},
}

// odd is a row of shard 1 of 2 with something in every field.
func odd(n uint32) results.Row {
	return results.Row{
		N: n, Due: 1<<40 + 1, Lag: -1e-7, OwnLag: 1e-4, Service: 30, Connect: 1e-3, TLS: 2e-3, Read: 3e-3, Stall: 4e-3, Status: 503, Class: 1, Phase: 1,
		Error: results.Shed, Rule: 1, BytesIn: math.MaxUint32, BytesOut: 7, RetryAfter: 2,
	}
}

// Rows come as they went, in whatever order calls end.
func TestRows(t *testing.T) {
	for _, rows := range [][]results.Row{nil, {odd(7)}, {odd(9), {N: 3}, odd(1), {N: math.MaxUint32, Due: 1}}, busy(mostRows)} {
		data, err := encodeRows(rows)
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeRows(data, results.Shard{Index: 1, Of: 2}, labelled)
		if err != nil || !slices.Equal(back, rows) {
			t.Errorf("%d rows came back as %d, %v", len(rows), len(back), err)
		}
	}
	// What the doc comment says.
	data, err := encodeRows(busy(500))
	t.Logf("%d bytes a call", len(data)/500)
	if err != nil || len(data)/500 > 24 {
		t.Errorf("a call takes %d bytes, %v", len(data)/500, err)
	}
	// However little they can be compressed, the most rows are less than a question may have: 1 MB.
	random := rand.New(rand.NewPCG(1, 1))
	most := make([]results.Row, mostRows)
	for i := range most {
		most[i] = odd(2*random.Uint32() + 1)
		most[i].Lag, most[i].Service, most[i].Connect, most[i].TLS, most[i].Read = random.Float32(), random.Float32(), random.Float32(), random.Float32(), random.Float32()
		most[i].OwnLag, most[i].Stall, most[i].BytesIn, most[i].BytesOut, most[i].Due = random.Float32(), random.Float32(), random.Uint32(), random.Uint32(), time.Duration(random.Uint64N(1<<47))
	}
	if data, err := encodeRows(most); err != nil || len(data)*4/3 > 1_000_000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

// busy are rows as there are of a target that does well.
func busy(n int) []results.Row {
	random := rand.New(rand.NewPCG(7, 7))
	rows := make([]results.Row, n)
	due := time.Duration(0)
	for i := range rows {
		due += time.Duration(random.ExpFloat64() * float64(2*time.Millisecond))
		rows[i] = results.Row{
			N: uint32(2*i + 1), Due: due, Lag: float32(1e-4 * random.ExpFloat64()), Service: float32(0.1 * math.Exp(0.4*random.NormFloat64())),
			Status: 200, Class: uint16(i % 2), Phase: 1, BytesIn: uint32(100 + random.IntN(50)), BytesOut: uint32(500 + random.IntN(400)),
		}
	}
	return rows
}

// What no worker of this version has sent is no rows.
func TestForeignRows(t *testing.T) {
	one := func(change func(*results.Row)) []byte {
		r := odd(7)
		change(&r)
		data, err := encodeRows([]results.Row{r})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	packed := func(plain []byte) []byte {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, flate.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(plain)
		_ = w.Close()
		return b.Bytes()
	}
	many := binary.LittleEndian.AppendUint32(nil, mostRows+1)
	for _, x := range []struct {
		data []byte
		want string
	}{
		{one(func(r *results.Row) { r.N = 8 }), "row 0 is of call 8, which is none of shard 1 of 2"},
		{one(func(r *results.Row) { r.Class = 2 }), "row 0 refers to a text that the run does not have"},
		{one(func(r *results.Row) { r.Phase = 2 }), "row 0 refers to a text"},
		{one(func(r *results.Row) { r.Error = 255 }), "row 0 refers to a text"},
		{one(func(r *results.Row) { r.Rule = 2 }), "row 0 refers to a text"},
		{one(func(r *results.Row) { r.Due = math.MaxInt64 }), "row 0 has a time of"},
		{one(func(r *results.Row) { r.Due = -1 << 62 }), "row 0 has a time of"},
		{one(func(r *results.Row) { r.Stall = float32(math.NaN()) }), "row 0 has a time of NaN s"},
		{one(func(r *results.Row) { r.Service = float32(math.Inf(1)) }), "row 0 has a time of +Inf s"},
		{nil, "rows cannot be read"},
		{[]byte("x"), "rows cannot be read"},
		{packed([]byte("abc")), "expected their number first"},
		{packed([]byte("\x01\x00\x00\x00")), "expected 59 bytes for each of at most 8192, found 0 for 1"},
		{packed(append(many, make([]byte, rowSize*(mostRows+1))...)), "of at most 8192, found"},
		{packed(append(many, make([]byte, 100<<20)...)), "of at most 8192, found"},
	} {
		if rows, err := decodeRows(x.data, results.Shard{Index: 1, Of: 2}, labelled); err == nil || !strings.Contains(err.Error(), x.want) || rows != nil {
			t.Errorf("expected %q, found %v and %d rows", x.want, err, len(rows))
		}
	}
}

// More rows than fit into one increment are told in several, of which only the last is up to now; none is told twice.
func TestManyRows(t *testing.T) {
	began := time.Now()
	var m meter
	m.begin(results.Manifest{Labels: labelled}, began, true)
	rows := busy(2*mostRows + 5)
	told := 0
	for i, cut := range []int{10, len(rows)} {
		for _, r := range rows[told:cut] {
			m.observe(r)
		}
		now := began.Add(time.Duration(i+1) * time.Second)
		for {
			first, seconds, _, err := m.cut(now)
			if err != nil || seconds != float64(i+1) {
				t.Fatalf("%v at %v s", err, seconds)
			}
			back, err := decodeRows(first.Rows, results.Shard{Index: 1, Of: 2}, labelled)
			if err != nil || first.Data != nil || !slices.Equal(back, rows[told:told+len(back)]) {
				t.Fatalf("increment %d is not the rows from %d on: %v", first.N, told, err)
			}
			told += len(back)
			if want := float64(i); told < cut && first.Seconds != want || told == cut && first.Seconds != want+1 {
				t.Errorf("increment %d, up to row %d, is up to %v s", first.N, told, first.Seconds)
			}
			if m.taken(first.N) {
				break
			}
		}
		if told != cut {
			t.Errorf("%d of %d rows were told", told, cut)
		}
	}
}

// Whatever comes as rows is no rows, or such as a worker could have told.
func FuzzRows(f *testing.F) {
	for _, rows := range [][]results.Row{nil, {odd(7), {N: 1}}, busy(20)} {
		data, err := encodeRows(rows)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := decodeRows(data, results.Shard{Index: 1, Of: 2}, labelled)
		if err != nil {
			return
		}
		again, err := encodeRows(rows)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decodeRows(again, results.Shard{Index: 1, Of: 2}, labelled); err != nil || !slices.Equal(back, rows) {
			t.Errorf("%+v came back as %+v, %v", rows, back, err)
		}
	})
}
