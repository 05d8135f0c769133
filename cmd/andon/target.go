package main

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/trial"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

// notRun is the error of a trial of which no call was sent.
func notRun(err error) error {
	if errors.Is(err, results.ErrNotEmpty) {
		return fmt.Errorf("%w: give --out another directory", err)
	}
	var place *results.PlaceError
	if errors.As(err, &place) {
		return exit{noVerdict, fmt.Errorf("%w; nothing was sent: --out names another place", err)}
	}
	var unreachable *trial.UnreachableError
	if !errors.As(err, &unreachable) {
		return err
	}
	err = trusted(err)
	var version *wire.VersionError
	if errors.As(err, &version) {
		err = fmt.Errorf("%w: add --http2", err)
	}
	return exit{noVerdict, err}
}

// pickTarget is where the calls go; nil is the embedded provider. again is the command that was given.
func pickTarget(flag string, s *scenarios.Scenario, again string) (*url.URL, error) {
	if flag != "" {
		u, err := s.Description().Operation().ParseTarget(flag)
		if err != nil {
			return nil, fmt.Errorf("--target: %w", err)
		}
		return u, nil
	}
	u, err := s.LocalTarget()
	var remote *scenarios.RemoteError
	if errors.As(err, &remote) {
		err = fmt.Errorf("%w: %s --target %s", err, again, remote.Target)
	}
	return u, err
}

func place(target *url.URL, embedded bool) string {
	if embedded {
		return target.String() + " (the embedded reference provider)"
	}
	return target.String()
}
