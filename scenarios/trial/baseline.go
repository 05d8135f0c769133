package trial

import (
	"cmp"
	"errors"
	"time"

	"github.com/kaizenautomation/andon/reports/baseline"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// baseline opens the baseline that thresholds refer to; nil where none does.
func (c Config) baseline() (*baseline.Baseline, error) {
	if !c.Plan.OfBaseline() {
		if c.Baseline != "" {
			return nil, errors.New("a baseline is named, and no threshold of the scenario refers to one: write one such as p99(latency) < 1.1 × baseline, or name none")
		}
		return nil, nil
	}
	path := cmp.Or(c.Baseline, c.Plan.Baseline)
	if path == "" {
		_, err := c.Plan.Against(func(t metrics.Threshold) (metrics.Threshold, error) {
			return t, errors.New("the threshold is of a baseline, and none is named: add `baseline:` with its file to the scenario, or name one when it is run")
		})
		return nil, err
	}
	return baseline.Open(path)
}

// against puts the limits that a baseline gives into the plan.
func (c *Config) against(b *baseline.Baseline, generator results.Generator) error {
	if b == nil {
		return nil
	}
	if err := b.Fits(c.described("", time.Time{}, generator)); err != nil {
		return err
	}
	s, err := c.Plan.Against(b.Limits())
	if err != nil {
		return err
	}
	if c.Plan, err = s.Plan(c.Plan.Seed); err != nil {
		return err
	}
	if few := b.Few(); few != "" && c.Warn != nil {
		c.Warn(few)
	}
	return nil
}
