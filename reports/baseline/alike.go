package baseline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// alike lists all that keeps runs from being of one baseline.
func alike(runs []compare.Measured) (reasons []string) {
	var refused *compare.RefusedError
	if err := compare.Alike(runs); errors.As(err, &refused) {
		return refused.Reasons
	}
	for _, r := range runs[1:] {
		// What is counted by index in each is added up: another version of andon may have labels of its own.
		if !sameLabels(runs[0].Labels, r.Labels) {
			reasons = append(reasons, fmt.Sprintf("the classes, phases or rules of %s are others than those of %s, as another version of andon counts them",
				text.Printable(r.ID, 80), text.Printable(runs[0].ID, 80)))
		}
	}
	return reasons
}

// sameLabels reports whether two runs count by the same labels. A list that was read may be empty where one that was
// made is none, so that what they say is compared.
func sameLabels(a, b results.Labels) bool {
	x, err := json.Marshal(a)
	y, unwritten := json.Marshal(b)
	return err == nil && unwritten == nil && bytes.Equal(x, y)
}

// refused is an error that lists what is in the way, and says what to do.
func refused(what string, reasons []string, do string) error {
	return errors.New(what + ":\n  " + strings.Join(reasons, "\n  ") + "\n" + do)
}
