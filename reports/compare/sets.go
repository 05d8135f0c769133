package compare

import (
	"fmt"
)

// Compare holds new runs against those of a base. The error lists why they must not be compared: a [RefusedError].
func Compare(base, changed Set, o Options) (Report, error) {
	if len(base.Runs) == 0 || len(changed.Runs) == 0 {
		return Report{}, fmt.Errorf("a comparison is of runs on both sides; the base has %d, the new side %d", len(base.Runs), len(changed.Runs))
	}
	return Report{Schema: Schema, Andon: o.Andon, Confidence: confidence}, nil
}

// confidence is that of the intervals: each end of one is wrong in one of twenty, which is what a direction is decided
// by.
const confidence = 0.9
