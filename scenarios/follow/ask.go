package follow

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/bounded"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

// maxPause is the longest that a provider can have polls wait.
const maxPause = 30 * time.Second

// answer is what came of a poll.
type answer struct {
	// asked is when it was sent, and whole when all of its answer was there, on the run's clock.
	asked, whole time.Duration
	status       int
	// told is what it tells, where failed is empty and the status is a success. Otherwise failed names what is wrong.
	told   contracts.Told
	failed string
	// why explains it.
	why error
	// pause is for how long no poll is to come, as the provider says.
	pause time.Duration
}

// unknown reports whether the provider says that there is no such execution.
func (a answer) unknown() bool { return a.status == http.StatusNotFound || a.status == http.StatusGone }

// asker asks a provider over HTTP.
type asker struct {
	Config
	transport *http.Transport
}

func newAsker(c Config, connections int) *asker {
	t := bounded.Transport()
	t.TLSClientConfig, t.MaxIdleConns, t.MaxIdleConnsPerHost = c.Credentials.TLS(), connections, connections
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return c.Credentials.Dial(ctx, &net.Dialer{Timeout: min(c.Timeout, 10*time.Second)}, network, address)
	}
	return &asker{c, t}
}

// ask asks about an execution, once more where the token had expired.
func (k *asker) ask(ctx context.Context, x results.Execution, now func() time.Duration) answer {
	used := k.Credentials.Token()
	a := k.once(ctx, x, now)
	if a.status == http.StatusUnauthorized && k.Credentials.Renew(ctx, used) == nil {
		a = k.once(ctx, x, now)
	}
	return a
}

func (k *asker) once(ctx context.Context, x results.Execution, now func() time.Duration) (a answer) {
	ctx, cancel := context.WithTimeout(ctx, k.Timeout)
	defer cancel()
	tenant := 0
	if k.Tenant != nil {
		tenant = k.Tenant(x.N)
	}
	a.asked = now()
	defer func() { a.whole = now() }()
	response, err := k.transport.RoundTrip(k.Following.Operation.NewRequest(ctx, k.Target, k.Credentials.Of(tenant), x.ID))
	if err != nil {
		a.failed, a.why = wire.Classify(err, true, false).String(), err
		return a
	}
	defer func() { _ = response.Body.Close() }()
	body, err := bounded.Append(nil, response, maxAnswer+1)
	a.status = response.StatusCode
	switch {
	case err != nil:
		a.failed, a.why = wire.Classify(err, true, true).String(), err
	case len(body) > maxAnswer:
		a.failed, a.why = results.BodyLimit.String(), fmt.Errorf("the answer's body is longer than %d bytes", maxAnswer)
	case a.status/100 == 2:
		if a.told, err = k.Following.Operation.Read(body); err != nil {
			a.failed, a.why = "unreadable", err
		}
	default:
		a.failed, a.why = "status "+strconv.Itoa(a.status), fmt.Errorf("it answers %d", a.status)
		if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
			seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
			a.pause = min(max(time.Duration(seconds)*time.Second, time.Second), maxPause)
		}
	}
	return a
}

// refusal says why a provider that answers so has no such operation for us; nil where that is not said.
func (a answer) refusal() error {
	switch {
	case a.unknown():
		return errors.New("it knows none of the executions that it accepted")
	case a.status == http.StatusMethodNotAllowed, a.status == http.StatusNotImplemented, a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return a.why
	}
	return nil
}
