package scenarios

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/results"
)

// Digest is the SHA-256, in hex, of what decides which calls are sent, when, under which limits, and by what they are
// judged: all that two runs must share to be one, apart from the seed and the target. It is of the parts (see
// [Scenario.Parts]), so that neither comments nor the order of keys nor the way of writing a figure make a difference.
func (s *Scenario) Digest() string {
	// A list of texts can always be written.
	text, _ := json.Marshal(s.Parts())
	return hash(text)
}

// Parts are what the digest is of, each with its place in a scenario's file, whether or not the file says it. What may
// hold something of a user's is told by its hash alone.
func (s *Scenario) Parts() []results.Part {
	parts := []results.Part{{Name: "load", Text: s.load.said()}}
	arrivals := "constant"
	if s.load.arrivals == Poisson {
		arrivals = "poisson"
	}
	parts = append(parts, results.Part{Name: "arrivals", Text: arrivals})
	if s.load.pacing > 0 {
		parts = append(parts, results.Part{Name: "pacing", Text: s.load.pacing.String()})
	}
	parts = append(parts, s.mix.parts()...)
	parts = append(parts, s.mix.data...)
	parts = append(parts, carriedParts(s.Carried)...)
	parts = append(parts, fieldsOf("limits", s.Limits)...)
	parts = append(parts, s.Following.parts()...)
	parts = append(parts, results.Part{Name: "thresholds", Text: saidThresholds(s.Thresholds)})
	chosen := s.description.Choice()
	if chosen.Operation != "" {
		parts = append(parts, results.Part{Name: "operation", Text: s.description.Operation().String()})
	}
	for _, one := range chosen.Values {
		parts = append(parts, results.Part{Name: "parameters", Text: one})
	}
	return append(parts, results.Part{Name: "description", Text: s.description.SHA256()})
}

// Behaviour is how the embedded provider behaves, in the same way. It is no part of the digest, since it says nothing
// of a run against another target.
func (s *Scenario) Behaviour() []results.Part {
	p := s.Provider
	latencies := map[string]string{}
	for tier, l := range p.Latency {
		latencies[tier] = l.String()
	}
	var faults []string
	for _, name := range provider.ShareNames() {
		if f := *p.Faults.Share(name); f > 0 {
			faults = append(faults, name+" "+spellShare(f))
		}
	}
	if f := p.Faults.SlowBody; f.Share > 0 {
		faults = append(faults, fmt.Sprintf("slowBody %s for %s", spellShare(f.Share), f.For))
	}
	if f := p.Faults.Stall; f.For > 0 {
		faults = append(faults, fmt.Sprintf("stall at %s for %s", f.At, f.For))
	}
	if p.Faults.Above > 0 {
		faults = append(faults, fmt.Sprintf("above %v/s", p.Faults.Above))
	}
	parts := []results.Part{
		{Name: "provider.workers", Text: strconv.Itoa(p.Workers)},
		{Name: "provider.queue", Text: strconv.Itoa(p.Queue)},
		// The entries are printed in the order of their names.
		{Name: "provider.latency", Text: strings.Trim(fmt.Sprint(latencies), "map[]")},
		{Name: "provider.faults", Text: strings.Join(faults, ", ")},
	}
	if len(p.Pools) > 0 {
		parts = append(parts, results.Part{Name: "provider.pools", Text: strings.Trim(fmt.Sprint(p.Pools), "map[]")})
	}
	return append(parts, saidExecutions(p.Executions, p.Webhooks)...)
}

// saidExecutions are what [Scenario.Behaviour] has of executions and webhooks; nothing where there are none.
func saidExecutions(e *provider.Executions, w *provider.Webhooks) (parts []results.Part) {
	if e == nil {
		return nil
	}
	latencies := map[string]string{}
	for tier, l := range e.Time {
		latencies[tier] = l.String()
	}
	order := byOrder
	if len(e.Order) > 0 {
		order = strings.Trim(fmt.Sprint(e.Order), "map[]")
	}
	text := fmt.Sprintf("workers %d, queue %d, time %s, order %s", e.Workers, e.Queue, strings.Trim(fmt.Sprint(latencies), "map[]"), order)
	for _, name := range provider.FateNames() {
		if x := *e.Share(name); x > 0 {
			text += ", " + name + " " + spellShare(x)
		}
	}
	parts = append(parts, results.Part{Name: "provider.executions", Text: text})
	if w == nil {
		return parts
	}
	// Where they go may hold a key.
	text = "sent"
	if w.Late.Share > 0 {
		text += fmt.Sprintf(", late %s for %s", spellShare(w.Late.Share), w.Late.For)
	}
	for _, name := range provider.WebhookFaultNames() {
		if x := *w.Share(name); x > 0 {
			text += ", " + name + " " + spellShare(x)
		}
	}
	return append(parts, results.Part{Name: "provider.webhooks", Text: text})
}
