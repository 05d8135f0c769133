package export

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/text"
)

// SecondsCSV writes a line for each second, phase and class in which a call was due, warm-ups among them. Times are in
// seconds, and empty where the samples cannot tell them. There is a column for every status, kind of error and rule
// that was met. Nothing in it is a text of the provider's. Names are the description's and the scenario's: one that a
// spreadsheet would take for a formula begins with an apostrophe.
func SecondsCSV(w io.Writer, run *metrics.Stretches) error {
	statuses, errors, rules := run.Names()
	out := csv.NewWriter(&text.InertWriter{To: w})
	line := []string{"start_s", "seconds", "phase", "warmup", "class", "tier", "content", "due", "sent", "completed", "ok", "errors",
		"violations", "dropped", "accepted", "shed", "refused", "latency_p50_s", "latency_p90_s", "latency_p99_s", "latency_max_s"}
	for _, s := range statuses {
		line = append(line, "status_"+s)
	}
	for _, e := range errors {
		line = append(line, "error_"+e)
	}
	for _, r := range rules {
		line = append(line, "rule_"+text.Printable(r, 100))
	}
	if err := out.Write(line); err != nil {
		return err
	}
	number := func(n uint64) string { return strconv.FormatUint(n, 10) }
	err := run.Each(func(i metrics.Stretch) error {
		line = append(line[:0], decimal(&i.StartSeconds), decimal(&i.Seconds), cell(i.Phase.Name), strconv.FormatBool(i.Phase.Warmup),
			cell(i.Class.Name), cell(i.Class.Tier), cell(i.Class.Content),
			number(i.Due), number(i.Sent), number(i.Completed), number(i.OK), number(i.Counts.Errors), number(i.Counts.Violations), number(i.Dropped),
			number(i.Accepted), number(i.Shed), number(i.Refused),
			decimal(i.P50), decimal(i.P90), decimal(i.P99), decimal(i.Max))
		for _, s := range statuses {
			line = append(line, number(i.Status[s]))
		}
		for _, e := range errors {
			line = append(line, number(i.Errors[e]))
		}
		for _, r := range rules {
			line = append(line, number(i.Violations[r]))
		}
		return out.Write(line)
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// decimal writes a figure without an exponent, and nothing where there is none.
func decimal(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

// cell is a name in a table that a spreadsheet may open.
func cell(name string) string {
	name = text.Printable(name, 200)
	if name != "" && strings.IndexByte("=+-@", name[0]) >= 0 {
		return "'" + name
	}
	return name
}
