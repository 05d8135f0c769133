package main

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/reports/results"
)

// Following sends polls with credentials: to a production target they go where that was typed out, as calls do. Where
// it was, it is seen that of this run there is nothing to ask for.
func TestFollowProduction(t *testing.T) {
	for _, c := range []struct {
		target, typed string
		code          int
		want          string
	}{
		{"https://eu.api.kaizenautomation.com", "", 2, "is a production target, and nothing was sent: its name, eu.api.kaizenautomation.com, has to be typed out: --production eu.api.kaizenautomation.com"},
		{"https://eu.api.kaizenautomation.com", "prod", 2, `"prod" was typed out`},
		{"https://eu.api.kaizenautomation.com", "eu.api.kaizenautomation.com", 3, "were not followed"},
		{"http://127.0.0.1:1", "eu.api.kaizenautomation.com", 2, "is no production target"},
		{"http://127.0.0.1:1", "", 3, "were not followed"},
		{"http://[", "", 3, "the target of the run cannot be read"},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		m := results.Manifest{Target: c.target, Labels: results.Labels{Classes: []results.Class{{Name: "text.Lite"}}, Phases: []results.Phase{{Name: "1"}}, Rules: []string{""}}}
		w, err := results.Create(dir, m, map[string][]byte{
			"openapi.yaml": andon.Spec, "scenario.yaml": []byte("load: [{rate: 1/s, for: 1s}]\nmix: {content: [{items: [text]}]}\n"),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(results.End{Reason: results.Finished}); err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		args := []string{"follow", dir}
		if c.typed != "" {
			args = append(args, "--production", c.typed)
		}
		if code := execute(args, io.Discard, &stderr); code != c.code || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s, %q typed out: %d, %s, want %d, %s", c.target, c.typed, code, stderr.String(), c.code, c.want)
		}
	}
}
