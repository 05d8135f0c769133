package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/contracts/jsontext"
	jsonschema "github.com/kaizenautomation/andon/contracts/schema"
	"github.com/kaizenautomation/andon/reports/regular"
	words "github.com/kaizenautomation/andon/reports/text"
)

// A mixReader reads `mix` and `data`.
type mixReader struct {
	doc    *document.Document
	folder string
	d      *contracts.Description
	// sources are those of `data`: by content type, or "" for the call's own properties, and by property.
	sources map[string]map[string]source
	// read are the files of data that were opened, by path, and named by the names that the scenario gives them.
	read, named map[string]*feeder
	// secrets is the file of which headers and credentials take columns, and tenants are these; nil where there is none.
	secrets *feeder
	tenants *credentials.Tenants
	// values are all that the source read last may give, where they can be listed; fixtures are what each source gives.
	values   [][]byte
	fixtures []contracts.Fixture
}

func newMixReader(file string, doc *document.Document, d *contracts.Description) *mixReader {
	return &mixReader{
		doc: doc, folder: filepath.Dir(file), d: d, sources: map[string]map[string]source{},
		read: map[string]*feeder{}, named: map[string]*feeder{},
	}
}

// readData reads where values come from: by content type, or by property of the call.
func (r *mixReader) readData(v document.Value) {
	list, ok := v.Members("the data")
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
		if i := slices.IndexFunc(types, func(t contracts.ContentType) bool { return t.Name == m.Name }); i >= 0 {
			r.readItemData(m, types[i])
			continue
		}
		i := slices.IndexFunc(fields, func(p contracts.Property) bool { return p.Name == m.Name })
		if i < 0 {
			m.Key.Fail("the description has neither a content type nor a property %q; %s", document.Clip(m.Name), document.ExpectedOne(m.Name, names))
			continue
		}
		r.readSource(m.Value, "", fields[i])
	}
}

// readItemData reads the data of a content type: a source for its one required property, or one for each property.
func (r *mixReader) readItemData(m document.Member, t contracts.ContentType) {
	if i := slices.IndexFunc(t.Properties, func(p contracts.Property) bool { return jsonschema.Identifier(p.Name) }); m.Listed() && i >= 0 {
		r.readSource(m.Value, t.Name, t.Properties[i])
		return
	} else if i >= 0 && !m.Mapped() {
		failSource(m.Value, t.Name, t.Properties[i])
		return
	}
	if m.Listed() {
		m.Fail("a %s has no id; expected a source such as {values: [...]}, found a list", t.Name)
		return
	}
	keys, ok := m.Members("the data of " + t.Name)
	if !ok {
		return
	}
	if len(keys) == 1 && keys[0].Name == "properties" {
		list, _ := keys[0].Members("the data by property")
		var names []string
		for _, p := range t.Properties {
			names = append(names, p.Name)
		}
		for _, p := range list {
			i := slices.Index(names, p.Name)
			if i < 0 {
				p.Key.Fail("a %s has no property %q; %s", t.Name, document.Clip(p.Name), document.ExpectedOne(p.Name, names))
				continue
			}
			r.readSource(p.Value, t.Name, t.Properties[i])
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
		m.Fail("a %s has the properties %s; say which the data is for: properties: {%s: …}", t.Name, strings.Join(names, ", "), names[0])
		return
	}
	r.readSource(m.Value, t.Name, required[0])
}

var sourceKeys = []string{"length", "ids", "values", "from", "column", "template", "keys", "depth"}

// readSource reads one source and keeps it. A list is short for the ids in it.
func (r *mixReader) readSource(v document.Value, contentType string, p contracts.Property) {
	r.values = nil
	if v.Listed() {
		r.keep(contentType, p, r.readValues(v, contentType, p, p.Type == "string"))
		return
	}
	if !v.Mapped() {
		failSource(v, p.Name, p)
		return
	}
	keys, _ := v.Object("the data of "+p.Name, sourceKeys...)
	has := func(name string) bool { _, given := keys[name]; return given }
	var kinds []string
	for _, k := range []string{"length", "ids", "values", "template", "keys"} {
		if has(k) {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) > 1 {
		keys[kinds[1]].Fail("the data of %s has %s; expected one of them", p.Name, strings.Join(kinds, " and "))
		return
	}
	if has("from") && len(kinds) == 0 {
		kinds = []string{"from"}
	}
	if len(kinds) == 0 {
		v.Fail("the data of %s says nothing; expected one of length, ids, values, from, template, keys", p.Name)
		return
	}
	companions := map[string][]string{"from": {"column"}, "template": {"from"}, "keys": {"depth"}}
	for k, v := range keys {
		if k != kinds[0] && !slices.Contains(companions[kinds[0]], k) {
			v.Fail("`%s` does not go with `%s`", k, kinds[0])
			return
		}
	}
	demand := func(want string) bool {
		if p.Type != "" && p.Type != want {
			keys[kinds[0]].Fail("`%s` makes a JSON %s, but the description has %s as %s", kinds[0], want, p.Name, p.Type)
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
			v.Fail("the data of %s lacks `column`, the column of the file to take", p.Name)
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
	r.keep(contentType, p, s)
}

// failSource says what the data of a property can be, which by a name is something else.
func failSource(v document.Value, name string, p contracts.Property) {
	v.Fail("expected the data of %s, a list of values or a source such as {from: file.csv, column: %s}, found %s", name, p.Name, v.Found())
}

// sampled is how many values are drawn of a source whose values cannot be listed.
const sampled = 20

// keep keeps the source of a property, and what it gives. Without one the problem is reported already, and a value of
// the right shape lets the rest be checked.
func (r *mixReader) keep(contentType string, p contracts.Property, s source) {
	if s == nil {
		return
	}
	if r.values == nil {
		w := newDraw()
		for n := range uint64(sampled) {
			w.reset(1, n)
			r.values = append(r.values, s(nil, w))
		}
	}
	r.fixtures = append(r.fixtures, contracts.Fixture{ContentType: contentType, Property: p.Name, Values: r.values})
	if r.sources[contentType] == nil {
		r.sources[contentType] = map[string]source{}
	}
	r.sources[contentType][p.Name] = s
}

// readValues reads a list of values, of which each call takes one at random.
func (r *mixReader) readValues(v document.Value, contentType string, p contracts.Property, text bool) source {
	list, ok := v.List("the values of " + p.Name)
	if !ok {
		return nil
	}
	if len(list) == 0 {
		v.Fail("the list of values of %s is empty", p.Name)
		return nil
	}
	var out [][]byte
	for _, e := range list {
		var encoded []byte
		if text {
			s, ok := e.Text("an id")
			if !ok {
				continue
			}
			// The digest of the scenario takes it as a value, which no reading of it may fail at later.
			if _, ok := e.JSON(); !ok {
				continue
			}
			encoded = jsontext.AppendString(nil, s)
		} else if encoded, ok = e.JSON(); !ok {
			continue
		}
		if violation := r.check(contentType, p, encoded); violation != nil {
			e.Fail("the description forbids this value of %s: %s", p.Name, violation.Message)
			continue
		}
		out = append(out, encoded)
	}
	if len(out) == 0 {
		return nil
	}
	r.values = out
	return pickOne(out)
}

// check holds one value of a property against the description, within the smallest call that carries it.
func (r *mixReader) check(contentType string, p contracts.Property, encoded []byte) *contracts.Violation {
	return r.d.CheckValue(contentType, p.Name, encoded)
}

// readColumn reads one column of a CSV or JSONL file, of which each call takes a row at random.
func (r *mixReader) readColumn(from, column document.Value, contentType string, p contracts.Property) source {
	name, ok := column.Text("the column's name")
	if !ok {
		return nil
	}
	file, rows := r.readPublic(from, []string{name}, column)
	if len(rows) == 0 {
		return nil
	}
	values := make([][]byte, len(rows))
	for i, row := range rows {
		values[i] = row.values[0]
	}
	if p.Type == "string" {
		// A number in a JSONL file stands for an id as well as a string does.
		all, problem := file.texts(rows, []string{name})
		if problem != "" {
			from.Fail("the description wants %s as a string, for which a number may stand: %s%s", p.Name, problem, onPurpose)
			return nil
		}
		for i, row := range all {
			values[i] = jsontext.AppendString(nil, row[0])
		}
	}
	var bad []string
	for i, row := range rows {
		if violation := r.check(contentType, p, values[i]); violation != nil {
			bad = append(bad, "")
			if len(bad) <= toldRows {
				bad[len(bad)-1] = fmt.Sprintf("%s: the description forbids this value of %s: %s", file.at(row, name), p.Name, violation.Message)
			}
		}
	}
	if len(bad) > 0 {
		from.Fail("%s", several(bad))
		return nil
	}
	r.values = values
	next := file.join(len(rows))
	return func(dst []byte, w *draw) []byte { return append(dst, values[next(w)]...) }
}

// onPurpose is how a blank is said that is meant.
const onPurpose = "; leave such rows out (a blank that is meant is given by `values`)"

// readPublic reads columns of a file for `data`: what is in them goes into bodies, and stays in the run directory.
func (r *mixReader) readPublic(from document.Value, columns []string, place document.Value) (*feeder, []row) {
	f, rows := r.readFeeder(from, columns, place, "")
	if len(rows) > 0 {
		f.publish(columns, rows)
	}
	return f, rows
}

// kept gives the files of data as they are kept, by the names that the scenario gives them.
func (r *mixReader) kept() map[string][]byte {
	all := map[string][]byte{}
	for name, f := range r.named {
		if data := f.kept(); data != nil {
			all[name] = data
		}
	}
	return all
}

// readFeeder reads columns of a file of data. The place is where a missing column is reported, and hint is what to do
// about it, and about a missing file.
func (r *mixReader) readFeeder(from document.Value, columns []string, place document.Value, hint string) (*feeder, []row) {
	name, ok := from.Text("a file of data (.csv or .jsonl)")
	if !ok {
		return nil, nil
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.folder, path)
	}
	read := map[string]func(io.Reader, string, []string) ([]row, error){".csv": readCSV, ".jsonl": readJSONL, ".ndjson": readJSONL}[strings.ToLower(filepath.Ext(path))]
	if read == nil {
		from.Fail("expected a file of data that ends in .csv or .jsonl, found %s", from.Found())
		return nil, nil
	}
	f, err := r.openFeeder(path)
	if err != nil {
		from.Fail("the file of data cannot be read: %v%s", err, hint)
		return nil, nil
	}
	r.named[name] = f
	rows, err := read(bytes.NewReader(f.data), path, columns)
	var missing *missingColumn
	var bad *badPlace
	switch {
	case errors.As(err, &missing):
		where := name
		if missing.line > 0 {
			where = fmt.Sprintf("%s:%d:1", name, missing.line)
		}
		expected := document.ExpectedOne(missing.name, missing.known)
		if isCSV(path) && words.Nearest(missing.name, missing.known) == "" {
			// Where no line names the columns, the first one has values, secrets among them.
			expected = "expected it in the first line"
		}
		place.Fail("%s has no column %q; %s%s", where, document.Clip(missing.name), expected, hint)
		return nil, nil
	case errors.As(err, &bad):
		if isCSV(path) {
			bad.column = characters(f.data, bad.line, bad.column)
		}
		from.Fail("%s:%v", name, bad)
		return nil, nil
	case err != nil:
		from.Fail("%s: %v", name, err)
		return nil, nil
	case len(rows) == 0:
		from.Fail("%s has no rows", name)
	case len(rows) > maxRows:
		from.Fail("%s has more than the %d rows that andon reads; take a sample", name, maxRows)
		return nil, nil
	}
	return f, rows
}

// openFeeder gives the file of a path: one feeder for one file, however many columns are taken from it.
func (r *mixReader) openFeeder(path string) (*feeder, error) {
	path = filepath.Clean(path)
	if f, known := r.read[path]; known {
		return f, nil
	}
	data, err := regular.Read(path, maxFeeder)
	if err != nil {
		return nil, err
	}
	f := &feeder{path: path, data: data, place: len(r.read), public: map[string][][]byte{}}
	r.read[path] = f
	return f, nil
}

// readTemplate reads a text with {{seq}} (the call's number), {{uuid}} and columns of a file, one row for each call.
func (r *mixReader) readTemplate(keys map[string]document.Value) source {
	v := keys["template"]
	text, ok := v.Text("the template")
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
			v.Fail("`{{` is not closed by `}}`")
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
	var cells [][]string
	var next func(*draw) int
	if from, given := keys["from"]; given {
		if len(columns) == 0 {
			from.Fail("the template takes no column of the file; write one as {{column}}, or leave `from` out")
			return nil
		}
		file, rows := r.readPublic(from, columns, v)
		if len(rows) == 0 {
			return nil
		}
		problem := ""
		if cells, problem = file.texts(rows, columns); problem != "" {
			from.Fail("the template wants texts or numbers: %s%s", problem, onPurpose)
			return nil
		}
		next = file.join(len(rows))
	} else if len(columns) > 0 {
		v.Fail("the template has {{%s}}; %s, or name the file that has the column: from: data.csv", document.Clip(columns[0]), document.ExpectedOne(columns[0], []string{"seq", "uuid"}))
		return nil
	}
	return func(dst []byte, w *draw) []byte {
		var chosen []string
		if next != nil {
			chosen = cells[next(w)]
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
