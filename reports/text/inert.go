package text

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Inert is a text without what a runner of CI takes for a command where it stands on the output of a step. For GitHub
// Actions that is "::" at the beginning of a line, behind blanks too, and "##[" anywhere; for Azure Pipelines "##vso["
// and for TeamCity "##teamcity[".
func Inert(s string) string { return inert(s, " ") }

// inert has a text of its own stand within each command.
func inert(s, within string) string {
	var r runner
	return string(r.append(make([]byte, 0, len(s)+8), []byte(s), within, ""))
}

// ShellQuote quotes a text for a POSIX shell, as one word. A runner of CI finds no command in it: quotation marks with
// nothing between them are nothing to a shell.
func ShellQuote(s string) string {
	return inert("'"+strings.ReplaceAll(s, "'", `'\''`)+"'", "''")
}

// InertWriter passes on what is written to it, in whatever parts, without what a runner of CI takes for a command; see
// [Inert].
type InertWriter struct {
	To io.Writer
	// Bracket, if not empty, is what the bracket of a command becomes, as in XML &#91;: that of a document which says the
	// same then, and in which no line begins with "::".
	Bracket string
	reading runner
}

// Write implements io.Writer.
func (w *InertWriter) Write(p []byte) (int, error) {
	if _, err := w.To.Write(w.reading.append(make([]byte, 0, len(p)+8), p, " ", w.Bracket)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// JSONWriter passes on documents of JSON, each of which is written at once. What a runner of CI or a terminal would act
// on is an escape in them, so that they say the same.
type JSONWriter struct{ To io.Writer }

// Write implements io.Writer.
func (w JSONWriter) Write(p []byte) (int, error) {
	var r runner
	out := make([]byte, 0, len(p)+8)
	for _, c := range string(r.append(nil, p, "", `\u005b`)) {
		if c < 0x7f || strconv.IsPrint(c) {
			out = utf8.AppendRune(out, c)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, c) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	if _, err := w.To.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// runner is how far a runner of CI has read. The zero runner is at the beginning of a line.
type runner struct {
	// begun says that something was on the line that is no blank, and colon that it was one colon.
	begun, colon bool
	// hashes are how many came last, two at most; letters says that some came behind those.
	hashes  int
	letters bool
}

// append appends a text, without what would be a command: within each is something else then, or its bracket is
// written otherwise.
func (r *runner) append(out, text []byte, within, bracket string) []byte {
	for len(text) > 0 {
		if r.begun && !r.colon && r.hashes == 0 {
			// Within a line nothing else can begin a command, or end the line.
			n := bytes.IndexAny(text, "#\r\n")
			if n < 0 {
				return append(out, text...)
			}
			out, text = append(out, text[:n]...), text[n:]
		}
		c := text[0]
		text = text[1:]
		switch {
		case c == '[' && r.hashes == 2 && bracket != "":
			out = append(out, bracket...)
		case c == '[' && r.hashes == 2, c == ':' && r.colon && bracket == "":
			out = append(append(out, within...), c)
		default:
			out = append(out, c)
		}
		r.read(c)
	}
	return out
}

func (r *runner) read(c byte) {
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	switch {
	case c == '#' && r.letters:
		r.hashes, r.letters = 1, false
	case c == '#':
		r.hashes = min(r.hashes+1, 2)
	case letter && r.hashes == 2:
		r.letters = true
	default:
		r.hashes, r.letters = 0, false
	}
	switch {
	case c == '\n' || c == '\r':
		r.begun, r.colon = false, false
	case !r.begun && (c <= ' ' || c >= 0x80):
		// Outside ASCII there are further blanks, which a runner takes off too.
	default:
		r.begun, r.colon = true, !r.begun && c == ':'
	}
}
