package compare

import (
	"fmt"
	"slices"

	"github.com/kaizenautomation/andon/reports/results"
)

// Document is how a directory keeps a comparison.
func Document() results.Document[Report] {
	return results.Document[Report]{
		File: File, Schema: Schema, Name: "the comparison", Kind: "comparison",
		Most:   32 << 20, // that of many runs of an hour takes less
		Listed: (*Report).listed, Wrong: (*Report).wrong,
	}
}

// listed has every list be there.
func (r *Report) listed() {
	r.Verdict.Causes = results.Listed(r.Verdict.Causes)
	r.Rows, r.Base.Runs, r.New.Runs = results.Listed(r.Rows), results.Listed(r.Base.Runs), results.Listed(r.New.Runs)
	r.Curves = slices.Clone(r.Curves)
	for i := range r.Curves {
		r.Curves[i].Base, r.Curves[i].New = results.Listed(r.Curves[i].Base), results.Listed(r.Curves[i].New)
	}
}

// wrong says what in a report cannot be, of what is shown of it; empty where all can.
func (r *Report) wrong() string {
	if why := r.Verdict.Wrong(); why != "" {
		return why
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
			if why := results.UnknownWord(fmt.Sprintf("/rows/%d/%s", i, of.name), of.word, of.words...); why != "" {
				return why
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
