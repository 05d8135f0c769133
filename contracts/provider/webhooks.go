package provider

import (
	"bytes"
	"container/heap"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/contracts/schema"
	"github.com/kaizenautomation/andon/reports/bounded"
)

// Webhooks says how the provider tells of executions that have ended. One is posted at the end of each that completes
// or fails: what the operation that is followed would answer, and the name of the event as its type. It is signed by
// HMAC-SHA256 over {id}.{timestamp}.{body}, as the API's public pages have it. What they leave open is assumed: the
// signature is "v1," and base64, the key is the secret as it is written, and the timestamp is in seconds since 1970.
// None is sent a second time if it is not taken.
//
// The shares are of those that are not sent as they should be; one meets at most one fault.
type Webhooks struct {
	// URL is where they go; empty, none is sent.
	URL string
	// Secret is what they are signed with.
	Secret string
	// Late ones come Late.For after the end.
	Late WebhooksLate
	// Twice, Never: so often is it sent.
	Twice, Never float64
	// WrongSignature is signed with another secret.
	WrongSignature float64
	// OldTimestamp was signed an hour ago, or so it says.
	OldTimestamp float64
	// UnknownID is of an execution that there is not.
	UnknownID float64
}

// WebhooksLate are webhooks that are late.
type WebhooksLate struct {
	Share float64
	For   time.Duration
}

const (
	webhookLate = 1 + iota
	webhookTwice
	webhookNever
	webhookWrongSignature
	webhookOldTimestamp
	webhookUnknownID
)

var webhookFaults = [...]string{"", "late", "twice", "never", "wrongSignature", "oldTimestamp", "unknownId"}

// WebhookFaultNames lists the faults of [Webhooks] that are a plain share, as scenarios and flags name them: all but
// late.
func WebhookFaultNames() []string { return slices.Clone(webhookFaults[webhookTwice:]) }

// Share gives the place of the share with one of the [WebhookFaultNames], nil for any other name.
func (c *Webhooks) Share(name string) *float64 {
	if name == webhookFaults[webhookLate] {
		return nil
	}
	return c.share(name)
}

func (c *Webhooks) share(name string) *float64 {
	return map[string]*float64{
		"late": &c.Late.Share, "twice": &c.Twice, "never": &c.Never,
		"wrongSignature": &c.WrongSignature, "oldTimestamp": &c.OldTimestamp, "unknownId": &c.UnknownID,
	}[name]
}

// Set reads NAME=SHARE, as in twice=1%, or late=SHARE,TIME, as in late=5%,10s.
func (c *Webhooks) Set(text string) error {
	name, value, found := strings.Cut(text, "=")
	if found && name == webhookFaults[webhookLate] {
		share, length, _ := strings.Cut(value, ",")
		x, err := parseShare(share)
		d, bad := time.ParseDuration(strings.TrimSpace(length))
		if err := errors.Join(err, bad); err != nil {
			return fmt.Errorf("late: expected SHARE,TIME as in 5%%,10s: %w", err)
		}
		c.Late = WebhooksLate{Share: x, For: d}
		return nil
	}
	share := c.Share(name)
	if !found || share == nil {
		return expectedShare(text, name, webhookFaults[webhookLate:])
	}
	x, err := parseShare(value)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	*share = x
	return nil
}

// validate reports everything that is wrong with c. It does not tell the URL, which may hold a secret.
func (c *Webhooks) validate() error {
	errs := []error{checkShares(webhookFaults[webhookLate:], c.share)}
	if c.Late.For < 0 || c.Late.For > longestFault {
		errs = append(errs, fmt.Errorf("late: for: expected a duration from 0s to %s, found %s", longestFault, c.Late.For))
	}
	if c.Late.Share > 0 && c.Late.For == 0 {
		errs = append(errs, errors.New("late: expected a length (for) above 0s, found 0s"))
	}
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
			errs = append(errs, errors.New("url: expected http://HOST/PATH or https://HOST/PATH, without a name, a password or a fragment"))
		}
		if c.Secret == "" {
			errs = append(errs, errors.New("secret: expected one to sign with, found none"))
		}
	}
	return errors.Join(errs...)
}

const (
	webhookSenders  = 8 // at a time
	webhookWaiting  = 100_000
	webhookPatience = 10 * time.Second
	webhookAge      = time.Hour // of an old timestamp
	webhookEvent    = "Agent Execution: Complete"
)

// postman sends webhooks. It has a goroutine for each that is on its way, and a timer for those that are not yet due.
type postman struct {
	Webhooks
	client *http.Client
	log    *slog.Logger
	prefix string // of the ids of webhooks

	ctx     context.Context
	cancel  context.CancelFunc
	senders sync.WaitGroup

	mutex   sync.Mutex
	timer   *time.Timer
	waiting letterHeap
	sending int
}

// letter is one webhook.
type letter struct {
	due       time.Time
	execution string // the one that it tells of, whatever it says
	id        string
	body      []byte
	fault     int
}

func newPostman(c Webhooks, prefix string, log *slog.Logger) *postman {
	p := &postman{Webhooks: c, log: log, prefix: prefix}
	p.client = &http.Client{
		Timeout:       webhookPatience,
		Transport:     &http.Transport{MaxConnsPerHost: webhookSenders, MaxIdleConnsPerHost: webhookSenders, IdleConnTimeout: idlePatience},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// post sends the webhook of an execution that has ended, as its fault says. The text is what it says of the execution
// under an id.
func (p *postman) post(e *execution, draw draws, said func(id string) *schema.Node) {
	fault := drawn(draw.unit(forWebhook), p.Late.Share, p.Twice, p.Never, p.WrongSignature, p.OldTimestamp, p.UnknownID)
	id, copies, due := e.id, 1, time.Now()
	switch fault {
	case webhookLate:
		due = due.Add(p.Late.For)
	case webhookTwice:
		copies = 2
	case webhookNever:
		copies = 0
	case webhookUnknownID:
		id = "unknown_" + id
	}
	body := said(id)
	putAt(body, []string{"type"}, &schema.Node{Scalar: webhookEvent})
	l := &letter{due: due, execution: e.id, id: "webhook_" + p.prefix + "_" + strconv.FormatUint(e.n, 10), body: body.AppendJSON(nil), fault: fault}
	p.mutex.Lock()
	for range copies {
		if len(p.waiting) >= webhookWaiting {
			p.tell(l, "too many webhooks wait already", 0)
			break
		}
		heap.Push(&p.waiting, l)
	}
	p.dispatch()
	p.mutex.Unlock()
	if copies == 0 {
		p.tell(l, "", 0)
	}
}

// dispatch has senders for those that are due, and a timer for the next.
func (p *postman) dispatch() {
	if p.ctx.Err() != nil {
		return
	}
	now := time.Now()
	for len(p.waiting) > 0 && p.sending < webhookSenders && !p.waiting[0].due.After(now) {
		l := heap.Pop(&p.waiting).(*letter)
		p.sending++
		p.senders.Go(func() {
			p.send(l)
			p.mutex.Lock()
			defer p.mutex.Unlock()
			p.sending--
			p.dispatch()
		})
	}
	if len(p.waiting) == 0 || p.sending == webhookSenders {
		return // a sender that ends looks again
	}
	d := p.waiting[0].due.Sub(now)
	if p.timer == nil {
		p.timer = time.AfterFunc(d, func() {
			p.mutex.Lock()
			defer p.mutex.Unlock()
			p.dispatch()
		})
		return
	}
	p.timer.Reset(d)
}

// send sends one, once.
func (p *postman) send(l *letter) {
	at, secret := time.Now(), p.Secret
	switch l.fault {
	case webhookOldTimestamp:
		at = at.Add(-webhookAge)
	case webhookWrongSignature:
		secret += " and something else"
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(l.id + "." + timestamp + "."))
	mac.Write(l.body)
	r, err := http.NewRequestWithContext(p.ctx, http.MethodPost, p.URL, bytes.NewReader(l.body))
	if err != nil {
		p.tell(l, "the url is none", 0)
		return
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Webhooks-Id", l.id)
	r.Header.Set("X-Webhooks-Timestamp", timestamp)
	r.Header.Set("X-Webhooks-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	response, err := p.client.Do(r)
	if err != nil {
		if cause := (*url.Error)(nil); errors.As(err, &cause) {
			err = cause.Err // without the URL
		}
		p.tell(l, err.Error(), 0)
		return
	}
	// What it says is nobody's concern; a short answer is read to its end so that the connection can be used again.
	_, _ = bounded.Append(nil, response, 4<<10)
	_ = response.Body.Close()
	p.tell(l, "", response.StatusCode)
}

// tell logs what became of a webhook.
func (p *postman) tell(l *letter, trouble string, status int) {
	if p.log == nil {
		return
	}
	attrs := []slog.Attr{slog.String("id", l.id), slog.String("executionId", l.execution), slog.Int("status", status)}
	if l.fault != 0 {
		attrs = append(attrs, slog.String("fault", webhookFaults[l.fault]))
	}
	if trouble != "" {
		attrs = append(attrs, slog.String("error", trouble))
	}
	p.log.LogAttrs(context.Background(), slog.LevelInfo, "webhook", attrs...)
}

// close cuts off what is on its way and waits for it to end; what waits is not sent.
func (p *postman) close() {
	p.cancel()
	p.mutex.Lock()
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mutex.Unlock()
	p.senders.Wait()
	p.client.CloseIdleConnections()
}

// letterHeap has on top what is due first.
type letterHeap []*letter

func (h letterHeap) Len() int { return len(h) }

func (h letterHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }

func (h letterHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *letterHeap) Push(x any) { *h = append(*h, x.(*letter)) }

func (h *letterHeap) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return l
}
