//go:build unix

package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/provider"
)

// world is where the lines of documents are run: hosts of example.com are behind a proxy that leads all of them to one
// provider, with TLS by an authority that SSL_CERT_FILE names; a host of this machine speaks without TLS.
type world struct {
	token, kept string
	// stands is what stands here for what documents leave open.
	stands      *strings.Replacer
	environment []string
	proxy       string

	sync.Mutex
	// called has, by line, the hosts that it has had a connection with.
	called map[string][]string
}

// stand-ins are programs that lines pipe into, or that lead to other machines.
var standIns = map[string]string{
	"ssh":     "shift\nexec bash -c \"$*\"\n",
	"kubectl": "exec grep -q '^kind: '\n",
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{token: "tok-of-documents", kept: t.TempDir(), called: map[string][]string{}}
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	answers, err := provider.New(d, provider.Config{Token: w.token, Executions: &provider.Executions{}})
	if err != nil {
		t.Fatal(err)
	}
	broker := startBroker(t)
	mux := http.NewServeMux()
	mux.Handle("/", answers)
	mux.Handle("broker.example.com/", broker.Config.Handler)
	for _, taken := range []string{"/api/v1/write", "/v1/metrics"} {
		mux.HandleFunc(taken, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	}
	plain, secure, proxy := httptest.NewServer(mux), httptest.NewUnstartedServer(mux), httptest.NewServer(nil)
	// Connections of those that were interrupted end as they will.
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	for _, s := range []*httptest.Server{plain, secure, proxy} {
		t.Cleanup(s.Close)
	}
	broker.URL, broker.results = "https://broker.example.com", []map[string]any{{"success": true, "providerApplicationVersion": "4f2c1e9"}}
	proxy.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.connect(rw, r, secure.Listener.Addr().String()) })
	here := plain.Listener.Addr().String()
	w.stands, w.proxy = stood(here), proxy.Listener.Addr().String()

	bin := t.TempDir()
	for name, does := range standIns {
		w.write(t, filepath.Join(bin, name), "#!/bin/sh\n"+does, 0o777)
	}
	authority := filepath.Join(bin, "authority.pem")
	w.write(t, authority, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})), 0o666)
	w.environment = append(os.Environ(), "PATH="+strings.Join([]string{bin, filepath.Dir(plainBinary(t)), vegeta(t), os.Getenv("PATH")}, string(os.PathListSeparator)),
		"SSL_CERT_FILE="+authority, "STAGING_TOKEN="+w.token, "TOKEN="+w.token, "ANDON_TOKEN="+w.token, "HERE="+here, "TARGET=http://"+here,
		"COMMIT=4f2c1e9", "GIT_COMMIT=4f2c1e9", "URL=https://staging.example.com", "EDITOR=true", "CI=true", "ANDON_JOIN=",
		"PACT_BROKER_BASE_URL="+broker.URL, "PACT_BROKER_TOKEN=tok-broker")
	for name, text := range w.files() {
		w.write(t, filepath.Join(w.kept, name), text, 0o666)
	}
	cmd := w.bash(w.kept, "", prepared)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return w
}

func (w *world) write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// connect leads a connection to the one server, and notes who wanted which host.
func (w *world) connect(rw http.ResponseWriter, r *http.Request, to string) {
	line := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}})
	name, _, _ := line.BasicAuth()
	host, _, _ := net.SplitHostPort(r.Host)
	if r.Method != http.MethodConnect {
		http.Error(rw, "only for TLS", http.StatusBadGateway)
		return
	}
	there, err := net.Dial("tcp", to)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, _, err := rw.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	w.Lock()
	w.called[name] = append(w.called[name], host)
	w.Unlock()
	go func() {
		_, _ = io.Copy(there, here)
		_ = there.Close()
	}()
	_, _ = io.Copy(here, there)
}

// bash is a shell in a folder, whose way to elsewhere is known by the name of the line.
func (w *world) bash(dir, name, script string, more ...string) *exec.Cmd {
	cmd := exec.Command("bash", "-o", "pipefail", "-c", script)
	at := time.Now().Add(atOnce).UTC().Format("15:04:05Z")
	cmd.Dir, cmd.Env = dir, slices.Concat(w.environment, []string{"HOME=" + dir, "SOON=" + at, "HTTPS_PROXY=http://" + name + ":x@" + w.proxy}, more)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// hosts are those that a line has to call.
func (o outing) hosts() (hosts []string) {
	for _, found := range regexp.MustCompile(`https://([a-z]+\.example\.com)`).FindAllStringSubmatch(o.text, -1) {
		hosts = append(hosts, found[1])
	}
	if strings.Contains(o.text, "--target staging") {
		hosts = append(hosts, "staging.example.com")
	}
	if strings.Contains(o.text, "fleet manifest") || strings.Contains(o.text, "--dry-run") {
		return nil
	}
	return hosts
}

// written are the files that a line makes, and that are not there before.
var written = regexp.MustCompile(`(?:baseline add|--write-deviations) (\S+)`)

// folder has the files and runs that a line names, and nothing that it is to write.
func (w *world) folder(text string, files map[string]string) (string, error) {
	dir, err := os.MkdirTemp(w.kept, "line")
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(w.kept)
	given := map[string]string{}
	for _, e := range entries {
		if e.Type().IsRegular() && !strings.HasSuffix(e.Name(), ".log") {
			data, wrong := os.ReadFile(filepath.Join(w.kept, e.Name()))
			given[e.Name()], err = string(data), errors.Join(err, wrong)
		}
	}
	for name, text := range files {
		given[name] = w.stands.Replace(text)
	}
	if m := written.FindStringSubmatch(text); m != nil {
		delete(given, m[1])
	}
	if strings.Contains(text, "gate init") {
		delete(given, "gate.yaml")
	}
	for name, text := range given {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,'\"()<>|;", r) })
	for i, word := range words {
		word = strings.TrimSuffix(word, "/reports/runs/*-s3")
		from := filepath.Join(w.kept, word)
		// "run" is a command too.
		if i == 0 || slices.Contains([]string{"--out", "andon", "fleet"}, words[i-1]) || !filepath.IsLocal(word) || word == "." {
			continue
		}
		if words[i-1] == "collect" {
			from = filepath.Join(w.kept, "fleet")
		}
		if info, gone := os.Stat(from); gone == nil && info.IsDir() {
			err = errors.Join(err, os.CopyFS(filepath.Join(dir, word), os.DirFS(from)))
		}
	}
	return dir, err
}

// heard is what a line says, while it says it.
type heard struct {
	sync.Mutex
	said bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.Lock()
	defer h.Unlock()
	return h.said.Write(p)
}

func (h *heard) String() string {
	h.Lock()
	defer h.Unlock()
	return h.said.String()
}

// What a line says once it sends or serves, and when it is stopped in that.
var (
	sends = regexp.MustCompile(`→ \S*:?.*https?://|serving|following|callers got through|Requests`)
	stops = regexp.MustCompile(`interrupted|stopped sending|stopped before|stopping`)
)

// atOnce is when shards begin together.
const atOnce = 6 * time.Second

// run runs a line, and tells how it ended otherwise than it should.
func (w *world) run(n int, o outing, files map[string]string) error {
	text, name := w.stands.Replace(o.text), fmt.Sprintf("line%d", n)
	dir, err := w.folder(text, files)
	if err != nil {
		return err
	}
	var said heard
	cmd := w.bash(dir, name, text)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &said, &said, time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }()
	if o.workers != "" {
		end, err := w.join(dir, name, w.stands.Replace(o.workers))
		defer end()
		if err != nil {
			return fmt.Errorf("%v: %w: %s", o, err, said.String())
		}
	}
	interrupts, began, due := 0, time.Now(), 500*time.Millisecond
	if strings.Contains(text, "$SOON") {
		due += atOnce
	}
	for {
		select {
		case <-ended:
			if interrupts > 0 && cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGINT {
				return nil // it had ended, but for what it says
			}
			return w.judge(o, name, cmd.ProcessState.ExitCode(), interrupts > 0, said.String())
		case <-time.After(50 * time.Millisecond):
		}
		// As by Ctrl-C, and again where it takes too long. What sends nothing ends by itself.
		if passed := time.Since(began); passed > due && sends.MatchString(said.String()) && len(w.missing(o, name)) == 0 {
			interrupts, due = interrupts+1, passed+30*time.Second
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		}
		if time.Since(began) > 2*time.Minute {
			return fmt.Errorf("%v: it does not end, and has not called %v: %s", o, w.missing(o, name), said.String())
		}
	}
}

// judge says how a line ended otherwise than it should.
func (w *world) judge(o outing, name string, code int, interrupted bool, said string) error {
	want, says := 0, ""
	for _, other := range slices.Backward(otherEnds) {
		if strings.Contains(w.stands.Replace(o.text), other.line) {
			want, says = other.code, other.says
		}
	}
	if code == noVerdict && interrupted && stops.MatchString(said) {
		want, says = noVerdict, ""
	}
	missing := w.missing(o, name)
	if code == usage { // of which nothing is sent
		missing = nil
	}
	if code != want || !strings.Contains(said, says) || len(missing) > 0 {
		return fmt.Errorf("%v: exit code %d, want %d and %q; %v not called: %s", o, code, want, says, missing, said)
	}
	return nil
}

// missing are the hosts that a line has not called yet.
func (w *world) missing(o outing, name string) (hosts []string) {
	w.Lock()
	defer w.Unlock()
	for _, host := range o.hosts() {
		if !slices.Contains(w.called[name], host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// join runs the line of the workers twice, as soon as there is something to join.
func (w *world) join(dir, name, text string) (end func(), err error) {
	var workers []*exec.Cmd
	end = func() {
		for _, cmd := range workers {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			_ = cmd.Wait()
		}
	}
	var key string
	for began := time.Now(); key == ""; time.Sleep(20 * time.Millisecond) {
		for _, pattern := range []string{"*/join", "reports/runs/*/join"} {
			if found, _ := filepath.Glob(filepath.Join(dir, pattern)); len(found) > 0 {
				key = found[0]
			}
		}
		if time.Since(began) > time.Minute {
			return end, errors.New("there is nothing to join")
		}
	}
	own, err := os.ReadFile(key)
	if err != nil {
		return end, err
	}
	for range 2 {
		cmd := w.bash(dir, name, text, "JOIN="+key, "ANDON_JOIN="+string(bytes.TrimSpace(own)))
		if err := cmd.Start(); err != nil {
			return end, err
		}
		workers = append(workers, cmd)
	}
	return end, nil
}

// vegeta is the folder of the vegeta whose command lines are in the documents.
func vegeta(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-C", filepath.Join("..", "..", ".ci", "peers", "tools", "vegeta"), "-o", filepath.Join(dir, "vegeta"), "github.com/tsenart/vegeta/v12")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return dir
}
