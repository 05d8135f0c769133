package verify

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/reports/summary"
)

// relay stands between Pact's verifier and the target, so that a pact's calls are calls like all others: they keep the
// pace, are booked, tried again, and carry the credentials of the moment, of which the verifier knows nothing. It ends
// with this process, and then no call is sent any more, whatever becomes of the verifier.
type relay struct {
	*run
	agreed
	cases []cases.Case
	// ctx is done when the verification is over.
	ctx      context.Context
	underway sync.WaitGroup
	// asked is guarded by the mutex of the run.
	asked []bool
}

// agreed is a pact with the key that its calls carry: others on this machine do not get at the target by the relay.
type agreed struct {
	text  []byte
	key   string
	calls []pact.Interaction
}

func agree(text []byte) (a agreed, err error) {
	a.key = rand.Text()
	a.text, a.calls, err = pact.Marked(text, a.key)
	return a, err
}

// newRelay makes a relay for a pact. Calls that are none of the cases are somebody else's.
func (c Config) newRelay(ctx context.Context, a agreed) *relay {
	// What Pact finds is known at the end, so that no call is the last for failing.
	c.FailFast = false
	p := &relay{run: c.newRun(len(a.calls)), agreed: a, ctx: ctx, asked: make([]bool, len(a.calls))}
	known := map[string]cases.Case{}
	for _, k := range c.Cases {
		known[k.ID] = k
	}
	for _, call := range a.calls {
		k, ours := known[call.Name]
		if !ours {
			// Where other calls of the target live is not known to be here.
			p.absent = -1
		}
		k.ID, k.Expect, k.Auth = call.Name, cases.Refused, cases.ValidToken
		if call.Accepted() {
			k.Expect = cases.Accepted
		}
		if call.Bare {
			k.Auth = cases.NoToken
		}
		p.cases = append(p.cases, k)
	}
	return p
}

// serve answers at an address of this machine for as long as do takes.
func (p *relay) serve(do func(at *url.URL) error) error {
	listener, err := new(net.ListenConfig).Listen(p.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("there is no port on this machine for Pact's verifier: %w", err)
	}
	server := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(listener) }()
	defer p.transport.CloseIdleConnections()
	defer p.underway.Wait()
	var cancel context.CancelFunc
	p.ctx, cancel = context.WithCancel(p.ctx)
	defer func() {
		// A call that is still under way is one that nobody waits for.
		cancel()
		p.mutex.Lock()
		p.over = true
		p.mutex.Unlock()
		_ = server.Close()
	}()
	return do(&url.URL{Scheme: "http", Host: listener.Addr().String()})
}

// ServeHTTP sends a call of the pact on to the target, and gives back what the target answers.
func (p *relay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at, ok := p.take(r.Header.Get(pact.Mark))
	if !ok {
		http.Error(w, "it is no call of the pact, or is not to be sent any more", http.StatusForbidden)
		return
	}
	defer p.underway.Done()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	k := p.cases[at]
	var heard *http.Response
	var said []byte
	o := p.persist(p.ctx, sending{k, ByPact, func(ctx context.Context) *http.Request {
		heard = nil
		return p.passOn(ctx, r, body, k)
	}, func(o Outcome, header http.Header, body []byte) Outcome {
		if o.Status < http.StatusOK {
			return o.broken(contracts.RuleUndocumentedStatus, "", fmt.Sprintf("the status is %d, which is no answer", o.Status))
		}
		heard, said = &http.Response{StatusCode: o.Status, Header: header}, body
		return p.weigh(o, p.calls[at], body)
	}})
	if k.Method == "" {
		o.Curl = "" // what else a call of somebody else's needs is not known
	}
	p.mutex.Lock()
	p.note(p.ctx, at, o)
	p.mutex.Unlock()
	if heard == nil {
		http.Error(w, "there is no answer", http.StatusBadGateway)
		return
	}
	giveBack(w, heard, said)
}

// take gives the place of a call in the pact by its mark; each is sent once.
func (p *relay) take(mark string) (at int, ok bool) {
	place, ours := strings.CutPrefix(mark, p.key+"-")
	at, err := strconv.Atoi(place)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !ours || err != nil || at < 0 || at >= len(p.asked) || p.asked[at] || p.over {
		return 0, false
	}
	p.asked[at] = true
	p.underway.Add(1)
	return at, true
}

// passOn makes the request to the target of one that Pact's verifier has made.
func (p *relay) passOn(ctx context.Context, from *http.Request, body []byte, k cases.Case) *http.Request {
	u := *p.Target
	u.RawPath = u.EscapedPath() + from.URL.EscapedPath()
	u.Path += from.URL.Path
	u.RawQuery = from.URL.RawQuery
	to := &http.Request{
		Method: from.Method, URL: &u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: from.Header.Clone(),
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
	}
	if len(body) == 0 {
		to.Body, to.GetBody = http.NoBody, nil
	}
	for _, name := range append(ofConnection, pact.Mark, "X-Forwarded-For") {
		to.Header.Del(name)
	}
	// The token in a pact is an example. One that is put in everywhere would repair the calls that are about its absence.
	if k.Method == "" {
		p.Credentials.Put(to, credentials.Place{})
		if !p.Credentials.Asks().Authorized() {
			to.Header.Del("Authorization")
		}
		return to.WithContext(ctx)
	}
	to.Header.Del("Cookie")
	k.Operation.Say(to, contracts.Unnamed)
	k.Operation.Carry(to, p.Target, p.Credentials)
	k.Operation.Say(to, k.Auth)
	return to.WithContext(ctx)
}

// ofConnection are the headers that are not passed on (RFC 9110, section 7.6.1).
var ofConnection = []string{"Connection", "Proxy-Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Proxy-Authorization"}

// weigh says of an answer what can be said before Pact has judged it.
func (p *relay) weigh(o Outcome, call pact.Interaction, body []byte) Outcome {
	if o.Verdict = summary.CheckHeld; o.Status == call.Status {
		o.hiccup = none // the pact asks for it
	}
	// It is kept for the case that Pact finds fault with it.
	o.Answer = p.answered(o.broken(rulePact, "", ""), body).Answer
	if (o.Status/100 == 2) != call.Accepted() {
		o = o.broken(rulePact, "", "")
	}
	return o
}

// giveBack answers as the target did. Where a redirect leads is left out: Pact's verifier would go there, and judge the
// answer that it finds. So is a media type beyond ASCII, by which its library crashes.
func giveBack(w http.ResponseWriter, heard *http.Response, body []byte) {
	for name, values := range heard.Header {
		w.Header()[name] = values
	}
	for _, name := range append(ofConnection, "Location", "Content-Length") {
		w.Header().Del(name)
	}
	if media := w.Header().Get("Content-Type"); media == "" || strings.ContainsFunc(media, func(r rune) bool { return r < ' ' || r > '~' }) {
		w.Header()["Content-Type"] = nil // net/http guesses none then
	}
	w.WriteHeader(heard.StatusCode)
	_, _ = w.Write(body)
}
