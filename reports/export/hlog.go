package export

import (
	"fmt"
	"io"
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/text"
)

// HLog writes the latency by second as HdrHistogram's interval logs have it (version 1.3): untagged lines are the whole
// run, and those with a tag are a tier. Warm-ups are left out, as they are of all figures. Histograms are in
// nanoseconds.
func HLog(w io.Writer, started time.Time, run *metrics.Stretches) error {
	w = &text.InertWriter{To: w}
	start := float64(started.UnixMilli()) / 1e3
	_, err := fmt.Fprintf(w, "#[Latency (due to last byte) of a run of andon; lines with a tag are tiers, and parts of the lines without]\n"+
		"#[Histogram log format version 1.3]\n#[StartTime: %.3f (seconds since epoch), %s]\n#[BaseTime: %.3f (seconds since epoch)]\n"+
		"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
		start, started.UTC().Format(time.RFC3339), start)
	if err != nil {
		return err
	}
	return run.EachTier(func(i metrics.TierStretch) error {
		tag := ""
		if i.Tier != "" {
			tag = "Tag=" + text.Token(i.Tier) + ","
		}
		_, err := fmt.Fprintf(w, "%s%.3f,%.3f,%.3f,%s\n", tag, i.StartSeconds, i.Seconds, i.Max*1e3, i.Histogram)
		return err
	})
}
