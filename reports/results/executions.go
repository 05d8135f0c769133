package results

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/kaizenautomation/andon/reports/regular"
)

const (
	executionsFormat = "andon.executions/1"
	// executionTexts is the most bytes of ids of one batch: a reader takes no column that is larger than bodyLimit.
	executionTexts = 4 << 20
)

// executionsSchema has the columns of executions.arrow, in order. Those that can be null are so where nothing was told.
func executionsSchema(m Manifest) *arrow.Schema {
	texts := func(index arrow.DataType) arrow.DataType {
		return &arrow.DictionaryType{IndexType: index, ValueType: arrow.BinaryTypes.String}
	}
	metadata := arrow.NewMetadata(
		[]string{"format", "run", "scenario", "seed"},
		[]string{executionsFormat, m.ID, m.Scenario, strconv.FormatUint(m.Seed, 10)},
	)
	return arrow.NewSchema([]arrow.Field{
		{Name: "n", Type: arrow.PrimitiveTypes.Uint32},
		{Name: "class", Type: texts(arrow.PrimitiveTypes.Int16)},
		{Name: "phase", Type: texts(arrow.PrimitiveTypes.Int8)},
		{Name: "state", Type: texts(arrow.PrimitiveTypes.Int8)},
		{Name: "id", Type: arrow.BinaryTypes.String},
		{Name: "session", Type: arrow.BinaryTypes.String},
		{Name: "sent_ns", Type: arrow.PrimitiveTypes.Int64},
		{Name: "accepted_ns", Type: arrow.PrimitiveTypes.Int64},
		{Name: "waiting_ns", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "running_ns", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "alive_ns", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "ended_ns", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "followed", Type: arrow.FixedWidthTypes.Boolean},
		{Name: "webhook", Type: arrow.FixedWidthTypes.Boolean},
		{Name: "polls", Type: arrow.PrimitiveTypes.Uint32},
		{Name: "faults", Type: arrow.PrimitiveTypes.Uint16},
	}, &metadata)
}

// executionDictionaries are the texts of the columns class, phase and state.
func executionDictionaries(l Labels) [3][]string {
	classes, phases, _, _ := dictionaries(l)
	names := make([]string, states)
	for s := range states {
		names[s] = s.String()
	}
	return [3][]string{classes, phases, names}
}

// WriteExecutions writes executions.arrow into a run directory, and the checksums of its batches beside it. What was
// there is overwritten.
func WriteExecutions(dir string, list []Execution) error {
	var m Manifest
	if err := ReadJSON(filepath.Join(dir, manifestFile), &m); err != nil {
		return err
	}
	var sums []batchSum
	err := regular.Write(filepath.Join(dir, executionsFile), func(w io.Writer) (err error) {
		sums, err = writeExecutions(w, m, list)
		return err
	})
	if err != nil {
		return err
	}
	return regular.Write(filepath.Join(dir, executionSumsFile), func(w io.Writer) error {
		for _, s := range sums {
			if err := writeLine(w, s); err != nil {
				return err
			}
		}
		return nil
	})
}

func writeExecutions(to io.Writer, m Manifest, list []Execution) (sums []batchSum, err error) {
	summer := &summer{Writer: to}
	buffer := bufio.NewWriterSize(summer, 64<<10)
	schema := executionsSchema(m)
	out := ipc.NewWriter(buffer, ipc.WithSchema(schema), ipc.WithLZ4(), ipc.WithMinSpaceSavings(0.1))
	var dicts [3]arrow.Array
	for i, texts := range executionDictionaries(m.Labels) {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		b.AppendValues(texts, nil)
		dicts[i] = b.NewArray()
	}
	for begin := 0; begin < len(list) || begin == 0; {
		end, size := begin, 0
		for end < len(list) && end-begin < batchRows && size < executionTexts {
			size += max(len(list[end].ID), len(list[end].Session))
			end++
		}
		rows := list[begin:end]
		if err := errors.Join(out.Write(executionsBatch(schema, dicts, rows)), buffer.Flush()); err != nil {
			return nil, err
		}
		sums = append(sums, summer.batch(len(rows)))
		if begin = end; begin == 0 {
			break
		}
	}
	return sums, errors.Join(out.Close(), buffer.Flush())
}

func executionsBatch(schema *arrow.Schema, dicts [3]arrow.Array, rows []Execution) arrow.RecordBatch {
	var (
		b                 = memory.DefaultAllocator
		n, polls          = array.NewUint32Builder(b), array.NewUint32Builder(b)
		class             = array.NewInt16Builder(b)
		phase, state      = array.NewInt8Builder(b), array.NewInt8Builder(b)
		id, session       = array.NewStringBuilder(b), array.NewStringBuilder(b)
		sent, accepted    = array.NewInt64Builder(b), array.NewInt64Builder(b)
		waiting, running  = array.NewInt64Builder(b), array.NewInt64Builder(b)
		alive, ended      = array.NewInt64Builder(b), array.NewInt64Builder(b)
		followed, webhook = array.NewBooleanBuilder(b), array.NewBooleanBuilder(b)
		faults            = array.NewUint16Builder(b)
		known             = func(to *array.Int64Builder, moment time.Duration) {
			if moment == 0 {
				to.AppendNull()
				return
			}
			to.Append(int64(moment))
		}
	)
	for _, x := range rows {
		n.Append(x.N)
		class.Append(int16(x.Class))
		phase.Append(int8(x.Phase))
		state.Append(int8(min(x.State, states-1)))
		id.Append(strings.ToValidUTF8(x.ID, "\ufffd"))
		session.Append(strings.ToValidUTF8(x.Session, "\ufffd"))
		sent.Append(int64(x.Sent))
		accepted.Append(int64(x.Accepted))
		known(waiting, x.Waiting)
		known(running, x.Running)
		known(alive, x.Alive)
		known(ended, x.Ended)
		followed.Append(x.Followed)
		webhook.Append(x.ByWebhook)
		polls.Append(x.Polls)
		faults.Append(uint16(x.Faults))
	}
	indexed := func(column int, indices arrow.Array) arrow.Array {
		return array.NewDictionaryArray(schema.Field(column).Type, indices, dicts[column-1])
	}
	return array.NewRecordBatch(schema, []arrow.Array{
		n.NewArray(), indexed(1, class.NewArray()), indexed(2, phase.NewArray()), indexed(3, state.NewArray()), id.NewArray(), session.NewArray(),
		sent.NewArray(), accepted.NewArray(), waiting.NewArray(), running.NewArray(), alive.NewArray(), ended.NewArray(),
		followed.NewArray(), webhook.NewArray(), polls.NewArray(), faults.NewArray(),
	}, int64(len(rows)))
}

// Executions reads the executions of a run: from executions.arrow or, where that is not there or damaged, from the
// journal. The error is fs.ErrNotExist where there is neither. What is left out stands in Damage.
func (r *Run) Executions() ([]Execution, error) {
	whole, err := ReadExecutions(r.Dir)
	if err == nil && !r.journalIsAhead() {
		return whole, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.damaged(false, err.Error())
	}
	list, damage, err := ReadJournal(r.Dir)
	switch {
	case err != nil && whole != nil:
		return whole, nil
	case err != nil:
		return nil, err
	}
	list = union(whole, list)
	known := list[:0]
	for _, x := range list {
		if int(x.Class) < len(r.Labels.Classes) && int(x.Phase) < len(r.Labels.Phases) {
			known = append(known, x)
		}
	}
	if n := len(list) - len(known); n > 0 {
		damage = append(damage, fmt.Sprintf("%s: %d executions are of a class or a phase that the run does not have, and left out", filepath.Join(r.Dir, journalFile), n))
	}
	r.damaged(false, damage...)
	return known, nil
}

// journalIsAhead reports whether the journal was written after executions.arrow was: the run was followed further, and
// that did not come to an end.
func (r *Run) journalIsAhead() bool {
	whole, err := os.Stat(filepath.Join(r.Dir, executionsFile))
	journal, err2 := os.Stat(filepath.Join(r.Dir, journalFile))
	return err == nil && err2 == nil && journal.ModTime().After(whole.ModTime())
}

// union is what is known of executions by two lists, of which the second one may know more of each, or may lack some.
func union(list, more []Execution) []Execution {
	if len(list) == 0 {
		return more
	}
	places := make(map[uint32]int, len(list))
	for i, x := range list {
		places[x.N] = i
	}
	for _, x := range more {
		i, there := places[x.N]
		switch {
		case !there:
			list = append(list, x)
		case x.State == list[i].State && x.Alive > list[i].Alive, x.State != list[i].State && !list[i].State.Terminal() && x.State != StateUnseen:
			list[i] = x
		}
	}
	return list
}

// ReadExecutions reads executions.arrow of a run directory. The error is fs.ErrNotExist where there is none; one that
// is not as it was written is an error as a whole, since the journal has the same.
func ReadExecutions(dir string) ([]Execution, error) {
	var m Manifest
	if err := ReadJSON(filepath.Join(dir, manifestFile), &m); err != nil {
		return nil, err
	}
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, manifestFile), err)
	}
	path := filepath.Join(dir, executionsFile)
	f, info, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sums, damaged, err := readLines[batchSum](filepath.Join(dir, executionSumsFile), maxVitals, true)
	if err != nil {
		return nil, err
	}
	if len(damaged) > 0 {
		return nil, errors.New(damaged[0])
	}
	if err := checkSums(f, info.Size(), path, sums); err != nil {
		return nil, err
	}
	return readExecutions(io.NewSectionReader(f, 0, info.Size()), path, m)
}

// checkSums holds a file against the checksums of its batches, which stand one behind the other.
func checkSums(f io.ReaderAt, size int64, path string, sums []batchSum) error {
	at := int64(0)
	for i, s := range sums {
		if s.At != at || s.Bytes < 0 || s.Bytes > size-at {
			return fmt.Errorf("%s has %d bytes, and batch %d of it should be from byte %d up to %d", path, size, i+1, s.At, s.At+s.Bytes)
		}
		sum := crc32.New(castagnoli)
		if _, err := io.Copy(sum, io.NewSectionReader(f, at, s.Bytes)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if found := hexSum(sum.Sum32()); found != s.Sum {
			return fmt.Errorf("%s, batch %d, from byte %d up to %d, is damaged: its CRC-32C is %s, and should be %s", path, i+1, at, at+s.Bytes, found, s.Sum)
		}
		at += s.Bytes
	}
	if want := at + int64(len(endMark)); size != want {
		return fmt.Errorf("%s has %d bytes, and should have %d", path, size, want)
	}
	return nil
}

func readExecutions(from io.Reader, path string, m Manifest) (list []Execution, err error) {
	defer recovered(path, &err)
	// The library trusts the sizes in a head, and a wrong one would have it ask for more memory than there is.
	var want bytes.Buffer
	if err := ipc.NewWriter(&want, ipc.WithSchema(executionsSchema(m))).Close(); err != nil {
		return nil, err
	}
	head := bytes.TrimSuffix(want.Bytes(), endMark[:])
	found := make([]byte, len(head))
	if _, err := io.ReadFull(from, found); err != nil || !bytes.Equal(found, head) {
		return nil, fmt.Errorf("%s is not of this run, or another version of andon wrote it: its head is another", path)
	}
	in := &countingReader{r: bufio.NewReaderSize(io.MultiReader(bytes.NewReader(head), from), 64<<10)}
	r, err := ipc.NewReader(in, ipc.WithMetadataSizeLimit(metadataLimit), ipc.WithAllocator(boundedAllocator{memory.NewGoAllocator()}))
	if err != nil {
		return nil, fmt.Errorf("%s is no Arrow stream: %w", path, err)
	}
	defer r.Release()
	for number := 1; r.Next(); number++ {
		if list, err = appendExecutions(list, r.RecordBatch(), m.Labels); err != nil {
			return nil, fmt.Errorf("%s, batch %d (which ends at byte %d): %w", path, number, in.n, err)
		}
	}
	if err := r.Err(); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is corrupt at about byte %d: %w", path, in.n, err)
	}
	return list, nil
}

func appendExecutions(list []Execution, batch arrow.RecordBatch, labels Labels) ([]Execution, error) {
	if batch.NumRows() > batchLimit {
		return nil, fmt.Errorf("expected at most %d rows, found %d", batchLimit, batch.NumRows())
	}
	col := batch.Column
	var indices [3]arrow.Array
	texts := executionDictionaries(labels)
	for i := range indices {
		d := col(1 + i).(*array.Dictionary)
		if err := checkDictionary(batch.ColumnName(1+i), d, texts[i]); err != nil {
			return nil, err
		}
		indices[i] = d.Indices()
	}
	class, phase, state := indices[0].(*array.Int16), indices[1].(*array.Int8), indices[2].(*array.Int8)
	n, polls, faults := col(0).(*array.Uint32), col(14).(*array.Uint32), col(15).(*array.Uint16)
	id, session := col(4).(*array.String), col(5).(*array.String)
	var moments [6]*array.Int64
	for i := range moments {
		moments[i] = col(6 + i).(*array.Int64)
	}
	followed, webhook := col(12).(*array.Boolean), col(13).(*array.Boolean)
	for i := range int(batch.NumRows()) {
		c, p, s := class.Value(i), phase.Value(i), state.Value(i)
		if c < 0 || p < 0 || s < 0 || int(c) >= len(texts[0]) || int(p) >= len(texts[1]) || int(s) >= len(texts[2]) {
			return nil, fmt.Errorf("row %d refers to a text that the run does not have", i+1)
		}
		x := Execution{
			N: n.Value(i), Class: uint16(c), Phase: uint8(p), State: State(s), Followed: followed.Value(i), ByWebhook: webhook.Value(i),
			ID: strings.Clone(id.Value(i)), Session: strings.Clone(session.Value(i)), Polls: polls.Value(i), Faults: ExecutionFaults(faults.Value(i)),
		}
		for k, to := range [...]*time.Duration{&x.Sent, &x.Accepted, &x.Waiting, &x.Running, &x.Alive, &x.Ended} {
			if moments[k].IsValid(i) {
				*to = time.Duration(moments[k].Value(i))
			}
			if *to < 0 || *to > maxMoment {
				return nil, fmt.Errorf("row %d has the moment %d", i+1, *to)
			}
		}
		list = append(list, x)
	}
	return list, nil
}
