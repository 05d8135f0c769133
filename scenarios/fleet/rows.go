package fleet

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

const (
	// mostRows bounds the rows of an increment, so that no question is larger than the hub lets pass, however little the
	// rows can be compressed.
	mostRows = 8192
	// mostSeconds bounds every time in a row.
	mostSeconds = 48 * 3600.0
	// rowSize is what a row takes before it is compressed.
	rowSize = 59
)

// encodeRows gives rows as an increment has them: how many, and then column by column, each number in as many bytes as
// it has, the lowest first, all compressed (RFC 1951). A call costs about 16 bytes then, most of them for the times,
// which no two calls share, and 21 in a question, which is text: 10 kB/s for a worker that sends 500 calls a second,
// where figures would cost as much at 500, and half as much at 5,000.
func encodeRows(rows []results.Row) ([]byte, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	c, before := newColumns(len(rows)), results.Row{}
	for i, r := range rows {
		c.put(i, r, before)
		before = r
	}
	plain := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+rowSize*len(rows)), uint32(len(rows)))
	for _, column := range c.all() {
		if plain, err = binary.Append(plain, binary.LittleEndian, column); err != nil {
			return nil, err
		}
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// decodeRows reads what encodeRows has given: rows of a shard, whose texts are among the labels.
func decodeRows(data []byte, s results.Shard, l results.Labels) ([]results.Row, error) {
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), 4+rowSize*mostRows+1))
	if err != nil {
		return nil, fmt.Errorf("rows cannot be read: %w", err)
	}
	if len(plain) < 4 {
		return nil, errors.New("rows cannot be read: expected their number first")
	}
	n := binary.LittleEndian.Uint32(plain)
	if plain = plain[4:]; n > mostRows || len(plain) != int(n)*rowSize {
		return nil, fmt.Errorf("rows cannot be read: expected %d bytes for each of at most %d, found %d for %d", rowSize, mostRows, len(plain), n)
	}
	c := newColumns(int(n))
	for _, column := range c.all() {
		size, err := binary.Decode(plain, binary.LittleEndian, column)
		if err != nil {
			return nil, fmt.Errorf("rows cannot be read: %w", err)
		}
		plain = plain[size:]
	}
	rows, before := make([]results.Row, n), results.Row{}
	for i := range rows {
		before = c.row(i, before)
		rows[i] = before
	}
	if err := checkRows(rows, s, l); err != nil {
		return nil, err
	}
	return rows, nil
}

// checkRows says what of rows cannot be a shard's.
func checkRows(rows []results.Row, s results.Shard, l results.Labels) error {
	kinds := len(results.KindNames())
	for i, r := range rows {
		if int(r.N)%s.Of != s.Index {
			return fmt.Errorf("row %d is of call %d, which is none of shard %d of %d", i, r.N, s.Index, s.Of)
		}
		if int(r.Class) >= len(l.Classes) || int(r.Phase) >= len(l.Phases) || int(r.Error) >= kinds || int(r.Rule) >= len(l.Rules) {
			return fmt.Errorf("row %d refers to a text that the run does not have", i)
		}
		for _, seconds := range [...]float64{r.Due.Seconds(), float64(r.Lag), float64(r.OwnLag), float64(r.Service), float64(r.Connect), float64(r.TLS), float64(r.Read), float64(r.Stall), float64(r.RetryAfter)} {
			if !(seconds >= -mostSeconds && seconds <= mostSeconds) {
				return fmt.Errorf("row %d has a time of %v s", i, seconds)
			}
		}
	}
	return nil
}

// columns are rows, field by field. Calls mostly end in the order of their numbers, and are due one after the other, so
// that these two are told as what each adds to the one before.
type columns struct {
	n, in, out    []uint32
	due           []int64
	times         [8][]float32
	status, class []uint16
	small         [3][]uint8
}

func newColumns(n int) columns {
	c := columns{
		n: make([]uint32, n), in: make([]uint32, n), out: make([]uint32, n), due: make([]int64, n),
		status: make([]uint16, n), class: make([]uint16, n),
	}
	for i := range c.times {
		c.times[i] = make([]float32, n)
	}
	for i := range c.small {
		c.small[i] = make([]uint8, n)
	}
	return c
}

// all are the columns as package binary takes them, in the order in which they are told.
func (c *columns) all() []any {
	list := []any{c.n, c.due, c.status, c.class, c.in, c.out}
	for _, column := range c.times {
		list = append(list, column)
	}
	for _, column := range c.small {
		list = append(list, column)
	}
	return list
}

func (c *columns) put(i int, r, before results.Row) {
	c.n[i], c.due[i], c.status[i], c.class[i], c.in[i], c.out[i] = r.N-before.N, int64(r.Due-before.Due), r.Status, r.Class, r.BytesIn, r.BytesOut
	for j, seconds := range [...]float32{r.Lag, r.OwnLag, r.Service, r.Connect, r.TLS, r.Read, r.Stall, r.RetryAfter} {
		c.times[j][i] = seconds
	}
	c.small[0][i], c.small[1][i], c.small[2][i] = r.Phase, uint8(r.Error), r.Rule
}

func (c *columns) row(i int, before results.Row) results.Row {
	return results.Row{
		N: before.N + c.n[i], Due: before.Due + time.Duration(c.due[i]), Status: c.status[i], Class: c.class[i], BytesIn: c.in[i], BytesOut: c.out[i],
		Lag: c.times[0][i], OwnLag: c.times[1][i], Service: c.times[2][i], Connect: c.times[3][i], TLS: c.times[4][i], Read: c.times[5][i],
		Stall: c.times[6][i], RetryAfter: c.times[7][i], Phase: c.small[0][i], Error: results.Kind(c.small[1][i]), Rule: c.small[2][i],
	}
}
