package scenarios

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/metrics"
)

const (
	maxFile  = 1 << 20
	maxDepth = 32
)

// A document reads one YAML file and gathers what is wrong with it, so that all of it can be reported at once.
type document struct {
	file     string
	lines    []string
	env      func(string) (string, bool)
	problems []Problem
}

// A value is a place in the document. Its methods read it as something and report a problem where it is something else;
// they return false, or nothing, then.
type value struct {
	doc  *document
	node *yaml.Node
}

// parse gives the document's root, or false.
func (d *document) parse(data []byte) (value, bool) {
	d.lines = strings.Split(string(data), "\n")
	fail := func(line, column int, message string) (value, bool) {
		d.report(line, column, 1, message)
		return value{}, false
	}
	if len(data) > maxFile {
		return fail(1, 1, fmt.Sprintf("the file has %d bytes, more than the 1 MiB that a scenario may have", len(data)))
	}
	if !utf8.Valid(data) {
		return fail(1, 1, "the file is not UTF-8 text")
	}
	var root yaml.Node
	if err := yaml.Load(data, &root); err != nil {
		var bad *yaml.LoadError
		if errors.As(err, &bad) && bad.Mark.Line > 0 {
			return fail(bad.Mark.Line, max(bad.Mark.Column, 1), "this is not YAML: "+bad.Message)
		}
		if len(bytes.TrimSpace(data)) == 0 || strings.Contains(err.Error(), "no documents") {
			return fail(1, 1, "the file is empty; a scenario needs at least `load:`")
		}
		return fail(1, 1, "this is not one YAML document: "+err.Error())
	}
	if root.Kind != yaml.DocumentNode || len(root.Content) != 1 {
		return fail(1, 1, "the file is empty; a scenario needs at least `load:`")
	}
	return value{d, root.Content[0]}.follow(), true
}

func (d *document) report(line, column, width int, message string) {
	p := Problem{Line: line, Column: column, Width: width, Message: message}
	if line >= 1 && line <= len(d.lines) {
		p.Source = strings.TrimSuffix(d.lines[line-1], "\r")
	}
	d.problems = append(d.problems, p)
}

// err is nil where nothing was wrong.
func (d *document) err() error {
	if len(d.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(d.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &InvalidError{File: d.file, Problems: slices.Compact(d.problems)}
}

// follow goes through aliases.
func (v value) follow() value {
	for v.node.Kind == yaml.AliasNode && v.node.Alias != nil {
		v.node = v.node.Alias
	}
	return v
}

func (v value) fail(format string, args ...any) {
	width := 1
	switch n := v.node; {
	case n.Kind == yaml.ScalarNode && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		width = utf8.RuneCountInString(n.Value) + 2
	case n.Kind == yaml.ScalarNode:
		width = utf8.RuneCountInString(n.Value)
	}
	v.doc.report(v.node.Line, v.node.Column, width, fmt.Sprintf(format, args...))
}

// found describes what the value is, for messages.
func (v value) found() string {
	switch v.node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if v.null() {
		return "nothing"
	}
	return strconv.Quote(clip(v.node.Value))
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

func (v value) null() bool {
	return v.node.Kind == yaml.ScalarNode && v.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 &&
		(v.node.Value == "" || v.node.Value == "null" || v.node.Value == "~")
}

// A member is one key of a mapping with its value.
type member struct {
	name string
	key  value
	value
}

// members lists a mapping's members in order.
func (v value) members(what string) ([]member, bool) {
	if v.node.Kind != yaml.MappingNode {
		v.fail("expected %s, a mapping (key: value), found %s", what, v.found())
		return nil, false
	}
	var out []member
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key := value{v.doc, v.node.Content[i]}
		if key.node.Kind != yaml.ScalarNode {
			key.fail("expected a name as the key, found %s", key.found())
			continue
		}
		m := member{key.node.Value, key, value{v.doc, v.node.Content[i+1]}.follow()}
		if j := slices.IndexFunc(out, func(o member) bool { return o.name == m.name }); j >= 0 {
			key.fail("the key %q stands here twice (first in line %d)", clip(m.name), out[j].key.node.Line)
			continue
		}
		out = append(out, m)
	}
	return out, true
}

// object reads a mapping whose keys are known.
func (v value) object(what string, keys ...string) (map[string]value, bool) {
	list, ok := v.members(what)
	out := map[string]value{}
	for _, m := range list {
		if !slices.Contains(keys, m.name) {
			m.key.fail("unknown key %q in %s; %s", clip(m.name), what, expectedOne(m.name, keys))
			continue
		}
		out[m.name] = m.value
	}
	return out, ok
}

// expectedOne says what may stand in place of a word.
func expectedOne(word string, names []string) string {
	if near := contracts.Nearest(word, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "expected one of " + strings.Join(names, ", ")
}

func (v value) list(what string) ([]value, bool) {
	if v.node.Kind != yaml.SequenceNode {
		v.fail("expected %s, a list, found %s", what, v.found())
		return nil, false
	}
	var out []value
	for _, n := range v.node.Content {
		out = append(out, value{v.doc, n}.follow())
	}
	return out, true
}

// text reads a scalar, with the environment's variables put in where it asks for them.
func (v value) text(what string) (string, bool) {
	if v.node.Kind != yaml.ScalarNode || v.null() {
		v.fail("expected %s, found %s", what, v.found())
		return "", false
	}
	s, err := substitute(v.node.Value, v.doc.env)
	if err != nil {
		v.fail("%v", err)
		return "", false
	}
	return s, true
}

// substitute replaces ${NAME} and ${NAME:-default} in s; $${ stands for ${ itself.
func substitute(s string, env func(string) (string, bool)) (string, error) {
	if !strings.Contains(s, "${") {
		return s, nil
	}
	var b strings.Builder
	for {
		at := strings.Index(s, "${")
		if at < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		if at > 0 && s[at-1] == '$' {
			b.WriteString(s[:at-1] + "${")
			s = s[at+2:]
			continue
		}
		end := strings.IndexByte(s[at:], '}')
		if end < 0 {
			return "", fmt.Errorf("`${` is not closed by `}`; write $${ for the two characters themselves")
		}
		name, otherwise, hasDefault := strings.Cut(s[at+2:at+end], ":-")
		if !isVariable(name) {
			return "", fmt.Errorf("%q is no name of an environment variable; expected ${NAME} or ${NAME:-default}", clip(name))
		}
		b.WriteString(s[:at])
		s = s[at+end+1:]
		switch found, ok := env(name); {
		case ok && (found != "" || !hasDefault):
			b.WriteString(found)
		case hasDefault:
			b.WriteString(otherwise)
		default:
			return "", fmt.Errorf("the environment variable %s is not set; set it, or write ${%s:-default}", name, name)
		}
	}
}

func isVariable(name string) bool {
	for i, c := range []byte(name) {
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return name != ""
}

func (v value) boolean(what string) bool {
	s, ok := v.text(what)
	if ok && s != "true" && s != "false" {
		v.fail("expected %s, true or false, found %s", what, v.found())
	}
	return s == "true"
}

// integer reads a whole number between lo and hi. Underscores may group its digits.
func (v value) integer(what string, lo, hi uint64) (uint64, bool) {
	s, ok := v.text(what)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.ReplaceAll(s, "_", ""), 10, 64)
	if err != nil || n < lo || n > hi {
		v.fail("expected %s, a whole number from %d to %d, found %s", what, lo, hi, v.found())
		return 0, false
	}
	return n, true
}

func (v value) weight(what string) (float64, bool) {
	s, ok := v.text(what)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 0) || f > 1e12 {
		hint := ""
		if strings.HasSuffix(s, "%") {
			hint = "; weights are shares of their sum, so leave the % out"
		}
		v.fail("expected %s, a number of at least 0, found %s%s", what, v.found(), hint)
		return 0, false
	}
	return f, true
}

// share reads a percentage.
func (v value) share(what string) (float64, bool) {
	s, ok := v.text(what)
	if !ok {
		return 0, false
	}
	number, percent := strings.CutSuffix(s, "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	switch {
	case err == nil && !percent && f >= 0 && f <= 100:
		v.fail("expected %s, a share with its unit such as %s%%, found %s", what, strconv.FormatFloat(f, 'g', -1, 64), v.found())
		return 0, false
	case err != nil || !percent || !(f >= 0 && f <= 100):
		v.fail("expected %s, a share from 0%% to 100%%, found %s", what, v.found())
		return 0, false
	}
	return f / 100, true
}

const maxDuration = 7 * 24 * time.Hour

func (v value) duration(what string) (time.Duration, bool) {
	s, ok := v.text(what)
	if !ok {
		return 0, false
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		if _, bare := strconv.ParseFloat(s, 64); bare == nil {
			v.fail("expected %s with a unit, such as %ss or %sms, found %s", what, s, s, v.found())
		} else {
			v.fail("expected %s, a duration such as 500ms, 30s or 1h30m, found %s", what, v.found())
		}
		return 0, false
	}
	if d < 0 || d > maxDuration {
		v.fail("expected %s, a duration from 0s to 168h, found %s", what, v.found())
		return 0, false
	}
	return d, true
}

// positive reads a duration longer than 0.
func (v value) positive(what string) (time.Duration, bool) {
	d, ok := v.duration(what)
	if ok && d == 0 {
		v.fail("expected %s, longer than 0s", what)
		return 0, false
	}
	return d, ok
}

const maxRate = 1e6

// perSecond reads a rate: a number, a slash and s, m or h.
func (v value) perSecond(what string) (float64, bool) {
	s, ok := v.text(what)
	if !ok {
		return 0, false
	}
	number, unit, slash := strings.Cut(s, "/")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	per := map[string]float64{"s": 1, "m": 60, "h": 3600}[strings.TrimSpace(unit)]
	switch {
	case err == nil && !slash:
		v.fail("expected %s with its unit, such as %s/s or %s/m, found %s", what, s, s, v.found())
		return 0, false
	case err != nil || per == 0:
		v.fail("expected %s, a rate such as 100/s, 90/m or 20/h, found %s", what, v.found())
		return 0, false
	case f < 0:
		v.fail("%s is below zero: %s", what, v.found())
		return 0, false
	case math.IsNaN(f) || f/per > maxRate:
		v.fail("expected %s of at most 1000000/s, found %s", what, v.found())
		return 0, false
	}
	return f / per, true
}

// json reads any value as JSON. Plain scalars mean what they mean in YAML 1.2's core schema.
func (v value) json() ([]byte, bool) {
	budget := 10_000
	out, ok := v.generic(0, &budget)
	if !ok {
		return nil, false
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		v.fail("this value cannot be written as JSON: %v", err)
		return nil, false
	}
	return bytes.TrimSpace(b.Bytes()), true
}

// generic converts the value; the budget bounds what aliases can blow up.
func (v value) generic(depth int, budget *int) (any, bool) {
	if *budget--; *budget < 0 || depth > maxDepth {
		v.fail("this value is too large or too deep")
		return nil, false
	}
	switch v.node.Kind {
	case yaml.MappingNode:
		members, ok := v.members("a value")
		out := map[string]any{}
		for _, m := range members {
			var good bool
			out[m.name], good = m.generic(depth+1, budget)
			ok = ok && good
		}
		return out, ok
	case yaml.SequenceNode:
		items, ok := v.list("a value")
		out := []any{}
		for _, i := range items {
			item, good := i.generic(depth+1, budget)
			out = append(out, item)
			ok = ok && good
		}
		return out, ok
	}
	if v.null() {
		return nil, true
	}
	s, ok := v.text("a value")
	if v.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 || !ok {
		return s, ok
	}
	var out any
	if (yaml.Load([]byte(s), &out)) != nil {
		return s, true
	}
	switch out.(type) {
	case bool, int, int64, uint64, float64, string:
		return out, true
	}
	return s, true
}

func (v value) scalar() bool { return v.node.Kind == yaml.ScalarNode && !v.null() }

// failInside reports a threshold's error at its place within the text, where the file has the text as it is.
func (v value) failInside(text string, err error) {
	var bad *metrics.ExprError
	if !errors.As(err, &bad) {
		v.fail("%v", err)
		return
	}
	n := v.node
	line := ""
	if n.Line >= 1 && n.Line <= len(v.doc.lines) {
		line = v.doc.lines[n.Line-1]
	}
	runes := []rune(line)
	start := min(max(n.Column-1, 0), len(runes))
	if at := strings.Index(string(runes[start:]), text); at >= 0 {
		before := utf8.RuneCountInString(string(runes[start:])[:at]) + utf8.RuneCountInString(text[:bad.Offset-1])
		v.doc.report(n.Line, start+before+1, max(1, utf8.RuneCountInString(bad.Text)), "threshold: "+bad.Problem)
		return
	}
	v.fail("%v", bad)
}
