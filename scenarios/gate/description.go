package gate

import (
	"context"
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// description prepares the comparison of the description with the last released one. Nothing is sent for it.
func (p *Plan) description() (part, error) {
	base := p.Asked.Description.Base
	older, err := contracts.Choice{Operation: p.Description.Choice().Operation}.Open(base)
	if err != nil {
		return part{}, p.Asked.Blame(base, fmt.Errorf("description: %w", err))
	}
	return part{name: approval.Description, about: base, run: func(_ context.Context, _ <-chan struct{}, dir string) made {
		began := time.Now()
		v, changes, err := verify.Compare(older, p.Description, base+" → "+p.Description.Name())
		if err != nil {
			return made{outcome: summary.NoVerdict, found: "the descriptions cannot be compared: " + err.Error(), mend: "make a description of each that andon contracts diff can compare"}
		}
		v.Title, v.Andon, v.DurationSeconds = "andon contracts diff", p.Andon, time.Since(began).Seconds()
		m := made{outcome: v.Verdict.Status, found: "nothing has changed that callers could notice", kept: true}
		if len(changes) > 0 {
			m.found = fmt.Sprintf("none of %s breaks callers", text.Plural(uint64(len(changes)), "change"))
		}
		if n := verify.Breaking(changes); n > 0 {
			m.found, m.mend = broke(changes, n), fmt.Sprintf("take the change back in %s, or agree on it with those who call, and make it the base", p.Description.Name())
		}
		if err := p.keep(dir, v); err != nil {
			return incomplete(m, err)
		}
		return m
	}}, nil
}

// broke says which change breaks callers, and how many more do.
func broke(changes []contracts.Change, n int) string {
	for _, c := range changes {
		if c.Severity != contracts.Breaking {
			continue
		}
		said := "a change breaks callers: " + c.Text
		if n > 1 {
			said = fmt.Sprintf("%d changes break callers, the first: %s", n, c.Text)
		}
		return said
	}
	return ""
}

// keep writes a verification in all formats.
func (p *Plan) keep(dir string, v summary.Verification) error {
	formats, err := reports.ChooseVerification("all")
	if err != nil {
		return err
	}
	return reports.KeepVerification(dir, v, p.Description.Source(), formats...)
}
