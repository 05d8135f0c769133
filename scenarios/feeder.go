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
	jsonschema "github.com/kaizenautomation/andon/contracts/schema"
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

// badPlace is what is wrong with a file of data at one place of it, which counts from 1: columns in characters, and in
// bytes as long as CSV is being read.
type badPlace struct {
	line, column int
	message      string
}

func (e *badPlace) Error() string { return fmt.Sprintf("%d:%d: %s", e.line, e.column, e.message) }

// at is where in its file the value of a row stands that a column has.
func (f *feeder) at(r row, column string) string {
	line, at := r.line, 1
	if isCSV(f.path) {
		c := csv.NewReader(skipMark(bytes.NewReader(f.data)))
		head, _ := c.Read()
		for i := slices.Index(head, column); i >= 0; {
			if _, err := c.Read(); err != nil {
				break
			}
			if first, _ := c.FieldPos(0); first == r.line {
				n, byte := c.FieldPos(i)
				line, at = n, characters(f.data, n, byte)
				break
			}
		}
	} else if n, err := jsonschema.Parse(lineOf(f.data, r.line)); err == nil && n.At(column) != nil {
		at = n.At(column).Column
	}
	return fmt.Sprintf("%s:%d:%d", filepath.Base(f.path), line, at)
}

// lineOf is a line of a text, from 1, without the mark that some spreadsheets begin a file with.
func lineOf(data []byte, n int) []byte {
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	for ; n > 1; n-- {
		_, data, _ = bytes.Cut(data, []byte("\n"))
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	return line
}

// characters is the column, in characters, of a byte of a line; both count from 1.
func characters(data []byte, line, byte int) int {
	text := lineOf(data, line)
	return utf8.RuneCount(text[:min(max(byte-1, 0), len(text))]) + 1
}

// toldRows is how many rows are told of that are wrong alike.
const toldRows = 4

// several is what is wrong with rows of a file, of which the first few are told.
func several(bad []string) string {
	if rest := len(bad) - toldRows; rest > 0 {
		bad = append(bad[:toldRows:toldRows], fmt.Sprintf("%d more are like that", rest))
	}
	return strings.Join(bad, "; ")
}

// texts gives the columns of rows as texts, numbers as they are written. The problem is what stands in the way: a value
// that is neither, or a blank, which is a hole in the data rather than an id.
func (f *feeder) texts(rows []row, columns []string) (all [][]string, problem string) {
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
				bad = append(bad, "")
				if len(bad) <= toldRows {
					bad[len(bad)-1] = fmt.Sprintf("%s has %s in the column %q", f.at(r, columns[i]), what, columns[i])
				}
			}
		}
		all = append(all, values)
	}
	return all, several(bad)
}

func (e *missingColumn) Error() string { return "no column " + strconv.Quote(e.name) }

func readCSV(in io.Reader, path string, columns []string) ([]row, error) {
	c := csv.NewReader(skipMark(in))
	head, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, notCSV(err)
	}
	at := make([]int, len(columns))
	for i, name := range columns {
		if at[i] = slices.Index(head, name); at[i] < 0 {
			return nil, &missingColumn{name: name, known: head}
		}
		if slices.Contains(head[at[i]+1:], name) {
			return nil, &badPlace{1, 1, fmt.Sprintf("the column %q is there twice; take one of them out", name)}
		}
	}
	var out []row
	for len(out) <= maxRows {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, notCSV(err)
		}
		line, _ := c.FieldPos(0)
		r := row{file: path, line: line}
		for _, i := range at {
			if !utf8.ValidString(record[i]) {
				n, column := c.FieldPos(i)
				return nil, &badPlace{n, column, "this value is not UTF-8 text; save the file as UTF-8"}
			}
			r.values = append(r.values, jsontext.AppendString(nil, record[i]))
		}
		out = append(out, r)
	}
	return out, nil
}

// notObject begins what is said of a line that is no JSON object.
const notObject = "this line is no JSON object, as each line is to be: "

// notCSV says what is wrong with a file of CSV, at its place.
func notCSV(err error) error {
	var bad *csv.ParseError
	if !errors.As(err, &bad) {
		return err
	}
	return &badPlace{bad.Line, max(bad.Column, 1), "this is not CSV: " + bad.Err.Error()}
}

// byteOrderMark is what some spreadsheets begin a file with.
const byteOrderMark = "\ufeff"

// skipMark skips the byte order mark that some spreadsheets write.
func skipMark(in io.Reader) io.Reader {
	b := bufio.NewReader(in)
	if mark, _ := b.Peek(3); string(mark) == byteOrderMark {
		b.Discard(3)
	}
	return b
}

func readJSONL(in io.Reader, path string, columns []string) ([]row, error) {
	s := bufio.NewScanner(skipMark(in))
	s.Buffer(nil, maxText)
	var out []row
	lines := 0
	for s.Scan() && len(out) <= maxRows {
		lines++
		line := lines
		if len(bytes.TrimSpace(s.Bytes())) == 0 {
			continue
		}
		// The standard library would take the last of two values, and put another character in place of what is no text.
		if _, bad := jsontext.Decode(s.Bytes()); bad != nil {
			column := utf8.RuneCount(s.Bytes()[:min(bad.Offset, len(s.Bytes()))]) + 1
			return nil, &badPlace{line, column, notObject + bad.Message}
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(s.Bytes(), &object); err != nil {
			return nil, &badPlace{line, 1, notObject + "found another value"}
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
				return nil, &badPlace{line, 1, err.Error()}
			}
			r.values = append(r.values, b.Bytes())
		}
		out = append(out, r)
	}
	if err := s.Err(); err != nil {
		return nil, &badPlace{lines + 1, 1, fmt.Sprintf("expected a line of at most %d bytes: %v", maxText, err)}
	}
	return out, nil
}
