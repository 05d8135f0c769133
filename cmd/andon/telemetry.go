package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon/reports/telemetry"
)

// monitorFlags say to which monitoring systems a run is shown.
type monitorFlags struct {
	listen, remoteWrite, otlp string
	linger                    time.Duration
}

// authorizationVariable and headersVariable hold what an endpoint may want to see: a command line is no place for it.
const (
	authorizationVariable = "ANDON_REMOTE_WRITE_AUTHORIZATION"
	headersVariable       = "OTEL_EXPORTER_OTLP_HEADERS"
)

func (f *monitorFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.listen, "metrics-listen", "", "serve /metrics for Prometheus at this `address`, such as 127.0.0.1:9464")
	flags.DurationVar(&f.linger, "metrics-linger", 0, "after the run, wait for one more scrape, for this `time` at most")
	flags.StringVar(&f.remoteWrite, "remote-write", "", "push to this `URL` by Prometheus' remote write")
	flags.StringVar(&f.otlp, "otlp", "", "push by OpenTelemetry's OTLP over HTTP to this `URL`, below which /v1/metrics is")
}

// open checks the flags and takes the port, before anything is sent. The monitor is nil where nobody asked for one.
func (f *monitorFlags) open(warn func(string)) (*telemetry.Monitor, error) {
	m := &telemetry.Monitor{Linger: f.linger, Warn: warn}
	if f.linger != 0 && f.listen == "" {
		return nil, errors.New("--metrics-linger needs --metrics-listen: without it there is no page to wait with")
	}
	if f.linger < 0 {
		return nil, fmt.Errorf("--metrics-linger: expected a time of at least 0s, found %s", f.linger)
	}
	if f.remoteWrite != "" {
		e, err := telemetry.RemoteWrite(f.remoteWrite, os.Getenv(authorizationVariable))
		if err != nil {
			return nil, fmt.Errorf("--remote-write: %w", err)
		}
		m.Endpoints = append(m.Endpoints, e)
	}
	if f.otlp != "" {
		e, err := telemetry.OTLP(f.otlp, os.Getenv(headersVariable))
		if err != nil {
			return nil, fmt.Errorf("--otlp: %w", err)
		}
		m.Endpoints = append(m.Endpoints, e)
	}
	if f.listen != "" {
		var err error
		if m.Listener, err = net.Listen("tcp", f.listen); err != nil {
			return nil, exit{noVerdict, fmt.Errorf("--metrics-listen: %w; nothing was sent", err)}
		}
	}
	if m.Listener == nil && m.Endpoints == nil {
		return nil, nil
	}
	return m, nil
}
