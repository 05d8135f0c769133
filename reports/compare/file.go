package compare

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// maxFile is the most bytes of comparison.json that are read. That of many runs of an hour takes less.
const maxFile = 32 << 20

// ErrDamaged is that comparison.json is there and says nothing that a comparison can come to.
var ErrDamaged = errors.New("the comparison is damaged")

// Encode writes a report as comparison.json has it.
func Encode(w io.Writer, r Report) error {
	r.Verdict.Causes = listed(r.Verdict.Causes)
	r.Rows, r.Base.Runs, r.New.Runs = listed(r.Rows), listed(r.Base.Runs), listed(r.New.Runs)
	r.Curves = slices.Clone(r.Curves)
	for i := range r.Curves {
		r.Curves[i].Base, r.Curves[i].New = listed(r.Curves[i].Base), listed(r.Curves[i].New)
	}
	return results.WriteSealed(w, func(w io.Writer) error { return results.EncodeJSON(w, r) })
}

// listed is a list that is there, also where nothing is on it: whoever reads JSON need not ask.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Write writes comparison.json into a directory, so that it is there whole or not at all.
func Write(dir string, r Report) error {
	return regular.Write(filepath.Join(dir, File), func(w io.Writer) error { return Encode(w, r) })
}

// Read reads comparison.json from a directory. The error is fs.ErrNotExist where there is none, and [ErrDamaged] where
// it cannot be read for what it holds.
func Read(dir string) (Report, error) {
	path := filepath.Join(dir, File)
	data, err := regular.Read(path, maxFile)
	if err != nil {
		return Report{}, err
	}
	// What another version knows more of is no reason to say of its file that it is damaged.
	var of struct {
		Schema *string `json:"schema"`
	}
	if json.Unmarshal(data, &of) == nil && of.Schema != nil && *of.Schema != Schema {
		return Report{}, fmt.Errorf("%s: expected \"schema\": %q, found %q; another version of andon wrote it, or it is of no comparison", path, Schema, text.Printable(*of.Schema, 40))
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

// wrong says what in a report cannot be, of what is shown of it; empty where all can.
func (r *Report) wrong() string {
	codes := map[string]int{summary.Pass: 0, summary.Fail: 1, summary.NoVerdict: 3}
	if code, known := codes[r.Verdict.Status]; !known || code != r.Verdict.ExitCode {
		return fmt.Sprintf("/verdict: expected pass, fail or no-verdict with the exit code 0, 1 or 3, found %q with %d", text.Printable(r.Verdict.Status, 40), r.Verdict.ExitCode)
	}
	if r.Schema != Schema {
		return fmt.Sprintf("/schema: expected %q, found nothing", Schema)
	}
	if !(r.Confidence > 0 && r.Confidence < 1) {
		return fmt.Sprintf("/confidence: expected more than 0 and less than 1, found %v", r.Confidence)
	}
	for i, row := range r.Rows {
		for _, of := range []struct {
			name, word string
			words      []string
		}{
			{"kind", row.Kind, []string{All, Tier, Content, Class, Phase, Part}}, {"unit", row.Unit, []string{Seconds, Share, PerSecond}},
			{"verdict", row.Verdict, append(verdicts(), Looked)},
		} {
			if !slices.Contains(of.words, of.word) {
				return fmt.Sprintf("/rows/%d/%s: unknown word %q; %s", i, of.name, text.Printable(of.word, 40), text.Suggest(of.word, of.words, "another version of andon may have written it"))
			}
		}
		if row.Low != nil && row.High != nil && *row.Low > *row.High {
			return fmt.Sprintf("/rows/%d: expected a low end that is not above the high one", i)
		}
		if row.Declared == (row.Verdict == Looked) {
			return fmt.Sprintf("/rows/%d: expected a verdict of what is declared, and %q of what is not, found %q", i, Looked, row.Verdict)
		}
	}
	return ""
}
