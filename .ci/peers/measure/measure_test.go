package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// evenly gives n calls at a rate, each answered after took, and late by what late says.
func evenly(n, rate int, took time.Duration, late func(i int) time.Duration) []call {
	calls := make([]call, n)
	for i := range calls {
		at := int64(1e12) + due(i, rate) + int64(late(i))
		calls[i] = call{at, at + int64(took)}
	}
	return calls
}

func onTime(int) time.Duration { return 0 }

func TestJitter(t *testing.T) {
	for _, c := range []struct {
		name     string
		late     func(i int) time.Duration
		p50, p99 time.Duration
	}{
		{"on time", onTime, 0, 0},
		{"all late alike", func(int) time.Duration { return time.Millisecond }, 0, 0},
		{"the first one late", func(i int) time.Duration { return time.Duration(max(0, 1-i)) * time.Millisecond }, 0, 0},
		{"every tenth late", func(i int) time.Duration { return time.Duration((i%10)/9) * time.Microsecond }, 0, time.Microsecond},
		{"early and late", func(i int) time.Duration { return time.Duration(i%3-1) * time.Microsecond }, time.Microsecond, time.Microsecond},
	} {
		if p50, p99 := jitter(evenly(1000, 3000, 0, c.late), 3000); p50.Round(10) != c.p50 || p99.Round(10) != c.p99 {
			t.Errorf("%s: expected %s and %s, found %s and %s", c.name, c.p50, c.p99, p50, p99)
		}
	}
}

func TestLateness(t *testing.T) {
	for _, c := range []struct {
		name string
		late func(i int) time.Duration
		p99  time.Duration
	}{
		{"on time", onTime, 0},
		{"all late alike", func(int) time.Duration { return time.Second }, 0},
		{"ever earlier", func(i int) time.Duration { return -time.Duration(i) * time.Microsecond }, 0},
		{"ever later", func(i int) time.Duration { return time.Duration(i) * time.Microsecond }, 989 * time.Microsecond},
		{"in bursts, early", func(i int) time.Duration { return -time.Duration(due(i%100, 3000)) }, 0},
		{"a few late", func(i int) time.Duration { return time.Duration((i%101)/100) * time.Second }, 0},
	} {
		if p99 := lateness(evenly(1000, 3000, 0, c.late), 3000); p99.Round(10) != c.p99.Round(10) {
			t.Errorf("%s: expected %s, found %s", c.name, c.p99, p99)
		}
	}
	if lateness(nil, 1) != 0 {
		t.Error("no call is late")
	}
}

func TestTruth(t *testing.T) {
	calls := evenly(1000, 1000, 5*time.Millisecond, func(i int) time.Duration {
		if i == 500 {
			return 40 * time.Millisecond
		}
		return 0
	})
	calls[700].answered = 0
	met := truth(calls, 1000)
	if len(met) != 999 || quantile(met, 0.5) != 5*time.Millisecond || quantile(met, 1) != 45*time.Millisecond {
		t.Error(len(met), quantile(met, 0.5), quantile(met, 1))
	}
	if d := knownDelay(calls); d != 5*time.Millisecond {
		t.Error(d)
	}
}

func TestScheduleTruth(t *testing.T) {
	const first = int64(1e12)
	f := freeze{first + 100e6, first + 300e6}
	met := scheduleTruth(first, 1000, 1000, f, 5*time.Millisecond)
	for i, want := range map[int]time.Duration{
		0: 5 * time.Millisecond, 95: 5 * time.Millisecond,
		96: 204 * time.Millisecond, 99: 201 * time.Millisecond, // read before the freeze
		100: 205 * time.Millisecond, 299: 6 * time.Millisecond, 300: 5 * time.Millisecond,
	} {
		if met[i] != want {
			t.Errorf("call %d: expected %s, found %s", i, want, met[i])
		}
	}
}

func TestQuantiles(t *testing.T) {
	values := []float64{4, 1, 3, 2}
	if m := median(values); m != 2.5 || values[0] != 4 {
		t.Error(m, values)
	}
	if !math.IsNaN(median(nil)) || median([]float64{3, 1, 2}) != 2 {
		t.Error("median")
	}
	for q, want := range map[float64]float64{0: 1, 0.25: 1, 0.26: 2, 0.99: 4, 1: 4} {
		if v := quantile(values, q); v != want {
			t.Errorf("quantile %g: expected %g, found %g", q, want, v)
		}
	}
}

func TestParseLog(t *testing.T) {
	var data []byte
	for _, v := range []uint64{30, 31, 10, 11, 20, 0} {
		data = binary.LittleEndian.AppendUint64(data, v)
	}
	if calls, err := parseLog(data, 1); err != nil || len(calls) != 2 || calls[0] != (call{20, 0}) || calls[1] != (call{30, 31}) {
		t.Error(calls, err)
	}
	if calls, err := parseLog(data, 5); err != nil || len(calls) != 0 {
		t.Error(calls, err)
	}
	if _, err := parseLog(data[:20], 0); err == nil {
		t.Error("half a call was taken")
	}
}

func parseTimedH2load(text []byte) (said, error) {
	return parseH2load(text, []byte("1795726857276951\t200\t6000\n1795726857276953\t503\t4000\n1795726857276955\t200\t5000\n"))
}

func TestParsers(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name  string
		parse func([]byte) (said, error)
		text  string
		want  said
	}{
		{"vegeta", parseVegeta, `{"latencies":{"50th":5000000,"99th":6000000,"max":9699496},"requests":2000,"success":0.5,"errors":[]}`,
			said{p50: 5 * ms, p99: 6 * ms, hits: 2000, success: 0.5}},
		{"andon", parseAndon, `{"validity":{"status":"valid"},"total":{"sent":8,"dropped":1,"unsent":2,"ok":4,"latency":{"p50":0.005,"p99":0.006}}}`,
			said{p50: 5 * ms, p99: 6 * ms, hits: 11, success: 0.5}},
		{"andon, in doubt", parseAndon, `{"validity":{"status":"valid"},"generator":{"little":{"seen":14,"expected":2,"holds":false}},"total":{"sent":8,"ok":8,"latency":{"p50":0.005,"p99":0.006}}}`,
			said{p50: 5 * ms, p99: 6 * ms, hits: 8, success: 1, remark: "doubtful by Little's law"}},
		{"andon, late", parseAndon, `{"validity":{"status":"generator-limited"},"total":{"sent":8,"ok":8,"latency":{"p50":0.005,"p99":0.006}}}`,
			said{p50: 5 * ms, p99: 6 * ms, hits: 8, success: 1, remark: "generator-limited"}},
		{"bombardier", parseBombardier, `{"result":{"req2xx":3,"req5xx":2,"others":1,"latency":{"percentiles":{"50":5000,"99":6000}}}}`,
			said{p50: 5 * ms, p99: 6 * ms, hits: 6, success: 0.5}},
		{"fortio", parseFortio, `{"DurationHistogram":{"Count":4,"Percentiles":[{"Percentile":50,"Value":0.005},{"Percentile":99,"Value":0.006}]},"RetCodes":{"200":3,"-1":1}}`,
			said{p50: 5 * ms, p99: 6 * ms, hits: 4, success: 0.75}},
		{"hey", parseHey, `
Latency distribution:
  10%% in 0.0040 secs
  50%% in 0.0050 secs
  99%% in 0.0060 secs

Status code distribution:
  [200]	6 responses
  [503]	3 responses

Error distribution:
  [3]	Post "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused
`, said{p50: 5 * ms, p99: 6 * ms, hits: 12, success: 0.5}},
		{"wrk", parseWrk, `
  Latency Distribution
     50%  500.00us
     75%    1.00ms
     99%    1.20s
  4 requests in 1.00s, 60.67MB read
  Non-2xx or 3xx responses: 1
`, said{p50: ms / 2, p99: 1200 * ms, hits: 4, success: 0.75}},
		{"h2load", parseTimedH2load, "requests: 5 total, 5 started, 4 done, 3 succeeded, 1 failed, 0 errored, 0 timeout\n",
			said{p50: 5 * ms, p99: 6 * ms, hits: 4, success: 0.75}},
		{"floor", parseFloor, `{"Planned":4,"Sent":4,"OK":3,"P50":5000000,"P99":6000000,"LagP50":1,"LagP99":2}`,
			said{p50: 5 * ms, p99: 6 * ms, hits: 4, success: 0.75}},
	} {
		found, err := c.parse([]byte(c.text))
		if err != nil || found != c.want {
			t.Errorf("%s: expected %+v, found %+v, %v", c.name, c.want, found, err)
		}
		if _, err := c.parse([]byte("Usage: …")); err == nil {
			t.Errorf("%s: a help text was taken for a report", c.name)
		}
	}
}

func TestParseCounts(t *testing.T) {
	c, err := parseCounts("accepted=1 calls=2 answered=3 bad=4 lost=5 body=6 frozen=7 thawed=8 cpu=9 resumed=10\n")
	if want := (counts{accepted: 1, resumed: 10, calls: 2, answered: 3, bad: 4, lost: 5, body: 6, cpu: 9, freeze: freeze{7, 8}}); err != nil || c != want {
		t.Error(c, err)
	}
	if _, err := parseCounts("panic: oh no"); err == nil {
		t.Error("a panic was taken for counts")
	}
}

func TestTable(t *testing.T) {
	tb := &table{title: "Some", text: "Text.", reference: "b", columns: []column{
		{name: "time", show: duration, ratio: true}, {name: "whole", total: true}, {name: "disk", show: bytesEach, ratio: true},
	}}
	tb.row("a").add(1500, 1, 2)
	tb.row("a").add(2500, 0, 4)
	tb.row("a").remarks["late"]++
	tb.row("b").add(4e6, 1, math.NaN())
	tb.row("c").fail(errors.New("it\nbroke"))
	tb.row("d").absent = "not built"
	var w strings.Builder
	tb.markdown(&w)
	want := `
### Some

Text.

| tool | time | whole | disk |
| --- | ---: | ---: | ---: |
| a | 2.00 µs (0.0004×) | 1 of 2 | 3.00 B |
| b | 4.00 ms | 1 of 1 | – |
| c | failed | – | – |
| d | not built | – | – |

- a called 1 of 2 runs late.
- c: 1 of 1 runs failed: it; broke
`
	if w.String() != want {
		t.Errorf("expected:\n%s\nfound:\n%s", want, w.String())
	}
}

func TestShow(t *testing.T) {
	for _, c := range []struct{ found, want string }{
		{duration(-41e6), "-41.0 ms"}, {duration(999), "0.999 µs"}, {duration(0), "0 µs"}, {duration(1.9e9), "1.90 s"}, {duration(123_456_000), "123 ms"},
		{whole(1234567), "1,234,567"}, {whole(999), "999"}, {percent(0.99884), "99.88 %"}, {mebibytes(1 << 20), "1.00 MiB"}, {perSecond(12345.6), "12,346/s"},
	} {
		if c.found != c.want {
			t.Errorf("expected %s, found %s", c.want, c.found)
		}
	}
}

func TestCommandsFollowTheJob(t *testing.T) {
	open := job{url: "http://127.0.0.1:8080" + path, rate: 5000, length: 1500 * time.Millisecond, callers: 200}
	closed := open
	closed.rate = 0
	secure := open
	secure.url, secure.secure = "https://127.0.0.1:8080"+path, true
	seen := map[string]bool{}
	for _, tool := range tools() {
		if seen[tool.name] {
			t.Errorf("two tools are called %s", tool.name)
		}
		seen[tool.name] = true
		for _, j := range []job{open, closed, secure} {
			if j.closed() && !tool.closed || !j.closed() && !tool.open || j.secure && tool.plain {
				continue
			}
			text := tool.command(j).line(tool.program)
			if tool.file != nil {
				_, content := tool.file(j)
				text += content
			}
			wanted := []string{"127.0.0.1:8080", "1.5s"}
			if tool.program == "h2load" {
				wanted[1] = map[bool]string{true: "1500ms", false: "7500"}[j.closed()]
			}
			if tool.name != vegetaDefaults {
				wanted = append(wanted, "200")
			}
			if j.secure {
				wanted = append(wanted, "https://127")
				if tool.program == "andon" || tool.program == "vegeta" || tool.program == "fortio" {
					wanted = append(wanted, authority)
				}
			}
			for _, want := range wanted {
				if !strings.Contains(text, want) {
					t.Errorf("%s: no %s in %s", tool.name, want, text)
				}
			}
		}
	}
}

// A tool is any program; here it is a shell.
func TestChildTellsWhatACommandTook(t *testing.T) {
	file := filepath.Join(t.TempDir(), "used.json")
	if err := childMain(file, generatorCore, "0", []string{"sh", "-c", "exit 3"}); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(file); err != nil || !strings.Contains(string(data), `"Code":3`) {
		t.Errorf("%s, %v", data, err)
	}
	if err := childMain(file, generatorCore, "0", []string{filepath.Join(t.TempDir(), "missing")}); err == nil {
		t.Error("a command that is missing ran")
	}
}

func TestLastWords(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "one\n": "one", "a\nb\nc\n d: 1\n ^^^\n": "b; c; d: 1", "no end": "no end",
	} {
		if found := lastWords([]byte(text)); found != want {
			t.Errorf("%q: expected %q, found %q", text, want, found)
		}
	}
}

func TestTurnsSayWhatIsMissing(t *testing.T) {
	b := &bench{ctx: context.Background(), tools: tools(), programs: t.TempDir(), andon: filepath.Join(t.TempDir(), "andon"), progress: io.Discard}
	can := func(t tool) bool { return t.open && t.name != andonCoarse && t.program != "h2load" }
	if err := os.WriteFile(b.andon, nil, 0o777); err != nil {
		t.Fatal(err)
	}
	tb := &table{columns: []column{{name: "one", show: whole}}}
	runs := 0
	b.turns(tb, 2, can, "no rate", func(t tool, r *row) error {
		runs++
		r.add(float64(runs))
		return nil
	})
	if runs != 2 || tb.cell(tb.row(andonDefaults), 0) != "2" || tb.row("wrk").absent != "no rate" || tb.row("fortio").absent != "not built" {
		t.Errorf("%d runs, %+v", runs, tb)
	}
}

func TestNoise(t *testing.T) {
	const stat = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 3 100 200 4 5 6 7 0\ncpu1 10 0 0 5 0 0 0 0 0 0\nintr 5\n"
	if d, err := parseBusy(stat, "0"); err != nil || d != 210*time.Millisecond {
		t.Error(d, err)
	}
	if _, err := parseBusy(stat, "2"); err == nil {
		t.Error("a core that is not there was busy")
	}
	var n noise
	n.add(10*time.Second, 5*time.Second, 4900*time.Millisecond, 10*time.Second, 10*time.Second)
	want := "Other processes took 1 % of the generator's core in the median run and 1 % in the worst, and 0 % and 0 % of the target's,"
	if !strings.HasPrefix(n.String(), want) || strings.Contains(n.String(), "trusted") {
		t.Error(n.String())
	}
	n.add(10*time.Second, 5*time.Second, time.Second, 10*time.Second, 9*time.Second)
	if !strings.Contains(n.String(), "trusted") {
		t.Error(n.String())
	}
}
