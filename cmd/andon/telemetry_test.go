package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
)

const telemetryScenario = `
name: watched
load: [{warmup: true, rate: 50/s, for: 500ms}, {rate: 200/s, for: 1s}]
mix: {tier: {Full: 1, Lite: 1, default: 1}, content: [{items: [text]}, {items: [text, file]}], invalid: 5%}
limits: {lag: 10s}
provider: {latency: 5ms, faults: {http500: 5%, missingField: 5%}}
`

// freeAddress is one on loopback where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// watchedRun runs the scenario with more flags into a directory, and gives what came of it and what was said.
func watchedRun(t *testing.T, dir string, flags ...string) (s summary.Summary, code int, said string) {
	t.Helper()
	file := filepath.Join(dir, "watched.yaml")
	if err := os.WriteFile(file, []byte(telemetryScenario), 0o666); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	code = execute(append([]string{"run", file, "--out", filepath.Join(dir, "run")}, flags...), io.Discard, &stderr)
	s, err := summary.Read(filepath.Join(dir, "run"))
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return s, code, stderr.String()
}

// The page is there while the run goes on, lingers until it is read, and has the figures of summary.json in the end.
func TestMetricsListen(t *testing.T) {
	address := freeAddress(t)
	var last string
	pages, during := 0, 0
	var scraper sync.WaitGroup
	scraper.Go(func() {
		for began := time.Now(); time.Since(began) < 2*time.Minute; time.Sleep(20 * time.Millisecond) {
			r, err := http.Get("http://" + address + "/metrics")
			if err != nil {
				if pages > 0 {
					return
				}
				continue
			}
			text, _ := io.ReadAll(r.Body)
			_ = r.Body.Close()
			last = string(text)
			pages++
			if strings.Contains(last, "\nandon_running 1\n") {
				during++
			}
		}
	})
	began := time.Now()
	s, _, said := watchedRun(t, t.TempDir(), "--metrics-listen", address, "--metrics-linger", "2m")
	scraper.Wait()
	if during < 5 || pages == during || time.Since(began) > time.Minute {
		t.Errorf("%d pages in %s, %d of them while it ran: %s", pages, time.Since(began), during, said)
	}
	add := func(pattern string) (n uint64) {
		for _, m := range regexp.MustCompile(`(?m)^`+pattern+` (\S+)$`).FindAllStringSubmatch(last, -1) {
			v, err := strconv.ParseFloat(m[len(m)-1], 64)
			if err != nil {
				t.Fatal(err)
			}
			n += uint64(v)
		}
		return n
	}
	for pattern, want := range map[string]uint64{
		`andon_hits_total\{.*outcome="(?:ok|failed|shed)".*warmup="false"\}`: s.Total.Sent,
		`andon_hits_total\{.*outcome="failed".*warmup="false"\}`:             s.Total.Failed(),
		`andon_violations_total\{.*warmup="false"\}`:                         s.Total.Violated(),
		`andon_responses_by_status_total\{status="200",warmup="false"\}`:     s.Total.Status["200"],
		`andon_latency_seconds_count\{.*tier="Full",warmup="false"\}`:        s.Groups.Tier["Full"].Outcomes["accepted"].Count,
		`andon_hits_total\{.*outcome="(?:ok|failed|shed)".*\}`:               uint64(s.Timeline[0].Sent + s.Timeline[1].Sent),
		`andon_planned_hits`: 225,
	} {
		if got := add(pattern); got != want || want == 0 {
			t.Errorf("%s: %d, want %d", pattern, got, want)
		}
	}
	if add(`andon_running`) != 0 {
		t.Error("the run goes on")
	}
}

// A place that takes nothing costs a warning, and neither the run nor its verdict.
func TestPushToNobody(t *testing.T) {
	began, dir := time.Now(), t.TempDir()
	s, code, said := watchedRun(t, dir, "--remote-write", "http://"+freeAddress(t)+"/api/v1/write", "--otlp", "http://"+freeAddress(t))
	// A report knows of no endpoints.
	want := execute([]string{"report", filepath.Join(dir, "run")}, io.Discard, io.Discard)
	if code != want || s.Run.End.Reason != "completed" {
		t.Errorf("exit code %d, want %d: %+v", code, want, s.Run.End)
	}
	for _, name := range []string{"remote write", "OTLP"} {
		if !strings.Contains(said, name+": the final figures were not delivered: 127.0.0.1:") {
			t.Errorf("%q does not say that %s failed", said, name)
		}
	}
	// Each place is tried three times, with a second between; nothing hangs.
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it takes %s", took)
	}
}

func TestTelemetryUsage(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "hush")
	for _, c := range []struct{ flags, says string }{
		{"--metrics-linger 1s", "needs --metrics-listen"},
		{"--metrics-listen 127.0.0.1:0 --metrics-linger -1s", "--metrics-linger: expected a time of at least 0s"},
		{"--metrics-listen " + taken.Addr().String(), "address already in use"},
		{"--remote-write ftp://x", "--remote-write: \"ftp://x\" does not start with http:// or https://"},
		{"--remote-write http://a:hush@127.0.0.1/", "--remote-write: it has a user name in it"},
		{"--otlp http://127.0.0.1:1", "expected name=value"},
	} {
		var stderr bytes.Buffer
		out := filepath.Join(t.TempDir(), "run")
		code := execute(append([]string{"run", "smoke", "--out", out}, strings.Fields(c.flags)...), io.Discard, &stderr)
		want := usage
		if strings.Contains(c.says, "in use") { // asked for rightly
			want = noVerdict
		}
		if code != want || !strings.Contains(stderr.String(), c.says) || strings.Contains(stderr.String(), "hush") {
			t.Errorf("%s: %d %s", c.flags, code, stderr.String())
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: a run was begun", c.flags)
		}
	}
}

// askPrometheus has it answer a query into an answer.
func askPrometheus(t *testing.T, server string, query url.Values, answer any) {
	t.Helper()
	r, err := http.Get("http://" + server + "/api/v1/query?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(answer); err != nil {
		t.Fatal(err)
	}
}

// A real Prometheus that scrapes the run, and another way round takes what it pushes, has the totals of summary.json
// twice.
func TestRunIntoPrometheus(t *testing.T) {
	path, err := exec.LookPath("prometheus")
	if err != nil {
		if os.Getenv("ANDON_TEST_TOOLS") != "" {
			t.Fatal("prometheus is missing; make test installs it")
		}
		t.Skip("prometheus is not installed")
	}
	dir, page, server := t.TempDir(), freeAddress(t), freeAddress(t)
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, "scrape_configs:\n- {job_name: scraped, scrape_interval: 200ms, static_configs: [{targets: [%q]}]}\n", page), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+server,
		"--web.enable-remote-write-receiver", "--enable-feature=native-histograms", "--log.level=warn")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if r, err := http.Get("http://" + server + "/-/ready"); err == nil && r.Body.Close() == nil && r.StatusCode == http.StatusOK {
			break
		}
		if time.Since(began) > time.Minute {
			t.Fatal("prometheus does not get ready")
		}
	}
	s, _, said := watchedRun(t, dir, "--metrics-listen", page, "--metrics-linger", "10s", "--remote-write", "http://"+server+"/api/v1/write")
	// The last value is asked for as of when it came: what is scraped ends with the target, and is nothing from the next
	// attempt on.
	ask := func(metric, query string) string {
		var came struct {
			Data struct{ Result []struct{ Values [][2]any } }
		}
		var value struct {
			Data struct{ Result []struct{ Value [2]any } }
		}
		askPrometheus(t, server, url.Values{"query": {metric + "[1h]"}}, &came)
		last := 0.0
		for _, series := range came.Data.Result {
			last = max(last, series.Values[len(series.Values)-1][0].(float64))
		}
		askPrometheus(t, server, url.Values{"query": {query}, "time": {strconv.FormatFloat(last, 'f', 3, 64)}}, &value)
		if len(value.Data.Result) != 1 {
			return "nothing"
		}
		return fmt.Sprint(value.Data.Result[0].Value[1])
	}
	stored := time.Now().Add(10 * time.Second)
	for _, job := range []string{"scraped", "andon"} {
		of := func(metric, labels string) string {
			return fmt.Sprintf(`sum(%s{job=%q,warmup="false"%s})`, metric, job, labels)
		}
		for query, want := range map[string]uint64{
			of("andon_hits_total", `,outcome=~"ok|failed|shed|canceled"`):          s.Total.Sent,
			of("andon_hits_total", `,outcome="failed"`):                            s.Total.Failed(),
			of("andon_violations_total", ""):                                       s.Total.Violated(),
			of("andon_responses_by_status_total", `,status="500"`):                 s.Total.Status["500"],
			"histogram_count(" + of("andon_latency_seconds", `,tier="Lite"`) + ")": s.Groups.Tier["Lite"].Outcomes["accepted"].Count,
		} {
			came := fmt.Sprintf("andon_hits_total{job=%q}", job)
			got := ask(came, query)
			// What was scraped is stored a little later.
			for ; got != strconv.FormatUint(want, 10) && time.Now().Before(stored); got = ask(came, query) {
				time.Sleep(50 * time.Millisecond)
			}
			if got != strconv.FormatUint(want, 10) || want == 0 {
				t.Errorf("%s is %s, want %d", query, got, want)
			}
		}
	}
	if t.Failed() {
		t.Log(said)
	}
}
