package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/telemetry"
)

// eachByte writes every byte of a text by a format.
func eachByte(format string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			fmt.Fprintf(&b, format, c)
		}
		return b.String()
	}
}

// broken puts something between so many bytes each.
func broken(s string, every int, between string) string {
	var parts []string
	for part := range slices.Chunk([]byte(s), every) {
		parts = append(parts, string(part))
	}
	return strings.Join(parts, between)
}

func inJSON(s string) string {
	text, _ := json.Marshal(s)
	return string(text[1 : len(text)-1])
}

// canaryForms are the ways in which a target may send back what it was given.
var canaryForms = []struct {
	name string
	of   func(string) string
}{
	{"as it is", func(s string) string { return s }},
	{"in capitals", strings.ToUpper},
	{"escaped for a query, + for a space", url.QueryEscape},
	{"escaped for a path", url.PathEscape},
	{"escaped for a query, in small letters", func(s string) string { return strings.ToLower(url.QueryEscape(s)) }},
	{"escaped for a query twice", func(s string) string { return url.QueryEscape(url.QueryEscape(s)) }},
	{"every byte as %XX", eachByte("%%%02X")},
	{"every byte as %xx", eachByte("%%%02x")},
	{"in JSON", inJSON},
	{`in JSON, with \/`, func(s string) string { return strings.ReplaceAll(inJSON(s), "/", `\/`) }},
	{`every byte as \u00xx`, eachByte(`\u%04x`)},
	{`every byte as \u00XX`, eachByte(`\u%04X`)},
	{"in JSON in JSON", func(s string) string { return inJSON(inJSON(s)) }},
	{"in Go", strconv.Quote},
	{`every byte as \xXX`, eachByte(`\x%02X`)},
	{"in HTML", html.EscapeString},
	{"every byte as &#NN;", eachByte("&#%d;")},
	{"every byte as &#xXX;", eachByte("&#x%X;")},
	{"in hex", func(s string) string { return hex.EncodeToString([]byte(s)) }},
	{"in hex, in capitals", func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }},
	{"in hex, with colons", eachByte("%02x:")},
	{"in base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
	{"in base64 for URLs, without padding", func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }},
	{"in base64, behind one byte", func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x" + s + "z")) }},
	{"in base64, behind two bytes", func(s string) string { return base64.StdEncoding.EncodeToString([]byte("xy" + s + "z")) }},
	{"in base64, in lines", func(s string) string {
		return broken(base64.StdEncoding.EncodeToString([]byte("Bearer "+s)), 16, "\r\n")
	}},
	{"in base64, escaped for a query", func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) }},
	{"spaced out", func(s string) string { return broken(s, 1, " ") }},
	{"in lines", func(s string) string { return broken(s, 17, "\n  ") }},
	{"in two values", func(s string) string { return s[:len(s)/2] + `", "b": "` + s[len(s)/2:] }},
	{"without its beginning", func(s string) string { return s[9:] }},
	{"without its end", func(s string) string { return s[:len(s)-9] }},
}

var anEscape = regexp.MustCompile(`^(%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\.|&#?[0-9A-Za-z]{1,40};)`)

// unescapedOnce puts in what escapes stand for.
func unescapedOnce(s string) string {
	var b strings.Builder
	for {
		// The expression takes its time where the race detector is, and most of a text has no escape.
		i := strings.IndexAny(s, `%\&`)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		e := anEscape.FindString(s[:min(len(s), 50)])
		if e == "" {
			e = s[:1]
		}
		s = s[len(e):]
		switch {
		case len(e) == 1:
			b.WriteString(e)
		case e[0] == '&':
			b.WriteString(html.UnescapeString(e))
		case e[0] == '%' || len(e) > 2:
			c, _ := strconv.ParseUint(strings.TrimLeft(e, `%\ux`), 16, 32)
			b.WriteRune(rune(c))
		case strings.ContainsAny(e[1:], "nrtbf"):
			b.WriteByte(' ')
		default:
			b.WriteString(e[1:])
		}
	}
}

// lettersOf leaves letters and digits, in small.
func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// piecesOf lists whatever twelve letters of secrets may stand together, by whose they are.
func piecesOf(secrets map[string]string) map[string]string {
	pieces := map[string]string{}
	for name, secret := range secrets {
		says := []string{lettersOf(secret), hex.EncodeToString([]byte(secret))}
		for offset := range 3 {
			// What the bytes around it share with the secret is not looked for.
			form := base64.RawStdEncoding.EncodeToString(append(make([]byte, offset), secret...))
			says = append(says, lettersOf(form[2+offset:len(form)-4]))
		}
		for _, said := range says {
			for i := 0; i+12 <= len(said); i++ {
				pieces[said[i:i+12]] = name
			}
		}
	}
	return pieces
}

// nothingSaid fails where a piece of a secret is in a text, however it is written.
func nothingSaid(t *testing.T, where string, text []byte, pieces map[string]string) {
	t.Helper()
	for escaped, again := string(text), 0; again < 4; again++ {
		letters := lettersOf(escaped)
		for i := 0; i+12 <= len(letters); i++ {
			if name := pieces[letters[i:i+12]]; name != "" {
				t.Errorf("%s says the %s: …%s…", where, name, letters[max(i-40, 0):min(i+60, len(letters))])
				return
			}
		}
		next := unescapedOnce(escaped)
		if next == escaped {
			return
		}
		escaped = next
	}
}

// repeater is a provider that sends back what it is sent in some of the forms, one place of its answer after the other.
type repeater struct {
	forms func(string) string
	calls atomic.Int64
	// interrupts is after how many calls the command is interrupted; 0 is never.
	interrupts int64
	command    atomic.Pointer[os.Process]
}

func (p *repeater) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := p.calls.Add(1)
	if n == p.interrupts {
		_ = p.command.Load().Signal(os.Interrupt)
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	said := p.forms(token) + p.forms(r.Header.Get("X-Org-Id"))
	plain := strings.NewReplacer("\r", "", "\n", "").Replace(said)
	w.Header().Set("Content-Type", "application/json")
	switch n % 8 {
	case 0:
		fmt.Fprintf(w, `{"executionId": 7, "status": "%s"}`, said)
	case 1:
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, said)
	case 2:
		w.Header().Set("Content-Type", "text/"+plain)
		fmt.Fprint(w, said)
	case 3:
		_ = json.NewEncoder(w).Encode(map[string]any{"executionId": said, "sessionId": 1, said: 1})
	case 4:
		_ = json.NewEncoder(w).Encode(map[string]any{"executionId": fmt.Sprint(n, said), "sessionId": "s", "status": said})
	case 5:
		w.Header().Set("Allow", plain)
		w.Header().Set("Location", "http://127.0.0.1/%zz"+plain)
		w.WriteHeader(http.StatusMethodNotAllowed)
		fmt.Fprint(w, said)
	case 6:
		// It breaks off within the secret.
		w.Header().Set("Content-Length", "5000")
		fmt.Fprint(w, said[:len(said)*3/4])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case 7:
		_ = json.NewEncoder(w).Encode(map[string]any{"executionId": "e", "sessionId": strings.Repeat("x", 2000) + said, "status": 7})
	}
}

// A secret is in no byte that is left behind or said, in whatever form it is sent back, in whatever place, and however
// the command ends.
func TestCanaryInEveryForm(t *testing.T) {
	if len(canaryForms) < 24 {
		t.Fatal("there are fewer than 24 forms")
	}
	given := map[string]string{
		"token":  "cAnary+7f/3a91=Zq9.K-w_x2~LmNoPq8RsTuV5yAb3CdEfGh1IjKl4MnOp6Q",
		"header": `kErnel&9c "<4d>=" Wv8.T%41-u_z5\nXyZ0AbC7dEf2GhI6jKl9mNo1PqR4sTuV`,
	}
	secrets := piecesOf(given)
	t.Chdir(t.TempDir())
	t.Setenv("ANDON_TOKEN", given["token"])
	t.Setenv("CANARY", given["header"])
	if err := os.WriteFile("one.yaml", []byte("load: [{rate: 60/s, for: 400ms}]\nlimits: {lag: 10s}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	try := func(p *repeater, args ...string) {
		t.Helper()
		if p != nil {
			s := httptest.NewServer(p)
			defer s.Close()
			args = append(args, "--target", s.URL)
		}
		trySecretly(t, secrets, p, args...)
		if p != nil && p.calls.Load() == 0 {
			t.Errorf("%v calls nobody", args)
		}
	}
	const org = "X-Org-Id: {env:CANARY}"
	// A few forms at once, that an answer of which 2 KiB are kept has room for, however a command ends.
	says := func(s string) string {
		return strings.Join([]string{s, strings.ToUpper(s), broken(s, 1, " "), base64.StdEncoding.EncodeToString([]byte("x" + s)), eachByte(`\u%04x`)(s)}, " ")
	}
	try(&repeater{forms: says}, "run", "one.yaml", "--header", org, "--out", "http2", "--plain", "--http2")
	try(&repeater{forms: says, interrupts: 9}, "run", "one.yaml", "--header", org, "--out", "interrupted", "--plain")
	try(nil, "report", "interrupted", "--format", "all", "--out", "interrupted-report")
	try(&repeater{forms: says}, "verify", "--header", org, "--rate", "max", "--attempts", "1", "--out", "verified", "--engine", "description")
	try(&repeater{forms: says, interrupts: 99}, "verify", "--header", org, "--rate", "max", "--attempts", "1", "--out", "verify-interrupted", "--engine", "description")
	for _, format := range reports.VerificationNames() {
		try(nil, "report", "verified", "--format", format)
	}
	both := httptest.NewServer(&repeater{forms: says})
	for _, seed := range []string{"3", "4"} {
		try(nil, "run", "one.yaml", "--header", org, "--target", both.URL, "--plain", "--seed", seed, "--out", "seed-"+seed)
	}
	both.Close()
	try(nil, "report", "seed-3", "seed-4", "--format", "all", "--out", "merged")
	// Each form alone, in the place where most of an answer is shown.
	for i, form := range canaryForms {
		try(&repeater{forms: form.of}, "verify", "--header", org, "--rate", "max", "--attempts", "1", "--engine", "description", "--case", "text.F*", "--case", "body.*", "--format", "json,terminal,junit", "--out", fmt.Sprint("alone-", i))
	}
	nothingLeft(t, secrets)
}

// trySecretly runs a command, which says nothing of secrets. The provider that may interrupt it is p, or nil.
func trySecretly(t *testing.T, secrets map[string]string, p *repeater, args ...string) (said string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := begin(t, &stdout, &stderr, args...)
	if p != nil {
		p.command.Store(cmd.Process)
	}
	if code := ended(t, cmd); code == usage {
		t.Errorf("%v ends with %d: %s", args, code, stderr.String())
	}
	nothingSaid(t, fmt.Sprintf("stdout of %v", args), stdout.Bytes(), secrets)
	nothingSaid(t, fmt.Sprintf("stderr of %v", args), stderr.Bytes(), secrets)
	return stdout.String() + stderr.String()
}

// nothingLeft fails where a file below the working directory says something of secrets.
func nothingLeft(t *testing.T, secrets map[string]string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		nothingSaid(t, path, text, secrets)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A broker and what figures are pushed to know secrets too, and may send them back.
func TestBrokersAndEndpointsLearnInPrivate(t *testing.T) {
	t.Chdir(t.TempDir())
	given := map[string]string{
		"token": "bRoker+7f/3a91Zq9.Kw2xLmNoPq8", "password": "pAss&word=4d81Wv8/T2uz5XyZ0AbC7d", "header": "hEader-5c02Rt6.Y1uj4MnB8vCx3",
		"key": "kEyOfTheUrl9e37Gf2DsA6qWe1", "authorization": "aUthor-6b55Jk3HgF7dSa1PoI4uY",
	}
	secrets := piecesOf(given)
	t.Setenv("PACT_BROKER_TOKEN", given["token"])
	t.Setenv("ANDON_REMOTE_WRITE_AUTHORIZATION", "Bearer "+given["authorization"])
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team-key="+url.QueryEscape(given["header"])+",authorization=Bearer%20"+given["authorization"])
	var form atomic.Pointer[func(string) string]
	says := func(r *http.Request) string {
		said := "no: "
		for _, name := range []string{"Authorization", "X-Team-Key"} {
			if value := strings.TrimPrefix(r.Header.Get(name), "Bearer "); len(value) > 12 {
				said += (*form.Load())(value) + " "
			}
		}
		if user, password, ok := r.BasicAuth(); ok {
			said += user + (*form.Load())(password)
		}
		return said + r.URL.String()
	}
	var deploys atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if deploys.Load() {
			_ = json.NewEncoder(w).Encode(map[string]any{
				"_links":  map[string]any{"pb:can-i-deploy-pacticipant-version-to-environment": map[string]string{"href": "http://" + r.Host + "/deploy"}},
				"summary": map[string]any{"deployable": true, "reason": says(r)},
			})
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, says(r))
	}))
	defer s.Close()
	key := "?key=" + given["key"]
	for _, by := range []string{"token", "password"} {
		if by == "password" {
			t.Setenv("PACT_BROKER_TOKEN", "")
			t.Setenv("PACT_BROKER_USERNAME", "ci")
			t.Setenv("PACT_BROKER_PASSWORD", given["password"])
		}
		for _, f := range canaryForms {
			form.Store(&f.of)
			for _, answers := range []bool{false, true} {
				deploys.Store(answers)
				said := trySecretly(t, secrets, nil, "contracts", "can-i-deploy", "--version", "1", "--to-environment", "x", "--broker", s.URL+key)
				if !strings.Contains(said, "no: ") {
					t.Errorf("%s: the broker's words are not in %q", f.name, said)
				}
			}
			deploys.Store(false)
			trySecretly(t, secrets, nil, "contracts", "publish", "--version", "1", "--broker", s.URL+key)
		}
	}
	trySecretly(t, secrets, nil, "contracts", "publish", "--version", "1", "--broker", "http://127.0.0.1:1/"+key)
	// A run that waits for an endpoint that takes nothing takes seconds: they go on side by side.
	monitor := &telemetry.Monitor{}
	var all []string
	var mutex sync.Mutex
	monitor.Warn = func(said string) {
		mutex.Lock()
		defer mutex.Unlock()
		all = append(all, said)
	}
	for _, f := range canaryForms {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, "no: %s %s %s", f.of(given["authorization"]), f.of(given["header"]), r.URL)
		}))
		defer s.Close()
		one, err := telemetry.RemoteWrite(s.URL+"/w"+key, os.Getenv("ANDON_REMOTE_WRITE_AUTHORIZATION"))
		other, err2 := telemetry.OTLP(s.URL+"/o"+key, os.Getenv("OTEL_EXPORTER_OTLP_HEADERS"))
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		monitor.Endpoints = append(monitor.Endpoints, one, other)
	}
	monitor.Start(results.Manifest{})
	monitor.End(t.Context(), nil)
	var known credentials.Set
	known.Keep(credentials.Ambient([]string{"--otlp", "http://127.0.0.1" + key})...)
	if len(all) != 2*len(canaryForms) {
		t.Errorf("%d endpoints are told of, expected %d", len(all), 2*len(canaryForms))
	}
	for _, said := range all {
		nothingSaid(t, said, []byte(known.Redact(said)), secrets)
	}
	if err := os.WriteFile("one.yaml", []byte("load: [{rate: 60/s, for: 200ms}]\nlimits: {lag: 10s}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := trySecretly(t, secrets, nil, "run", "one.yaml", "--out", "run", "--plain", "--otlp", s.URL+key, "--remote-write", s.URL+key); !strings.Contains(said, "no: ") {
		t.Errorf("the endpoints' words are not in %q", said)
	}
	nothingLeft(t, secrets)
}
