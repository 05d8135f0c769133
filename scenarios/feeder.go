package scenarios

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

const (
	maxRows   = 100_000
	maxFeeder = 64 << 20
)

// row is one row of a file of data.
type row struct {
	file   string
	line   int
	values [][]byte // as JSON
}

type missingColumn struct {
	name  string
	known []string
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
			return nil, &missingColumn{name, head}
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
				return nil, &missingColumn{name, known}
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
