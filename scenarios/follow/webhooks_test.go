package follow

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/executions"
)

// knows is what a follower knows: which executions there are, and which are known to have ended.
type knows struct {
	mutex sync.Mutex
	known map[string]bool
	ended map[string]contracts.Told
	at    map[string]time.Time
	asked int
}

func runOf(ids ...string) *knows {
	r := &knows{known: map[string]bool{}, ended: map[string]contracts.Told{}, at: map[string]time.Time{}}
	for _, id := range ids {
		r.known[id] = true
	}
	return r
}

func (r *knows) tell(t contracts.Told, at time.Time) told {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.asked++
	if !r.known[t.Same] {
		return tellUnknown
	}
	if _, before := r.ended[t.Same]; before {
		return tellKnown
	}
	r.ended[t.Same], r.at[t.Same] = t, at
	return tellNews
}

const hush = "hush-hush"

func believing(secret string) WebhookConfig {
	return WebhookConfig{Address: "127.0.0.1:0", Secret: secret, Operation: contracts.DefaultFollowing(), Now: time.Now}
}

func tells(id, state string) string {
	return fmt.Sprintf(`{"type":"Agent Execution: Complete","execution":{"id":%q,"status":%q}}`, id, state)
}

// webhook is one as it should be; what a test has to say otherwise it says.
func webhook(body string, at time.Time, change ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
	timestamp := strconv.FormatInt(at.Unix(), 10)
	r.Header.Set("X-Webhooks-Id", "w1")
	r.Header.Set("X-Webhooks-Timestamp", timestamp)
	r.Header.Set("X-Webhooks-Signature", "v1,"+base64.StdEncoding.EncodeToString(sum(hush, "w1."+timestamp+"."+body)))
	for _, f := range change {
		f(r)
	}
	return r
}

func sum(secret, text string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// answering takes webhooks without a listener, and listening with one.
func answering(c WebhookConfig, tell func(contracts.Told, time.Time) told) *Webhooks {
	w := newWebhooks(c)
	w.tell = tell
	return w
}

func listening(c WebhookConfig, tell func(contracts.Told, time.Time) told) (*Webhooks, error) {
	w, err := Listen(c)
	if err == nil {
		w.serve(tell)
	}
	return w, err
}

func post(w *Webhooks, r *http.Request) int {
	to := httptest.NewRecorder()
	w.ServeHTTP(to, r)
	return to.Code
}

// The signature is the one that another program computes:
//
//	printf 'w1.1700000000.{"a":1}' | openssl dgst -sha256 -hmac hush-hush
func TestSigned(t *testing.T) {
	const hexed = "40cf5f52787ffe84ea7bdfc02461e48b4f18aab68dce08644b45f5519f1d2be9"
	raw, err := hex.DecodeString(hexed)
	if err != nil {
		t.Fatal(err)
	}
	coded := base64.StdEncoding.EncodeToString(raw)
	for text, want := range map[string]bool{
		"v1=" + hexed:                  true,
		"v1=" + strings.ToUpper(hexed): true,
		"v1," + coded:                  true,
		"v0,abc v1,AAAA v1," + coded:   true,
		"v1," + hexed:                  false,
		"v2," + coded:                  false,
		coded:                          false,
		"v1,":                          false,
		"v1=":                          false,
		"v1," + coded[:len(coded)-4]:   false,
		"":                             false,
	} {
		if got := signed(hush, "w1", "1700000000", []byte(`{"a":1}`), strings.Fields(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	for _, c := range [][4]string{{"other", "w1", "1700000000", `{"a":1}`}, {hush, "w2", "1700000000", `{"a":1}`}, {hush, "w1", "1700000001", `{"a":1}`}, {hush, "w1", "1700000000", `{"a":2}`}} {
		if signed(c[0], c[1], c[2], []byte(c[3]), []string{"v1," + coded}) {
			t.Errorf("%v is believed", c)
		}
	}
}

// What is believed is signed, timely and of an execution of this run, and all is counted once.
func TestWebhooks(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	good := tells("e1", "Completed")
	for _, c := range []struct {
		name   string
		secret string
		ask    *http.Request
		status int
		want   executions.Webhooks
	}{
		{"as it should be", hush, webhook(good, now), 204, executions.Webhooks{Believed: 1}},
		{"failed", hush, webhook(tells("e1", "Failed"), now), 204, executions.Webhooks{Believed: 1}},
		{"in a member data", hush, webhook(`{"type":"x","data":`+good+`}`, now), 204, executions.Webhooks{Believed: 1}},
		{"in a member payload", hush, webhook(`{"data":7,"payload":`+good+`}`, now), 204, executions.Webhooks{Believed: 1}},
		{"no secret asks for none", "", webhook(good, now, header("X-Webhooks-Signature", "v1,AAAA")), 204, executions.Webhooks{Believed: 1}},
		{"no secret, no headers", "", httptest.NewRequest("POST", "/", strings.NewReader(good)), 204, executions.Webhooks{Believed: 1}},
		{"another secret", "other", webhook(good, now), 401, executions.Webhooks{Unsigned: 1}},
		{"another body", hush, webhook(good, now, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(tells("e1", "Failed"))) }), 401, executions.Webhooks{Unsigned: 1}},
		{"another id", hush, webhook(good, now, header("X-Webhooks-Id", "w2")), 401, executions.Webhooks{Unsigned: 1}},
		{"no signature", hush, webhook(good, now, header("X-Webhooks-Signature", "")), 401, executions.Webhooks{Unsigned: 1}},
		{"no id", hush, webhook(good, now, header("X-Webhooks-Id", "")), 401, executions.Webhooks{Unsigned: 1}},
		{"no time", hush, webhook(good, now, header("X-Webhooks-Timestamp", "")), 401, executions.Webhooks{Unsigned: 1}},
		{"just in time", hush, webhook(good, now.Add(-5*time.Minute)), 204, executions.Webhooks{Believed: 1}},
		{"old", hush, webhook(good, now.Add(-5*time.Minute-time.Second)), 400, executions.Webhooks{Old: 1}},
		{"from the future", hush, webhook(good, now.Add(5*time.Minute+time.Second)), 400, executions.Webhooks{Old: 1}},
		{"old without a secret", "", webhook(good, now.Add(-time.Hour)), 400, executions.Webhooks{Old: 1}},
		{"no number", hush, webhook(good, now, header("X-Webhooks-Timestamp", "now")), 400, executions.Webhooks{Old: 1}},
		{"beyond all times", hush, webhook(good, now, header("X-Webhooks-Timestamp", "-9223372036854775808")), 400, executions.Webhooks{Old: 1}},
		{"unknown", hush, webhook(tells("e9", "Completed"), now), 204, executions.Webhooks{Unknown: 1}},
		{"not an end", hush, webhook(tells("e1", "InProgress"), now), 204, executions.Webhooks{}},
		{"no state that is known", hush, webhook(tells("e1", "Gone"), now), 400, executions.Webhooks{Malformed: 1}},
		{"no id of an execution", hush, webhook(`{"execution":{"status":"Completed"}}`, now), 400, executions.Webhooks{Malformed: 1}},
		{"no JSON", hush, webhook("Completed", now), 400, executions.Webhooks{Malformed: 1}},
		{"invalid UTF-8", hush, webhook("\xff\xfe{", now), 400, executions.Webhooks{Malformed: 1}},
		{"deep", hush, webhook(strings.Repeat("[", 60_000), now), 400, executions.Webhooks{Malformed: 1}},
		{"a null", hush, webhook("null", now), 400, executions.Webhooks{Malformed: 1}},
		{"empty", hush, webhook("", now), 400, executions.Webhooks{Malformed: 1}},
		{"huge", hush, webhook(strings.Repeat(" ", maxAnswer)+good, now), 413, executions.Webhooks{Malformed: 1}},
		{"huge and not said to be", hush, webhook(strings.Repeat(" ", maxAnswer)+good, now, func(r *http.Request) { r.ContentLength = -1 }), 400, executions.Webhooks{Malformed: 1}},
		{"a GET", hush, webhook(good, now, func(r *http.Request) { r.Method = "GET" }), 405, executions.Webhooks{Malformed: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := believing(c.secret)
			config.Now = func() time.Time { return now }
			r := runOf("e1")
			w := answering(config, r.tell)
			if status := post(w, c.ask); status != c.status {
				t.Errorf("it is answered with %d, want %d", status, c.status)
			}
			c.want.Received = 1
			if got := w.end(); got != c.want {
				t.Errorf("counted as %+v, want %+v", got, c.want)
			}
			if believed := len(r.ended) == 1; believed != (c.want.Believed == 1) || believed && r.at["e1"] != now {
				t.Errorf("told on: %v at %v", r.ended, r.at)
			}
		})
	}
}

// Without a secret nobody beyond this machine is listened to, and what cannot work is said at once.
func TestListenRefuses(t *testing.T) {
	for _, c := range []struct {
		change func(*WebhookConfig)
		want   string
	}{
		{func(c *WebhookConfig) { c.Address = ":0" }, "without a secret"},
		{func(c *WebhookConfig) { c.Address = "0.0.0.0:0" }, "without a secret"},
		{func(c *WebhookConfig) { c.Address = "[::]:0" }, "without a secret"},
		{func(c *WebhookConfig) { c.Address = "192.0.2.1:0" }, "without a secret"},
		{func(c *WebhookConfig) { c.Address = "127.0.0.1" }, "expected HOST:PORT"},
		{func(c *WebhookConfig) { c.Address = "127.0.0.1:http:3" }, "expected HOST:PORT"},
		{func(c *WebhookConfig) { c.Operation.Same = "" }, "where the id stands"},
	} {
		config := believing("")
		c.change(&config)
		w, err := listening(config, runOf().tell)
		if err == nil {
			w.end()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", config, err, c.want)
		}
	}
	config := believing(hush)
	config.Address = ":0"
	w, err := listening(config, runOf().tell)
	if err != nil {
		t.Fatal(err)
	}
	w.end()
}

// A webhook that overtakes the answer to its call is not lost: the follower asks for it when it knows the execution.
func TestEarlyWebhooks(t *testing.T) {
	now := time.Now()
	config := believing("")
	config.Now = func() time.Time { return now }
	r := runOf("e1")
	w := answering(config, r.tell)
	send := func(id string) { post(w, httptest.NewRequest("POST", "/", strings.NewReader(tells(id, "Completed")))) }
	send("e1")
	send("e1")
	send("soon")
	send("soon")
	if _, _, found := w.accepted("e1"); found {
		t.Error("what was told of is kept")
	}
	was := now
	now = now.Add(time.Second)
	e, at, found := w.accepted("soon")
	if !found || e.Same != "soon" || e.Meaning != contracts.MeansCompleted || at != was {
		t.Errorf("%+v at %v: %v", e, at, found)
	}
	if _, _, found := w.accepted("soon"); found {
		t.Error("it is given twice")
	}
	send("late")
	now = now.Add(earlyFor + time.Second)
	send("never")
	if _, _, found := w.accepted("late"); found {
		t.Error("it is kept for good")
	}
	if got, want := w.end(), (executions.Webhooks{Received: 6, Believed: 2, Repeated: 2, Unknown: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// An execution that becomes known between the two questions is not missed, whoever notices first.
func TestWebhookWhileAccepted(t *testing.T) {
	for _, byFollower := range []bool{false, true} {
		r := runOf()
		w := answering(believing(""), func(t contracts.Told, at time.Time) told {
			what := r.tell(t, at)
			if r.asked == 1 {
				r.known["e1"] = true
			} else if byFollower {
				return tellKnown
			}
			return what
		})
		if byFollower {
			inner := w.tell
			w.tell = func(t contracts.Told, at time.Time) told {
				if r.asked == 1 {
					w.accepted("e1")
				}
				return inner(t, at)
			}
		}
		post(w, httptest.NewRequest("POST", "/", strings.NewReader(tells("e1", "Completed"))))
		if got, want := w.end(), (executions.Webhooks{Received: 1, Believed: 1}); got != want {
			t.Errorf("by the follower %v: %+v, want %+v", byFollower, got, want)
		}
	}
}

// Whatever comes in whatever order is counted once, what is kept is bounded, and what is believed was known.
func TestWebhookCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1_700_000_000, 0)
		config := believing("")
		config.Now = func() time.Time { return now }
		r := runOf()
		w := answering(config, r.tell)
		sent := uint64(0)
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			id := fmt.Sprintf("e%d", rapid.IntRange(0, 5).Draw(t, "id"))
			switch rapid.IntRange(0, 2).Draw(t, "event") {
			case 0:
				sent++
				post(w, httptest.NewRequest("POST", "/", strings.NewReader(tells(id, "Completed"))))
			case 1:
				r.known[id] = true
				if e, at, found := w.accepted(id); found && r.tell(e, at) != tellNews {
					t.Fatalf("%s was told of before", id)
				}
			case 2:
				now = now.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "seconds")) * time.Second)
			}
		}
		got := w.end()
		if sum := got.Believed + got.Repeated + got.Unknown; got.Received != sent || sum != sent || int(got.Believed) != len(r.ended) {
			t.Fatalf("%+v of %d; %d have ended", got, sent, len(r.ended))
		}
	})
}

// Whoever sends without end is read at the rate that is read, costs no memory, and waits.
func TestWebhookFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runOf("e1")
		w := answering(believing(""), r.tell)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		began := time.Now()
		const senders, each = webhookConnections, 200
		statuses := make([]map[int]int, senders)
		var all sync.WaitGroup
		for s := range senders {
			statuses[s] = map[int]int{}
			all.Go(func() {
				for i := range each {
					statuses[s][post(w, httptest.NewRequest("POST", "/", strings.NewReader(tells(fmt.Sprintf("x%d-%d", s, i), "Completed"))))]++
				}
			})
		}
		all.Wait()
		took := time.Since(began)
		status := map[int]int{}
		for _, m := range statuses {
			for code, n := range m {
				status[code] += n
			}
		}
		if most := webhookRate * (1 + took.Seconds()); float64(status[204]) > most+1 || status[429] == 0 || status[204]+status[429] != senders*each {
			t.Errorf("%v within %v, of which %v may be read", status, took, most)
		}
		if least := time.Duration(status[429]/senders) * webhookPause; took < least {
			t.Errorf("%d were refused within %v", status[429], took)
		}
		if len(w.waiting) > earlyWebhooks || len(w.queue) > earlyWebhooks {
			t.Errorf("%d are kept, and %d in the queue", len(w.waiting), len(w.queue))
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 32<<20 {
			t.Errorf("%d bytes were taken", grown)
		}
		got := w.end()
		if got.Received != senders*each || got.Excess != uint64(status[429]) || got.Unknown != uint64(status[204]) {
			t.Errorf("%+v, answered %v", got, status)
		}
	})
}

// Over real connections: there are as many as there may be, those who are silent are cut off by the end, and who is
// refused has to begin anew.
func TestListen(t *testing.T) {
	r := runOf("e1", "e2")
	w, err := listening(believing(hush), r.tell)
	if err != nil {
		t.Fatal(err)
	}
	send := func(ask *http.Request) *http.Response {
		ask.RequestURI, ask.URL.Scheme, ask.URL.Host = "", "http", w.At()
		answer, err := http.DefaultTransport.RoundTrip(ask)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer
	}
	if a := send(webhook(tells("e1", "Completed"), time.Now())); a.StatusCode != 204 || a.Close {
		t.Errorf("%v", a)
	}
	if a := send(webhook(tells("e2", "Completed"), time.Now(), header("X-Webhooks-Signature", "v1,AAAA"))); a.StatusCode != 401 || !a.Close {
		t.Errorf("%v", a)
	}
	// Whoever goes makes room.
	for range 2 * webhookConnections {
		c, err := net.Dial("tcp", w.At())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if a := send(webhook(tells("e1", "Completed"), time.Now())); a.StatusCode != 204 {
		t.Errorf("%v", a)
	}
	var silent []net.Conn
	for range webhookConnections + 8 {
		c, err := net.Dial("tcp", w.At())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		silent = append(silent, c)
	}
	w.end()
	for _, c := range silent {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("it is open")
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if w.counts.Believed != 1 || w.counts.Repeated != 1 || w.counts.Unsigned != 1 {
		t.Errorf("%+v", w.counts)
	}
}

// Whatever is sent, it is read or refused, and nothing is believed that was not signed.
func FuzzWebhook(f *testing.F) {
	f.Add([]byte(tells("e1", "Completed")), "w1", "1700000000", "v1,AAAA")
	f.Add([]byte(`{"data":{"execution":{"id":"e1","status":"Failed"}}}`), "", "", "")
	f.Add([]byte(`{"payload":[],"data":null}`), "w", "-1", "v1= v1,")
	f.Fuzz(func(t *testing.T, body []byte, id, timestamp, signature string) {
		now := time.Unix(1_700_000_000, 0)
		for _, secret := range []string{hush, ""} {
			config := believing(secret)
			config.Now = func() time.Time { return now }
			r := runOf("e1")
			w := answering(config, r.tell)
			ask := httptest.NewRequest("POST", "/", strings.NewReader(string(body)))
			ask.Header["X-Webhooks-Id"], ask.Header["X-Webhooks-Timestamp"], ask.Header["X-Webhooks-Signature"] = []string{id}, []string{timestamp}, []string{signature}
			post(w, ask)
			if secret != "" && r.asked > 0 {
				t.Errorf("%q %q %q: %q is believed", id, timestamp, signature, body)
			}
			got := w.end()
			if sum := got.Believed + got.Repeated + got.Unsigned + got.Old + got.Unknown + got.Malformed + got.Excess; got.Received != 1 || sum > 1 {
				t.Errorf("%+v", got)
			}
		}
	})
}
