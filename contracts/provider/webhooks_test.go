package provider

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// inbox takes webhooks in place of a network, which synctest's clock does not know.
type inbox struct {
	mutex sync.Mutex
	list  []letterRead
	// holds is how long each is held.
	holds time.Duration
	most  int // at a time
	now   int
	err   error
}

type letterRead struct {
	at                       time.Time
	id, timestamp, signature string
	body                     string
	execution, status, event string
}

func (i *inbox) RoundTrip(r *http.Request) (*http.Response, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var said struct {
		Type      string
		Execution struct{ ID, Status string }
	}
	if err := json.Unmarshal(b, &said); err != nil {
		return nil, err
	}
	i.mutex.Lock()
	i.now++
	i.most = max(i.most, i.now)
	i.list = append(i.list, letterRead{
		at: time.Now(), id: r.Header.Get("X-Webhooks-Id"), timestamp: r.Header.Get("X-Webhooks-Timestamp"), signature: r.Header.Get("X-Webhooks-Signature"),
		body: string(b), execution: said.Execution.ID, status: said.Execution.Status, event: said.Type,
	})
	i.mutex.Unlock()
	select {
	case <-time.After(i.holds):
	case <-r.Context().Done():
	}
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.now--
	if err := errors.Join(i.err, r.Context().Err()); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: 204, Body: http.NoBody}, nil
}

const webhookSecret = "whsec of a test"

// sending is a provider that sends webhooks into an inbox.
func sending(t *testing.T, e Executions, w Webhooks) (*handler, *inbox, *records) {
	w.URL, w.Secret = "http://127.0.0.1:1/hook?key=hidden", webhookSecret
	log := &records{}
	h := newProvider(t, Config{Seed: 3, Log: log.logger(), Executions: &e, Webhooks: &w}).(*handler)
	i := &inbox{}
	h.postman.client.Transport = i
	return h, i, log
}

// signed reports whether a webhook is signed with the test's secret: computed anew from the API's public pages.
func signed(l letterRead) bool {
	text, found := strings.CutPrefix(l.signature, "v1,")
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	_, _ = io.WriteString(mac, l.id+"."+l.timestamp+"."+l.body)
	given, err := base64.StdEncoding.DecodeString(text)
	return found && err == nil && hmac.Equal(given, mac.Sum(nil))
}

// One comes at the end of each execution, or as its fault says.
func TestWebhooks(t *testing.T) {
	const n = 20
	for _, c := range []struct {
		name    string
		w       Webhooks
		copies  int
		after   time.Duration
		signed  bool
		age     time.Duration
		unknown bool
	}{
		{name: "", copies: 1, signed: true},
		{name: "late", w: Webhooks{Late: WebhooksLate{1, 7 * time.Second}}, copies: 1, after: 7 * time.Second, signed: true},
		{name: "twice", w: Webhooks{Twice: 1}, copies: 2, signed: true},
		{name: "never", w: Webhooks{Never: 1}, copies: 0},
		{name: "wrongSignature", w: Webhooks{WrongSignature: 1}, copies: 1},
		{name: "oldTimestamp", w: Webhooks{OldTimestamp: 1}, copies: 1, signed: true, age: time.Hour},
		{name: "unknownId", w: Webhooks{UnknownID: 1}, copies: 1, signed: true, unknown: true},
	} {
		synctest.Test(t, func(t *testing.T) {
			h, in, log := sending(t, Executions{Time: every(2 * time.Second)}, c.w)
			begin := time.Now()
			known := map[string]int{}
			for range n {
				id, _ := started(t, h, lite)
				known[id] = 0
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if len(in.list) != n*c.copies {
				t.Fatalf("%s: %d webhooks, want %d", c.name, len(in.list), n*c.copies)
			}
			ids := map[string]int{}
			for _, l := range in.list {
				ids[l.id]++
				known[l.execution]++
				sent, err := strconv.ParseInt(l.timestamp, 10, 64)
				if err != nil || l.at.Sub(begin) != 2*time.Second+c.after || l.at.Unix()-sent != int64(c.age/time.Second) || signed(l) != c.signed ||
					l.status != "Completed" || l.event != "Agent Execution: Complete" {
					t.Fatalf("%s: after %v: %+v, signed %v", c.name, l.at.Sub(begin), l, signed(l))
				}
			}
			for id, times := range known {
				if state, _ := about(t, h, id); (state == "") != (c.unknown && times > 0) {
					t.Fatalf("%s: told of %s, which is %q", c.name, id, state)
				}
				if want := c.copies; times != want && !c.unknown {
					t.Fatalf("%s: %s is told of %d times", c.name, id, times)
				}
			}
			for id, times := range ids {
				if times != c.copies {
					t.Fatalf("%s: %s came %d times, want %d", c.name, id, times, c.copies)
				}
			}
			list := log.of(t, "webhook")
			if len(list) != n*max(c.copies, 1) {
				t.Fatalf("%s: %d records", c.name, len(list))
			}
			for _, r := range list {
				if r.Fault != c.name || c.copies > 0 && r.Status != 204 || r.Error != "" {
					t.Fatalf("%s: %+v", c.name, r)
				}
			}
		})
	}
}

// Of many webhooks as many are faulty as asked for, failures are told as such, and of what is lost or stuck none comes.
func TestWebhookShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 10_000
		h, in, log := sending(t, Executions{Failed: 0.2, Lost: 0.1, Stuck: 0.1}, Webhooks{Twice: 0.05, Never: 0.1, WrongSignature: 0.02})
		for range n {
			started(t, h, lite)
			synctest.Wait() // what waits for its turn is bounded
		}
		time.Sleep(time.Second)
		synctest.Wait()
		outcome, faults := map[string]string{}, map[string]float64{}
		for _, e := range log.of(t, "execution") {
			outcome[e.ExecutionID] = e.Outcome
		}
		for _, l := range in.list {
			if want := map[string]string{"completed": "Completed", "failed": "Failed"}[outcome[l.execution]]; l.status != want {
				t.Fatalf("%s is told as %s, and by the log %s", l.execution, l.status, outcome[l.execution])
			}
		}
		for _, r := range log.of(t, "webhook") {
			faults[r.Fault]++
		}
		faults["twice"] /= 2
		told := n * 0.8
		for name, share := range map[string]float64{"twice": 0.05, "never": 0.1, "wrongSignature": 0.02, "late": 0} {
			if sigma := math.Sqrt(told * share * (1 - share)); math.Abs(faults[name]-told*share) > 4*sigma+told*share*0.05 {
				t.Errorf("%v of %v are faulty by %s, want %v ± %.0f", faults[name], told, name, told*share, 4*sigma)
			}
		}
	})
}

// Few are on their way at a time, and however slowly they are taken, each gets there.
func TestWebhooksAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, in, _ := sending(t, Executions{}, Webhooks{})
		in.holds = time.Second
		for range 100 {
			started(t, h, lite)
		}
		time.Sleep(14 * time.Second) // 100 by eights
		synctest.Wait()
		if len(in.list) != 100 || in.most != webhookSenders {
			t.Errorf("%d came, at most %d at a time", len(in.list), in.most)
		}
	})
}

// Nothing of the secret, nor of the URL, is in the log, whatever becomes of a webhook.
func TestWebhookTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, in, log := sending(t, Executions{}, Webhooks{})
		in.err = errors.New("no route")
		started(t, h, lite)
		time.Sleep(time.Second)
		synctest.Wait()
		list := log.of(t, "webhook")
		if len(list) != 1 || list[0].Error != "no route" || list[0].Status != 0 || len(in.list) != 1 {
			t.Errorf("%+v, %d tries", list, len(in.list))
		}
		if s := log.String(); strings.Contains(s, webhookSecret) || strings.Contains(s, "hidden") {
			t.Errorf("the log says %s", s)
		}
	})
}

// When a provider is stopped, so are its webhooks: the ones on their way are cut off, and no other one leaves. A
// redirection is not followed.
func TestWebhooksEndWithTheProvider(t *testing.T) {
	var hung, other atomic.Int32
	arrived := make(chan struct{}, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The server sees a caller leave once the body is read.
		_, _ = io.Copy(io.Discard, r.Body)
		switch r.URL.Path {
		case "/to":
			http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
		case "/other":
			other.Add(1)
		default:
			hung.Add(1)
			arrived <- struct{}{}
			<-r.Context().Done()
		}
	}))
	defer receiver.Close()
	post := func(path string) (log *records, stop func()) {
		log = &records{}
		h := newProvider(t, Config{Log: log.logger(), Executions: &Executions{}, Webhooks: &Webhooks{URL: receiver.URL + path, Secret: webhookSecret, Late: WebhooksLate{0.5, time.Hour}}})
		target, stop, err := Start(h)
		if err != nil {
			t.Fatal(err)
		}
		for range 30 {
			r, err := http.Post(target.String()+"/agents/execute", jsonType, strings.NewReader(lite))
			if err != nil {
				t.Fatal(err)
			}
			_ = r.Body.Close()
		}
		return log, stop
	}
	_, stop := post("/hangs")
	for range webhookSenders {
		<-arrived
	}
	stop()
	if n := hung.Load(); n != webhookSenders {
		t.Errorf("%d webhooks came, want the first %d", n, webhookSenders)
	}
	log, stop := post("/to")
	for len(log.of(t, "webhook")) == 0 {
		time.Sleep(time.Millisecond)
	}
	stop()
	if list := log.of(t, "webhook"); list[0].Status != http.StatusTemporaryRedirect || other.Load() != 0 {
		t.Errorf("%+v; the other place got %d", list[0], other.Load())
	}
}
