package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/attack"
)

// defaultSeed makes two runs of the same scenario send the same bytes, unless asked otherwise.
const defaultSeed = 1

const seedUse = "`number` that, with the scenario, determines every call and its moment"

type runFlags struct {
	target, out, tokenFile string
	cert, key, authority   string
	seed                   uint64
	noUniqueIDs, plain     bool
	http2, traceparent     bool

	metricsListen, remoteWrite, otlp string
	metricsLinger                    time.Duration
}

func (c *command) run() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [SCENARIO]",
		Short: "Drive a target with a scenario and report",
		Long: `Run sends the calls of a scenario, holds every response against the contract, and writes a
run directory with the raw results, summary.json, report.md and report.html.

SCENARIO is a name that andon scenarios list shows, or a file; without one it is "mixed".
Without --target the reference provider is started on this machine and driven.

Exit codes: 0 all held; 1 a threshold or the contract was broken; 2 wrong usage, scenario or
description, nothing was sent; 3 no verdict (target unreachable, generator-limited,
interrupted). Ctrl-C stops sending and waits for the calls in flight; a second one does not.

On a terminal a live view is shown, in which q is a Ctrl-C too, and a short summary after it;
andon report shows all tables. With --plain, in CI (the variable CI), with TERM=dumb and where
there is no terminal, there are lines instead, and the whole report. NO_COLOR is honoured.

--metrics-listen serves the figures at /metrics for Prometheus while the process runs, with
native histograms. The last ones come after the last scrape, so that they are lost unless
--metrics-linger makes the process wait for another scrape. --remote-write and --otlp push
every 5 s and once more at the end, which needs no waiting. Failures to deliver are warnings,
and do not touch the run or its exit code. What an endpoint wants for authorization comes from
ANDON_REMOTE_WRITE_AUTHORIZATION ("Bearer …") and OTEL_EXPORTER_OTLP_HEADERS ("name=value,…").`,
		Example: `  andon run
  andon run tiers --seed 7
  ANDON_TOKEN=… andon run smoke --target https://staging.example.com
  andon run ./peak.yaml --out reports/runs/peak
  andon run soak --metrics-listen 127.0.0.1:9464 --metrics-linger 1m
  andon run soak --remote-write http://127.0.0.1:9090/api/v1/write
  andon run soak --otlp http://127.0.0.1:4318`,
		Args:              atMostOne,
		ValidArgsFunction: completeShipped,
		RunE:              func(_ *cobra.Command, args []string) error { return c.runScenario(args, f) },
	}
	cmd.Flags().StringVar(&f.target, "target", "", "base `URL` of the provider; without it the reference provider is driven")
	cmd.Flags().Uint64Var(&f.seed, "seed", defaultSeed, seedUse)
	cmd.Flags().StringVar(&f.out, "out", "", "run `directory` to write (default reports/runs/<time>-<scenario>)")
	cmd.Flags().StringVar(&f.tokenFile, "token-file", "", tokenUse)
	cmd.Flags().StringVar(&f.authority, "cacert", "", "`file` with the certificates of authorities to trust, in place of the system's (PEM)")
	cmd.Flags().StringVar(&f.cert, "cert", "", "`file` with the certificate that the target asks of its clients (PEM)")
	cmd.Flags().StringVar(&f.key, "key", "", "`file` with the key of --cert (PEM; default: the file of --cert)")
	cmd.Flags().BoolVar(&f.http2, "http2", false, "send over HTTP/2 where the target speaks it: fewer connections, and a slower generator")
	cmd.Flags().BoolVar(&f.noUniqueIDs, "no-unique-ids", false, "do not check that executionIds are unique, which takes up to 21 MiB for a million calls")
	cmd.Flags().BoolVar(&f.plain, "plain", false, "tell the progress in lines, also on a terminal")
	cmd.Flags().BoolVar(&f.traceparent, "traceparent", false, "send a W3C traceparent header with each call, and list the slowest calls by their trace ids")
	cmd.Flags().StringVar(&f.metricsListen, "metrics-listen", "", "serve /metrics for Prometheus at this `address`, such as 127.0.0.1:9464")
	cmd.Flags().DurationVar(&f.metricsLinger, "metrics-linger", 0, "after the run, wait for one more scrape, for this `time` at most")
	cmd.Flags().StringVar(&f.remoteWrite, "remote-write", "", "push to this `URL` by Prometheus' remote write")
	cmd.Flags().StringVar(&f.otlp, "otlp", "", "push by OpenTelemetry's OTLP over HTTP to this `URL`, below which /v1/metrics is")
	return cmd
}

func (c *command) runScenario(args []string, f runFlags) error {
	d, spec, err := c.description()
	if err != nil {
		return err
	}
	s, err := c.scenario(args, d)
	if err != nil {
		return err
	}
	plan, err := s.Plan(f.seed)
	if err != nil {
		return err
	}
	bearer, err := token(f.tokenFile)
	if err != nil {
		return err
	}
	secure, err := clientTLS(f.authority, f.cert, f.key)
	if err != nil {
		return err
	}
	target, err := pickTarget(f.target, s, strings.Join(append([]string{"andon run"}, args...), " "))
	if err != nil {
		return err
	}

	mon, err := openMonitors(f)
	if err != nil {
		return err
	}
	defer mon.close()

	embedded := target == nil
	if embedded {
		behaviour := s.Provider
		behaviour.Seed = f.seed
		handler, err := provider.New(d, behaviour)
		if err != nil {
			return err
		}
		url, stop, err := provider.Start(handler)
		if err != nil {
			return exit{noVerdict, err}
		}
		defer stop()
		target = url
	}
	fmt.Fprintf(c.stderr, "%s: %s → %s\n", text.Printable(s.Name, 64), announce(plan), place(target, embedded))

	w := &watch{c: c, plan: plan, target: place(target, embedded)}
	interrupt, kill, press, release := signals(w.stopping)
	defer release()
	config := attack.Config{
		Plan: plan, Description: d, Target: target, Token: bearer, TLS: secure, HTTP2: f.http2, RepeatedIDsAllowed: f.noUniqueIDs,
	}
	if err := attack.Preflight(kill, target, secure); err != nil {
		return exit{noVerdict, fmt.Errorf("%s cannot be reached, nothing was sent: %w", target.Redacted(), err)}
	}

	started := time.Now()
	id, dir := filepath.Base(filepath.Clean(f.out)), f.out
	if dir == "" {
		id, dir = results.NewDir(filepath.Join("reports", "runs"), s.Name, started)
	}
	manifest := results.Manifest{
		Andon: version(), ID: id, Scenario: s.Name, Seed: f.seed, Target: target.String(), Started: started.UTC(),
		SpecSHA256: d.SHA256(), Labels: s.Labels, Planned: plan.Planned, Thresholds: metrics.Written(s.Thresholds),
		TimeoutSeconds: s.Timeout.Seconds(), InFlight: s.InFlight, Generator: config.Generator(),
	}
	if f.traceparent {
		h := fnv.New64a()
		fmt.Fprint(h, id, f.seed, started.UnixNano())
		// Other readers of run.json know no whole numbers beyond 2^53; 0 would be none.
		manifest.Traces = h.Sum64()>>11 | 1
		config.Traces = manifest.Traces
	}
	manifest.Generator.Command = repeats(c.args)
	files := map[string][]byte{"scenario.yaml": s.Source, "openapi.yaml": spec}
	for name, data := range s.Feeders {
		files[name] = data
	}
	writer, err := results.Create(dir, manifest, files)
	if err != nil {
		return err
	}

	observe := mon.start(manifest, w.say)
	w.start(f.plain, press)
	// Whatever happens, the terminal is given back.
	defer w.end()
	config.Writer, config.Observe = writer, observe
	config.Tick = func(now time.Duration, a *metrics.Aggregator, inFlight int) {
		w.tick(now, a, inFlight)
		mon.tick(plan, now, inFlight)
	}
	agg, end, lost := attack.Run(kill, interrupt, config)
	shown := w.end()

	run, err := results.Open(dir)
	if err != nil {
		return exit{noVerdict, fmt.Errorf("the run directory cannot be read back: %w", err)}
	}
	came := summary.Summarize(run.Manifest, run.Samples, run.Vitals, end, agg)
	if err := c.conclude(came, run, agg, shown); err != nil {
		return err
	}
	mon.end(kill, again(interrupt, kill), w.say)
	if lost != nil {
		return exit{noVerdict, lost}
	}
	return verdict(came)
}

// repeats is the command line that repeats a run, as it is kept: a query may be a secret of an endpoint's.
func repeats(args []string) []string {
	line := []string{"andon"}
	for _, arg := range args {
		if before, query, found := strings.Cut(arg, "?"); found && query != "" && strings.Contains(before, "://") {
			arg = before + "?…"
		}
		line = append(line, arg)
	}
	return line
}

// again is closed at the next Ctrl-C, the first or the second.
func again(interrupt <-chan struct{}, kill context.Context) <-chan struct{} {
	select {
	case <-interrupt:
		return kill.Done()
	default:
		return interrupt
	}
}

// verdict is the exit code of a summary.
func verdict(s summary.Summary) error {
	if s.Verdict.ExitCode == 0 {
		return nil
	}
	return exit{code: s.Verdict.ExitCode}
}

// conclude writes the reports of a run and shows it: in short to whoever has watched the run.
func (c *command) conclude(s summary.Summary, run *results.Run, agg *metrics.Aggregator, watched bool) error {
	if err := metrics.Keep(run, agg); err != nil {
		return exit{noVerdict, fmt.Errorf("the histograms cannot be kept: %w", err)}
	}
	d := page.New(s, agg, run)
	d.Commands = commands()
	if err := reports.Keep(run.Dir, d); err != nil {
		return exit{noVerdict, err}
	}
	c.stepSummary(s)
	if terminal, color, width := screen(c.stdout); terminal && watched {
		return render.Brief(c.stdout, s, render.Options{Color: color, Width: width, Dir: run.Dir})
	}
	return c.show(s, run.Dir)
}

func (c *command) show(s summary.Summary, dir string) error {
	_, color, width := screen(c.stdout)
	return render.Terminal(c.stdout, s, render.Options{Color: color, Width: width, Dir: dir})
}

// pickTarget is where the calls go; nil is the embedded provider. A target elsewhere than on this machine must be named
// on the command line: a file that was passed on must not send thousands of calls to a place that nobody looked at.
func pickTarget(flag string, s *scenarios.Scenario, again string) (*url.URL, error) {
	if flag != "" {
		u, err := contracts.ParseTarget(flag)
		if err != nil {
			return nil, fmt.Errorf("--target: %w", err)
		}
		return u, nil
	}
	if s.Target == "" {
		return nil, nil
	}
	u, err := contracts.ParseTarget(s.Target)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return u, nil
	}
	return nil, fmt.Errorf("the scenario's target %s is not on this machine, so it must be named when the run is started: %s --target %s", u, again, u)
}

// clientTLS reads what an https target is trusted by and shown; nil where nothing is given.
func clientTLS(authority, cert, key string) (*tls.Config, error) {
	if key != "" && cert == "" {
		return nil, errors.New("--key wants --cert: a key alone identifies nobody")
	}
	if authority == "" && cert == "" {
		return nil, nil
	}
	c := &tls.Config{}
	if authority != "" {
		pem, err := readBounded(authority, 8<<20)
		if err != nil {
			return nil, fmt.Errorf("--cacert: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--cacert: %s has no certificate in it; expected PEM, which begins with -----BEGIN CERTIFICATE-----", authority)
		}
	}
	if cert != "" {
		if key == "" {
			key = cert
		}
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("--cert %s with --key %s: %w", cert, key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func place(target *url.URL, embedded bool) string {
	if embedded {
		return target.String() + " (the embedded reference provider)"
	}
	return target.String()
}

// announce says how many calls there will be, before the first one.
func announce(p *scenarios.Plan) string {
	length := (time.Duration(p.Seconds * float64(time.Second))).Round(time.Millisecond)
	if p.Closed() {
		return fmt.Sprintf("at most %d calls by up to %d callers in %s (closed loop), seed %d", p.Calls, p.PeakCallers(), length, p.Seed)
	}
	return fmt.Sprintf("%d calls in %s, at most %.4g/s, seed %d", p.Hits, length, p.PeakRate(), p.Seed)
}
