package contracts

import (
	"fmt"
	"strings"

	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	oasload "github.com/oasdiff/oasdiff/load"
)

// Severity is what a change of the description means for those who call.
type Severity string

const (
	// Breaking changes break callers that kept the old description.
	Breaking Severity = "breaking"
	// Risky changes can break some of them.
	Risky Severity = "risky"
	// Harmless changes break nobody.
	Harmless Severity = "harmless"
)

// Change is one difference between two descriptions, as oasdiff tells it.
type Change struct {
	// ID is oasdiff's name of the kind of change: request-property-became-required.
	ID       string
	Severity Severity
	// Text says in a sentence what changed.
	Text string
	// Operation is the call that it is about ("POST /agents/execute"); empty where it is none.
	Operation string
}

// Diff lists the differences from an older description to a newer one, the most severe first.
func Diff(older, newer *Description) ([]Change, error) {
	before, err := comparable(older, "the older description")
	if err != nil {
		return nil, err
	}
	after, err := comparable(newer, "the newer description")
	if err != nil {
		return nil, err
	}
	found, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), before, after)
	if err != nil {
		return nil, fmt.Errorf("the descriptions cannot be compared: %w", err)
	}
	say := checker.NewDefaultLocalizer()
	var changes []Change
	for _, level := range []checker.Level{checker.ERR, checker.WARN, checker.INFO} {
		for _, c := range checker.CheckBackwardCompatibilityUntilLevel(checker.NewConfig(checker.GetAllChecks()), found, sources, checker.INFO) {
			if c.GetLevel() != level {
				continue
			}
			changes = append(changes, Change{
				ID: c.GetId(), Text: c.GetUncolorizedText(say), Operation: strings.TrimSpace(c.GetOperation() + " " + c.GetPath()),
				Severity: map[checker.Level]Severity{checker.ERR: Breaking, checker.WARN: Risky, checker.INFO: Harmless}[level],
			})
		}
	}
	return changes, nil
}

// comparable is a description as oasdiff takes it, with what means the same written alike.
func comparable(d *Description, name string) (*oasload.SpecInfo, error) {
	doc, err := secondReading(alike(d.document, d.operation))
	return &oasload.SpecInfo{Url: name, Spec: doc}, err
}
