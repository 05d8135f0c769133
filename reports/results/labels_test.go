package results

import (
	"fmt"
	"strings"
	"testing"
)

// What a run is known by is short, can be printed, and is not too much.
func TestCheckRunLabels(t *testing.T) {
	many := func(n int) map[string]string {
		labels := map[string]string{}
		for i := range n {
			labels[fmt.Sprint("l", i)] = "x"
		}
		return labels
	}
	for _, c := range []struct {
		labels  map[string]string
		release string
		want    string // "" where nothing is wrong
	}{
		{nil, "", ""},
		{nil, "v1.2.3+build 7 (ünïcode)", ""},
		{map[string]string{"team": "core", "_x": "1", "k8s.pod-name": "=|<b>"}, "", ""},
		{map[string]string{"a": strings.Repeat("ü", 200)}, strings.Repeat("ü", 200), ""},
		{many(20), "", ""},
		{many(21), "", "up to 20 labels, found 21"},
		{map[string]string{"": "x"}, "", `found ""`},
		{map[string]string{"1a": "x"}, "", `found "1a"`},
		{map[string]string{"-a": "x"}, "", `found "-a"`},
		{map[string]string{"ä": "x"}, "", `found "ä"`},
		{map[string]string{"a b": "x"}, "", `found "a b"`},
		{map[string]string{strings.Repeat("a", 65): "x"}, "", "up to 64 letters"},
		{map[string]string{"release": "x"}, "", "cannot be called release"},
		{map[string]string{"a": ""}, "", "the label a is empty"},
		{map[string]string{"a": "x\ny"}, "", `the label a: expected characters that can be printed, found "x\ny"`},
		{map[string]string{"a": "x\x1b[31m"}, "", "can be printed"},
		{map[string]string{"a": "gnp\u202egnp"}, "", "can be printed"},
		{map[string]string{"a": "\xff"}, "", "UTF-8"},
		{map[string]string{"a": strings.Repeat("x", 201)}, "", "up to 200 characters"},
		{nil, "v1\x00", "the release: expected characters"},
		{nil, strings.Repeat("x", 201), "the release: expected up to 200"},
	} {
		err := CheckRunLabels(c.labels, c.release)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q, %q: %v, want %q", c.labels, c.release, err, c.want)
		}
	}
}
