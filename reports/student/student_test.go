package student_test

import (
	"math"
	"testing"

	"github.com/kaizenautomation/andon/reports/student"
)

// TestPercentile holds the percentiles against the table of M. Abramowitz and I. A. Stegun, 26.10.
func TestPercentile(t *testing.T) {
	for _, c := range []struct {
		p       float64
		freedom int
		want    float64
	}{
		{0.75, 1, 1.000}, {0.975, 1, 12.706}, {0.975, 2, 4.303}, {0.975, 3, 3.182}, {0.975, 4, 2.776}, {0.995, 5, 4.032}, {0.9975, 6, 4.317},
		{0.975, 7, 2.365}, {0.95, 10, 1.812}, {0.995, 20, 2.845}, {0.975, 29, 2.045}, {0.975, 120, 1.980}, {0.975, 100_000, 1.959964},
	} {
		if got := student.Percentile(c.p, c.freedom); math.Abs(got-c.want) > 0.0006 {
			t.Errorf("Percentile(%g, %d) = %.4f, expected %.3f", c.p, c.freedom, got, c.want)
		}
	}
}
