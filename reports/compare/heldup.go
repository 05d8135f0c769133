package compare

import (
	"slices"

	"github.com/kaizenautomation/andon/reports/metrics"
)

// heldUp is why a figure cannot be told, and heldNote what is said beside one that can.
const (
	heldUp   = "calls were held up where they were sent from, so that the figure may be of that and not of the target"
	heldNote = "Calls were held up where they were sent from. What stands is what the target itself answered or refused, which no late generator makes: " +
		"of errors, only such calls of the new side were counted. Times, and what would have been no worse, cannot be told."
)

// held reports whether the generator itself held up the calls of a run.
func (m *Measured) held() bool { return m.Validity == metrics.GeneratorLimited }

// standing are the shares that can be worse by what the target itself said or did, whoever sent late. Times cannot, and
// nothing can be known to be no worse: what timed out may have been anything.
func (r Row) standing() bool {
	return r.Verdict == Regression && slices.Contains([]string{"errors", "violations", "shed"}, r.Figure)
}

// spoil takes the verdict of a row back.
func (r *Row) spoil() {
	if r.Declared {
		r.Verdict, r.Reason, r.Visible, r.P, r.Runs = Unknown, heldUp, nil, nil, 0
	}
}
