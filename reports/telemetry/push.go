package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/kaizenautomation/andon/reports/bounded"
	"github.com/kaizenautomation/andon/reports/build"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Endpoint is a place that figures are pushed to, with the way of writing them down. Make it with [RemoteWrite] or
// [OTLP].
type Endpoint struct {
	name     string
	url      *url.URL
	header   http.Header
	encode   func([]*dto.MetricFamily, moment) []request
	accepted func(body []byte) error // what the body of a success says against it; may be nil
	client   http.Client
	refused  map[string]bool // optional requests that the receiver does not take
}

// request is one request of a push.
type request struct {
	body []byte
	// optional names what is lost if the receiver never takes the request; a push without it is still a push.
	optional string
}

// moment is what the figures of a push have in common.
type moment struct {
	run        results.Manifest
	began, now time.Time
}

// pushTimeout bounds one request. A push that hangs keeps the next one waiting, and nothing else.
const pushTimeout = 5 * time.Second

// maxAnswer is how much of an answer is read.
const maxAnswer = 4 << 10

func newEndpoint(name, address string) (*Endpoint, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		// The error quotes the URL, which may hold a secret.
		return nil, fmt.Errorf("the URL for %s cannot be read; expected one such as http://127.0.0.1:9090/…", name)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("the URL for %s must begin with http:// or https:// and name a host", name)
	case u.User != nil:
		return nil, fmt.Errorf("the URL for %s has a user or password in it, which every user of the machine can read; see the help for the variable to put it in", name)
	}
	e := &Endpoint{name: name, url: u, header: http.Header{}, refused: map[string]bool{}}
	e.header.Set("Content-Type", "application/x-protobuf")
	e.header.Set("User-Agent", build.Agent())
	e.client = http.Client{
		Timeout: pushTimeout,
		// A redirect would carry the figures, and what they are authorized by, to a place that nobody named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     bounded.Transport(),
	}
	return e, nil
}

// push sends the figures as they are now.
func (t *Telemetry) push(ctx context.Context, e *Endpoint) error {
	families, err := t.registry.Gather()
	if err != nil {
		return err
	}
	for _, r := range e.encode(families, moment{t.run, t.began, time.Now()}) {
		if r.optional != "" && e.refused[r.optional] {
			continue
		}
		err := e.send(ctx, r.body)
		var status statusError
		if r.optional != "" && errors.As(err, &status) && !status.passing() {
			// The required part has just been taken, so it is the optional one that is not wanted.
			e.refused[r.optional] = true
			return refusal{fmt.Errorf("%s are left out from now on, since they are not taken: %w", r.optional, err)}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// refusal says that the rest of a push was delivered.
type refusal struct{ error }

// statusError is an answer that is no success.
type statusError struct {
	host, status, body string
	code               int
}

// passing reports whether the same request may be taken another time.
func (e statusError) passing() bool {
	switch e.code {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func (e statusError) Error() string {
	said := fmt.Sprintf("%s answers %s", e.host, text.Printable(e.status, 100))
	if body := strings.TrimSpace(e.body); body != "" {
		said += ": " + text.Printable(body, 300)
	}
	return said
}

func (e *Endpoint) send(ctx context.Context, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: no request can be made", e.url.Host)
	}
	r.Header = e.header.Clone()
	response, err := e.client.Do(r)
	if err != nil {
		return fmt.Errorf("%s: %w", e.url.Host, text.Reason(err))
	}
	defer response.Body.Close()
	said, err := bounded.Append(nil, response, maxAnswer)
	if response.StatusCode/100 != 2 {
		return statusError{e.url.Host, response.Status, string(said), response.StatusCode}
	}
	if err == nil && e.accepted != nil {
		return e.accepted(said)
	}
	return nil
}

func isRefusal(err error) bool {
	var r refusal
	return errors.As(err, &r)
}

// Push begins to push to the endpoint every so often. warn is told of the first failure, and of the first after a
// success; it is called from another goroutine. What could not be pushed is not kept, since the next push has all of
// it.
//
// finish pushes the final figures, and gives the reason if they could not be delivered within about 15 seconds or until
// ctx ended. It must be called once, after [Telemetry.End].
func (t *Telemetry) Push(e *Endpoint, every time.Duration, warn func(error)) (finish func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var over sync.WaitGroup
	over.Go(func() {
		again := time.NewTicker(every)
		defer again.Stop()
		failing := false
		for {
			select {
			case <-ctx.Done():
				return
			case <-again.C:
			}
			err := t.push(ctx, e)
			if err != nil && !failing && ctx.Err() == nil {
				warn(fmt.Errorf("%s: %w", e.name, err))
			}
			failing = err != nil && !isRefusal(err)
		}
	})
	return func(last context.Context) error {
		cancel()
		over.Wait()
		defer e.client.CloseIdleConnections()
		last, done := context.WithTimeout(last, 3*pushTimeout)
		defer done()
		err := t.push(last, e)
		for range 2 {
			if err == nil || isRefusal(err) {
				break
			}
			select {
			case <-last.Done():
			case <-time.After(time.Second):
			}
			if last.Err() != nil {
				break // what went wrong before says more than that there is no time left
			}
			err = t.push(last, e)
		}
		if isRefusal(err) {
			warn(fmt.Errorf("%s: %w", e.name, err))
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: the final figures were not delivered: %w", e.name, err)
		}
		return nil
	}
}
