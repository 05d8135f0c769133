package verify

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/text"
)

const (
	// maxConcurrency is the most cases that are under way at once: a verification is no load test.
	maxConcurrency = 64
	// maxAttempts is how often a case is sent at most.
	maxAttempts = 20
	// maxGenerated is how many random cases there are at most, so that what is kept of a verification can be read again;
	// another seed has others.
	maxGenerated = 10000
)

// CheckEngine says that a name is no value of [Config.Engine].
func CheckEngine(name string) error {
	if engines := []string{All, ByDescription, ByPact}; !slices.Contains(engines, name) {
		return fmt.Errorf("unknown engine %q; %s", text.Printable(name, 40), text.Suggest(name, engines, "the engines are "+strings.Join(engines, ", ")))
	}
	return nil
}

// Check says what of the configuration is out of range, all of it at once. Each error begins with the name of a
// setting, as in "max-runs wants 0 or more, found -1".
func (c Config) Check() (wrong []error) {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"timeout", c.Timeout}, {"for", c.For}} {
		if d.value <= 0 {
			wrong = append(wrong, fmt.Errorf("%s wants more than 0s, found %s", d.name, d.value))
		}
	}
	for _, n := range []struct {
		name               string
		value, least, most int
	}{
		{"max-body", c.MaxBody, 0, math.MaxInt}, {"generated", c.Generated, 0, maxGenerated}, {"shrink", c.Shrink, 0, math.MaxInt},
		{"max-runs", c.MaxRuns, 0, math.MaxInt}, {"concurrency", c.Concurrency, 1, maxConcurrency}, {"attempts", c.Attempts, 1, maxAttempts},
	} {
		switch {
		case n.value >= n.least && n.value <= n.most:
		case n.most == math.MaxInt:
			wrong = append(wrong, fmt.Errorf("%s wants %d or more, found %d", n.name, n.least, n.value))
		default:
			wrong = append(wrong, fmt.Errorf("%s wants %d to %d, found %d", n.name, n.least, n.most, n.value))
		}
	}
	return wrong
}
