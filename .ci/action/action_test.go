// Package action holds the action for GitHub against what its users see, by running it here: act runs the jobs of
// testdata/workflow.yml on this machine, with a release to download and an API to comment by that are this test's own.
package action

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var (
	binary = flag.String("andon", "", "the andon that is released")
	runner = flag.String("act", "", "the act that runs jobs")
)

// secret is what the comment is written with, and token what the calls carry.
const (
	secret = "secret-of-the-runner"
	token  = "a-token-of-ours"
)

// github is the API, as far as the action speaks to it: the comments of one pull request.
type github struct {
	mutex    sync.Mutex
	comments []map[string]any
	writes   []string
}

func (g *github) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+secret {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	g.writes = append(g.writes, r.Method)
	var sent map[string]any
	switch r.Method {
	case http.MethodGet:
		_ = json.NewEncoder(w).Encode(g.comments)
		return
	case http.MethodPost:
		if !strings.HasSuffix(r.URL.Path, "/issues/7/comments") || json.NewDecoder(r.Body).Decode(&sent) != nil {
			http.NotFound(w, r)
			return
		}
		sent["id"] = len(g.comments) + 1
		g.comments = append(g.comments, sent)
	case http.MethodPatch:
		if !strings.HasSuffix(r.URL.Path, "/issues/comments/1") || json.NewDecoder(r.Body).Decode(&sent) != nil {
			http.NotFound(w, r)
			return
		}
		g.comments[0]["body"] = sent["body"]
	}
	_ = json.NewEncoder(w).Encode(sent)
}

// stage is all that a job meets.
type stage struct {
	repository, event, seen string
	target, releases        string
	env                     []string
	github                  *github
}

func TestAction(t *testing.T) {
	if *binary == "" || *runner == "" {
		t.Skip("make action-check gives what this needs")
	}
	s := set(t)
	t.Run("green", func(t *testing.T) {
		said := s.run(t, "green", true)
		out := s.outputs(t, "green")
		if p99, err := strconv.ParseFloat(out["p99"], 64); out["verdict"] != "pass" || out["exit-code"] != "0" || out["directory"] != "andon-report" || err != nil || p99 <= 5 {
			t.Errorf("%v", out)
		}
		wants(t, s.kept(t, "green.html"), "<html", "everyday")
		wants(t, said, "title=andon run everyday", "held")
		wants(t, s.kept(t, "green.md"), "PASS", "## ")
		wants(t, fmt.Sprint(s.github.comments), "<!-- andon: asked/green/run/.ci/action/testdata/everyday.yaml -->", "PASS")
		if strings.Contains(said, secret) || strings.Contains(said, token) {
			t.Error("a secret is in what the job says")
		}
		// The next run replaces the comment.
		s.run(t, "green", true)
		if len(s.github.comments) != 1 || strings.Join(s.github.writes, " ") != "GET POST GET PATCH" {
			t.Errorf("%v made %d comments", s.github.writes, len(s.github.comments))
		}
	})
	t.Run("threshold", func(t *testing.T) {
		said := s.run(t, "threshold", false)
		if out := s.outputs(t, "threshold"); out["verdict"] != "fail" || out["exit-code"] != "1" || out["report"] == "" {
			t.Errorf("%v", out)
		}
		wants(t, said, "::error", "p50(latency) < 1ms")
		wants(t, s.kept(t, "threshold.md"), "FAIL", "p50(latency)")
	})
	t.Run("breach", func(t *testing.T) {
		said := s.run(t, "breach", false)
		if out := s.outputs(t, "breach"); out["verdict"] != "fail" || out["exit-code"] != "1" || out["p99"] != "" {
			t.Errorf("%v", out)
		}
		wants(t, said, "::error")
		wants(t, s.kept(t, "breach.md"), "FAIL")
	})
	t.Run("gate", func(t *testing.T) {
		s.run(t, "gate", true)
		if out := s.outputs(t, "gate"); out["verdict"] != "pass" || out["report"] != "andon-report/gate.html" {
			t.Errorf("%v", out)
		}
		wants(t, s.kept(t, "gate.md"), "PASS", "verify")
	})
	t.Run("built", func(t *testing.T) {
		s.run(t, "built", true)
		if out := s.outputs(t, "built"); out["verdict"] != "pass" || out["exit-code"] != "0" {
			t.Errorf("%v", out)
		}
		wants(t, s.kept(t, "built.md"), "YES", "200/s")
	})
	t.Run("forged", func(t *testing.T) {
		wants(t, s.run(t, "forged", false), "expected the SHA-256", "nothing of it was run")
	})
	t.Run("shared", func(t *testing.T) {
		s.run(t, "shared", true)
		wants(t, s.kept(t, "artifacts/andon-report/report.md"), "PASS", "2 of 2 shards")
		wants(t, s.kept(t, "report.md"), "2 of 2 shards")
	})
	t.Run("nothing", func(t *testing.T) {
		s.run(t, "nothing", false)
		if out := s.outputs(t, "nothing"); out["verdict"] != "refused" || out["exit-code"] != "2" || out["directory"] != "" {
			t.Errorf("%v", out)
		}
	})
}

func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

// set makes a repository with the workflow in it, and starts what its jobs speak to.
func set(t *testing.T) *stage {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	s := &stage{repository: filepath.Join(work, "repository"), event: filepath.Join(work, "event.json"), seen: filepath.Join(work, "seen"), github: new(github)}
	for _, dir := range []string{s.repository, s.seen} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	sh(t, root, `git ls-files -co --exclude-standard | tar -cf - -T - | tar -xf - -C "`+s.repository+`"`)
	sh(t, s.repository, `cp .ci/action/testdata/workflow.yml .github/workflows/asked.yml && cp .ci/action/testdata/sharded.yml .github/workflows/shared.yml &&
		git init -q -b main . && git add -A && git -c user.name=andon -c user.email=andon@example.com commit -qm 'As it is'`)
	write(t, s.event, []byte(`{"pull_request": {"number": 7}}`))
	// The summary of a step is gone when the next one begins; so whatever bash runs keeps it at its end.
	keeper := filepath.Join(work, "keep.sh")
	write(t, keeper, []byte(`trap '[ ! -s "${GITHUB_STEP_SUMMARY-}" ] || cp "$GITHUB_STEP_SUMMARY" "$SEEN/$GITHUB_JOB.md"' EXIT`))
	archive := release(t)
	api, releases := httptest.NewServer(s.github), httptest.NewServer(archive)
	t.Cleanup(api.Close)
	t.Cleanup(releases.Close)
	s.target, s.releases = provide(t), releases.URL
	s.env = []string{
		"SEEN=" + s.seen, "BASH_ENV=" + keeper, "GITHUB_API_URL=" + api.URL, "RELEASES=" + releases.URL, "SUM=" + archive.sum,
		"TARGET=" + s.target, "BROKEN=" + provide(t, "--fault", "missingField=100%"),
	}
	return s
}

// archive is a release, and one whose archive is another than its checksum says.
type archive struct {
	data []byte
	sum  string
}

func (a archive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/checksums.txt"):
		for _, version := range []string{"1.2.3", "1.2.4"} {
			sum := a.sum
			if version == "1.2.4" {
				sum = strings.Repeat("0", 64)
			}
			fmt.Fprintf(w, "%s  andon_%s_linux_amd64.tar.gz\n%s  andon_%s_linux_arm64.tar.gz\n", sum, version, sum, version)
		}
	case strings.Contains(r.URL.Path, "/v1.2.") && strings.HasSuffix(r.URL.Path, ".tar.gz"):
		_, _ = w.Write(a.data)
	default:
		http.NotFound(w, r)
	}
}

func release(t *testing.T) archive {
	t.Helper()
	program, err := os.ReadFile(*binary)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "andon_1.2.3_linux_" + runtime.GOARCH + "/andon", Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return archive{b.Bytes(), fmt.Sprintf("%x", sha256.Sum256(b.Bytes()))}
}

// provide starts the reference provider, and gives its URL.
func provide(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(*binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--latency", "5ms"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line := make([]byte, 200)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	_, url, _ := strings.Cut(string(line[:n]), "serving POST ")
	url, _, _ = strings.Cut(url, "/agents/execute")
	return url
}

// run has act run a job, and gives what it says.
func (s *stage) run(t *testing.T, job string, green bool) string {
	t.Helper()
	workflow := "asked.yml"
	if job == "shared" {
		workflow = "shared.yml"
	}
	args := []string{"pull_request", "-C", s.repository, "-W", filepath.Join(s.repository, ".github", "workflows", workflow), "-j", job, "-e", s.event, "-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "--action-cache-path", filepath.Join(filepath.Dir(s.seen), "cache")}
	for _, of := range []string{"upload-artifact@v7.0.0", "download-artifact@v8.0.1", "setup-go@v6.0.0"} {
		name, _, _ := strings.Cut(of, "@")
		args = append(args, "--local-repository", "actions/"+of+"="+filepath.Join(s.repository, ".ci/action/testdata/stand-ins", name))
	}
	args = append(args, "--local-repository", "kaizenautomation/andon@main="+s.repository, "--var", "TARGET="+s.target, "--var", "RELEASES="+s.releases, "-s", "STAGING_TOKEN="+token)
	for _, e := range s.env {
		args = append(args, "--env", e)
	}
	text, err := exec.Command(*runner, args...).CombinedOutput()
	if (err == nil) != green {
		t.Fatalf("%v:\n%s", err, text)
	}
	return string(text)
}

func (s *stage) outputs(t *testing.T, job string) (out map[string]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.seen, job+".json"))
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

// kept is a file that a job has left: its page, or the summary of its step.
func (s *stage) kept(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.seen, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

func sh(t *testing.T, dir, line string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", line, err, text)
	}
}
