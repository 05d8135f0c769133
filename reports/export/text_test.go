package export

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
)

func FuzzAnnotate(f *testing.F) {
	for _, s := range []string{reportstest.Hostile, "::error::x", "%0A", "##[error]", "a:b,c"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, title, line string) {
		var b strings.Builder
		annotate(&b, "error", nil, title, line, title)
		if strings.Count(b.String(), "\n") != 1 {
			t.Errorf("%q, %q: %q", title, line, b.String())
		}
		reportstest.CheckAnnotations(t, []byte(b.String()))
	})
}

// No error that stands for a status needs quotes in a table.
func TestVegetaErrors(t *testing.T) {
	for status := range uint16(1000) {
		if text := vegetaError(results.Row{Status: status, Error: results.Status5xx}); strings.ContainsAny(text, ",\"\n\r") || http.StatusText(int(status)) != "" && (text == "") != (status >= 200 && status < 400) {
			t.Errorf("%d is %q", status, text)
		}
	}
	for kind, name := range results.KindNames() {
		if strings.ContainsAny(name, ",\"\n\r") {
			t.Errorf("kind %d is %q", kind, name)
		}
	}
}
