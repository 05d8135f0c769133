package export

import (
	"fmt"
	"io"
	"math"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// HGRM writes a percentile curve, in milliseconds, as HdrHistogram's percentile files have it. A percentile that the
// samples cannot support has no line; the last line is the maximum.
func HGRM(w io.Writer, d histogram.Curve) error {
	if _, err := fmt.Fprintf(w, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)"); err != nil {
		return err
	}
	for _, s := range d.Steps {
		rest := "inf"
		if s.Quantile < 1 {
			rest = fmt.Sprintf("%.2f", 1/(1-s.Quantile))
		}
		if _, err := fmt.Fprintf(w, "%12.6f %2.12f %10d %14s\n", s.Value*1e3, s.Quantile, s.Samples, rest); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "#[Mean    = %12.6f, StdDeviation   = %12.6f]\n#[Max     = %12.6f, Total count    = %12d]\n#[Buckets = %12d, SubBuckets     = %12d]\n",
		milliseconds(d.Mean), d.Deviation*1e3, milliseconds(d.Max), d.Samples, 26, 2048)
	return err
}

func milliseconds(s *float64) float64 {
	if s == nil {
		return math.NaN()
	}
	return *s * 1e3
}
