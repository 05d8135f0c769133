package verify

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/summary"
)

// A file of known deviations can name every rule that a check can break.
func TestRules(t *testing.T) {
	said := regexp.MustCompile(`(?:\.broken\(|CheckBroken, |rule\w+ += |o\.Rule = )"([^"]+)"`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllStringSubmatch(string(data), -1) {
			if found++; !slices.Contains(Rules(), m[1]) {
				t.Errorf("%s breaks the rule %s, which Rules does not have", file, m[1])
			}
		}
	}
	if found < 7 {
		t.Errorf("%d rules are found in the code", found)
	}
}

// failing answers every call with 500, and counts them.
func failing(t *testing.T) (Config, *atomic.Int64) {
	t.Helper()
	calls := new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusInternalServerError)
	}))
	t.Cleanup(server.Close)
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return Config{Description: description(t), Target: target, Credentials: credentials.Bearer("t"), Engine: ByDescription, Timeout: time.Minute}, calls
}

func verified(t *testing.T, c Config) summary.Verification {
	t.Helper()
	plan, err := Prepare(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return plan.Run(t.Context())
}

// What is waived neither ends a verification nor has calls spent on it.
func TestDeviationsInAVerification(t *testing.T) {
	known := []summary.Deviation{{Rules: []string{"server-error"}, Why: "known", Until: time.Now().UTC().AddDate(0, 0, 2).Format("2006-01-02")}}
	over := []summary.Deviation{{Rules: []string{"server-error"}, Why: "known", Until: "2020-01-31"}}
	for _, c := range []struct {
		name       string
		deviations []summary.Deviation
		code       int
		verdict    string
	}{
		{"none", nil, 1, summary.CheckBroken},
		{"expired", over, 1, summary.CheckBroken},
		{"waived", known, 0, summary.CheckWaived},
	} {
		config, calls := failing(t)
		config.Deviations, config.Shrink = c.deviations, 20
		config.Cases = cases.Random(config.Description, 1, 6)
		v := verified(t, config)
		if v.Verdict.ExitCode != c.code || v.Checks[0].Verdict != c.verdict || len(v.Checks) != 6 {
			t.Errorf("%s: exit code %d, and the first of %d is %s", c.name, v.Verdict.ExitCode, len(v.Checks), v.Checks[0].Verdict)
		}
		if spent := calls.Load() > 6; spent == (c.code == 0) {
			t.Errorf("%s: %d calls were sent", c.name, calls.Load())
		}
		config, calls = failing(t)
		config.Deviations, config.FailFast = c.deviations, true
		config.Cases = cases.Random(config.Description, 1, 6)
		verified(t, config)
		if went := calls.Load() == 6; went != (c.code == 0) {
			t.Errorf("%s: the first breach was to end it, and %d calls were sent", c.name, calls.Load())
		}
	}
}

// All that may be named is known: what is tried or not, what only a limit makes a case, and what a seed draws.
func TestKnown(t *testing.T) {
	config, _ := failing(t)
	config.Cases = cases.Random(config.Description, 1, 2)
	known := config.Known()
	for _, id := range []string{"text.Full", "body.too-large.negative", config.Cases[0].ID} {
		if !slices.Contains(known.Cases, id) {
			t.Errorf("%s is not known", id)
		}
	}
	if len(config.Cases[0].ID) < len(known.Drawn) || config.Cases[0].ID[:len(known.Drawn)] != known.Drawn {
		t.Errorf("%s does not begin with %s", config.Cases[0].ID, known.Drawn)
	}
	config.Brokered = new(Brokered)
	if config.Known().Cases != nil {
		t.Error("the names of a broker's pacts are said to be known")
	}
}

// However many cases there are, and whatever is answered, a verification that was kept can be read again.
func TestVerificationCanBeReadAgain(t *testing.T) {
	c := serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", strings.Repeat("\"", 60<<10))
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(bytes.Repeat([]byte{1}, 64<<10)) // of which each byte is six in JSON
	}))
	c.Engine, c.Generated, c.Repeat = ByDescription, 20, func(id string) string { return "again " + id }
	if err := c.Choose(cases.Filter{Patterns: []string{drawn + "*"}}); err != nil {
		t.Fatal(err)
	}
	v := prepared(t, c).Run(t.Context())
	most := 0
	for _, k := range v.Checks {
		if len(k.Curl) > summary.MaxCurl {
			t.Errorf("%s has a curl line of %d bytes", k.Name, len(k.Curl))
		}
		text, err := json.MarshalIndent(k, "    ", "  ")
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, len(text))
	}
	if most < 5*maxAnswer || most*maxGenerated > summary.MaxVerification {
		t.Errorf("%d cases of %d bytes each: %d bytes are read", maxGenerated, most, summary.MaxVerification)
	}
}

// All settings that are out of range are told at once, by their names.
func TestCheck(t *testing.T) {
	fine := Config{Timeout: time.Second, For: time.Minute, Concurrency: 1, Attempts: 1, Generated: maxGenerated}
	if wrong := fine.Check(); len(wrong) > 0 {
		t.Error(wrong)
	}
	bad := Config{Timeout: -1, MaxBody: -1, Generated: maxGenerated + 1, Shrink: -1, MaxRuns: -1, Concurrency: maxConcurrency + 1}
	want := []string{
		"timeout wants more than 0s, found -1ns", "for wants more than 0s, found 0s", "max-body wants 0 or more, found -1",
		"generated wants 0 to 10000, found 10001", "shrink wants 0 or more, found -1", "max-runs wants 0 or more, found -1",
		"concurrency wants 1 to 64, found 65", "attempts wants 1 to 20, found 0",
	}
	var got []string
	for _, err := range bad.Check() {
		got = append(got, err.Error())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
