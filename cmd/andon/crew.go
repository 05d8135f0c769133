package main

import (
	"cmp"
	"errors"
	"net/url"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/scenarios/fleet"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// crewFlags have workers make what is measured, one trial after the other.
type crewFlags struct {
	workers int
	listen  string
}

func (f *crewFlags) add(flags *pflag.FlagSet) {
	addWhole(flags, &f.workers, "fleet", 0, 0, fleet.MostWorkers, "how many workers send the calls; without it this machine does")
	flags.StringVar(&f.listen, "listen", "", "with --fleet, `host:port` where the hub listens (default 127.0.0.1 and a port that is free)")
}

// check says what does not go together.
func (f *crewFlags) check() error {
	if f.workers == 0 && f.listen != "" {
		return errors.New("--listen is where the workers of --fleet join; add --fleet, or leave it out")
	}
	return nil
}

// gather waits for the workers that send to targets, to the first of them what carried says, besides what they carry by
// themselves.
func (c *command) gather(stop *stopper, say func(string), f crewFlags, targets []*url.URL, carried credentials.Asked) (crew *fleet.Crew, end func(), err error) {
	config := fleet.Config{
		Trial: trial.Config{Andon: version(), Root: filepath.Join("reports", "runs")}, Workers: f.workers, Listen: cmp.Or(f.listen, "127.0.0.1:0"), Carried: carried,
		Say: func(said string) { say(c.secrets.Redact(said)) },
	}
	if config.Identity, err = c.hubIdentity(); err != nil {
		return nil, nil, err
	}
	var forget func()
	config.Joined, forget = c.joining(false, targets...)
	if crew, err = fleet.Gather(stop.kill, stop.first, config); err != nil {
		forget()
		var none *fleet.NoStartError
		if errors.As(err, &none) {
			err = exit{noVerdict, err}
		}
		return nil, nil, err
	}
	return crew, func() { forget(); crew.Close() }, nil
}
