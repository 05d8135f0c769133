package main

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/kaizenautomation/andon/scenarios/targets"
)

// productionUse is the help of the flag that types out a production target.
const productionUse = "`name` of the production target that is called, typed out: its name in the file of targets, or its host"

// permitted refuses a production target, of those that are called, whose name was not typed out; nil among them is the
// reference provider.
func permitted(typed string, called ...*targets.Target) error {
	var t *targets.Target
	for _, of := range called {
		if of == nil {
			continue
		}
		if t == nil || of.Production {
			t = of
		}
		if of.Production && typed != of.Called() {
			break
		}
	}
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

// permittedURLs is the same for URLs that no file of targets has.
func permittedURLs(typed string, called ...*url.URL) error {
	var list []*targets.Target
	for _, u := range called {
		if u != nil {
			t := targets.Outside(u)
			list = append(list, &t)
		}
	}
	return permitted(typed, list...)
}
