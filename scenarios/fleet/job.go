package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// A job is what a worker needs to make the run's plan by itself, and to send its part of it. Secrets are in none: each
// worker has them from its own environment.
type job struct {
	Group    string `json:"group"`
	Scenario string `json:"scenario"`
	Seed     uint64 `json:"seed"`
	Shards   int    `json:"shards"`
	Target   string `json:"target"`
	// Digest is that of the plan, and Parts are what it is of, so that what differs can be named.
	Digest string         `json:"digest"`
	Parts  []results.Part `json:"parts"`

	Release    string              `json:"release,omitempty"`
	Labels     map[string]string   `json:"labels,omitempty"`
	Deviations []results.Deviation `json:"deviations,omitempty"`
	// Chosen says what of the description is meant.
	Chosen             contracts.Choice `json:"chosen,omitzero"`
	HTTP2              bool             `json:"http2,omitempty"`
	Traceparent        bool             `json:"traceparent,omitempty"`
	RepeatedIDsAllowed bool             `json:"repeatedIdsAllowed,omitempty"`
	// Rows says that workers tell of single calls, and not of figures.
	Rows bool `json:"rows,omitempty"`
	// Carried is what the calls carry by reference, in the place of what the scenario says by the same names.
	Carried *carried `json:"carried,omitempty"`
	// Against is a second target, which is met in turn with the first; nil where there is none.
	Against *second `json:"against,omitempty"`
}

// second is what a job says of its second target.
type second struct {
	Target  string   `json:"target"`
	Release string   `json:"release,omitempty"`
	Carried *carried `json:"carried,omitempty"`
	// SliceSeconds is for how long each target is met at a time, and Order has the side of each slice, up to one that
	// begins after the last call.
	SliceSeconds float64 `json:"sliceSeconds"`
	Order        string  `json:"order"`
}

// other is the job with the second target in the place of the first.
func (j job) other() job {
	j.Target, j.Release, j.Carried = j.Against.Target, j.Against.Release, j.Against.Carried
	return j
}

// turns says why the order of two targets cannot be kept to; nothing where it can.
func (s *second) turns() error {
	if s != nil && (s.Order == "" || strings.Trim(s.Order, "ab") != "" || !(s.SliceSeconds >= 1e-3 && s.SliceSeconds <= mostSeconds)) {
		return fmt.Errorf("the job, /against: expected an order such as abba, and slices from 1 ms to 48 h, found %q and %g s", text.Printable(s.Order, 100), s.SliceSeconds)
	}
	return nil
}

// Against is a second target that workers meet in turn with the first. What its calls carry is said by reference, as of
// the first, in the place of Credentials.
type Against struct {
	trial.Against
	Carried credentials.Asked
}

// carried is the part of a [credentials.Asked] that is no matter of a worker's own machine.
type carried struct {
	Headers []string `json:"headers,omitempty"`
	Query   []string `json:"query,omitempty"`
	Bearer  string   `json:"bearer,omitempty"`
	User    string   `json:"user,omitempty"`
}

func carriedOf(a credentials.Asked) *carried {
	if len(a.Headers)+len(a.Query) == 0 && a.Bearer == "" && a.User == "" {
		return nil
	}
	return &carried{a.Headers, a.Query, a.Bearer, a.User}
}

func (c *carried) over(of credentials.Asked) credentials.Asked {
	if c == nil {
		return of
	}
	return credentials.Asked{Headers: c.Headers, Query: c.Query, Bearer: c.Bearer, User: c.User}.Over(of)
}

// The files of a job, beside those of the scenario's data.
const (
	jobFile      = "job.json"
	scenarioFile = "scenario.yaml"
	specFile     = "openapi.yaml"
)

// jobOf is the job of a run, by so many workers, whose calls carry what a asks for by reference.
func jobOf(c trial.Config, group string, workers int, a credentials.Asked, with *Against) job {
	j := job{
		Group: group, Scenario: c.Plan.Name, Seed: c.Plan.Seed, Shards: workers, Target: c.Target.String(), Digest: c.Plan.Digest(c.Andon), Parts: c.Plan.Parts(),
		Release: c.Release, Labels: c.Labels, Deviations: c.Deviations, HTTP2: c.HTTP2, Traceparent: c.Traceparent, RepeatedIDsAllowed: c.RepeatedIDsAllowed,
		Rows: c.Observe != nil || with != nil, Carried: carriedOf(a), Chosen: c.Plan.Description().Choice(),
	}
	if with != nil {
		order := with.Order(c.Plan.Seconds + with.SliceSeconds)
		j.Against = &second{with.Target.String(), with.Release, carriedOf(with.Carried), with.SliceSeconds, order}
	}
	return j
}

// write writes a job and what belongs to it into a directory.
func (j job) write(dir string, p *scenarios.Plan) error {
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	files := map[string][]byte{jobFile: text, scenarioFile: p.Source, specFile: p.Description().Source()}
	for name, data := range p.Feeders {
		if _, taken := files[name]; taken || !filepath.IsLocal(filepath.FromSlash(name)) {
			return fmt.Errorf("a file of data called %s cannot be handed to workers: rename it", name)
		}
		files[name] = data
	}
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// mostOfJob bounds a file of a job.
const mostOfJob = 64 << 20

// readJob reads a job, and makes the plan of the whole with the variables of this machine.
func readJob(dir, andon string) (j job, p *scenarios.Plan, err error) {
	text, err := regular.Read(filepath.Join(dir, jobFile), mostOfJob)
	if err != nil {
		return j, nil, err
	}
	if err := json.Unmarshal(text, &j); err != nil {
		return j, nil, fmt.Errorf("the job cannot be read: %w", err)
	}
	if err := j.Against.turns(); err != nil {
		return j, nil, err
	}
	d, err := j.Chosen.Open(filepath.Join(dir, specFile))
	if err != nil {
		return j, nil, fmt.Errorf("the job's description: %w", err)
	}
	path := filepath.Join(dir, scenarioFile)
	source, err := regular.Read(path, mostOfJob)
	if err != nil {
		return j, nil, err
	}
	s, err := scenarios.Parse(path, source, d, os.LookupEnv)
	if err != nil {
		return j, nil, fmt.Errorf("the job's scenario: %w", err)
	}
	s.Name = j.Scenario
	p, err = s.Plan(j.Seed)
	if err != nil {
		return j, nil, fmt.Errorf("the job's scenario: %w", err)
	}
	return j, p, j.agrees(p, andon)
}

// agrees says in what a plan is another than the job's.
func (j job) agrees(p *scenarios.Plan, andon string) error {
	if p.Digest(andon) == j.Digest {
		return nil
	}
	mine, run := map[string]string{}, map[string]string{}
	var names []string
	for _, part := range j.Parts {
		run[part.Name] = part.Text
		names = append(names, part.Name)
	}
	for _, part := range p.Parts() {
		if _, there := run[part.Name]; !there {
			names = append(names, part.Name)
		}
		mine[part.Name] = part.Text
	}
	var list []string
	for _, name := range names {
		if mine[name] != run[name] {
			list = append(list, fmt.Sprintf("%s is %q in the run and %q here", name, text.Printable(run[name], 200), text.Printable(mine[name], 200)))
		}
	}
	if p.Seed != j.Seed {
		list = append(list, fmt.Sprintf("the seed is %d in the run and %d here", j.Seed, p.Seed))
	}
	if list == nil {
		list = []string{fmt.Sprintf("the digest is %s in the run and %s here", j.Digest, p.Digest(andon))}
	}
	return fmt.Errorf("the plan that is made here is another than the run's, and no call was sent: %s", strings.Join(list, "; "))
}

// errCommand is why calls are not sent by workers: nobody has a machine run commands from elsewhere.
var errCommand = errors.New("a secret is taken from a command, which workers do not run at somebody else's word: have each worker take it from its environment, such as {env:TOKEN}, or give workers the command")

// Check says why workers cannot be told what calls carry.
func Check(a credentials.Asked) error {
	var wrong []error
	if a.Tenants != nil {
		wrong = append(wrong, errors.New("calls take secrets from a file of the scenario's, which would pass the hub: have each worker take one from its environment, such as {env:TOKEN}"))
	}
	if a.Commands() {
		wrong = append(wrong, errCommand)
	}
	return errors.Join(wrong...)
}

// permits says why calls must not go to the job's target: a worker sends to hosts that it was told of, whatever a hub
// says. Each of them is a host, with or without a port.
func (j job) permits(p *scenarios.Plan, hosts []string) (*url.URL, error) {
	u, err := p.Description().Operation().ParseTarget(j.Target)
	if err != nil {
		return nil, fmt.Errorf("the job's target: %w", err)
	}
	if j.Carried.over(p.Carried).Commands() {
		return nil, errCommand
	}
	for _, host := range hosts {
		if strings.EqualFold(host, u.Host) || strings.EqualFold(host, u.Hostname()) {
			return u, nil
		}
	}
	if len(hosts) == 0 {
		return nil, errors.New("no host is named that calls may go to, and no call was sent")
	}
	return nil, fmt.Errorf("the run's target is at %s, where this worker may not send, and no call was sent: it may send to %s", text.Printable(u.Host, 200), text.Printable(strings.Join(hosts, ", "), 500))
}
