package main

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// canaries are the secrets of these tests, by the variable, file or command that they come from. They have characters
// that escapes change.
var canaries = map[string]string{
	"header": `canary-header/"<é>-7f31`, "cookie": "canary-cookie+%-8a42", "password": `canary&pass\word=9b53`, "key": "canary key?ab/cd+ef 1c64",
	"token": "canary-token~first/2d75", "fresh": "canary-token~fresh/3e86",
}

// disguised lists a canary as it is and as a target may send it back.
func disguised(secret string) []string {
	text, _ := json.Marshal(secret)
	return []string{
		secret, string(text[1 : len(text)-1]), url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)),
		strings.Trim(base64.StdEncoding.EncodeToString([]byte(secret)), "="), strings.Trim(base64.URLEncoding.EncodeToString([]byte(secret)), "="),
	}
}

// parrot is a provider that sends back whatever it is sent, in all disguises, and keeps what it saw.
type parrot struct {
	sync.Mutex
	seen  map[string]bool
	calls int
}

func (p *parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.Lock()
	p.calls++
	n := p.calls
	for _, name := range []string{"Authorization", "X-Org-Id", "Cookie"} {
		for _, v := range r.Header[name] {
			p.seen[name+": "+v] = true
		}
	}
	p.seen["api_key: "+r.URL.Query().Get("api_key")] = true
	p.Unlock()
	if r.Header.Get("Authorization") == "Bearer "+canaries["token"] && n > 5 {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, "%s has expired", canaries["token"])
		return
	}
	var all []string
	for name, secret := range canaries {
		user, password, _ := r.BasicAuth()
		if name == "token" || name == "fresh" && r.Header.Get("Authorization") != "Bearer "+secret || name == "password" && password != secret {
			// It was not sent with this call. The first token comes back when it has expired.
			continue
		}
		all = append(all, user)
		all = append(all, disguised(secret)...)
		all = append(all, base64.StdEncoding.EncodeToString([]byte("ci:"+secret)), "canary…"+secret)
	}
	echo := strings.Join(all, " ")
	w.Header().Set("X-Echo", url.QueryEscape(echo))
	w.Header().Set("Content-Type", "application/json")
	switch n % 4 {
	case 0:
		w.Header().Set("Content-Type", r.Header.Get("Authorization")+"/"+r.Header.Get("X-Org-Id"))
		fmt.Fprint(w, echo)
	case 1:
		_ = json.NewEncoder(w).Encode(map[string]any{"executionId": 7, "status": echo, canaries["header"]: all})
	case 2:
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, echo)
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{"executionId": canaries["header"], "status": r.Header.Get("Authorization"), canaries["key"]: 1})
	}
}

// Every secret is on the wire as it was asked for, and in no byte that is left behind: not in a run directory, not in a
// format of a verification, not in what is printed; also where the target sends it back, in whatever disguise.
func TestCanaries(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The command gives the first token once, and then the fresh one.
	const command = "if [ -e asked ]; then cat fresh.txt; else : > asked; cat first.txt; fi"
	write("key.txt", canaries["key"]+"\n")
	write("pw.txt", canaries["password"])
	write("one.yaml", "load: [{rate: 40/s, for: 1s}]\nmix: {invalid: 10%}\nlimits: {lag: 10s}\n")
	write("carried.yaml", `load: [{rate: 40/s, for: 1s}]
limits: {lag: 10s}
headers: {X-Org-Id: '{env:CANARY_HEADER}', Cookie: 'sid={env:CANARY_COOKIE}'}
auth:
  bearer: {token: '{command:`+command+`}'}
  apiKey: {in: query, name: api_key, value: '{file:key.txt}'}
`)
	const rest = `load: [{rate: 40/s, for: 1s}]
limits: {lag: 10s}
`
	write("in-header.yaml", rest+`headers: {Cookie: 'sid={env:CANARY_COOKIE}'}
auth: {bearer: {token: '{command:`+command+`}'}, apiKey: {in: header, name: X-Org-Id, value: '{env:CANARY_HEADER}'}}
`)
	write("in-cookie.yaml", rest+`headers: {X-Org-Id: '{env:CANARY_HEADER}'}
auth: {bearer: {token: '{command:`+command+`}'}, apiKey: {in: cookie, name: sid, value: '{env:CANARY_COOKIE}'}}
`)
	write("first.txt", canaries["token"]+"\n")
	write("fresh.txt", canaries["fresh"]+"\n")
	t.Setenv("CANARY_HEADER", canaries["header"])
	t.Setenv("CANARY_COOKIE", canaries["cookie"])
	t.Setenv("ANDON_TOKEN", "")
	carried := []string{
		"--header", "X-Org-Id: {env:CANARY_HEADER}", "--header", "Cookie: sid={env:CANARY_COOKIE}", "--query", "api_key={file:key.txt}",
	}
	bearer := append([]string{"--token-command", command}, carried...)
	key := []string{"--query", "api_key={file:key.txt}"}
	basic := append([]string{"--user", "ci:{file:pw.txt}"}, carried...)
	for _, c := range []struct {
		name string
		args []string
		with []string
		sent bool
	}{
		{"run", []string{"run", "one.yaml", "--out", "out-run", "--plain"}, bearer, true},
		{"run with basic", []string{"run", "one.yaml", "--out", "out-basic", "--plain"}, basic, true},
		{"run as the scenario says", []string{"run", "carried.yaml", "--out", "out-carried", "--plain"}, []string{"--insecure"}, true},
		{"run with a key in a header", []string{"run", "in-header.yaml", "--out", "out-in-header", "--plain"}, key, true},
		{"run with a key in a cookie", []string{"run", "in-cookie.yaml", "--out", "out-in-cookie", "--plain"}, key, true},
		{"verify calls with a key in a header", []string{"verify", "--scenario", "in-header.yaml", "--format", "json"}, key, false},
		{"plan with a key in a cookie", []string{"plan", "in-cookie.yaml", "--curl", "2"}, key, false},
		{"show", []string{"contracts", "show", "text.Full", "--curl"}, bearer, false},
		{"run through net/http", []string{"run", "one.yaml", "--out", "out-http2", "--plain", "--http2"}, bearer, true},
		{"verify", []string{"verify", "--rate", "1000", "--attempts", "1"}, bearer, true},
		{"verify into a directory", []string{"verify", "--rate", "1000", "--attempts", "1", "--out", "out-verify"}, bearer, true},
		{"verify as JSON", []string{"verify", "--rate", "1000", "--attempts", "1", "--format", "json"}, basic, true},
		{"verify as JUnit", []string{"verify", "--rate", "1000", "--attempts", "1", "--format", "junit"}, bearer, true},
		{"verify as SARIF", []string{"verify", "--rate", "1000", "--attempts", "1", "--format", "sarif"}, bearer, true},
		{"verify as Markdown", []string{"verify", "--rate", "1000", "--attempts", "1", "--format", "markdown"}, bearer, true},
		{"verify calls", []string{"verify", "--scenario", "one.yaml", "--format", "json"}, bearer, false},
		{"verify calls of the scenario", []string{"verify", "--scenario", "carried.yaml"}, []string{"--insecure"}, false},
		{"plan of the scenario", []string{"plan", "carried.yaml", "--curl", "2"}, []string{"--insecure"}, false},
		{"plan", []string{"plan", "one.yaml", "--curl", "3"}, bearer, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_ = os.Remove("asked")
			p := &parrot{seen: map[string]bool{}}
			s := httptest.NewServer(p)
			defer s.Close()
			args := append(c.args, c.with...)
			if !strings.HasPrefix(c.name, "verify calls") && c.name != "show" {
				args = append(args, "--target", s.URL)
			}
			var stdout, stderr bytes.Buffer
			code := plainly(t, args, &stdout, &stderr)
			if code == 2 {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			want := []string{
				"X-Org-Id: " + canaries["header"], "Cookie: sid=" + canaries["cookie"], "api_key: " + canaries["key"],
			}
			if c.with[0] == "--user" {
				want = append(want, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("ci:"+canaries["password"])))
			} else {
				want = append(want, "Authorization: Bearer "+canaries["token"], "Authorization: Bearer "+canaries["fresh"])
			}
			for _, w := range want {
				if c.sent && !p.seen[w] {
					t.Errorf("the target was not sent %q; exit code %d, %s", w, code, stderr.String())
				}
			}
			if _, err := os.Stat("asked"); !c.sent && err == nil {
				t.Error("a command was run for a secret that is not sent")
			}
			if !c.sent && p.calls > 0 {
				t.Errorf("%d calls were sent", p.calls)
			}
			for name, text := range map[string][]byte{"stdout": stdout.Bytes(), "stderr": stderr.Bytes()} {
				noCanary(t, name, text, c.with)
			}
		})
	}
	// What a secret comes from is left as it was; the rest of the directory is what andon has written.
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".txt") {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.HasPrefix(path, "out-basic") {
			noCanary(t, path, text, basic)
		} else {
			noCanary(t, path, text, bearer)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Processes that andon starts have secrets neither on their command lines nor in their variables, and in no file: what
// gives a token out is told nothing, also when it is asked again, and andon-pact is told none at all.
func TestChildrenAreToldInPrivate(t *testing.T) {
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("there is no /proc")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, secret := range canaries {
		write(name+".txt", secret+"\n", 0o600)
	}
	if err := os.Mkdir("bin", 0o700); err != nil {
		t.Fatal(err)
	}
	// $$ is the shell that andon has started.
	const look = `cat /proc/$$/cmdline /proc/$$/environ >> "`
	write("bin/andon-pact", "#!/bin/sh\n"+look+dir+"/seen-pact\"\ncat ./* >> \""+dir+"/seen-pact\"\nIFS= read -r request\nprintf %s \"$request\" > \""+dir+"/request\"\nexit 134\n", 0o700)
	t.Setenv("PATH", filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("ANDON_TOKEN", "")
	p := &parrot{seen: map[string]bool{}}
	s := httptest.NewServer(p)
	defer s.Close()
	const command = look + "seen-command\"; if [ -e asked ]; then cat fresh.txt; else : > asked; cat token.txt; fi"
	var stdout, stderr bytes.Buffer
	code := execute([]string{
		"verify", "--rate", "1000", "--attempts", "1", "--target", s.URL, "--token-command", command, "--header", "X-Org-Id: {file:header.txt}",
		"--header", "Cookie: sid={file:cookie.txt}", "--query", "api_key={file:key.txt}",
	}, &stdout, &stderr)
	if code == 2 || !p.seen["Authorization: Bearer "+canaries["fresh"]] {
		t.Fatalf("exit code %d, expected calls with the fresh token: %s", code, stderr.String())
	}
	for name, has := range map[string]string{"seen-command": "PATH=", "seen-pact": "PATH=", "request": `"pactFile":`} {
		text, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(text, []byte(has)) {
			t.Errorf("%s was not looked at: %v", name, err)
		}
		noCanary(t, name, text, []string{"--token-command"})
	}
}

// noCanary fails where a secret that was given is in a text, in any disguise.
func noCanary(t *testing.T, where string, text []byte, with []string) {
	t.Helper()
	given := []string{"header", "cookie", "key", "token", "fresh"}
	if with[0] == "--user" {
		given = []string{"header", "cookie", "key", "password"}
	}
	for _, name := range given {
		forms := disguised(canaries[name])
		if name == "password" {
			forms = append(forms, base64.StdEncoding.EncodeToString([]byte("ci:"+canaries[name])))
		}
		for _, form := range forms {
			if at := bytes.Index(text, []byte(form)); at >= 0 {
				t.Errorf("%s has the %s, as %s: …%s…", where, name, form, text[max(at-60, 0):min(at+60, len(text))])
			}
		}
	}
}

// A certificate that is not trusted is told before a call, one that is not checked is in every report, and a name leads
// where the user says.
func TestInsecureIsLoud(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("ANDON_TOKEN", "tok-5ca1ab1e")
	s := httptest.NewUnstartedServer(&parrot{seen: map[string]bool{}})
	s.TLS = &tls.Config{}
	s.StartTLS()
	defer s.Close()
	u, _ := url.Parse(s.URL)
	if err := os.WriteFile("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("one.yaml", []byte("load: [{rate: 20/s, for: 500ms}]\nlimits: {lag: 10s}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// The certificate of httptest is for this name too.
	target, resolve := "https://example.com:"+u.Port(), "example.com:"+u.Port()+":127.0.0.1"
	try := func(want int, args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if code := plainly(t, append(args, "--target", target, "--resolve", resolve), &stdout, &stderr); code != want && want >= 0 {
			t.Fatalf("%v: exit code %d, expected %d\n%s%s", args, code, want, stdout.String(), stderr.String())
		}
		return stdout.String() + stderr.String()
	}
	if out := try(noVerdict, "verify"); !strings.Contains(out, "not trusted") || !strings.Contains(out, "--cacert takes its file") {
		t.Errorf("it is not said how to trust: %s", out)
	}
	if out := try(1, "verify", "--rate", "1000", "--attempts", "1", "--cacert", "ca.pem", "--format", "json"); strings.Contains(out, "insecure") {
		t.Errorf("a certificate that was checked is said not to be")
	}
	for format, want := range map[string]string{
		"terminal": "certificate was not checked", "markdown": "certificate was not checked", "html": "certificate was not checked", "json": `"insecure": true`,
		"junit": `<property name="certificate" value="not checked">`, "sarif": "not checked",
	} {
		if out := try(1, "verify", "--rate", "1000", "--attempts", "1", "--insecure", "--format", format); !strings.Contains(out, want) {
			t.Errorf("%s does not say %s:\n%.3000s", format, want, out)
		}
	}
	out := try(-1, "run", "one.yaml", "--insecure", "--out", "loud", "--plain")
	for name, want := range map[string]string{"report.md": "certificate was not checked", "report.html": "certificate was not checked", "summary.json": `"insecure": true`, "run.json": `"insecure": true`} {
		text, err := os.ReadFile(filepath.Join("loud", name))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not say %s: %v", name, want, err)
		}
	}
	if !strings.Contains(out, "certificate was not checked") || !strings.Contains(out, "warning: the target's certificate is not checked") {
		t.Errorf("it is not said: %s", out)
	}
	if out := try(0, "plan", "one.yaml", "--curl", "1", "--insecure"); !strings.Contains(out, " -k --resolve '"+resolve+"'") {
		t.Error(out)
	}
}
