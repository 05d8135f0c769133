package credentials

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/reports/text"
)

// Value is a text in which references may stand: {env:NAME}, {file:PATH}, {command:…}, and columns of [Tenants]. What a
// reference leads to is secret, but for a public column; a value without one is public. The zero Value is empty.
type Value struct{ pieces []piece }

// piece is a literal, or a reference of a kind.
type piece struct{ kind, text string }

const (
	literal   = ""
	byEnv     = "env"
	byFile    = "file"
	byCommand = "command"
	// byColumn and byPublic are columns of [Tenants].
	byColumn, byPublic = "column", "public-column"
)

func literally(text string) piece { return piece{literal, text} }

var (
	aReference = regexp.MustCompile(`\{([A-Za-z][A-Za-z_-]*):`)
	aVariable  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// howTo is how a secret is given.
const howTo = "give it by reference: {env:NAME}, {file:PATH} or {command:…}"

// ParseValue reads a value. A reference to a variable or a file ends at the next brace, one to a command at the last.
// Its errors never quote the text, in which a secret may stand by mistake.
func ParseValue(text string) (Value, error) {
	var v Value
	for rest := text; rest != ""; {
		at := aReference.FindStringSubmatchIndex(rest)
		if at == nil {
			v.pieces = append(v.pieces, piece{literal, rest})
			break
		}
		if at[0] > 0 {
			v.pieces = append(v.pieces, piece{literal, rest[:at[0]]})
		}
		kind, after := rest[at[2]:at[3]], rest[at[1]:]
		end := strings.IndexByte(after, '}')
		if kind == byCommand {
			end = strings.LastIndexByte(after, '}')
		}
		if end < 0 {
			return Value{}, fmt.Errorf("the reference {%s:… is not closed by a brace", kind)
		}
		p := piece{kind, after[:end]}
		if kind != byColumn && kind != byPublic {
			// A column is called what stands in its file, blanks and all.
			p.text = strings.TrimSpace(p.text)
		}
		switch {
		case !slices.Contains([]string{byEnv, byFile, byCommand, byColumn, byPublic}, kind):
			return Value{}, fmt.Errorf("there is no reference {%s:…}; expected {env:NAME}, {file:PATH} or {command:…}", kind)
		case p.text == "":
			return Value{}, fmt.Errorf("the reference {%s:} names nothing", kind)
		case kind == byEnv && !aVariable.MatchString(p.text):
			return Value{}, fmt.Errorf("the reference {env:…} names no variable; expected letters, digits and underscores")
		}
		v.pieces, rest = append(v.pieces, p), after[end+1:]
	}
	for _, p := range v.pieces {
		if p.kind == literal {
			if err := checkText(p.text, "the value"); err != nil {
				return Value{}, err
			}
		}
	}
	return v, nil
}

// checkText says why a text cannot go into a header; what names it.
func checkText(text, what string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return fmt.Errorf("%s has a line break or another character that no header may have; take it out", what)
	}
	return nil
}

// Secret reports whether some of the value is given by reference.
func (v Value) Secret() bool {
	for _, p := range v.pieces {
		if p.kind != literal && p.kind != byPublic {
			return true
		}
	}
	return false
}

// empty reports whether nothing is given.
func (v Value) empty() bool { return len(v.pieces) == 0 }

// shell is the value inside the double quotes of a POSIX shell: variables as themselves, files and commands as what
// puts their text in.
func (v Value) shell() string {
	var b strings.Builder
	for _, p := range v.pieces {
		switch p.kind {
		case literal:
			b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`", "##", `#""#`).Replace(p.text)) // "##[" is a runner's
		case byEnv:
			b.WriteString("${" + p.text + "}")
		case byFile:
			b.WriteString("$(cat " + text.ShellQuote(p.text) + ")")
		case byCommand:
			b.WriteString("$(" + p.text + ")")
		}
	}
	return b.String()
}
