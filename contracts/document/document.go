// Package document reads YAML with positions, so that everything that is wrong with a file can be told at once, each
// problem with its place.
//
// A [Value] reads itself as what is expected there and reports what it finds instead; reading goes on. In the end
// [Document.Err] has every problem, in the file's order.
package document

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/reports/text"
)

const maxFile = 1 << 20

// A Document is one YAML file, and what was found to be wrong with it so far.
type Document struct {
	file     string
	needs    string
	lines    []string
	env      func(string) (string, bool)
	problems []Problem
	// hidden are parts of lines that no problem shows.
	hidden []span
}

// A Value is a place in the document. Its methods read it as something and report a problem where it is something else;
// they return false, or nothing, then.
type Value struct {
	doc  *Document
	node *yaml.Node
}

// Parse reads a file and gives its root. The file's name is for messages, and so is what an empty one needs at least;
// env looks up a variable of the environment, and without it texts stay as they are written. Without a root ok is
// false, and [Document.Err] says why.
func Parse(file, needs string, data []byte, env func(string) (string, bool)) (d *Document, root Value, ok bool) {
	d = &Document{file: file, needs: needs, env: env}
	root, ok = d.parse(data)
	return d, root, ok
}

func (d *Document) parse(data []byte) (Value, bool) {
	d.lines = strings.Split(string(data), "\n")
	if len(data) > maxFile {
		d.Report(1, 1, 1, fmt.Sprintf("the file has %d bytes, more than the 1 MiB that such a file may have", len(data)))
		return Value{}, false
	}
	root, wrong := Tree(data, d.needs)
	if wrong != nil {
		d.Report(wrong.Line, wrong.Column, 1, wrong.Message)
		return Value{}, false
	}
	return Value{d, root}.follow(), true
}

// Tree reads the one document that a text of YAML has; needs is what an empty one is told. What is wrong has its place,
// and nothing else of a [Problem].
func Tree(data []byte, needs string) (root *yaml.Node, wrong *Problem) {
	lines := strings.Split(string(data), "\n")
	fail := func(line, column int, message string) (*yaml.Node, *Problem) {
		return nil, &Problem{Line: line, Column: column, Message: message}
	}
	if line, column, why := foreign(data, lines); why != "" {
		return fail(line, column, why)
	}
	var file yaml.Node
	if err := yaml.Load(data, &file); err != nil {
		var bad *yaml.LoadError
		if errors.As(err, &bad) && bad.Mark.Line > 0 {
			why := bad.Message
			if at := lines[min(bad.Mark.Line, len(lines))-1]; strings.HasPrefix(at[min(max(bad.Mark.Column-1, 0), len(at)):], "\t") {
				why = "lines are indented by spaces, and not by a tab"
			}
			return fail(bad.Mark.Line, max(bad.Mark.Column, 1), "this is not YAML: "+why)
		}
		if len(bytes.TrimSpace(data)) == 0 || strings.Contains(err.Error(), "no documents") {
			return fail(1, 1, "the file is empty; "+needs)
		}
		line := second(data)
		if line == 0 {
			return fail(1, 1, "this is not YAML: "+err.Error())
		}
		return fail(line, 1, "a second document begins here, and a file has one: take out what is of another, or the line ---")
	}
	if file.Kind != yaml.DocumentNode || len(file.Content) != 1 {
		return fail(1, 1, "the file is empty; "+needs)
	}
	return file.Content[0], nil
}

// foreign is the first place at which a file is no text that YAML may be.
func foreign(data []byte, lines []string) (line, column int, why string) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) || len(data) > 1 && (data[0] == 0) != (data[1] == 0) {
		return 1, 1, "the file is not UTF-8 text but UTF-16: save it as UTF-8"
	}
	for i, at := range lines {
		if !utf8.ValidString(at) {
			return i + 1, 1, "this line is not UTF-8 text: save the file as UTF-8"
		}
		column = 1
		for _, r := range at {
			if r < ' ' && r != '\t' && r != '\r' || r == 0xfffe || r == 0xffff {
				return i + 1, column, fmt.Sprintf("this is not YAML: the character %U cannot stand there", r)
			}
			column++
		}
	}
	return 0, 0, ""
}

// second is the line at which the second document of several begins; 0 where there is one.
func second(data []byte) int {
	var list []yaml.Node
	if err := yaml.Load(data, &list, yaml.WithAllDocuments()); err != nil || len(list) < 2 {
		return 0
	}
	return list[1].Line
}

// Report notes a problem at a place: line and column count from 1, the width is in characters.
func (d *Document) Report(line, column, width int, message string) {
	p := Problem{Line: line, Column: column, Width: width, Message: message}
	if line >= 1 && line <= len(d.lines) {
		p.Source = strings.TrimSuffix(d.lines[line-1], "\r")
	}
	d.problems = append(d.problems, p)
}

// Again is the document with no problem reported yet: for what turns out when the file has long been read.
func (d *Document) Again() *Document {
	again := *d
	again.problems = nil
	return &again
}

// In is the same place in a document that was read [Document.Again].
func (v Value) In(d *Document) Value { return Value{d, v.node} }

// Problems is how many problems were reported so far.
func (d *Document) Problems() int { return len(d.problems) }

// Err is an [*InvalidError] with every problem, or nil where nothing was wrong.
func (d *Document) Err() error {
	if len(d.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(d.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	for i := range d.problems {
		d.problems[i].hide(d.hidden)
	}
	return &InvalidError{File: d.file, Problems: slices.Compact(d.problems)}
}

// follow goes through aliases.
func (v Value) follow() Value {
	for v.node.Kind == yaml.AliasNode && v.node.Alias != nil {
		v.node = v.node.Alias
	}
	return v
}

// Fail reports a problem with the value.
func (v Value) Fail(format string, args ...any) {
	width := 1
	switch n := v.node; {
	case n.Kind == yaml.ScalarNode && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		width = utf8.RuneCountInString(n.Value) + 2
	case n.Kind == yaml.ScalarNode:
		width = utf8.RuneCountInString(n.Value)
	}
	v.doc.Report(v.node.Line, v.node.Column, width, fmt.Sprintf(format, args...))
}

// Hide has the texts of the value, in which secrets may stand, shown by no problem that there is in their lines.
func (v Value) Hide() {
	for i, child := range v.node.Content {
		if v.node.Kind != yaml.MappingNode || i%2 == 1 {
			Value{v.doc, child}.Hide()
		}
	}
	if v.node.Kind == yaml.ScalarNode && v.node.Line > 0 {
		v.doc.hidden = append(v.doc.hidden, v.span())
	}
}

// span is where a scalar stands: to the end of its lines where it is not written there as it is.
func (v Value) span() span {
	n := v.node
	s := span{n.Line, n.Line + strings.Count(n.Value, "\n"), max(n.Column, 1), 0}
	if n.Line <= len(v.doc.lines) {
		runes := []rune(v.doc.lines[n.Line-1])
		rest := string(runes[min(n.Column-1, len(runes)):])
		for _, quote := range []string{"", `"`, "'"} {
			if strings.HasPrefix(rest, quote+n.Value+quote) {
				s.width = utf8.RuneCountInString(n.Value) + 2*len(quote)
				break
			}
		}
	}
	return s
}

// Found describes what the value is, for messages.
func (v Value) Found() string {
	switch v.node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if v.null() {
		return "nothing"
	}
	return strconv.Quote(Clip(v.node.Value))
}

// Clip shortens a text for a message.
func Clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// plain reports whether the value is a scalar without quotes or tag, so that its text says what it is.
func (v Value) plain() bool {
	return v.node.Kind == yaml.ScalarNode &&
		v.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0
}

func (v Value) null() bool {
	means, err := jsontext.Plain(v.node.Value)
	return v.plain() && means == nil && err == nil
}

// A Member is one key of a mapping with its value.
type Member struct {
	Name string
	Key  Value
	Value
}

// Members lists a mapping's members in order.
func (v Value) Members(what string) ([]Member, bool) {
	if v.node.Kind != yaml.MappingNode {
		v.Fail("expected %s, a mapping (key: value), found %s", what, v.Found())
		return nil, false
	}
	var out []Member
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key := Value{v.doc, v.node.Content[i]}
		if key.node.Kind != yaml.ScalarNode {
			key.Fail("expected a name as the key, found %s", key.Found())
			continue
		}
		m := Member{key.node.Value, key, Value{v.doc, v.node.Content[i+1]}.follow()}
		if j := slices.IndexFunc(out, func(o Member) bool { return o.Name == m.Name }); j >= 0 {
			key.Fail("the key %q stands here twice (first in line %d); take one of them out", Clip(m.Name), out[j].Key.node.Line)
			continue
		}
		out = append(out, m)
	}
	return out, true
}

// Member gives the value of one key of a mapping, if it is there.
func (v Value) Member(name string) (Value, bool) {
	for i := 0; i+1 < len(v.node.Content) && v.node.Kind == yaml.MappingNode; i += 2 {
		if v.node.Content[i].Value == name {
			return Value{v.doc, v.node.Content[i+1]}.follow(), true
		}
	}
	return Value{}, false
}

// Object reads a mapping whose keys are known.
func (v Value) Object(what string, keys ...string) (map[string]Value, bool) {
	list, ok := v.Members(what)
	out := map[string]Value{}
	for _, m := range list {
		if !slices.Contains(keys, m.Name) {
			m.Key.Fail("unknown key %q in %s; %s", Clip(m.Name), what, ExpectedOne(m.Name, keys))
			continue
		}
		out[m.Name] = m.Value
	}
	return out, ok
}

// ExpectedOne says what may stand in place of a word.
func ExpectedOne(word string, names []string) string {
	if near := text.Nearest(word, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "expected one of " + strings.Join(names, ", ")
}

// List reads a list.
func (v Value) List(what string) ([]Value, bool) {
	if v.node.Kind != yaml.SequenceNode {
		v.Fail("expected %s, a list, found %s", what, v.Found())
		return nil, false
	}
	var out []Value
	for _, n := range v.node.Content {
		out = append(out, Value{v.doc, n}.follow())
	}
	return out, true
}

// Scalar reports whether the value is a text, a number or the like.
func (v Value) Scalar() bool { return v.node.Kind == yaml.ScalarNode && !v.null() }

// Listed reports whether the value is a list.
func (v Value) Listed() bool { return v.node.Kind == yaml.SequenceNode }

// Mapped reports whether the value is a mapping.
func (v Value) Mapped() bool { return v.node.Kind == yaml.MappingNode }

// Len is how many members a mapping has, known or not.
func (v Value) Len() int { return len(v.node.Content) / 2 }

// FailInside reports a problem with a part of the value's text, from an offset in bytes on, at its place in the file
// where the file has the text as it is. Elsewhere, behind a variable of the environment say, it is the whole value's.
func (v Value) FailInside(text string, offset, width int, inside, whole string) {
	n := v.node
	line := ""
	if n.Line >= 1 && n.Line <= len(v.doc.lines) {
		line = v.doc.lines[n.Line-1]
	}
	runes := []rune(line)
	start := min(max(n.Column-1, 0), len(runes))
	if at := strings.Index(string(runes[start:]), text); at >= 0 {
		before := utf8.RuneCountInString(string(runes[start:])[:at]) + utf8.RuneCountInString(text[:offset])
		v.doc.Report(n.Line, start+before+1, max(1, width), inside)
		return
	}
	v.Fail("%s", whole)
}

// Place is the line and the column of the value, from 1.
func (v Value) Place() (line, column int) { return v.node.Line, v.node.Column }
