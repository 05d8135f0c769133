package results

import "io"

// WriteArrow writes the rows of runs of the same labels, one run after the other, as a stream of Arrow without a codec,
// in the columns of hits.arrow: Arrow's JavaScript library and DuckDB in a browser have none. The due times of each run
// count from its own start.
func WriteArrow(w io.Writer, runs ...*Run) error {
	out := newHitsWriter(w, runs[0].Manifest, false)
	for _, r := range runs {
		if err := r.Batches(Each(out.add)); err != nil {
			return err
		}
	}
	return out.close()
}
