package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"

	"github.com/kaizenautomation/andon"
)

// commandWords are what runners of CI act on, and what a terminal does; and what they may hide behind.
var commandWords = []string{
	"::error::pwned", "\n::add-mask::y", "\r::stop-commands::x", "\n  ::group::g", "\u2028::notice::n", "\u0085::set-output name=a::b", "\v::error::v", "\n\u3000::error::w",
	"##[error]old", "##[", "##vso[task.setvariable variable=a]b", "##teamcity[buildStatus status='SUCCESS']", "###vso[x]", "section_start:1:x\r\x1b[0K",
	"\x1b[31mred", "\x1b]0;title\x07", "\u009b31m", "\u202egnirts", "\u2066x", "%0A::error::z", "\x7f", "\x00", "`##[`", "|::error::|",
}

// spoken is a foreign text of all of them, which is long, so that it wraps in many places: word after word may come to
// stand at the beginning of a line.
func spoken() string {
	var b strings.Builder
	for i, w := range commandWords {
		b.WriteString(w + " " + strings.Repeat("a", i%7) + " ::error::wrapped ##[debug]wrapped ##vso[wrapped] ")
	}
	return b.String()
}

// inHead is a text as it can stand in the head of an answer.
func inHead(s string) string { return strings.NewReplacer("\n", " ", "\r", " ", "\x00", "").Replace(s) }

var (
	isCommand    = regexp.MustCompile(`##[A-Za-z]*\[`)
	isAnnotation = regexp.MustCompile(`^::(error|warning|notice) (file=[^:,]*,line=\d+,)?title=[^:,]*::[^\r]*$`)
)

// inert fails where a runner would act on a line, or a terminal on a character of it. Annotations are commands that
// andon gives itself.
func inert(t *testing.T, where string, text []byte, annotations bool) {
	t.Helper()
	faults := 0
	fail := func(what, line string) {
		if faults++; faults < 4 {
			t.Errorf("%s: %s in %.300q", where, what, line)
		}
	}
	// What .NET, which the runners are written in, takes for the end of a line.
	for line := range strings.SplitSeq(strings.ReplaceAll(string(text), "\r", "\n"), "\n") {
		begin := strings.TrimLeftFunc(line, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
		switch {
		case strings.HasPrefix(begin, "::") && !(annotations && isAnnotation.MatchString(line)):
			fail("a command of GitHub's", line)
		case isCommand.MatchString(line):
			fail("a command of a runner's", line)
		}
		if i := strings.IndexFunc(line, func(r rune) bool { return unicode.IsControl(r) && r != '\t' || unicode.Is(unicode.Bidi_Control, r) }); i >= 0 {
			fail(fmt.Sprintf("the character %q", line[i:min(len(line), i+4)]), line)
		}
	}
}

// speaks starts a provider that says what it is told to in the n-th of its answers.
func speaks(t *testing.T, answer func(n int64, r *http.Request) string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	var calls atomic.Int64
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for lines := bufio.NewReader(conn); ; {
					r, err := http.ReadRequest(lines)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					if _, err := io.WriteString(conn, answer(calls.Add(1), r)); err != nil {
						return
					}
				}
			}()
		}
	}()
	return "http://" + ln.Addr().String()
}

// inAllPlaces is an answer that says something in one of the places that an answer has.
func inAllPlaces(n int64, said string) string {
	quoted, _ := json.Marshal(said)
	head, status, kind := inHead(said), "200 OK", "application/json"
	body := fmt.Sprintf(`{"sessionId":"s","executionId":"e%d","status":"running"}`, n)
	more := ""
	switch n % 11 {
	case 0:
		status, body = "418 "+head, said
	case 1:
		kind = head
	case 2:
		body = fmt.Sprintf(`{"sessionId":%s,"executionId":7,"status":%s}`, quoted, quoted)
	case 3:
		body = fmt.Sprintf(`{%s:1,"sessionId":"s","executionId":"e","status":"r",%s:2}`, quoted, quoted)
	case 4:
		body = said
	case 5:
		status, more = "307 T", "Location: http://127.0.0.1/%zz"+head+"\r\n"
	case 6:
		status = "4x8 " + head
	case 7:
		more = head + "\r\n"
	case 8:
		status, more = "405 "+head, "Allow: "+head+"\r\nRetry-After: "+head+"\r\n"
	case 9:
		more = "Transfer-Encoding: " + head + "\r\n"
	case 10:
		body = fmt.Sprintf(`{"sessionId":"s","executionId":%s,"status":"running"}`, quoted)
	}
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: %s\r\n%sContent-Length: %d\r\n\r\n%s", status, kind, more, len(body), body)
}

// Whatever is said to andon, and wherever: no runner of CI and no terminal does what it says, in no command and no
// format.
func TestNothingThatIsSaidIsObeyed(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("ANDON_TOKEN", "tok-5ca1ab1e-77")
	t.Setenv("GITHUB_ACTIONS", "true")
	said := spoken()
	t.Setenv("GITHUB_STEP_SUMMARY", filepath.Join(dir, "step.md"))
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	quoted, _ := json.Marshal(said)
	write("one.yaml", "load: [{rate: 40/s, for: 500ms}]\nlimits: {lag: 10s, timeout: 2s}\n")
	write("bad.yaml", fmt.Sprintf("name: %s\nload: %s\n%s: 1\nmix: {tier: {%s: 1}}\nthresholds: [%s]\n", quoted, quoted, quoted, quoted, quoted))
	write("::error::file.yaml", "load: ::error::\n\"##[error]\": \x1b[31m\n")
	write("known.yaml", fmt.Sprintf("deviations:\n- cases: ['*']\n  rules: ['*']\n  why: %s\n  until: 2999-01-01\n  ask: %s\n", quoted, quoted))
	// A description whose names are commands.
	spec := strings.NewReplacer("enum: [Full, Lite]", `enum: ["##[error]Full", "::error::Lite"]`, "summary: ", "summary: '##[error]' #", "sessionId", `"::error::id"`).Replace(string(andon.Spec))
	write("spec.yaml", spec)
	write("broken.yaml", strings.ReplaceAll(string(andon.Spec), "type: string", `type: "::error::\n##[error]"`))
	target := speaks(t, func(n int64, _ *http.Request) string { return inAllPlaces(n, said) })
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && r.Method == http.MethodGet || r.URL.Path == "/deploy" {
			at := "http://" + r.Host
			_ = json.NewEncoder(w).Encode(map[string]any{
				"_links": map[string]any{
					"pb:publish-contracts":                               map[string]string{"href": at + "/publish"},
					"pb:can-i-deploy-pacticipant-version-to-environment": map[string]string{"href": at + "/deploy"},
				},
				"summary": map[string]any{"deployable": true, "reason": said},
			})
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, said)
	}))
	defer endpoint.Close()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"_links": map[string]any{"pb:publish-contracts": map[string]string{"href": "http://" + said}}})
	}))
	defer elsewhere.Close()
	reason := speaks(t, func(int64, *http.Request) string {
		return "HTTP/1.1 500 " + inHead(said) + "\r\nContent-Length: 0\r\n\r\n"
	})
	try := func(args ...string) (code int) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		code = execute(args, &stdout, &stderr)
		line := strings.ReplaceAll(fmt.Sprintf("%.60q", args), target, "TARGET")
		last := args[len(args)-1]
		if last != "arrow" && last != "vegeta-gob" {
			inert(t, line+", stdout", stdout.Bytes(), last == "github" || args[0] == "verify" && strings.Contains(line, "--out"))
		}
		inert(t, line+", stderr", stderr.Bytes(), false)
		if stdout.Len()+stderr.Len() == 0 {
			t.Errorf("%s says nothing", line)
		}
		return code
	}
	// Of these something comes: calls are sent, or a report is made.
	must := func(args ...string) {
		t.Helper()
		if code := try(args...); code == usage {
			t.Errorf("%.60q is no usage", args)
		}
	}
	verify := []string{"verify", "--target", target, "--rate", "max", "--engine", "description", "--attempts", "1", "--timeout", "2s"}
	for _, format := range []string{"terminal", "markdown", "html", "json", "junit", "sarif", "github"} {
		must(append(verify, "--format", format)...)
	}
	must(append(verify, "--deviations", "known.yaml")...)
	must(append(verify, "--out", "verified")...)
	must("run", "one.yaml", "--target", target, "--out", "ran", "--plain", "--remote-write", endpoint.URL+"/w", "--otlp", reason, "--label", "team=##[error]x")
	must("run", "one.yaml", "--target", target, "--out", "ran2", "--plain", "--http2", "--remote-write", reason, "--otlp", endpoint.URL+"/o")
	for _, format := range []string{"terminal", "markdown", "html", "json", "junit", "sarif", "github", "csv", "hgrm", "hlog", "arrow", "vegeta-csv", "vegeta-gob"} {
		must("report", "ran", "--format", format)
		try("report", "verified", "--format", format)
	}
	try("report", "ran", "ran2")
	must("report", "ran", "--format", "all", "--out", "::error::out")
	must("contracts", "publish", "--broker", endpoint.URL, "--version", "##[error]1")
	must("contracts", "publish", "--broker", elsewhere.URL, "--version", "1")
	must("contracts", "publish", "--broker", reason, "--version", "1")
	must("contracts", "can-i-deploy", "--broker", endpoint.URL, "--version", "##[error]1", "--to-environment", said)
	for _, name := range []string{"bad.yaml", "./::error::file.yaml", "./\n::error::none.yaml", "##[error]", said} {
		try("plan", name)
		try("run", name, "--out", "never")
		try("verify", "--scenario", name)
	}
	try("plan", "one.yaml", "--curl", "3")
	try("report", said)
	try("report", "ran", "--format", said)
	try(said)
	try("run", "--"+said)
	try("run", "--seed", said)
	try("run", "--target", said)
	try("verify", "--target", "http://127.0.0.1:1/"+said)
	try("verify", "--case", said)
	try("contracts", "show", said)
	for _, name := range []string{"spec.yaml", "broken.yaml"} {
		for _, args := range [][]string{{"plan", "--curl", "2"}, {"contracts", "list"}, {"contracts", "show", "text.Full"}, {"scenarios", "schema"}, {"verify", "--dry-run"}, {"contracts", "pact"}} {
			try(append(args, "--spec", name)...)
		}
	}
	try("contracts", "diff", "spec.yaml", "broken.yaml")
	write("old.yaml", string(andon.Spec))
	for _, format := range []string{"terminal", "github", "json"} {
		try("contracts", "diff", "old.yaml", "spec.yaml", "--format", format)
	}
	// What is left behind may be printed by whoever comes next.
	read := 0
	for _, pattern := range []string{"step.md", "verified/*", "ran/*", "::error::out/*"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			switch filepath.Ext(name) {
			case ".md", ".txt", ".html", ".xml", ".sarif", ".csv", ".hgrm", ".hlog":
				inert(t, name, text, filepath.Base(name) == "annotations.txt")
				read++
			}
		}
	}
	if read < 15 {
		t.Errorf("only %d files are left behind", read)
	}
}
