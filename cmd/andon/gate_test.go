package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// No secret of a target is in any byte that a gate leaves behind or prints: not where the target sends it back in all
// disguises, and on none of the ways on which nothing is sent.
func TestGateCanaries(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	secrets := []string{"--token-command"}
	p := &parrot{seen: map[string]bool{}}
	s := httptest.NewServer(p)
	defer s.Close()
	const carried = `
    headers: {X-Org-Id: '{env:CANARY_HEADER}', Cookie: 'sid={env:CANARY_COOKIE}'}
    query: {api_key: '{file:key.txt}'}
    token: '{command:if [ -e asked ]; then cat fresh.txt; else : > asked; cat first.txt; fi}'
    cost: {unit: EUR, tiers: {Full: 2}}
`
	for name, secret := range map[string]string{"key": canaries["key"], "first": canaries["token"], "fresh": canaries["fresh"]} {
		write(name+".txt", secret+"\n")
	}
	t.Setenv("CANARY_HEADER", canaries["header"])
	t.Setenv("CANARY_COOKIE", canaries["cookie"])
	t.Setenv("ANDON_TOKEN", "")
	write("load.yaml", "load: [{rate: 40/s, for: 1s}]\nlimits: {lag: 10s, inFlight: 50}\nthresholds: [rate(errors) < 50%, rate(shed) < 50%]\n")
	write("gate.yaml", "verify: {rate: max}\nload: {scenario: load.yaml}\ncapacity: {need: 20/s, time: 6s}\n")
	write("targets.yaml", "targets:\n  there:\n    url: "+s.URL+carried+"  away:\n    url: http://127.0.0.1:1"+carried+
		"  small:\n    url: http://127.0.0.1:2"+carried+"    caps: {runsPerDay: 1}\n  few:\n    url: http://127.0.0.1:3"+carried+"    caps: {runsPerGate: 1, rate: 1/s}\n"+
		"  prod:\n    url: https://api.example.com"+carried+"    production: true\n")
	write("wrong.yaml", "targets: {there: {url: 'http://u:"+canaries["password"]+"@127.0.0.1', token: '"+canaries["token"]+"', cap: 1}}\n")
	for _, c := range []struct {
		code int
		args string
	}{
		{1, "gate --target there --keep-going --out out-there"}, {1, "report out-there"}, {1, "report out-there --format all --out again"},
		{3, "gate --target away --keep-going --out out-away"}, {3, "gate --target small --out out-small"}, {2, "gate --target few --out out-few"},
		{2, "gate --target prod"}, {2, "gate --targets wrong.yaml --target there"},
	} {
		var stdout, stderr bytes.Buffer
		code := plainly(t, strings.Fields(c.args), &stdout, &stderr)
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d: %s", c.args, code, c.code, stderr.String())
		}
		noCanary(t, c.args, stdout.Bytes(), secrets)
		noCanary(t, c.args, stderr.Bytes(), secrets)
		noCanary(t, c.args, stderr.Bytes(), []string{"--user"})
	}
	for _, want := range []string{"X-Org-Id: " + canaries["header"], "Cookie: sid=" + canaries["cookie"], "api_key: " + canaries["key"], "Authorization: Bearer " + canaries["token"], "Authorization: Bearer " + canaries["fresh"]} {
		if !p.seen[want] {
			t.Errorf("the target was not sent %q", want)
		}
	}
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "/") {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		noCanary(t, path, text, secrets)
		return err
	})
	if err != nil || files < 30 {
		t.Errorf("%d files, %v", files, err)
	}
	for _, name := range []string{"out-small", "out-few", filepath.Join("reports", "runs")} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is left behind where nothing was sent", name)
		}
	}
	if found, err := filepath.Glob(filepath.Join("ledger", "*.jsonl")); err != nil || len(found) != 2 {
		t.Error(fmt.Errorf("the ledger has %v: %w", found, err))
	}
}
