package main

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/kaizenautomation/andon/scenarios/targets"
)

// productionUse is the help of the flag that types out a production target.
const productionUse = "`name` of the production target that is called, typed out: its name in the file of targets, or its host"

// permitted refuses a production target whose name was not typed out.
func permitted(t *targets.Target, typed string) error {
	if t == nil {
		if typed != "" {
			return errors.New("--production types out a production target, and the reference provider on this machine is called: --target names another")
		}
		return nil
	}
	err := t.Permit(typed)
	var production *targets.ProductionError
	if errors.As(err, &production) && production.Target.Production {
		return fmt.Errorf("%w: --production %s", err, production.Target.Called())
	} else if err != nil {
		return fmt.Errorf("--production: %w", err)
	}
	return nil
}

// permittedURLs is the same for URLs that no file of targets has, nil among them for the reference provider: each that
// is a production target wants its name typed out.
func permittedURLs(typed string, called ...*url.URL) error {
	var asked *targets.Target
	for _, u := range called {
		if u == nil {
			continue
		}
		t := targets.Outside(u)
		if asked == nil || t.Production {
			asked = &t
		}
		if t.Production && typed != t.Called() {
			break
		}
	}
	return permitted(asked, typed)
}
