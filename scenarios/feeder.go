package scenarios

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

const (
	maxRows   = 100_000
	maxFeeder = 64 << 20
)

// feeder is a file of data. Its columns may be taken by several sources, which meet in one row for one call.
type feeder struct {
	path string
	data []byte
	// place is where a draw keeps the row of the call, and sources is how many take from the file.
	place, sources int
	// public are the values, as JSON, of the columns that `data` takes, by name.
	public map[string][][]byte
}

// publish notes that `data` takes columns, which the rows have.
func (f *feeder) publish(columns []string, rows []row) {
	for i, name := range columns {
		values := make([][]byte, len(rows))
		for n, r := range rows {
			values[n] = r.values[i]
		}
		f.public[name] = values
	}
}

// kept is the file with the columns that `data` takes and no other: a secret may stand beside them. What is read of it
// is what was read of the file.
func (f *feeder) kept() []byte {
	columns := slices.Sorted(maps.Keys(f.public))
	if len(columns) == 0 {
		return nil
	}
	write := appendObject
	var b []byte
	if isCSV(f.path) {
		write = appendRecord
		head := make([][]byte, len(columns))
		for i, name := range columns {
			head[i] = jsontext.AppendString(nil, name)
		}
		b = appendRecord(b, columns, head)
	}
	record := make([][]byte, len(columns))
	for n := range f.public[columns[0]] {
		for i, name := range columns {
			record[i] = f.public[name][n]
		}
		b = write(b, columns, record)
	}
	return b
}

// appendObject appends a line of JSONL.
func appendObject(b []byte, columns []string, values [][]byte) []byte {
	for i, name := range columns {
		b = append(b, "{,"[min(i, 1)])
		b = append(jsontext.AppendKey(b, name), values[i]...)
	}
	return append(b, '}', '\n')
}

// appendRecord appends a line of CSV, of values that are JSON strings. A reader of CSV skips a line without any text,
// and takes one carriage return away before each line break.
func appendRecord(b []byte, _ []string, values [][]byte) []byte {
	for i, encoded := range values {
		var text string
		// It was encoded by ourselves.
		_ = json.Unmarshal(encoded, &text)
		if text == "" || strings.ContainsFunc(text, func(r rune) bool {
			return r != '_' && r != '-' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}) {
			text = `"` + strings.NewReplacer(`"`, `""`, "\r\n", "\r\r\n").Replace(text) + `"`
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, text...)
	}
	return append(b, '\n')
}

func isCSV(path string) bool { return strings.EqualFold(filepath.Ext(path), ".csv") }

// join gives one more source its row of each call, of so many that the file has.
func (f *feeder) join(rows int) func(*draw) int {
	source := f.sources
	f.sources++
	return func(w *draw) int { return w.row(f.place, source, rows) }
}

// row is one row of a file of data.
type row struct {
	file   string
	line   int
	values [][]byte // as JSON
}

// missingColumn is a column that a file does not have; line is 0 where the whole file lacks it.
type missingColumn struct {
	name  string
	line  int
	known []string
}

// texts gives the columns of rows as texts, numbers as they are written. The problem is what stands in the way: a value
// that is neither, or a blank, which is a hole in the data rather than an id.
func texts(rows []row, columns []string) (all [][]string, problem string) {
	var bad []string
	for _, r := range rows {
		values := make([]string, len(r.values))
		for i, encoded := range r.values {
			what := ""
			switch encoded[0] {
			case '"':
				if json.Unmarshal(encoded, &values[i]) != nil || strings.TrimSpace(values[i]) == "" {
					what = "a blank"
				}
			case 'n':
				what = "null"
			case 't', 'f':
				what = "a boolean"
			case '{':
				what = "an object"
			case '[':
				what = "a list"
			default:
				values[i] = string(encoded)
			}
			if what != "" {
				bad = append(bad, fmt.Sprintf("%s:%d has %s in the column %q", filepath.Base(r.file), r.line, what, columns[i]))
			}
		}
		all = append(all, values)
	}
	const most = 4
	if rest := len(bad) - most; rest > 0 {
		bad = append(bad[:most], fmt.Sprintf("%d more are like that", rest))
	}
	return all, strings.Join(bad, "; ")
}

func (e *missingColumn) Error() string { return "no column " + strconv.Quote(e.name) }

func readCSV(in io.Reader, path string, columns []string) ([]row, error) {
	c := csv.NewReader(skipMark(in))
	head, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	at := make([]int, len(columns))
	for i, name := range columns {
		if at[i] = slices.Index(head, name); at[i] < 0 {
			return nil, &missingColumn{name: name, known: head}
		}
		if slices.Contains(head[at[i]+1:], name) {
			return nil, fmt.Errorf("the column %q is there twice", name)
		}
	}
	var out []row
	for len(out) <= maxRows {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		line, _ := c.FieldPos(0)
		r := row{file: path, line: line}
		for _, i := range at {
			if !utf8.ValidString(record[i]) {
				return nil, fmt.Errorf("line %d is not UTF-8 text", line)
			}
			r.values = append(r.values, jsontext.AppendString(nil, record[i]))
		}
		out = append(out, r)
	}
	return out, nil
}

// skipMark skips the byte order mark that some spreadsheets write.
func skipMark(in io.Reader) io.Reader {
	b := bufio.NewReader(in)
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		b.Discard(3)
	}
	return b
}

func readJSONL(in io.Reader, path string, columns []string) ([]row, error) {
	s := bufio.NewScanner(skipMark(in))
	s.Buffer(nil, maxText)
	var out []row
	for line := 1; s.Scan() && len(out) <= maxRows; line++ {
		if len(bytes.TrimSpace(s.Bytes())) == 0 {
			continue
		}
		// The standard library would take the last of two values, and put another character in place of what is no text.
		if _, bad := jsontext.Decode(s.Bytes()); bad != nil {
			return nil, fmt.Errorf("line %d is no JSON object: %v", line, bad)
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(s.Bytes(), &object); err != nil {
			return nil, fmt.Errorf("line %d is no JSON object: %v", line, err)
		}
		r := row{file: path, line: line}
		for _, name := range columns {
			v, given := object[name]
			if !given {
				known := make([]string, 0, len(object))
				for k := range object {
					known = append(known, k)
				}
				slices.Sort(known)
				return nil, &missingColumn{name, line, known}
			}
			var b bytes.Buffer
			if err := json.Compact(&b, v); err != nil {
				return nil, fmt.Errorf("line %d: %v", line, err)
			}
			r.values = append(r.values, b.Bytes())
		}
		out = append(out, r)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("after %d rows: %v", len(out), err)
	}
	return out, nil
}
