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
	read := func(names ...string) (string, error) {
		var all []byte
		for _, name := range names {
			text, err := files.ReadFile(name)
			if err != nil {
				return "", err
			}
			all = append(append(all, text...), '\n')
		}
		return string(all), nil
	}
	html, err1 := read("frame.html", source)
	style, err2 := read(styles...)
	theme, err3 := read("theme.js")
	script, err4 := read(scripts...)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	f.Policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(style) +
		"; script-src " + hash(theme) + " " + hash(script)
	f.Style, f.Theme, f.Script = template.CSS(style), template.JS(theme), template.JS(script)
	return template.New("page").Funcs(funcs).Parse(html)
}

// inert has no runner of CI find a command in a page that is printed.
func inert(w io.Writer) io.Writer { return &text.InertWriter{To: w, Bracket: "&#91;"} }

// hash is a source expression of a Content-Security-Policy that allows exactly this text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
