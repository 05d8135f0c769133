// Package page writes a run, a verification, a search for capacity or a comparison as one HTML file that needs nothing
// else, no network either: figures and tables are in its text, and a script draws a run's charts from the numbers that
// come with it.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"strings"

	"github.com/kaizenautomation/andon/reports/text"
)

//go:embed *.html *.css *.js uplot/uPlot.iife.min.js uplot/uPlot.min.css
var files embed.FS

// Write writes the run as one HTML file that needs nothing else, no network either: figures and tables are in the text,
// and a script draws the charts from the numbers that come with it. Its Content-Security-Policy lets nothing run or
// load but what andon put there, so that what a provider sent stays text.
func Write(w io.Writer, d Data) error {
	v := d.view()
	t, err := assemble(&v.frame, "page.html", []string{"uplot/uPlot.min.css", "page.css"}, []string{"uplot/uPlot.iife.min.js", "common.js", "page.js"})
	if err != nil {
		return err
	}
	numbers, err := json.Marshal(d.columns())
	if err != nil {
		return err
	}
	// encoding/json writes <, > and & and the two line separators of JavaScript as escapes; and a name may begin a
	// runner's command.
	v.Numbers = template.JS(strings.ReplaceAll(string(numbers), "##", `#\u0023`))
	return t.Execute(inert(w), v)
}

// assemble fills in what a page has in its head, and gives its template.
func assemble(f *frame, source string, styles, scripts []string) (*template.Template, error) {
	// A text is read with what a Content-Security-Policy says that allows exactly it.
	read := func(names ...string) (text, allowed string, err error) {
		var all strings.Builder
		sum := sha256.New()
		for _, name := range names {
			text, err := files.ReadFile(name)
			if err != nil {
				return "", "", err
			}
			for _, part := range [][]byte{text, {'\n'}} {
				sum.Write(part)
				all.Write(part)
			}
		}
		return all.String(), "'sha256-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)) + "'", nil
	}
	html, _, err1 := read("frame.html", source)
	style, styleAllowed, err2 := read(styles...)
	theme, themeAllowed, err3 := read("theme.js")
	script, scriptAllowed, err4 := read(scripts...)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	f.Policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + styleAllowed +
		"; script-src " + themeAllowed + " " + scriptAllowed
	f.Style, f.Theme, f.Script = template.CSS(style), template.JS(theme), template.JS(script)
	return template.New("page").Funcs(funcs).Parse(html)
}

// inert has no runner of CI find a command in a page that is printed.
func inert(w io.Writer) io.Writer { return &text.InertWriter{To: w, Bracket: "&#91;"} }
