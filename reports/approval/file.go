package approval

import (
	"fmt"
	"path/filepath"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Document is how the directory of a gate keeps its answer.
func Document() results.Document[Report] {
	return results.Document[Report]{
		File: File, Schema: Schema, Name: "the answer of the gate", Kind: "gate",
		Most:   4 << 20,
		Listed: (*Report).listed, Wrong: (*Report).wrong,
	}
}

// listed has every list be there.
func (r *Report) listed() {
	r.Verdict.Causes, r.Parts, r.Budget.Tiers = results.Listed(r.Verdict.Causes), results.Listed(r.Parts), results.Listed(r.Budget.Tiers)
	if r.Against != nil {
		b := *r.Against
		b.Tiers, r.Against = results.Listed(b.Tiers), &b
	}
}

// wrong says what in a report cannot be; empty where all can.
func (r *Report) wrong() string {
	for i, p := range r.Parts {
		at := fmt.Sprintf("/parts/%d", i)
		if why := results.UnknownWord(at+"/name", p.Name, Description, Verify, Load, Compare, Capacity); why != "" {
			return why
		}
		if p.Before != nil && Word(p.Before.Outcome) == "" || Word(p.Outcome) == "" {
			return fmt.Sprintf("%s/outcome: expected pass, fail, no-verdict or left-out, found %q", at, text.Printable(p.Outcome, 40))
		}
		if p.Dir != "" && !filepath.IsLocal(filepath.FromSlash(p.Dir)) {
			return fmt.Sprintf("%s/dir: expected a directory below the gate's, found %q", at, text.Printable(p.Dir, 100))
		}
	}
	decided := *r
	decided.Decide()
	if v := decided.Verdict; v.Status != r.Verdict.Status || v.ExitCode != r.Verdict.ExitCode {
		return fmt.Sprintf("/verdict: expected %s with the exit code %d, by the parts, found %q with %d", v.Status, v.ExitCode, text.Printable(r.Verdict.Status, 40), r.Verdict.ExitCode)
	}
	return ""
}
