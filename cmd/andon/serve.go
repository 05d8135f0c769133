package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/text"
)

type serveFlags struct {
	listen, scenario, tokenFile string
	workers, queue              int
	latency, faults             []string
	slowBody, stall             string
	maxBody                     int64
	seed                        uint64
	log                         bool
}

func (c *command) serve() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the reference provider",
		Long: `Serve answers POST /agents/execute as the description says, and can be made to behave like a real
service: with latency by tier, a capacity (workers, and a queue in front of them), and faults.

A token is demanded where ANDON_TOKEN or --token-file gives one. Ctrl-C lets the calls in service end.

Faults (a share of the valid calls): ` + strings.Join(provider.ShareNames(), ", ") + `.`,
		Example: `  andon serve
  andon serve --latency "Full=lognormal(400ms, 0.4)" --latency "Lite=lognormal(120ms, 0.3)" --workers 64 --queue 256
  andon serve --latency 20ms --fault http500=1% --fault truncated=0.5% --stall 5s,2s --log`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serveProvider(cmd, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "`address` to listen at; port 0 takes a free one")
	flags.StringVar(&f.scenario, "scenario", "", "take the behaviour from the provider block of this `scenario`; other flags override it")
	flags.IntVar(&f.workers, "workers", 0, "calls served at the same time; 0 is any number")
	flags.IntVar(&f.queue, "queue", 0, "calls that may wait for a worker; a call beyond is refused with 429")
	flags.StringArrayVar(&f.latency, "latency", nil, "service time, `[TIER=]DISTRIBUTION`: 20ms, uniform(10ms, 50ms), lognormal(MEDIAN, SIGMA); may be repeated; calls without a tier take as long as those of the first one unless they are named too")
	flags.StringArrayVar(&f.faults, "fault", nil, "a fault and its share, `NAME=SHARE`: http500=1%; may be repeated")
	flags.StringVar(&f.slowBody, "slow-body", "", "share of bodies that trickle, and for how long: `SHARE,TIME`, as in 5%,2s")
	flags.StringVar(&f.stall, "stall", "", "freeze once, `AT,FOR` after the first call, as in 5s,2s")
	flags.Int64Var(&f.maxBody, "max-body", 1<<20, "most `bytes` of a request's body; a larger one is refused with 413")
	flags.StringVar(&f.tokenFile, "token-file", "", tokenUse)
	flags.Uint64Var(&f.seed, "seed", defaultSeed, "`number` that determines latencies and faults")
	flags.BoolVar(&f.log, "log", false, "log each call to standard error, as JSON")
	return cmd
}

func (c *command) serveProvider(cmd *cobra.Command, f serveFlags) error {
	d, err := c.description()
	if err != nil {
		return err
	}
	config, err := c.providerConfig(cmd, f, d)
	if err != nil {
		return err
	}
	handler, err := provider.New(d, config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer c.signals(cancel, func() {}).release()
	ln, err := net.Listen("tcp", f.listen)
	if err != nil {
		return exit{noVerdict, fmt.Errorf("cannot listen at %s: %w; --listen names another address", f.listen, err)}
	}
	fmt.Fprintf(c.stdout, "serving %s http://%s%s", d.Operation().Method, ln.Addr(), d.Operation().Path)
	if config.Token != "" {
		fmt.Fprint(c.stdout, " (a token is demanded)")
	}
	fmt.Fprintln(c.stdout)
	if err := provider.Serve(ctx, ln, handler); err != nil {
		return exit{noVerdict, err}
	}
	fmt.Fprintln(c.stdout, "stopped")
	return nil
}

// providerConfig puts the flags over the scenario's provider block.
func (c *command) providerConfig(cmd *cobra.Command, f serveFlags, d *contracts.Description) (provider.Config, error) {
	config := provider.Config{Latency: provider.DefaultLatency(d.Tiers())}
	if f.scenario != "" {
		s, err := c.scenario([]string{f.scenario}, d, "")
		if err != nil {
			return config, err
		}
		config = s.Provider
	}
	var err error
	if config.Token, err = demanded(f.tokenFile); err != nil {
		return config, err
	}
	config.Seed, config.MaxBody = f.seed, f.maxBody
	if f.maxBody < 1 {
		return config, fmt.Errorf("--max-body wants at least 1 byte, found %d", f.maxBody)
	}
	if cmd.Flags().Changed("workers") {
		config.Workers = f.workers
	}
	if cmd.Flags().Changed("queue") {
		config.Queue = f.queue
	}
	if f.log {
		config.Log = slog.New(slog.NewJSONHandler(text.JSONWriter{To: c.log}, nil))
	}
	if config.Latency, err = provider.ParseLatencies(f.latency, config.Latency, d.Tiers()); err != nil {
		return config, fmt.Errorf("--latency: %w", err)
	}
	for _, text := range f.faults {
		if err := config.Faults.Set(text); err != nil {
			return config, fmt.Errorf("--fault: %w", err)
		}
	}
	if f.slowBody != "" {
		if config.Faults.SlowBody, err = provider.ParseSlowBody(f.slowBody); err != nil {
			return config, fmt.Errorf("--slow-body: %w", err)
		}
	}
	if f.stall != "" {
		if config.Faults.Stall, err = provider.ParseStall(f.stall); err != nil {
			return config, fmt.Errorf("--stall: %w", err)
		}
	}
	return config, nil
}
