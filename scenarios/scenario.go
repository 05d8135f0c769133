// Package scenarios reads a scenario, checks it, and turns it into a plan: when each call is due and what it carries.
//
// The way from a file to a call:
//
//  1. [Parse] reads the YAML file, in the words of the description: its tiers, its content types and its properties are
//     the vocabulary of the mix. Everything that is wrong with a file is reported at once, with its place
//     (package document). [New] does without a file, and [Scenario.WithLoad] puts another load in place of the file's.
//  2. Each [Phase] of the load becomes a profile, a rate over time, of which the integral is the number of calls.
//  3. The mix names the classes, and each value that a call may carry gets a source: a list, a file, a distribution of
//     lengths, or the description's own schema.
//  4. [Scenario.Plan] fixes the seed: the phases become schedules (when call n is due, at even distances or at random),
//     and the calls of each class are counted before one is sent.
//  5. [Plan.Due] and [Plan.AppendBody] give the moment and the body of call n. A plan is pure: both are functions of
//     the scenario, the seed and n alone, whoever asks and in whatever order.
package scenarios

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// Scenario is a checked scenario. It does not change after it was made.
type Scenario struct {
	Name string
	// Source is the scenario as a file, before the environment was put in.
	Source []byte
	// Feeders are the files of data, by their names relative to the scenario, with slashes: the columns that `data`
	// takes, and no other. Files that lie elsewhere than below the scenario are not among them.
	Feeders map[string][]byte
	// Target is the provider's base URL; empty where the scenario names none.
	Target string
	Limits Limits
	// Carried is what the calls carry besides their bodies.
	Carried credentials.Asked
	// Thresholds are the conditions that decide the verdict.
	Thresholds []metrics.Condition
	// Baseline is the file of the baseline that thresholds refer to; empty where the scenario names none.
	Baseline string
	// Following says how executions are followed; nil where they are not.
	Following *Following
	// Provider configures the embedded provider, but for the secret of its webhooks; see [Scenario.OpenProvider].
	Provider provider.Config
	// Labels name the classes, the phases and the rules by which calls are counted.
	Labels results.Labels

	description   *contracts.Description
	load          load
	mix           mix
	webhookSecret string // a reference
	// doc is what the scenario was read from, and ofBaseline where it has the conditions that are of a baseline.
	doc        *document.Document
	ofBaseline map[string]document.Value
}

// Limits are what a run may use.
type Limits struct {
	// Timeout is how long a call may take from being sent, and how long it may wait for a free slot.
	Timeout time.Duration
	// InFlight is the most calls in flight at a time.
	InFlight int
	// Calls is the most calls in all.
	Calls uint64
	// Lag is how late 1 call in 100 may leave by andon's own fault before the run says more of this machine than of the
	// target.
	Lag time.Duration
	// Warm is how many connections are set up before the first call. With none, each is set up when a call needs it:
	// an idle connection may hold a worker of the provider that a call elsewhere waits for.
	Warm int
	// Memory is how many megabytes the answers under way may take together. Beyond it, the largest are given up.
	Memory int
}

// DefaultLimits hold where a scenario names none.
func DefaultLimits() Limits {
	return Limits{Timeout: 30 * time.Second, InFlight: 1000, Calls: 100_000, Lag: metrics.Tolerance, Memory: 256}
}

const (
	maxTimeout  = time.Hour
	maxInFlight = 60_000
	maxCalls    = 1_000_000_000
	maxLag      = time.Minute
	minMemory   = 16
	maxMemory   = 1_000_000
)

// MB is a megabyte.
const MB = 1_000_000

var scenarioKeys = []string{"name", "description", "target", "load", "arrivals", "pacing", "mix", "data", "parameters", "headers", "auth", "limits", "follow", "baseline", "thresholds", "provider"}

// Parse reads a scenario for a description. The file's name is for messages and places the files that the scenario
// names; env looks up a variable of the environment. The error is a [*document.InvalidError] with all problems.
func Parse(file string, data []byte, d *contracts.Description, env func(string) (string, bool)) (*Scenario, error) {
	s := &Scenario{
		Name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), Source: data, description: d,
	}
	doc, root, ok := document.Parse(file, "a scenario needs at least `load:`", data, env)
	if !ok {
		return nil, doc.Err()
	}
	s.doc = doc
	keys, ok := root.Object("the scenario", scenarioKeys...)
	if !ok {
		return nil, doc.Err()
	}
	if v, given := keys["name"]; given {
		if name, ok := v.Text("a name"); ok && !isName(name) {
			v.Fail("expected %s, found %s", aName, v.Found())
		} else if ok {
			s.Name = name
		}
	} else if !isName(s.Name) {
		root.Fail("the file's name cannot name the scenario; add `name:` with letters, digits, '-', '_' and '.'")
	}
	if v, given := keys["description"]; given {
		v.Text("a description")
	}
	if v, given := keys["parameters"]; given {
		d = readParameters(v, d)
		s.description = d
	}
	if v, given := keys["target"]; given {
		s.Target = readTarget(v, d.Operation())
	}
	s.Limits = readLimits(keys)
	s.load = readLoad(doc, root, keys, s.Limits.Calls)
	// What `data` takes of a file is public, and what the rest takes is not.
	r := newMixReader(file, doc, d)
	if v, given := keys["data"]; given {
		r.readData(v)
	}
	s.Carried = readCarried(keys, r)
	s.takeMix(r.readMix(keys))
	if v, given := keys["follow"]; given {
		s.Following = readFollowing(v, d)
	}
	if v, given := keys["thresholds"]; given {
		s.Thresholds, s.ofBaseline = readThresholds(v, s.Labels, s.Following != nil)
	}
	if v, given := keys["baseline"]; given {
		s.Baseline, _ = v.Text("the file of a baseline")
		if s.Baseline != "" && !filepath.IsAbs(s.Baseline) {
			s.Baseline = filepath.Join(filepath.Dir(file), s.Baseline)
		}
	}
	s.Provider = provider.Config{Latency: provider.DefaultLatency(d.Tiers())}
	if v, given := keys["provider"]; given {
		s.Provider, s.webhookSecret = readProvider(doc, v, d)
	}
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// readParameters reads what the parameters of the call are sent with, which stay as they are where they were given
// before.
func readParameters(v document.Value, d *contracts.Description) *contracts.Description {
	members, _ := v.Members("the parameters")
	for _, m := range members {
		value, ok := m.Value.JSON()
		if !ok {
			continue
		}
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		with, err := d.WithValue(m.Name, text)
		if err != nil {
			m.Value.Fail("%v", err)
			continue
		}
		d = with
	}
	return d
}

// takeMix puts a mix in, and the labels together.
func (s *Scenario) takeMix(m mix, classes []results.Class, feeders map[string][]byte) {
	s.mix, s.Feeders = m, feeders
	s.Labels = results.Labels{Classes: classes, Phases: s.load.labels, Rules: append([]string{""}, contracts.Rules()...)}
	if m.noTier != contracts.NoTier(nil) {
		s.Labels.NoTier = m.noTier
	}
}

// Description is the description that the calls are made of, and responses are held against.
func (s *Scenario) Description() *contracts.Description { return s.description }

// OpenProvider is how the embedded provider behaves, with the secret of its webhooks looked up; what it points to is
// the caller's own. The error says what could not be had.
func (s *Scenario) OpenProvider(ctx context.Context) (provider.Config, error) {
	c := s.Provider
	if c.Webhooks == nil {
		return c, nil
	}
	w := *c.Webhooks
	c.Webhooks = &w
	if s.webhookSecret == "" {
		return c, nil
	}
	var err error
	w.Secret, err = credentials.LookUp(ctx, s.webhookSecret)
	if err != nil {
		return c, fmt.Errorf("the secret of the provider's webhooks: %w", err)
	}
	return c, nil
}

// LocalTarget is the target that the scenario names; nil where it names none. One that is not on this machine is a
// [*RemoteError]: a file that was passed on must not send thousands of calls to a place that nobody looked at.
func (s *Scenario) LocalTarget() (*url.URL, error) {
	if s.Target == "" {
		return nil, nil
	}
	u, err := s.description.Operation().ParseTarget(s.Target)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return u, nil
	}
	return nil, &RemoteError{u}
}

// RemoteError is a scenario's target that is not on this machine.
type RemoteError struct{ Target *url.URL }

// Error says what to do about it.
func (e *RemoteError) Error() string {
	return fmt.Sprintf("the scenario's target %s is not on this machine, so it must be named when the run is started", e.Target)
}

// Closed reports whether the load is a closed loop.
func (s *Scenario) Closed() bool { return s.load.closed() }

func readTarget(v document.Value, o contracts.Operation) string {
	text, ok := v.Text("the provider's base URL")
	if !ok {
		return ""
	}
	u, err := o.ParseTarget(text)
	if err != nil {
		v.Fail("%v", err)
		return ""
	}
	return u.String()
}

func readLimits(keys map[string]document.Value) Limits {
	l := DefaultLimits()
	v, given := keys["limits"]
	if !given {
		return l
	}
	limits, _ := v.Object("limits", "timeout", "inFlight", "calls", "lag", "warm", "memory")
	if v, given := limits["timeout"]; given {
		if d, ok := v.Positive("the timeout"); ok {
			if d > maxTimeout {
				v.Fail("expected a timeout of at most 1h, the longest time that the histograms hold, found %s", v.Found())
			} else {
				l.Timeout = d
			}
		}
	}
	if v, given := limits["inFlight"]; given {
		if n, ok := v.Integer("the most calls in flight", 1, maxInFlight); ok {
			l.InFlight = int(n)
		}
	}
	if v, given := limits["calls"]; given {
		if n, ok := v.Integer("the most calls in all", 1, maxCalls); ok {
			l.Calls = n
		}
	}
	if v, given := limits["lag"]; given {
		if d, ok := v.Positive("the tolerated lag"); ok {
			if d > maxLag {
				v.Fail("expected a tolerated lag of at most 1m, found %s", v.Found())
			} else {
				l.Lag = d
			}
		}
	}
	if v, given := limits["warm"]; given {
		if n, ok := v.Integer("the connections before the first call", 0, uint64(l.InFlight)); ok {
			l.Warm = int(n)
		}
	}
	if v, given := limits["memory"]; given {
		if n, ok := v.Megabytes("the memory for answers under way"); ok {
			if n < minMemory || n > maxMemory {
				v.Fail("expected memory for answers under way from %dMB to %dMB, found %s", minMemory, maxMemory, v.Found())
			} else {
				l.Memory = int(n)
			}
		}
	}
	return l
}
