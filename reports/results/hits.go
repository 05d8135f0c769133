package results

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

const (
	hitsFormat = "andon.hits/2"
	// batchRows is the most rows of one record batch.
	batchRows = 8192
	// batchLimit, metadataLimit and bodyLimit bound what a reader takes for a batch; more is no file of andon's.
	batchLimit    = 1 << 18
	metadataLimit = 1 << 20
	bodyLimit     = 16 << 20
)

// columns are the columns of a hits file, in order. Indices into dictionaries are signed, because pandas takes no
// others.
func columns() []arrow.Field {
	texts := func(index arrow.DataType) arrow.DataType {
		return &arrow.DictionaryType{IndexType: index, ValueType: arrow.BinaryTypes.String}
	}
	return []arrow.Field{
		{Name: "n", Type: arrow.PrimitiveTypes.Uint32},
		{Name: "due_ns", Type: arrow.PrimitiveTypes.Int64},
		{Name: "lag_s", Type: arrow.PrimitiveTypes.Float32},
		{Name: "own_lag_s", Type: arrow.PrimitiveTypes.Float32},
		{Name: "service_s", Type: arrow.PrimitiveTypes.Float32},
		{Name: "connect_s", Type: arrow.PrimitiveTypes.Float32},
		{Name: "tls_s", Type: arrow.PrimitiveTypes.Float32},
		{Name: "read_s", Type: arrow.PrimitiveTypes.Float32},
		{Name: "stall_s", Type: arrow.PrimitiveTypes.Float32},
		{Name: "status", Type: arrow.PrimitiveTypes.Uint16},
		{Name: "class", Type: texts(arrow.PrimitiveTypes.Int16)},
		{Name: "phase", Type: texts(arrow.PrimitiveTypes.Int8)},
		{Name: "error", Type: texts(arrow.PrimitiveTypes.Int8)},
		{Name: "rule", Type: texts(arrow.PrimitiveTypes.Int8)},
		{Name: "bytes_in", Type: arrow.PrimitiveTypes.Uint32},
		{Name: "bytes_out", Type: arrow.PrimitiveTypes.Uint32},
		{Name: "retry_after_s", Type: arrow.PrimitiveTypes.Float32},
	}
}

// oldColumns is how many of them the files of older versions have, whose rows are 0 in the others.
const oldColumns = 16

// dictionaries are the texts of the columns class, phase, error and rule.
func dictionaries(l Labels) (classes, phases, kinds, rules []string) {
	for _, c := range l.Classes {
		classes = append(classes, c.Name)
	}
	for _, p := range l.Phases {
		phases = append(phases, p.Name)
	}
	return classes, phases, KindNames(), l.Rules
}

// hitsWriter writes rows as an Arrow IPC stream, one batch a second.
//
// The other candidate was a folder of Parquet files, one a second. Both are read by pandas, polars and DuckDB. Over
// 10,000 rows at 1,000 a second, Parquet with zstd took 25 bytes and 1.8 µs a row, Arrow 40 bytes and 0.09 µs: at
// 10,000 calls a second that is 2 % of a core or none. A stream is one file that grows at its end, whose whole batches
// can be read whatever happens to the process; an hour of Parquet would be 3,600 files. Columns of a run's file are
// compressed with LZ4 where that saves a tenth: those that are nearly always 0 then cost nothing, and a row takes half
// of its 60 bytes or less. A batch takes 1.5 kB on top, so that slow runs take more for each call.
type hitsWriter struct {
	summer *summer
	sums   *file // for the checksums of the batches; nil where none are kept
	rows   uint64
	buffer *bufio.Writer
	arrow  *ipc.Writer
	schema *arrow.Schema
	dicts  [4]arrow.ArrayData

	n, in, out            []uint32
	due                   []int64
	lag, ownLag, service  []float32
	connect, tls, read    []float32
	stall, retryAfter     []float32
	status                []uint16
	class                 []int16
	phase, kind, ruleName []int8
}

func hitsSchema(m Manifest) *arrow.Schema {
	metadata := arrow.NewMetadata(
		[]string{"format", "run", "scenario", "seed"},
		[]string{hitsFormat, m.ID, m.Scenario, strconv.FormatUint(m.Seed, 10)},
	)
	return arrow.NewSchema(columns(), &metadata)
}

// headSum is the checksum of the stream's head, the message that holds the schema.
func headSum(m Manifest) (string, error) {
	var b bytes.Buffer
	if err := ipc.NewWriter(&b, ipc.WithSchema(hitsSchema(m))).Close(); err != nil {
		return "", err
	}
	return sum(bytes.TrimSuffix(b.Bytes(), endMark[:])), nil
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

func newHitsWriter(out io.Writer, m Manifest, compressed bool) *hitsWriter {
	w := &hitsWriter{summer: &summer{Writer: out}, schema: hitsSchema(m)}
	w.buffer = bufio.NewWriterSize(w.summer, 64<<10)
	options := []ipc.Option{ipc.WithSchema(w.schema)}
	if compressed {
		options = append(options, ipc.WithLZ4(), ipc.WithMinSpaceSavings(0.1))
	}
	w.arrow = ipc.NewWriter(w.buffer, options...)
	classes, phases, kinds, rules := dictionaries(m.Labels)
	for i, texts := range [][]string{classes, phases, kinds, rules} {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		b.AppendValues(texts, nil)
		w.dicts[i] = b.NewStringArray().Data()
	}
	return w
}

func (w *hitsWriter) add(r Row) error {
	w.n = append(w.n, r.N)
	w.due = append(w.due, int64(r.Due))
	w.lag = append(w.lag, r.Lag)
	w.ownLag = append(w.ownLag, r.OwnLag)
	w.service = append(w.service, r.Service)
	w.connect = append(w.connect, r.Connect)
	w.tls = append(w.tls, r.TLS)
	w.read = append(w.read, r.Read)
	w.stall = append(w.stall, r.Stall)
	w.status = append(w.status, r.Status)
	w.class = append(w.class, int16(r.Class))
	w.phase = append(w.phase, int8(r.Phase))
	w.kind = append(w.kind, int8(r.Error))
	w.ruleName = append(w.ruleName, int8(r.Rule))
	w.in = append(w.in, r.BytesIn)
	w.out = append(w.out, r.BytesOut)
	w.retryAfter = append(w.retryAfter, r.RetryAfter)
	if len(w.n) == batchRows {
		return w.flush()
	}
	return nil
}

// flush hands what was added to the kernel, which keeps it even if this process is killed.
func (w *hitsWriter) flush() error {
	if len(w.n) == 0 {
		return w.buffer.Flush()
	}
	return w.write()
}

// write writes what was added as a batch, and then its checksum.
func (w *hitsWriter) write() error {
	rows := len(w.n)
	fields := w.schema.Fields()
	cols := make([]arrow.Array, len(fields))
	plain := func(i int, bytes []byte) {
		data := array.NewData(fields[i].Type, rows, []*memory.Buffer{nil, memory.NewBufferBytes(bytes)}, nil, 0, 0)
		cols[i] = array.MakeFromData(data)
	}
	indexed := func(i, dict int, bytes []byte) {
		data := array.NewDataWithDictionary(fields[i].Type, rows, []*memory.Buffer{nil, memory.NewBufferBytes(bytes)}, 0, 0, w.dicts[dict].(*array.Data))
		cols[i] = array.MakeFromData(data)
	}
	plain(0, arrow.Uint32Traits.CastToBytes(w.n))
	plain(1, arrow.Int64Traits.CastToBytes(w.due))
	for i, times := range [...][]float32{w.lag, w.ownLag, w.service, w.connect, w.tls, w.read, w.stall} {
		plain(2+i, arrow.Float32Traits.CastToBytes(times))
	}
	plain(9, arrow.Uint16Traits.CastToBytes(w.status))
	indexed(10, 0, arrow.Int16Traits.CastToBytes(w.class))
	indexed(11, 1, arrow.Int8Traits.CastToBytes(w.phase))
	indexed(12, 2, arrow.Int8Traits.CastToBytes(w.kind))
	indexed(13, 3, arrow.Int8Traits.CastToBytes(w.ruleName))
	plain(14, arrow.Uint32Traits.CastToBytes(w.in))
	plain(15, arrow.Uint32Traits.CastToBytes(w.out))
	plain(16, arrow.Float32Traits.CastToBytes(w.retryAfter))
	err := errors.Join(w.arrow.Write(array.NewRecordBatch(w.schema, cols, int64(rows))), w.buffer.Flush())
	w.rows += uint64(rows)
	w.n, w.due, w.lag, w.ownLag, w.service, w.status = w.n[:0], w.due[:0], w.lag[:0], w.ownLag[:0], w.service[:0], w.status[:0]
	w.connect, w.tls, w.read, w.stall, w.retryAfter = w.connect[:0], w.tls[:0], w.read[:0], w.stall[:0], w.retryAfter[:0]
	w.class, w.phase, w.kind, w.ruleName, w.in, w.out = w.class[:0], w.phase[:0], w.kind[:0], w.ruleName[:0], w.in[:0], w.out[:0]
	if err != nil || w.sums == nil {
		return err
	}
	return writeLine(w.sums, w.summer.batch(rows))
}

// close writes the end-of-stream mark.
func (w *hitsWriter) close() error {
	return errors.Join(w.flush(), w.arrow.Close(), w.buffer.Flush())
}

// endMark is how an Arrow IPC stream says that it is whole.
var endMark = [8]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}

// readHits gives the rows of a hits file in the order in which they were written, and reports whether the file is
// whole. Where the file was cut off, the rows of its whole batches are given. path is what errors call it.
func readHits(f io.ReaderAt, size int64, path string, m Manifest, each func(*Row) error) (complete bool, err error) {
	defer recovered(path, &err)
	var tail [len(endMark)]byte
	if size >= int64(len(tail)) {
		if _, err := f.ReadAt(tail[:], size-int64(len(tail))); err != nil {
			return false, err
		}
	}
	if whole, err := checkHead(f, size, m.HitsHead); err != nil {
		return false, fmt.Errorf("%s is corrupt, or not of this run: %w", path, err)
	} else if !whole {
		return false, nil // killed before the first second was over
	}
	whole, err := readStream(io.NewSectionReader(f, 0, size), size, path, m, each)
	return whole && tail == endMark, err
}

// recovered makes an error of a panic of the library's, which some corrupt files bring about.
func recovered(path string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s is corrupt: %v", path, p)
	}
}

// readStream gives the rows of a stream, and reports whether it does not end within a batch.
func readStream(from io.Reader, size int64, path string, m Manifest, each func(*Row) error) (whole bool, err error) {
	defer recovered(path, &err)
	in := &countingReader{r: bufio.NewReaderSize(from, 64<<10)}
	r, err := ipc.NewReader(in, ipc.WithMetadataSizeLimit(metadataLimit), ipc.WithAllocator(boundedAllocator{memory.NewGoAllocator()}))
	if err != nil {
		return false, fmt.Errorf("%s is no Arrow stream: %w", path, err)
	}
	defer r.Release()
	if err := checkColumns(r.Schema()); err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	batches := 0
	for r.Next() {
		if err := eachRow(r.RecordBatch(), m.Labels, each); err != nil {
			var own *rowError
			if errors.As(err, &own) {
				return false, own.err
			}
			return false, fmt.Errorf("%s, batch %d (which ends at byte %d): %w", path, batches+1, in.n, err)
		}
		batches++
	}
	if err := r.Err(); err != nil && !errors.Is(err, io.EOF) {
		// Where the file ends within a batch, the end is missing, even if it should end with bytes that look like the
		// mark; anywhere else, it is corrupt.
		if in.ended || in.n >= size {
			return false, nil
		}
		return false, fmt.Errorf("%s is corrupt after batch %d, at about byte %d: %w", path, batches, in.n, err)
	}
	return true, nil
}

// checkHead holds the stream's head against its checksum, and reports whether it is there at all. The library trusts
// the sizes in a head, and a wrong one would have it ask for more memory than there is.
func checkHead(f io.ReaderAt, size int64, want string) (whole bool, err error) {
	// Four bytes that mark a message and four that give its length (Arrow columnar format, "Encapsulated message
	// format").
	var prefix [8]byte
	if size < int64(len(prefix)) {
		return false, nil
	}
	if _, err := f.ReadAt(prefix[:], 0); err != nil {
		return false, err
	}
	length := int64(binary.LittleEndian.Uint32(prefix[4:]))
	if length > metadataLimit {
		return false, fmt.Errorf("its head should have %d bytes", length)
	}
	head := make([]byte, int64(len(prefix))+length)
	if int64(len(head)) > size {
		return false, nil
	}
	if _, err := f.ReadAt(head, 0); err != nil {
		return false, err
	}
	if found := sum(head); found != want {
		return false, fmt.Errorf("expected a head with the SHA-256 %s, found %s", want, found)
	}
	return true, nil
}

// boundedAllocator gives no more than a batch of andon's needs, whatever a corrupt file asks for.
type boundedAllocator struct{ *memory.GoAllocator }

// Allocate implements memory.Allocator.
func (a boundedAllocator) Allocate(size int) []byte {
	checkSize(size)
	return a.GoAllocator.Allocate(size)
}

// Reallocate implements memory.Allocator.
func (a boundedAllocator) Reallocate(size int, b []byte) []byte {
	checkSize(size)
	return a.GoAllocator.Reallocate(size, b)
}

// checkSize panics, since an allocator has no other way to refuse; readHits recovers.
func checkSize(size int) {
	if size < 0 || size > bodyLimit {
		panic(fmt.Sprintf("it asks for %d bytes at once", size))
	}
}

// rowError is an error of whoever takes the rows.
type rowError struct{ err error }

func (e *rowError) Error() string { return e.err.Error() }

type countingReader struct {
	r     io.Reader
	n     int64
	ended bool
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.ended = c.ended || err == io.EOF
	return n, err
}

func checkColumns(s *arrow.Schema) error {
	if i := s.Metadata().FindKey("format"); i < 0 || s.Metadata().Values()[i] != hitsFormat {
		return fmt.Errorf("expected the format %s in the schema's metadata, found %q", hitsFormat, s.Metadata().ToMap()["format"])
	}
	want := columns()
	if n := len(s.Fields()); n < oldColumns || n > len(want) {
		return fmt.Errorf("expected %d columns, found %d", len(want), n)
	}
	for i, f := range s.Fields() {
		if f.Name != want[i].Name || !arrow.TypeEqual(f.Type, want[i].Type) {
			return fmt.Errorf("expected the column %s (%s) in place %d, found %s (%s)", want[i].Name, want[i].Type, i+1, f.Name, f.Type)
		}
	}
	return nil
}

func eachRow(batch arrow.RecordBatch, labels Labels, each func(*Row) error) error {
	if batch.NumRows() > batchLimit {
		return fmt.Errorf("expected at most %d rows, found %d", batchLimit, batch.NumRows())
	}
	col := batch.Column
	n, due := col(0).(*array.Uint32).Uint32Values(), col(1).(*array.Int64).Int64Values()
	var times [7][]float32
	for i := range times {
		times[i] = col(2 + i).(*array.Float32).Float32Values()
	}
	status := col(9).(*array.Uint16).Uint16Values()
	in, out := col(14).(*array.Uint32).Uint32Values(), col(15).(*array.Uint32).Uint32Values()
	classes, phases, kinds, rules := dictionaries(labels)
	var indices [4]arrow.Array
	for i, want := range [][]string{classes, phases, kinds, rules} {
		d := col(10 + i).(*array.Dictionary)
		if err := checkDictionary(batch.ColumnName(10+i), d, want); err != nil {
			return err
		}
		indices[i] = d.Indices()
	}
	retryAfter := make([]float32, len(n))
	if batch.NumCols() > oldColumns {
		retryAfter = col(oldColumns).(*array.Float32).Float32Values()
	}
	class := indices[0].(*array.Int16).Int16Values()
	phase, kind, rule := indices[1].(*array.Int8).Int8Values(), indices[2].(*array.Int8).Int8Values(), indices[3].(*array.Int8).Int8Values()
	var row Row
	for i := range n {
		if int(class[i]) >= len(classes) || int(phase[i]) >= len(phases) || int(kind[i]) >= len(kinds) || int(rule[i]) >= len(rules) ||
			class[i] < 0 || phase[i] < 0 || kind[i] < 0 || rule[i] < 0 {
			return fmt.Errorf("row %d refers to a text that the run does not have", i+1)
		}
		row = Row{
			N: n[i], Due: time.Duration(due[i]), Lag: times[0][i], OwnLag: times[1][i], Service: times[2][i],
			Connect: times[3][i], TLS: times[4][i], Read: times[5][i], Stall: times[6][i], Status: status[i],
			Class: uint16(class[i]), Phase: uint8(phase[i]), Error: Kind(kind[i]), Rule: uint8(rule[i]),
			BytesIn: in[i], BytesOut: out[i], RetryAfter: retryAfter[i],
		}
		if err := each(&row); err != nil {
			return &rowError{err}
		}
	}
	return nil
}

// checkDictionary holds a column's texts against those of the manifest.
func checkDictionary(name string, d *array.Dictionary, want []string) error {
	texts, ok := d.Dictionary().(*array.String)
	if !ok {
		return fmt.Errorf("the texts of column %s are %s", name, d.Dictionary().DataType())
	}
	found := make([]string, texts.Len())
	for i := range found {
		found[i] = texts.Value(i)
	}
	// Kinds may be appended in later versions; a reader that knows more than the writer did reads the same.
	if len(found) > len(want) || !slices.Equal(found, want[:len(found)]) || d.Len() > 0 && len(found) == 0 {
		return fmt.Errorf("the texts of column %s are not those of %s", name, manifestFile)
	}
	return nil
}
