package approval

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// maxFile is the most bytes of gate.json that are read.
const maxFile = 4 << 20

// ErrDamaged is that gate.json is there and says nothing that a gate can come to.
var ErrDamaged = errors.New("the answer of the gate is damaged")

// Encode writes a report as gate.json has it.
func Encode(w io.Writer, r Report) error {
	if r.Verdict.Causes == nil {
		r.Verdict.Causes = []string{}
	}
	if r.Parts == nil {
		r.Parts = []Part{}
	}
	if r.Budget.Tiers == nil {
		r.Budget.Tiers = []Tier{}
	}
	return results.WriteSealed(w, func(w io.Writer) error { return results.EncodeJSON(w, r) })
}

// Write writes gate.json into the directory of a gate, so that it is there whole or not at all.
func Write(dir string, r Report) error {
	return regular.Write(filepath.Join(dir, File), func(w io.Writer) error { return Encode(w, r) })
}

// Read reads gate.json from the directory of a gate. The error is fs.ErrNotExist where there is none, and [ErrDamaged]
// where it cannot be read for what it holds.
func Read(dir string) (Report, error) {
	path := filepath.Join(dir, File)
	data, err := regular.Read(path, maxFile)
	if err != nil {
		return Report{}, err
	}
	return parse(path, data)
}

// parse reads a report from its text. The path is for the error.
func parse(path string, data []byte) (Report, error) {
	// What another version knows more of is no reason to say of its file that it is damaged.
	var of struct {
		Schema *string `json:"schema"`
	}
	if json.Unmarshal(data, &of) == nil && of.Schema != nil && *of.Schema != Schema {
		return Report{}, fmt.Errorf("%s: expected \"schema\": %q, found %q; another version of andon wrote it, or it is of no gate", path, Schema, text.Printable(*of.Schema, 40))
	}
	var r Report
	if err := results.ParseJSON(path, data, &r); err != nil {
		return Report{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if why := r.wrong(); why != "" {
		return Report{}, fmt.Errorf("%w: %s: %s", ErrDamaged, path, why)
	}
	return r, nil
}

// wrong says what in a report cannot be; empty where all can.
func (r *Report) wrong() string {
	if r.Schema != Schema {
		return fmt.Sprintf("/schema: expected %q, found nothing", Schema)
	}
	for i, p := range r.Parts {
		at := fmt.Sprintf("/parts/%d", i)
		names := []string{Description, Verify, Load, Compare, Capacity}
		if !slices.Contains(names, p.Name) {
			return fmt.Sprintf("%s/name: unknown word %q; %s", at, text.Printable(p.Name, 40), text.Suggest(p.Name, names, "another version of andon may have written it"))
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
