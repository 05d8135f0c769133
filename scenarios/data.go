package scenarios

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/jsontext"
	jsonschema "github.com/kaizenautomation/andon/contracts/schema"
)

// A source appends one value, as JSON, for the hit that w stands for.
type source func(dst []byte, w *draw) []byte

// A draw is the randomness of one hit, and room to build it in.
type draw struct {
	n       uint64
	pcg     rand.PCG
	rng     *rand.Rand
	call    contracts.Call
	fields  []contracts.Field
	items   []contracts.Item
	values  []byte
	scratch []byte
}

func newDraw() *draw {
	w := &draw{}
	w.rng = rand.New(&w.pcg)
	return w
}

// reset makes w the draw of hit n: what it yields is a function of the seed and n.
func (w *draw) reset(seed, n uint64) {
	w.n = n
	w.pcg.Seed(seed, n*0x9e3779b97f4a7c15+0x632be59bd9b4e019)
}

const (
	maxText   = 1 << 20
	maxRows   = 100_000
	maxFeeder = 64 << 20
)

// readData reads where values come from: by content type, or by property of the call.
func (r *mixReader) readData(v value) {
	list, ok := v.members("the data")
	if !ok {
		return
	}
	fields, types := r.d.Fields(), r.d.ContentTypes()
	var names []string
	for _, t := range types {
		names = append(names, t.Name)
	}
	for _, f := range fields {
		names = append(names, f.Name)
	}
	for _, m := range list {
		if i := slices.IndexFunc(types, func(t contracts.ContentType) bool { return t.Name == m.name }); i >= 0 {
			r.readItemData(m, types[i])
			continue
		}
		i := slices.IndexFunc(fields, func(p contracts.Property) bool { return p.Name == m.name })
		if i < 0 {
			m.key.fail("the description has neither a content type nor a property %q; %s", clip(m.name), expectedOne(m.name, names))
			continue
		}
		r.readSource(m.value, "", fields[i])
	}
}

// readItemData reads the data of a content type: a source for its one required property, or one for each property.
func (r *mixReader) readItemData(m member, t contracts.ContentType) {
	keys, ok := m.members("the data of " + t.Name)
	if !ok {
		return
	}
	if len(keys) == 1 && keys[0].name == "properties" {
		list, _ := keys[0].members("the data by property")
		var names []string
		for _, p := range t.Properties {
			names = append(names, p.Name)
		}
		for _, p := range list {
			i := slices.Index(names, p.name)
			if i < 0 {
				p.key.fail("a %s has no property %q; %s", t.Name, clip(p.name), expectedOne(p.name, names))
				continue
			}
			r.readSource(p.value, t.Name, t.Properties[i])
		}
		return
	}
	var required []contracts.Property
	var names []string
	for _, p := range t.Properties {
		if names = append(names, p.Name); p.Required {
			required = append(required, p)
		}
	}
	if len(required) == 0 && len(t.Properties) == 1 {
		required = t.Properties
	}
	if len(required) != 1 {
		m.fail("a %s has the properties %s; say which the data is for: properties: {%s: …}", t.Name, strings.Join(names, ", "), names[0])
		return
	}
	r.readSource(m.value, t.Name, required[0])
}

var sourceKeys = []string{"length", "ids", "values", "from", "column", "template", "keys", "depth"}

// readSource reads one source and keeps it.
func (r *mixReader) readSource(v value, contentType string, p contracts.Property) {
	keys, ok := v.object("the data of "+p.Name, sourceKeys...)
	if !ok {
		return
	}
	has := func(name string) bool { _, given := keys[name]; return given }
	var kinds []string
	for _, k := range []string{"length", "ids", "values", "template", "keys"} {
		if has(k) {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) > 1 {
		keys[kinds[1]].fail("the data of %s has %s; expected one of them", p.Name, strings.Join(kinds, " and "))
		return
	}
	if has("from") && len(kinds) == 0 {
		kinds = []string{"from"}
	}
	if len(kinds) == 0 {
		v.fail("the data of %s says nothing; expected one of length, ids, values, from, template, keys", p.Name)
		return
	}
	companions := map[string][]string{"from": {"column"}, "template": {"from"}, "keys": {"depth"}}
	for k, v := range keys {
		if k != kinds[0] && !slices.Contains(companions[kinds[0]], k) {
			v.fail("`%s` does not go with `%s`", k, kinds[0])
			return
		}
	}
	demand := func(want string) bool {
		if p.Type != "" && p.Type != want {
			keys[kinds[0]].fail("`%s` makes a JSON %s, but the description has %s as %s", kinds[0], want, p.Name, p.Type)
			return false
		}
		return true
	}
	var s source
	switch kinds[0] {
	case "length":
		if demand("string") {
			s = readLength(keys["length"])
		}
	case "ids":
		if demand("string") {
			s = r.readValues(keys["ids"], contentType, p, true)
		}
	case "values":
		s = r.readValues(keys["values"], contentType, p, false)
	case "from":
		if !has("column") {
			v.fail("the data of %s lacks `column`, the column of the file to take", p.Name)
			return
		}
		s = r.readColumn(keys["from"], keys["column"], contentType, p)
	case "template":
		if demand("string") {
			s = r.readTemplate(keys)
		}
	case "keys":
		if demand("object") {
			s = readObject(keys)
		}
	}
	if s == nil {
		// The problem is reported; a value of the right shape lets the rest be checked.
		return
	}
	if r.sources[contentType] == nil {
		r.sources[contentType] = map[string]source{}
	}
	r.sources[contentType][p.Name] = s
}

// readLength reads a distribution of lengths in characters, and gives texts of such lengths.
func readLength(v value) source {
	if v.scalar() {
		n, ok := v.integer("the length", 0, maxText)
		if !ok {
			return nil
		}
		return textSource(func(*rand.Rand) int { return int(n) })
	}
	keys, ok := v.object("the length", "median", "p99", "min", "max")
	if !ok {
		return nil
	}
	number := func(name string) (float64, bool) {
		v, given := keys[name]
		if !given {
			return 0, false
		}
		n, ok := v.integer("`"+name+"` of the length", 0, maxText)
		return float64(n), ok
	}
	median, hasMedian := number("median")
	p99, hasP99 := number("p99")
	low, hasLow := number("min")
	high, hasHigh := number("max")
	switch {
	case hasMedian && hasP99 && len(keys) == 2:
		if median < 1 || p99 < median {
			v.fail("expected a median of at least 1 and a p99 of at least the median, found %.0f and %.0f", median, p99)
			return nil
		}
		// A lognormal with these two quantiles: sigma = ln(p99/median) / 2.3263, the standard normal's 99th percentile.
		sigma := math.Log(p99/median) / 2.3263478740408408
		return textSource(func(rng *rand.Rand) int {
			return int(min(math.Round(median*math.Exp(sigma*rng.NormFloat64())), 100*p99, maxText))
		})
	case hasLow && hasHigh && len(keys) == 2:
		if low > high {
			v.fail("the least length %.0f is above the greatest %.0f", low, high)
			return nil
		}
		return textSource(func(rng *rand.Rand) int { return int(low) + rng.IntN(int(high-low)+1) })
	}
	// A misspelt key is reported already.
	if len(keys) == len(v.node.Content)/2 {
		v.fail("expected a length such as 400, {median: 400, p99: 4000} or {min: 10, max: 500}")
	}
	return nil
}

// corpus is the text of which generated texts are cut: sentences that look like what people ask of an agent. It has no
// character that JSON escapes, so that cutting it anywhere is cheap.
var corpus, sentences = makeCorpus()

func makeCorpus() (string, []int) {
	rng := rand.New(rand.NewPCG(20, 26))
	pick := func(words string) string {
		list := strings.Fields(words)
		return list[rng.IntN(len(list))]
	}
	var b strings.Builder
	var starts []int
	for b.Len() < 64<<10 {
		starts = append(starts, b.Len())
		fmt.Fprintf(&b, "%s the %s %s %s the %s, ",
			pick("Summarise Compare Translate Check Rewrite Explain List Classify Extract Review"),
			pick("attached quarterly open latest signed unpaid missing regional internal customer"),
			pick("report contract invoices tickets notes orders messages figures minutes complaints"),
			pick("for from with before against without"),
			pick("team board supplier auditor manager release region client budget deadline"))
		fmt.Fprintf(&b, "then %s %d %s and %s. ",
			pick("name return keep sort mark quote"), 2+rng.IntN(18),
			pick("risks owners dates amounts causes steps open-questions differences examples"),
			pick("stop wait explain-why ask-for-approval send-it-to-the-owner leave-the-rest-unchanged"))
	}
	return b.String(), starts
}

func textSource(length func(*rand.Rand) int) source {
	return func(dst []byte, w *draw) []byte {
		n, at := length(w.rng), sentences[w.rng.IntN(len(sentences))]
		dst = append(dst, '"')
		for n > 0 {
			part := corpus[at:min(at+n, len(corpus))]
			dst = append(dst, part...)
			n -= len(part)
			at = 0
		}
		return append(dst, '"')
	}
}

// readValues reads a list of values, of which each hit takes one at random.
func (r *mixReader) readValues(v value, contentType string, p contracts.Property, text bool) source {
	list, ok := v.list("the values of " + p.Name)
	if !ok {
		return nil
	}
	if len(list) == 0 {
		v.fail("the list of values of %s is empty", p.Name)
		return nil
	}
	var out [][]byte
	for _, e := range list {
		var encoded []byte
		if text {
			s, ok := e.text("an id")
			if !ok {
				continue
			}
			encoded = jsontext.AppendString(nil, s)
		} else if encoded, ok = e.json(); !ok {
			continue
		}
		if violation := r.check(contentType, p, encoded); violation != nil {
			e.fail("the description forbids this value of %s: %s", p.Name, violation.Message)
			continue
		}
		out = append(out, encoded)
	}
	if len(out) == 0 {
		return nil
	}
	return pickOne(out)
}

func pickOne(values [][]byte) source {
	return func(dst []byte, w *draw) []byte { return append(dst, values[w.rng.IntN(len(values))]...) }
}

// check holds one value of a property against the description, within the smallest call that carries it.
func (r *mixReader) check(contentType string, p contracts.Property, encoded []byte) *contracts.Violation {
	return r.d.CheckValue(contentType, p.Name, encoded)
}

// readColumn reads one column of a CSV or JSONL file, of which each hit takes a row at random.
func (r *mixReader) readColumn(from, column value, contentType string, p contracts.Property) source {
	name, ok := column.text("the column's name")
	if !ok {
		return nil
	}
	rows := r.readFeeder(from, []string{name}, column)
	if len(rows) == 0 {
		return nil
	}
	values := make([][]byte, len(rows))
	for i, row := range rows {
		values[i] = row.values[0]
		if p.Type == "string" && values[i][0] != '"' {
			// A number in a JSONL file stands for an id as well as a string does.
			values[i] = jsontext.AppendString(nil, string(values[i]))
		}
		if violation := r.check(contentType, p, values[i]); violation != nil {
			from.fail("%s:%d: the description forbids this value of %s: %s", filepath.Base(row.file), row.line, p.Name, violation.Message)
			return nil
		}
	}
	return pickOne(values)
}

type row struct {
	file   string
	line   int
	values [][]byte // as JSON
}

// readFeeder reads columns of a file of data. The place is where a missing column is reported.
func (r *mixReader) readFeeder(from value, columns []string, place value) []row {
	name, ok := from.text("a file of data (.csv or .jsonl)")
	if !ok {
		return nil
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(r.doc.file), path)
	}
	read := map[string]func(io.Reader, string, []string) ([]row, error){".csv": readCSV, ".jsonl": readJSONL, ".ndjson": readJSONL}[strings.ToLower(filepath.Ext(path))]
	if read == nil {
		from.fail("expected a file of data that ends in .csv or .jsonl, found %s", from.found())
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		from.fail("the file of data cannot be read: %v", err)
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxFeeder {
		from.fail("the file of data %s is no regular file of at most 64 MiB", name)
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFeeder))
	if err != nil {
		from.fail("the file of data cannot be read: %v", err)
		return nil
	}
	if filepath.IsLocal(name) {
		r.feeders[filepath.ToSlash(filepath.Clean(name))] = data
	}
	rows, err := read(bytes.NewReader(data), path, columns)
	var missing *missingColumn
	switch {
	case errors.As(err, &missing):
		place.fail("%s has no column %q; %s", name, clip(missing.name), expectedOne(missing.name, missing.known))
		return nil
	case err != nil:
		from.fail("%s: %v", name, err)
		return nil
	case len(rows) == 0:
		from.fail("%s has no rows", name)
	case len(rows) > maxRows:
		from.fail("%s has more than the %d rows that andon reads; take a sample", name, maxRows)
		return nil
	}
	return rows
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

// readTemplate reads a text with {{seq}} (the hit's number), {{uuid}} and columns of a file, one row for each hit.
func (r *mixReader) readTemplate(keys map[string]value) source {
	v := keys["template"]
	text, ok := v.text("the template")
	if !ok {
		return nil
	}
	type part struct {
		literal string
		name    string
		column  int
	}
	var parts []part
	var columns []string
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "{{")
		parts = append(parts, part{literal: before})
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}}")
		if !closed {
			v.fail("`{{` is not closed by `}}`")
			return nil
		}
		name = strings.TrimSpace(name)
		p := part{name: name, column: -1}
		if name != "seq" && name != "uuid" {
			if p.column = slices.Index(columns, name); p.column < 0 {
				p.column = len(columns)
				columns = append(columns, name)
			}
		}
		parts = append(parts, p)
		rest = tail
	}
	var rows []row
	if from, given := keys["from"]; given {
		if rows = r.readFeeder(from, columns, v); len(rows) == 0 {
			return nil
		}
	} else if len(columns) > 0 {
		v.fail("the template has {{%s}}; %s, or name the file that has the column: from: data.csv", clip(columns[0]), expectedOne(columns[0], []string{"seq", "uuid"}))
		return nil
	}
	// A column's value goes in as text: the string itself, or the JSON of anything else.
	texts := make([][]string, len(rows))
	for i, row := range rows {
		for _, encoded := range row.values {
			var s string
			if json.Unmarshal(encoded, &s) != nil {
				s = string(encoded)
			}
			texts[i] = append(texts[i], s)
		}
	}
	return func(dst []byte, w *draw) []byte {
		var chosen []string
		if len(texts) > 0 {
			chosen = texts[w.rng.IntN(len(texts))]
		}
		b := w.scratch[:0]
		for _, p := range parts {
			switch {
			case p.name == "":
				b = append(b, p.literal...)
			case p.column >= 0:
				b = append(b, chosen[p.column]...)
			case p.name == "seq":
				b = strconv.AppendUint(b, w.n, 10)
			default:
				b = append(b, jsonschema.UUID(w.rng.Uint64(), w.rng.Uint64())...)
			}
		}
		w.scratch = b
		return jsontext.AppendString(dst, string(b))
	}
}

// readObject gives JSON objects of `keys` members, the last of which is such an object itself, down to `depth` levels.
func readObject(keys map[string]value) source {
	size, ok := keys["keys"].integer("the number of keys", 0, 1000)
	depth := uint64(1)
	if v, given := keys["depth"]; given {
		var good bool
		depth, good = v.integer("the depth", 1, maxDepth)
		ok = ok && good
	}
	if !ok {
		return nil
	}
	if size == 0 && depth > 1 {
		keys["keys"].fail("objects without keys have no depth; expected at least 1 key")
		return nil
	}
	var object func(dst []byte, w *draw, depth uint64) []byte
	object = func(dst []byte, w *draw, depth uint64) []byte {
		dst = append(dst, '{')
		for i := range size {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(strconv.AppendUint(append(dst, `"key`...), i+1, 10), '"', ':')
			switch bits := w.rng.Uint64(); {
			case i == size-1 && depth > 1:
				dst = object(dst, w, depth-1)
			case bits%4 == 0:
				dst = strconv.AppendUint(dst, bits>>8%100_000, 10)
			case bits%4 == 1:
				dst = strconv.AppendBool(dst, bits>>8%2 == 0)
			case bits%4 == 2:
				dst = append(dst, '"')
				dst = time.Unix(int64(1_700_000_000+bits>>8%100_000_000), 0).UTC().AppendFormat(dst, time.RFC3339)
				dst = append(dst, '"')
			default:
				at := sentences[bits>>8%uint64(len(sentences))]
				dst = append(dst, '"')
				dst = append(dst, corpus[at:min(at+24, len(corpus))]...)
				dst = append(dst, '"')
			}
		}
		return append(dst, '}')
	}
	return func(dst []byte, w *draw) []byte { return object(dst, w, depth) }
}
