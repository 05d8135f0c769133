package provider

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
)

// about asks about an execution; the state is empty where it is unknown.
func about(t testing.TB, h http.Handler, id string) (state string, answer map[string]string) {
	t.Helper()
	r := httptest.NewRequest("POST", "/executions/get", strings.NewReader(`{"id":"`+id+`"}`))
	r.Header.Set("Content-Type", jsonType)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var body struct{ Execution map[string]string }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Header().Get("Content-Type") != jsonType {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	switch w.Code {
	case 404:
		return "", nil
	case 200:
		if body.Execution["id"] != id {
			t.Fatalf("asked about %s, the answer is about %s", id, body.Execution["id"])
		}
		return body.Execution["status"], body.Execution
	}
	t.Fatalf("%d %s", w.Code, w.Body)
	return "", nil
}

// started calls, and gives the ids in the answer.
func started(t testing.TB, h http.Handler, body string) (execution, session string) {
	t.Helper()
	w := call(h, body)
	var ids struct{ ExecutionID, SessionID string }
	if err := json.Unmarshal(w.Body.Bytes(), &ids); err != nil || w.Code != 200 {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return ids.ExecutionID, ids.SessionID
}

// record is what the log says of an execution.
type record struct {
	Msg, ExecutionID, Tier, Outcome, Fault, Error string
	Status                                        int
	Accepted, Began, Ended                        time.Time
}

// records is a log that can be read while it is written.
type records struct {
	mutex sync.Mutex
	bytes.Buffer
}

func (r *records) Write(b []byte) (int, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.Buffer.Write(b)
}

func (r *records) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(r, nil)) }

func (r *records) of(t testing.TB, message string) (list []record) {
	t.Helper()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for line := range strings.Lines(r.String()) {
		var x record
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if x.Msg == message {
			list = append(list, x)
		}
	}
	return list
}

func every(d time.Duration) map[string]Latency { return map[string]Latency{"default": {a: d}} }

// 8 that run for 2 s each do 4 a second: at 3/s everything takes 2 s, and at 6/s 2 more wait with every second, while
// each call is answered as fast as ever.
func TestBacklog(t *testing.T) {
	for _, c := range []struct {
		rate  int
		grows float64
	}{{3, 0}, {6, 2}} {
		synctest.Test(t, func(t *testing.T) {
			log := &records{}
			h := newProvider(t, Config{
				Workers: 4, Queue: 100, Latency: every(20 * time.Millisecond), Log: log.logger(),
				Executions: &Executions{Workers: 8, Queue: 1000, Time: every(2 * time.Second)},
			})
			var ids []string
			backlog := func() (n float64) {
				for _, id := range ids {
					if state, _ := about(t, h, id); state == "Enqueued" {
						n++
					}
				}
				return n
			}
			var at [2]float64
			for i := range 40 * c.rate {
				if i == 10*c.rate {
					at[0] = backlog()
				}
				before := time.Now()
				id, _ := started(t, h, lite)
				if d := time.Since(before); d != 20*time.Millisecond {
					t.Fatalf("call %d was answered after %v", i, d)
				}
				ids = append(ids, id)
				time.Sleep(time.Second/time.Duration(c.rate) - 20*time.Millisecond)
			}
			at[1] = backlog()
			if got := (at[1] - at[0]) / 30; math.Abs(got-c.grows) > 0.05 {
				t.Errorf("at %d/s the backlog grows by %.2f/s, want %.2f/s", c.rate, got, c.grows)
			}
			time.Sleep(time.Minute)
			list := log.of(t, "execution")
			if len(list) != len(ids) {
				t.Fatalf("%d executions ended, want %d", len(list), len(ids))
			}
			for i, e := range list {
				if e.ExecutionID != ids[i] || e.Outcome != "completed" || e.Tier != "Lite" || e.Ended.Sub(e.Began) != 2*time.Second {
					t.Fatalf("the log has %+v at %d", e, i)
				}
				if state, _ := about(t, h, e.ExecutionID); state != "Completed" {
					t.Fatalf("%s is %s at last", e.ExecutionID, state)
				}
				if waited := e.Began.Sub(e.Accepted); c.grows == 0 && waited != 0 || waited < 0 {
					t.Fatalf("%s waited %v", e.ExecutionID, waited)
				}
				// Whoever is eighth after another begins when that one ends, at the latest.
				if i >= 8 && e.Began.After(list[i-8].Ended) && e.Began != e.Accepted {
					t.Fatalf("%s began at %v, and %v had ended", e.ExecutionID, e.Began, list[i-8].Ended)
				}
			}
		})
	}
}

// Whatever came when, and took how long, each begins when it comes, or else when the first worker is free: on time,
// even if nobody looks for as long as all of it takes.
func TestExecutionsAreArithmetic(t *testing.T) {
	for _, late := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			const workers, n = 3, 200
			log := &records{}
			h := newProvider(t, Config{Seed: 5, Log: log.logger(), Executions: &Executions{
				Workers: workers, Queue: n, Time: map[string]Latency{"default": {shape: uniform, a: 100 * time.Millisecond, b: 3 * time.Second}},
			}})
			for i := range n {
				started(t, h, lite)
				if late {
					h.(*handler).floor.timer.Stop()
				} else {
					time.Sleep(time.Duration(i*i%7) * 100 * time.Millisecond)
				}
			}
			time.Sleep(time.Hour)
			about(t, h, "x")
			list := log.of(t, "execution")
			slices.SortStableFunc(list, func(a, b record) int { return cmp.Or(a.Began.Compare(b.Began), a.Accepted.Compare(b.Accepted)) })
			free := make([]time.Time, workers)
			for i, e := range list {
				slices.SortFunc(free, time.Time.Compare)
				want := e.Accepted
				if free[0].After(want) {
					want = free[0]
				}
				if !e.Began.Equal(want) || i > 0 && e.Accepted.Before(list[i-1].Accepted) {
					t.Fatalf("execution %d of those that came at %v began at %v, want %v", i, e.Accepted, e.Began, want)
				}
				free[0] = e.Ended
			}
			if len(list) != n {
				t.Errorf("%d executions ended, want %d", len(list), n)
			}
		})
	}
}

// Each state is told at its time, exactly, and everything else stays the same.
func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newProvider(t, Config{Executions: &Executions{Workers: 1, Queue: 5, Time: map[string]Latency{"Full": {a: 3 * time.Second}, "Lite": {a: time.Second}}}})
		full, fullSession := started(t, h, `{"kaizenVersion":"Full"}`)
		one, liteSession := started(t, h, lite)
		began := time.Now()
		const ms = time.Millisecond
		for _, c := range []struct {
			at         time.Duration
			full, lite string
		}{
			{0, "InProgress", "Enqueued"}, {2999 * ms, "InProgress", "Enqueued"}, {3000 * ms, "Completed", "InProgress"},
			{3999 * ms, "Completed", "InProgress"}, {4000 * ms, "Completed", "Completed"}, {time.Hour, "Completed", "Completed"},
		} {
			time.Sleep(time.Until(began.Add(c.at)))
			state, answer := about(t, h, full)
			if state != c.full || answer["sessionId"] != fullSession || answer["startTime"] != began.UTC().Format(time.RFC3339Nano) {
				t.Errorf("after %v the first one is told as %v", c.at, answer)
			}
			state, answer = about(t, h, one)
			start := ""
			if c.lite != "Enqueued" {
				start = began.Add(3 * time.Second).UTC().Format(time.RFC3339Nano)
			}
			if state != c.lite || answer["sessionId"] != liteSession || answer["startTime"] != start {
				t.Errorf("after %v the second one is told as %v", c.at, answer)
			}
		}
		if state, _ := about(t, h, "exec_abc123"); state != "" {
			t.Errorf("an execution that was never started is %s", state)
		}
	})
}

// The answers are those that the description has.
func TestAskedKeepsItsDescription(t *testing.T) {
	spec := string(andon.Spec)
	from, to := strings.Index(spec, "      x-andon:\n"), strings.Index(spec, "      summary: Execute agent\n")
	spec = spec[:from] + spec[to:]
	spec = strings.Replace(spec, "      x-andon-following:\n", "      x-andon: {}\n      x-not:\n", 1)
	d, err := contracts.Load("openapi.yaml", []byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	if d.Operation().Path != "/executions/get" {
		t.Fatal(d.Operation())
	}
	synctest.Test(t, func(t *testing.T) {
		h := newProvider(t, Config{Executions: &Executions{Workers: 1, Queue: 1, Time: every(time.Second)}})
		started(t, h, lite)
		id, _ := started(t, h, lite)
		for range 3 {
			w := ask(h, `{"id":"`+id+`"}`)
			if v := d.JudgeResponse(w.Code, w.Header().Get("Content-Type"), w.Body.Bytes()).Violation; v != nil || w.Code != 200 {
				t.Errorf("%d %s: %v", w.Code, w.Body, v)
			}
			time.Sleep(time.Second)
		}
		w := ask(h, `{"id":"x"}`)
		if v := d.JudgeResponse(w.Code, w.Header().Get("Content-Type"), w.Body.Bytes()).Violation; v != nil || w.Code != 404 {
			t.Errorf("%d %s: %v", w.Code, w.Body, v)
		}
	})
}

func ask(h http.Handler, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/executions/get", strings.NewReader(body))
	r.Header.Set("Content-Type", jsonType)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// As many as asked for fail, are lost and are stuck, and what is told of each is what the log says.
func TestFates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 20_000
		log := &records{}
		h := newProvider(t, Config{Seed: 7, Log: log.logger(), Executions: &Executions{Time: every(2 * time.Second), Failed: 0.02, Lost: 0.01, Stuck: 0.005}})
		var ids, lostAtOnce []string
		for range n {
			id, _ := started(t, h, lite)
			ids = append(ids, id)
			if state, _ := about(t, h, id); state == "" {
				lostAtOnce = append(lostAtOnce, id)
			}
		}
		time.Sleep(time.Second)
		lost := 0
		for _, id := range ids {
			if state, _ := about(t, h, id); state == "" {
				lost++
			} else if state != "InProgress" {
				t.Fatalf("%s is %s in the middle of its time", id, state)
			}
		}
		time.Sleep(time.Hour)
		outcome := map[string]string{}
		for _, e := range log.of(t, "execution") {
			if outcome[e.ExecutionID] != "" {
				t.Fatalf("%s is told of twice", e.ExecutionID)
			}
			outcome[e.ExecutionID] = e.Outcome
		}
		found := map[string]int{}
		for _, id := range ids {
			state, _ := about(t, h, id)
			if want := map[string]string{"completed": "Completed", "failed": "Failed", "lost": "", "stuck": "InProgress"}[outcome[id]]; state != want || outcome[id] == "" {
				t.Fatalf("%s is %q, and by the log %q", id, state, outcome[id])
			}
			found[outcome[id]]++
		}
		for name, share := range map[string]float64{"failed": 0.02, "lost": 0.01, "stuck": 0.005, "completed": 0.965} {
			if sigma := math.Sqrt(n * share * (1 - share)); math.Abs(float64(found[name])-n*share) > 4*sigma {
				t.Errorf("%d of %d %s, want %.0f ± %.0f", found[name], n, name, n*share, 4*sigma)
			}
		}
		if lost != found["lost"] || len(lostAtOnce) < lost/4 || len(lostAtOnce) > lost*3/4 {
			t.Errorf("%d are lost, %d of them in the middle of their time or before, and %d from the start", found["lost"], lost, len(lostAtOnce))
		}
	})
}

// What is stuck or lost does not keep a worker from others.
func TestFatesLeaveTheirWorkers(t *testing.T) {
	for name, e := range map[string]Executions{"stuck": {Stuck: 1}, "lost": {Lost: 1}} {
		synctest.Test(t, func(t *testing.T) {
			e.Workers, e.Queue, e.Time = 1, 100, every(time.Second)
			h := newProvider(t, Config{Executions: &e})
			for range 50 {
				started(t, h, lite)
			}
			time.Sleep(51 * time.Second)
			synctest.Wait()
			if f := h.(*handler).floor; f.busy != 0 || f.queued != 0 {
				t.Errorf("%s: %d run and %d wait after their time", name, f.busy, f.queued)
			}
		})
	}
}

// Without shares what came first begins first; with shares each tier has its own, and one that was idle does not make
// up for it.
func TestOrder(t *testing.T) {
	began := func(t *testing.T, order map[string]float64, tiers ...string) string {
		log := &records{}
		h := newProvider(t, Config{Log: log.logger(), Executions: &Executions{Workers: 1, Queue: 1000, Time: every(time.Second), Order: order}})
		for _, tier := range tiers {
			started(t, h, `{"kaizenVersion":"`+tier+`"}`)
		}
		time.Sleep(time.Duration(len(tiers)+1) * time.Second)
		synctest.Wait()
		var b strings.Builder
		for i, e := range log.of(t, "execution") {
			b.WriteByte(e.Tier[0])
			if i > 0 && e.Began.IsZero() {
				t.Error("the log does not say when one began")
			}
		}
		return b.String()
	}
	many := func(n int, tiers ...string) (list []string) {
		for range n {
			list = append(list, tiers...)
		}
		return list
	}
	synctest.Test(t, func(t *testing.T) {
		if got := began(t, nil, append(many(5, "Full"), many(5, "Lite")...)...); got != "FFFFFLLLLL" {
			t.Errorf("first come, first served: %s", got)
		}
		got := began(t, map[string]float64{"Full": 1, "Lite": 3}, append(many(40, "Full"), many(40, "Lite")...)...)
		if n := strings.Count(got[1:41], "L"); n != 30 {
			t.Errorf("of the first 40 that could choose %d are of Lite, want 30: %s", n, got)
		}
		if got := began(t, map[string]float64{"Full": 1}, append(many(10, "Full"), many(10, "Lite")...)...); strings.Count(got[1:11], "L") != 5 {
			t.Errorf("a tier that is left out has 1: %s", got)
		}
		// Lite was idle while 100 of Full ran; after that they take turns.
		h := newProvider(t, Config{Executions: &Executions{Workers: 1, Queue: 1000, Time: every(time.Second), Order: map[string]float64{"Full": 1, "Lite": 1}}})
		f := h.(*handler).floor
		for range 200 {
			started(t, h, `{"kaizenVersion":"Full"}`)
		}
		time.Sleep(100 * time.Second)
		for range 20 {
			started(t, h, lite)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if n := len(f.queues[1]); n < 9 || n > 11 {
			t.Errorf("%d of 20 wait after the time of 20 that take turns, want 10", n)
		}
	})
}

// A call for which there is no room is refused, starts nothing, and there is room again when one begins.
func TestExecutionQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newProvider(t, Config{Executions: &Executions{Workers: 2, Queue: 3, Time: every(time.Second)}})
		for range 5 {
			started(t, h, lite)
		}
		if w := call(h, lite); w.Code != 429 || !strings.Contains(w.Body.String(), "all 2 workers run executions and 3 wait already") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if f := h.(*handler).floor; len(f.known) != 5 {
			t.Errorf("%d executions are known, want 5", len(f.known))
		}
		time.Sleep(time.Second)
		started(t, h, lite)
		started(t, h, lite)
		if w := call(h, lite); w.Code != 429 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// A call that is answered 500 or 503 starts nothing; one whose answer is broken does.
func TestFaultsAndExecutions(t *testing.T) {
	for _, c := range []struct {
		faults Faults
		want   int
	}{{Faults{HTTP500: 1}, 0}, {Faults{HTTP503: 1}, 0}, {Faults{Truncated: 1}, 1}, {Faults{HTML: 1}, 1}, {Faults{}, 1}} {
		h := newProvider(t, Config{Faults: c.faults, Executions: &Executions{}})
		call(h, lite)
		if n := len(h.(*handler).floor.known); n != c.want {
			t.Errorf("%+v: %d executions, want %d", c.faults, n, c.want)
		}
	}
}

// The oldest of too many are forgotten, and what has not ended never is.
func TestExecutionsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newProvider(t, Config{Executions: &Executions{Time: map[string]Latency{"Full": {a: time.Hour}, "Lite": {a: time.Second}}}})
		f := h.(*handler).floor
		f.kept = 10
		long, _ := started(t, h, `{"kaizenVersion":"Full"}`)
		var ids []string
		for range 30 {
			id, _ := started(t, h, lite)
			ids = append(ids, id)
		}
		time.Sleep(time.Second)
		for i, id := range ids {
			if state, _ := about(t, h, id); state == "" != (i < 20) {
				t.Errorf("execution %d is %q", i, state)
			}
		}
		if state, _ := about(t, h, long); state != "InProgress" || len(f.known) != 11 {
			t.Errorf("the long one is %q, and %d are known", state, len(f.known))
		}
	})
}

// A request that asks wrongly is refused as a call is; without executions there is nothing to ask.
func TestAskedRefusals(t *testing.T) {
	h := newProvider(t, Config{Token: "secret", MaxBody: 1000, Executions: &Executions{}})
	for _, c := range []struct {
		why, method, path, media, token, body string
		status                                int
		want                                  string
	}{
		{"another method", "GET", "/executions/get", jsonType, "secret", "{}", 405, "it is asked by POST /executions/get"},
		{"no token", "POST", "/executions/get", jsonType, "", `{"id":"x"}`, 401, "Authorization"},
		{"another token", "POST", "/executions/get", jsonType, "other", `{"id":"x"}`, 401, "not the one"},
		{"another media type", "POST", "/executions/get", "text/plain", "secret", `{"id":"x"}`, 415, "application/json"},
		{"no JSON", "POST", "/executions/get", jsonType, "secret", `{"id":`, 400, "not JSON"},
		{"no object", "POST", "/executions/get", jsonType, "secret", `[]`, 400, "expected the id of an execution, a text, at /id"},
		{"no id", "POST", "/executions/get", jsonType, "secret", `{}`, 400, "at /id"},
		{"a number", "POST", "/executions/get", jsonType, "secret", `{"id":7}`, 400, "at /id"},
		{"too large", "POST", "/executions/get", jsonType, "secret", `{"id":"` + strings.Repeat("x", 1000) + `"}`, 413, "1000 bytes"},
		{"unknown", "POST", "/executions/get", jsonType, "secret", `{"id":"x\u0000\ud83d\ude00"}`, 404, "there is no execution"},
		{"elsewhere", "POST", "/executions/get/x", jsonType, "secret", `{"id":"x"}`, 404, "there is nothing here"},
	} {
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.media)
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var body struct{ Error struct{ Message string } }
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != c.status || !strings.Contains(body.Error.Message, c.want) {
			t.Errorf("%s: %d %s (%v), want %d and %q", c.why, w.Code, w.Body, err, c.status, c.want)
		}
	}
	if w := ask(newProvider(t, Config{}), `{"id":"x"}`); w.Code != 404 || !strings.Contains(w.Body.String(), "there is nothing here; the call is POST /agents/execute") {
		t.Errorf("without executions: %d %s", w.Code, w.Body)
	}
}

// Another API's way is a matter of its description.
func TestAskedByPath(t *testing.T) {
	spec := string(andon.Spec)
	from, to := strings.Index(spec, "  /executions/get:\n"), strings.Index(spec, "components:\n")
	spec = spec[:from] + `  /v1/runs/{id}/state:
    get:
      x-andon-following: {state: /state, session: '', began: /times/0, ended: /times/1, same: /a~1b/id, waiting: [new], running: [busy], completed: [done], failed: [broken]}
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: ok}}

` + spec[to:]
	d, err := contracts.Load("openapi.yaml", []byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		h, err := New(d, Config{Executions: &Executions{Workers: 1, Queue: 5, Time: every(time.Second), Failed: 1}})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		id, _ := started(t, h, lite)
		get := func(path string) (int, string) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			return w.Code, w.Body.String()
		}
		if code, body := get("/v1/runs/" + id + "/state"); code != 200 || body != fmt.Sprintf(`{"a/b":{"id":"%s"},"state":"busy","times":{"0":"%s"}}`+"\n", id, now.UTC().Format(time.RFC3339Nano)) {
			t.Errorf("%d %s", code, body)
		}
		time.Sleep(time.Second)
		if code, body := get("/v1/runs/" + id + "/state"); code != 200 || !strings.Contains(body, `"state":"broken"`) || !strings.Contains(body, `"1":"`+now.Add(time.Second).UTC().Format(time.RFC3339Nano)) {
			t.Errorf("%d %s", code, body)
		}
		for path, want := range map[string]string{
			"/v1/runs/x/state": "no execution", "/v1/runs/" + url.PathEscape("a/b c") + "/state": `no execution \"a/b c\"`,
			"/v1/runs//state": "nothing here", "/v1/runs/a/b/state": "nothing here", "/v1/runs/a": "nothing here",
		} {
			if code, body := get(path); code != 404 || !strings.Contains(strings.ReplaceAll(body, `\\`, `\`), want) {
				t.Errorf("%s: %d %s, want %q", path, code, body, want)
			}
		}
	})
}

// What is asked and read as the description says is what the provider understands and means, in whatever shape.
func TestAskedAsDescribed(t *testing.T) {
	pointer := rapid.SampledFrom([]string{"/a", "/b/c", "/b/0", "/b/d~1e", "/f~0g", "/h/i/j"})
	provider := newProvider(t, Config{Executions: &Executions{}}).(*handler)
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.SliceOfNDistinct(pointer, 5, 5, rapid.ID).Draw(t, "places")
		f := contracts.Following{
			Method: "POST", Path: "/runs", ID: pointer.Draw(t, "id"), State: places[0], Session: places[1], Began: places[2], Ended: places[3], Same: places[4],
			Waiting: []string{"new"}, Running: []string{"busy"}, Completed: []string{"done"}, Failed: []string{"broken"},
		}
		if rapid.Bool().Draw(t, "by path") {
			f.Method, f.Path, f.ID = "GET", "/runs/{id}/state", ""
		}
		provider.asked = newAsked(f)
		id := rapid.StringMatching(`[a-z /?%#é"]{1,8}`).Draw(t, "an id")
		for want, state := range []state{waiting, running, ended} {
			provider.floor.known[id] = &execution{id: id, n: 7, state: state, began: time.Second, ends: 2 * time.Second}
			r := f.NewRequest(context.Background(), &url.URL{Scheme: "http", Host: "h", Path: "/"}, nil, id)
			if r.Body == nil {
				r.Body = http.NoBody
			}
			w := httptest.NewRecorder()
			provider.ServeHTTP(w, r)
			told, err := f.Read(w.Body.Bytes())
			if session := "session_" + provider.prefix + "_7"; err != nil || w.Code != 200 || told.Same != id || told.Session != session || told.Reversed || told.Meaning != contracts.MeansWaiting+contracts.Meaning(want) {
				t.Fatalf("%s %s: %d %s: %+v, %v", r.Method, r.URL, w.Code, w.Body, told, err)
			}
		}
	})
}

// Everything that is wrong with executions and webhooks is told at once.
func TestExecutionsErrors(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   []string
	}{
		{Config{Executions: &Executions{Workers: -1, Queue: -1, Failed: 2, Order: map[string]float64{"Ful": 1, "Lite": 0}, Time: map[string]Latency{"Lit": {}}}}, []string{
			"executions: workers: expected at least 0, found -1", "executions: queue: expected at least 0, found -1", "executions: failed: expected a share from 0 to 1",
			`executions: order: expected one of the tiers Full, Lite, default, found "Ful" (did you mean "Full"?)`, `executions: order: expected a share from 0.001 to 1000 of the tier "Lite", found 0`,
			`executions: time: expected one of the tiers Full, Lite, default, found "Lit" (did you mean "Lite"?)`,
		}},
		{Config{Executions: &Executions{Queue: 3}}, []string{"executions: queue: 3 can wait, but without a number of workers none ever has to; set workers"}},
		{Config{Executions: &Executions{Order: map[string]float64{"Full": 1}}}, []string{"executions: order: without a number of workers none has to wait"}},
		{Config{Executions: &Executions{Failed: 0.5, Lost: 0.4, Stuck: 0.2}}, []string{"one meets at most one of failed, lost, stuck, so the shares must sum to at most 1 (100%); they sum to 1.1"}},
		{Config{Executions: &Executions{}, Webhooks: &Webhooks{URL: "ftp://x", Late: WebhooksLate{Share: 0.6, For: -1}, Never: 0.6}}, []string{
			"webhooks: url: expected http://HOST/PATH", "webhooks: secret: expected one to sign with, found none", "webhooks: late: for: expected a duration", "they sum to 1.2",
		}},
		{Config{Executions: &Executions{}, Webhooks: &Webhooks{Late: WebhooksLate{Share: 0.5}}}, []string{"webhooks: late: expected a length (for) above 0s"}},
		{Config{Webhooks: &Webhooks{}}, []string{"webhooks: they tell of executions, and nothing is said of those; set executions"}},
	} {
		_, err := New(describe(t), c.config)
		if err == nil {
			t.Errorf("%+v is accepted", c.config)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v\nlacks %q", err, want)
			}
		}
	}
}

func TestSetExecutions(t *testing.T) {
	var e Executions
	var w Webhooks
	for text, set := range map[string]func(string) error{
		"failed=2%": e.Set, "lost=0.01": e.Set, "stuck= 0.5 %": e.Set,
		"late=5%,10s": w.Set, "twice=6%": w.Set, "never=7%": w.Set, "wrongSignature=8%": w.Set, "oldTimestamp=9%": w.Set, "unknownId=10%": w.Set,
	} {
		if err := set(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if e.Failed != 0.02 || e.Lost != 0.01 || e.Stuck != 0.005 {
		t.Errorf("%+v", e)
	}
	if (w != Webhooks{Late: WebhooksLate{0.05, 10 * time.Second}, Twice: 0.06, Never: 0.07, WrongSignature: 0.08, OldTimestamp: 0.09, UnknownID: 0.1}) {
		t.Errorf("%+v", w)
	}
	for text, c := range map[string]struct {
		set  func(string) error
		want string
	}{
		"faild=2%": {e.Set, `did you mean "failed"?`}, "failed": {e.Set, "expected NAME=SHARE"}, "failed=2": {e.Set, "failed: expected a share"},
		"late=5%": {w.Set, "late: expected SHARE,TIME"}, "late=x,1s": {w.Set, "late: expected SHARE,TIME"}, "twise=1%": {w.Set, `did you mean "twice"?`}, "never=x": {w.Set, "never: expected a share"},
	} {
		if err := c.set(text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", text, err, c.want)
		}
	}
}

// Whatever asks is answered, in JSON, and by a status that the description has or a head is refused with.
func FuzzAsked(f *testing.F) {
	for _, body := range []string{`{"id":"exec_1"}`, `{"id":7}`, `[]`, ``, `{"id":"a","id":"b"}`, "{\"id\":\"\xff\"}", `{"id":"\u0000"}`} {
		f.Add([]byte(body))
	}
	h := newProvider(f, Config{MaxBody: 1000, Executions: &Executions{}})
	id, _ := started(f, h, lite)
	f.Add([]byte(`{"id":"` + id + `","more":{}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		w := ask(h, string(body))
		switch w.Code {
		case 200, 400, 404, 413:
		default:
			t.Errorf("%q is answered %d", body, w.Code)
		}
		if !json.Valid(w.Body.Bytes()) || w.Code == 200 && !bytes.Contains(body, []byte("id")) {
			t.Errorf("%q is answered %d %s", body, w.Code, w.Body)
		}
	})
}
