// Package page writes a run as one HTML file that needs nothing else, no network either: figures and tables are in its
// text, and a script draws the charts from the numbers that come with it.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"io"
)

//go:embed page.html page.css page.js theme.js uplot/uPlot.iife.min.js uplot/uPlot.min.css
var files embed.FS

// Write writes the run as one HTML file that needs nothing else, no network either: figures and tables are in the text,
// and a script draws the charts from the numbers that come with it. Its Content-Security-Policy lets nothing run or
// load but what andon put there, so that what a provider sent stays text.
func Write(w io.Writer, d Data) error {
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
	source, err1 := read("page.html")
	style, err2 := read("uplot/uPlot.min.css", "page.css")
	theme, err3 := read("theme.js")
	script, err4 := read("uplot/uPlot.iife.min.js", "page.js")
	numbers, err5 := json.Marshal(d.columns())
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	t, err := template.New("page").Funcs(funcs).Parse(source)
	if err != nil {
		return err
	}
	v := d.view()
	v.Policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(style) +
		"; script-src " + hash(theme) + " " + hash(script)
	v.Style, v.Theme, v.Script = template.CSS(style), template.JS(theme), template.JS(script)
	// encoding/json writes <, > and & and the two line separators of JavaScript as escapes.
	v.Numbers = template.JS(numbers)
	return t.Execute(w, v)
}

// hash is a source expression of a Content-Security-Policy that allows exactly this text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
