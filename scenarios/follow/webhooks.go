package follow

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/results"
)

const (
	// webhookRate is how many webhooks a second are read, as many at once among them; webhookPause is for how long the
	// others are held before they are refused, so that whoever sends too many waits with all its connections.
	webhookRate  = 1000
	webhookPause = 250 * time.Millisecond
	// webhookConnections is how many connections there are at a time; the system lets further ones wait.
	webhookConnections = 64
	// webhookPatience is for how long one may be silent, or take for what it sends.
	webhookPatience = 10 * time.Second
	// webhookWindow is how far the time that a webhook carries may be from ours.
	webhookWindow = 5 * time.Minute
	// A webhook can overtake the answer that its execution was accepted: so many are kept for so long.
	earlyWebhooks = 10_000
	earlyFor      = 30 * time.Second
	// stragglers is for how long webhooks are waited for that are missing, when all else is known.
	stragglers = 2 * time.Second
	// maxAnswer is the most bytes that are read of what tells of an execution, a webhook or an answer.
	maxAnswer = 64 << 10
)

// WebhookConfig says where webhooks are listened for, and which are believed.
type WebhookConfig struct {
	// Address is HOST:PORT. Without a secret it is one of this machine alone.
	Address string
	// Secret is what they are signed with: see [signed].
	Secret string
	// Operation says where its answers have the id and the state, and what the states mean. A webhook carries the same,
	// by itself or in a member data or payload; the API's public pages do not say, so that this is an assumption.
	Operation contracts.Following
	// Now is what time it is.
	Now func() time.Time
}

// told is what was made of a webhook.
type told uint8

const (
	tellUnknown told = iota // no execution of this run has the id, yet
	tellNews                // that it has ended was not known
	tellKnown               // it was
)

// hook is what a webhook tells, and who waits for what is made of it.
type hook struct {
	early
	made chan told
}

// Webhooks listens for webhooks that tell of ends. It says what it makes of each to nobody but its counts: whoever
// sends learns whether one was signed, and not which executions there are. Make it with [Listen].
type Webhooks struct {
	WebhookConfig
	tell     func(t contracts.Told, at time.Time) told
	server   *http.Server
	listener net.Listener
	closed   chan struct{}

	mutex  sync.Mutex
	counts executions.Webhooks
	// free are the webhooks that may be read now, as of since.
	free  float64
	since time.Time
	// waiting are those for ids that are not known, and queue the same as they came, those that are gone among them.
	waiting map[string]early
	queue   []early
}

// early is a webhook that came before its execution was known.
type early struct {
	contracts.Told
	at time.Time
}

// Listen listens. What comes waits until a [Follower] takes it, or [Webhooks.Close] is called. A *net.OpError says that
// the address cannot be had.
func Listen(c WebhookConfig) (*Webhooks, error) {
	address, err := net.ResolveTCPAddr("tcp", c.Address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("webhooks cannot be listened for at %q: expected HOST:PORT, such as 127.0.0.1:9000: %v", c.Address, err)
	case c.Secret == "" && !address.IP.IsLoopback():
		return nil, fmt.Errorf("webhooks are not listened for at %q, which others can reach, without a secret: whoever likes could say what became of executions; "+
			"give the secret that they are signed with, or listen at 127.0.0.1:%d", c.Address, address.Port)
	case c.Operation.Same == "":
		return nil, errors.New("webhooks tell nothing, since nothing says where the id stands in them; expected a pointer to it, `same`, under `follow:`")
	}
	l, err := net.ListenTCP("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("webhooks cannot be listened for: %w", err)
	}
	w := newWebhooks(c)
	w.listener = l
	return w, nil
}

func newWebhooks(c WebhookConfig) *Webhooks {
	w := &Webhooks{WebhookConfig: c, closed: make(chan struct{}), free: webhookRate, since: c.Now(), waiting: map[string]early{}}
	w.server = &http.Server{
		Handler: w, ReadTimeout: webhookPatience, WriteTimeout: webhookPatience, IdleTimeout: webhookPatience, MaxHeaderBytes: 16 << 10,
		// What others send amiss is no concern of whoever looks at a run.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	return w
}

// serve takes what comes. Each webhook that tells of an end is told on, with its state, its id in Same, and when it was
// there; at once from many goroutines.
func (w *Webhooks) serve(tell func(t contracts.Told, at time.Time) told) {
	w.tell = tell
	go func() {
		_ = w.server.Serve(&fewConnections{Listener: w.listener, slots: make(chan struct{}, webhookConnections), closed: w.closed})
	}()
}

// At is where it listens, HOST:PORT.
func (w *Webhooks) At() string { return w.listener.Addr().String() }

// Close ends the listening where no follower has begun to.
func (w *Webhooks) Close() { _ = w.listener.Close() }

// end ends the listening, and says what came.
func (w *Webhooks) end() executions.Webhooks {
	close(w.closed)
	// Those under way have what they need, and may be held for as long as others were.
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if w.server.Shutdown(ctx) != nil {
		_ = w.server.Close()
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.counts.Unknown += uint64(len(w.waiting))
	clear(w.waiting)
	return w.counts
}

// accepted gives what came for an execution before it was known, and counts it as believed.
func (w *Webhooks) accepted(id string) (t contracts.Told, at time.Time, found bool) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	e, found := w.waiting[id]
	if found {
		delete(w.waiting, id)
		w.counts.Believed++
	}
	return e.Told, e.at, found
}

// ServeHTTP takes a webhook. What is refused costs its sender the connection.
func (w *Webhooks) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	status, count := w.take(to, r)
	if count != nil {
		w.mutex.Lock()
		*count++
		w.mutex.Unlock()
	}
	if status/100 != 2 {
		to.Header().Set("Connection", "close")
	}
	if status == http.StatusTooManyRequests {
		to.Header().Set("Retry-After", "1")
	}
	to.WriteHeader(status)
}

// take looks at a webhook, and says how to answer it and under what it counts. What can be told by its headers needs no
// body.
func (w *Webhooks) take(to http.ResponseWriter, r *http.Request) (status int, count *uint64) {
	if !w.may() {
		select {
		case <-time.After(webhookPause):
		case <-r.Context().Done():
		case <-w.closed:
		}
		return http.StatusTooManyRequests, &w.counts.Excess
	}
	id, timestamp := r.Header.Get("X-Webhooks-Id"), r.Header.Get("X-Webhooks-Timestamp")
	signatures := strings.Fields(strings.Join(r.Header.Values("X-Webhooks-Signature"), " "))
	switch {
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, &w.counts.Malformed
	case w.Secret != "" && (id == "" || timestamp == "" || len(signatures) == 0):
		return http.StatusUnauthorized, &w.counts.Unsigned
	case timestamp != "" && !w.timely(timestamp):
		return http.StatusBadRequest, &w.counts.Old
	case r.ContentLength > maxAnswer:
		return http.StatusRequestEntityTooLarge, &w.counts.Malformed
	}
	body, err := io.ReadAll(http.MaxBytesReader(to, r.Body, maxAnswer))
	at := w.Now()
	switch {
	case err != nil:
		return http.StatusBadRequest, &w.counts.Malformed
	case w.Secret != "" && !signed(w.Secret, id, timestamp, body, signatures):
		return http.StatusUnauthorized, &w.counts.Unsigned
	}
	t, err := w.read(body)
	switch {
	case err != nil, t.Same == "", t.Meaning == contracts.MeansNothing, len(t.Same) > results.MaxID, len(t.Session) > results.MaxID:
		return http.StatusBadRequest, &w.counts.Malformed
	case t.Meaning != contracts.MeansCompleted && t.Meaning != contracts.MeansFailed:
		// That one has begun is no end, and no fault.
		return http.StatusNoContent, nil
	}
	t.State = "" // which may be long, and means no more than its meaning
	return http.StatusNoContent, w.pass(early{t, at})
}

// pass tells on what came, or keeps it where it may be known soon, and says under what it counts, nil where that is
// open.
func (w *Webhooks) pass(e early) *uint64 {
	switch w.tell(e.Told, e.at) {
	case tellNews:
		return &w.counts.Believed
	case tellKnown:
		return &w.counts.Repeated
	}
	if !w.keep(e) {
		return &w.counts.Repeated
	}
	// It may have become known between the two, too early for accepted to find it.
	news := w.tell(e.Told, e.at)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if kept, still := w.waiting[e.Same]; news == tellUnknown || !still || kept.at != e.at {
		return nil
	}
	delete(w.waiting, e.Same)
	if news == tellNews {
		return &w.counts.Believed
	}
	return &w.counts.Repeated
}

// keep keeps a webhook for a while, unless there is one for that id. The oldest make room.
func (w *Webhooks) keep(e early) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for len(w.queue) > 0 && (len(w.queue) >= earlyWebhooks || e.at.Sub(w.queue[0].at) > earlyFor) {
		first := w.queue[0]
		w.queue = w.queue[1:]
		if kept, still := w.waiting[first.Same]; still && kept.at == first.at {
			delete(w.waiting, first.Same)
			w.counts.Unknown++
		}
	}
	if _, twice := w.waiting[e.Same]; twice {
		return false
	}
	w.waiting[e.Same] = e
	w.queue = append(w.queue, e)
	return true
}

// may counts a webhook, and reports whether it may be read now.
func (w *Webhooks) may() bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.counts.Received++
	now := w.Now()
	w.free = min(w.free+webhookRate*now.Sub(w.since).Seconds(), webhookRate)
	w.since = now
	if w.free < 1 {
		return false
	}
	w.free--
	return true
}

// timely reports whether a time, in seconds since 1970, is within the window.
func (w *Webhooks) timely(timestamp string) bool {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	// Beyond, the difference of the two would not fit into its type.
	if err != nil || seconds < 0 || seconds > 1<<36 {
		return false
	}
	return w.Now().Sub(time.Unix(seconds, 0)).Abs() <= webhookWindow
}

// read reads what a webhook tells.
func (w *Webhooks) read(body []byte) (contracts.Told, error) {
	t, err := w.Operation.Read(body)
	if err == nil && t.Same != "" {
		return t, nil
	}
	var around struct{ Data, Payload json.RawMessage }
	if json.Unmarshal(body, &around) != nil {
		return t, err
	}
	for _, inner := range []json.RawMessage{around.Data, around.Payload} {
		if t, err := w.Operation.Read(inner); err == nil && t.Same != "" {
			return t, nil
		}
	}
	return t, err
}

// signed reports whether one of the signatures is right: "v1," and base64, or "v1=" and hex, of the HMAC-SHA256 over
// {id}.{timestamp}.{body}. The API's public pages say no more of the form than that it begins with a version.
func signed(secret, id, timestamp string, body []byte, signatures []string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	want := mac.Sum(nil)
	for _, s := range signatures {
		var got []byte
		var err error
		if text, isBase64 := strings.CutPrefix(s, "v1,"); isBase64 {
			got, err = base64.StdEncoding.DecodeString(text)
		} else if text, isHex := strings.CutPrefix(s, "v1="); isHex {
			got, err = hex.DecodeString(text)
		}
		if err == nil && hmac.Equal(got, want) {
			return true
		}
	}
	return false
}

// fewConnections has as many connections at a time as it has slots.
type fewConnections struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
}

// Accept waits for a slot first.
func (l *fewConnections) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &slotConn{Conn: c, slots: l.slots}, nil
}

// slotConn gives its slot back when it is closed.
type slotConn struct {
	net.Conn
	slots chan struct{}
	once  sync.Once
}

// Close closes it.
func (c *slotConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.slots })
	return err
}
