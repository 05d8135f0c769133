package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/telemetry"
	"github.com/kaizenautomation/andon/scenarios"
)

// monitors is how a run is shown to monitoring systems: what the flags ask for, and nothing without them.
type monitors struct {
	listener  net.Listener
	linger    time.Duration
	endpoints []*telemetry.Endpoint

	telemetry *telemetry.Telemetry
	server    *http.Server
	finish    []func(context.Context) error
}

const (
	// pushEvery is how often figures are pushed.
	pushEvery = 5 * time.Second
	// authorizationVariable and headersVariable hold what an endpoint may want to see: a command line is no place for it.
	authorizationVariable = "ANDON_REMOTE_WRITE_AUTHORIZATION"
	headersVariable       = "OTEL_EXPORTER_OTLP_HEADERS"
)

// openMonitors checks the flags and takes the port, before anything is sent.
func openMonitors(f runFlags) (*monitors, error) {
	m := &monitors{linger: f.metricsLinger}
	if f.metricsLinger != 0 && f.metricsListen == "" {
		return nil, errors.New("--metrics-linger needs --metrics-listen: without it there is no page to wait with")
	}
	if f.metricsLinger < 0 {
		return nil, fmt.Errorf("--metrics-linger must not be negative, found %s", f.metricsLinger)
	}
	if f.remoteWrite != "" {
		e, err := telemetry.RemoteWrite(f.remoteWrite, os.Getenv(authorizationVariable))
		if err != nil {
			return nil, fmt.Errorf("--remote-write: %w", err)
		}
		m.endpoints = append(m.endpoints, e)
	}
	if f.otlp != "" {
		e, err := telemetry.OTLP(f.otlp, os.Getenv(headersVariable))
		if err != nil {
			return nil, fmt.Errorf("--otlp: %w", err)
		}
		m.endpoints = append(m.endpoints, e)
	}
	if f.metricsListen != "" {
		var err error
		if m.listener, err = net.Listen("tcp", f.metricsListen); err != nil {
			return nil, fmt.Errorf("--metrics-listen: %w", err)
		}
	}
	return m, nil
}

// start begins to show the run. observe is nil if nobody asked for it.
func (m *monitors) start(run results.Manifest, warn func(string)) (observe func(results.Row)) {
	if m.listener == nil && len(m.endpoints) == 0 {
		return nil
	}
	m.telemetry = telemetry.New(run)
	if m.listener != nil {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", m.telemetry.Handler())
		m.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
		go func() {
			if err := m.server.Serve(m.listener); !errors.Is(err, http.ErrServerClosed) {
				warn("the metrics are served no more: " + err.Error())
			}
		}()
	}
	for _, e := range m.endpoints {
		m.finish = append(m.finish, m.telemetry.Push(e, pushEvery, func(err error) { warn(err.Error()) }))
	}
	return m.telemetry.Observe
}

// tick is told about once a second how far the run is.
func (m *monitors) tick(plan *scenarios.Plan, now time.Duration, inFlight int) {
	if m.telemetry != nil {
		_, callers, asked := plan.At(now)
		m.telemetry.Progress(now, asked, callers, inFlight)
	}
}

// end delivers the final figures: it pushes them, and waits for as long as --metrics-linger says until they were scraped, or
// until ctx ends or stop is closed.
func (m *monitors) end(ctx context.Context, stop <-chan struct{}, warn func(string)) {
	if m.telemetry == nil {
		return
	}
	m.telemetry.End()
	var pushed sync.WaitGroup
	for _, finish := range m.finish {
		pushed.Go(func() {
			if err := finish(ctx); err != nil {
				warn(err.Error())
			}
		})
	}
	if m.linger > 0 {
		warn(fmt.Sprintf("the final figures stay at http://%s/metrics until they are scraped, for %s at most (Ctrl-C ends it)", m.listener.Addr(), m.linger))
		select {
		case <-m.telemetry.Scraped():
		case <-time.After(m.linger):
			warn("nobody has scraped the final figures")
		case <-stop:
		case <-ctx.Done():
		}
	}
	pushed.Wait()
	m.close()
}

// close gives the port back. It may be called more than once.
func (m *monitors) close() {
	switch {
	case m.server != nil:
		// A page that is being read is read to its end, if that does not take long.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = m.server.Shutdown(ctx)
	case m.listener != nil:
		_ = m.listener.Close()
	}
}
