package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/results"
)

// pushEvery is how often figures are pushed.
const pushEvery = 5 * time.Second

// Monitor shows a run to all the monitoring systems that it is to be shown to: a page that they read, and endpoints
// that are pushed to. Fill in the fields, then call [Monitor.Start], [Monitor.Observe] and [Monitor.Progress] while the
// run goes on, [Monitor.End] after it, and [Monitor.Close] in any case.
type Monitor struct {
	// Listener is where the page is served; nil is nowhere.
	Listener net.Listener
	// Linger is how long the end of the run waits for somebody who reads the final figures off the page.
	Linger time.Duration
	// Endpoints are pushed to every 5 s and at the end.
	Endpoints []*Endpoint
	// Warn is told what went wrong: failures to deliver touch neither the run nor its verdict. It is called from any
	// goroutine.
	Warn func(string)

	figures *Telemetry
	server  *http.Server
	finish  []func(context.Context) error
}

// Start begins to show the run.
func (m *Monitor) Start(run results.Manifest) {
	m.figures = New(run)
	if m.Listener != nil {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", m.figures.Handler())
		m.server = &http.Server{
			Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
		}
		go func() {
			if err := m.server.Serve(m.Listener); !errors.Is(err, http.ErrServerClosed) {
				m.Warn("the metrics are served no more: " + err.Error())
			}
		}()
	}
	for _, e := range m.Endpoints {
		m.finish = append(m.finish, m.figures.Push(e, pushEvery, func(err error) { m.Warn(err.Error()) }))
	}
}

// Observe counts one row. It is for one goroutine.
func (m *Monitor) Observe(r results.Row) { m.figures.Observe(r) }

// Progress is told about once a second how far the run is: see [Telemetry.Progress].
func (m *Monitor) Progress(elapsed time.Duration, asked float64, callers, inFlight int) {
	m.figures.Progress(elapsed, asked, callers, inFlight)
}

// Executions is told what has become of the executions by now: see [Telemetry.Executions]. The last time is before
// [Monitor.End]. It does nothing where the run was not begun.
func (m *Monitor) Executions(r executions.Report) {
	if m.figures != nil {
		m.figures.Executions(r)
	}
}

// End delivers the final figures: it pushes them, and lingers until they were read, until ctx ends, or until stop is
// closed. It does nothing where the run was not begun.
func (m *Monitor) End(ctx context.Context, stop <-chan struct{}) {
	if m.figures == nil {
		return
	}
	m.figures.End()
	var pushed sync.WaitGroup
	for _, finish := range m.finish {
		pushed.Go(func() {
			if err := finish(ctx); err != nil {
				m.Warn(err.Error())
			}
		})
	}
	if m.Linger > 0 {
		m.Warn(fmt.Sprintf("the final figures stay at http://%s/metrics until they are scraped, for %s at most (Ctrl-C ends it)", m.Listener.Addr(), m.Linger))
		select {
		case <-m.figures.scraped:
		case <-time.After(m.Linger):
			m.Warn("nobody has scraped the final figures")
		case <-stop:
		case <-ctx.Done():
		}
	}
	pushed.Wait()
	m.Close()
}

// Close gives the port back. It may be called more than once.
func (m *Monitor) Close() {
	switch {
	case m.server != nil:
		// A page that is being read is read to its end, if that does not take long.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = m.server.Shutdown(ctx)
	case m.Listener != nil:
		_ = m.Listener.Close()
	}
}
