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

// permittedURL is the same for a URL that no file of targets has.
func permittedURL(u *url.URL, typed string) error {
	if u == nil {
		return permitted(nil, typed)
	}
	t := targets.Outside(u)
	return permitted(&t, typed)
}
