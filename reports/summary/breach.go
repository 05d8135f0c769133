package summary

import (
	"fmt"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// breached reports whether something was found that is the target's doing however the generator did: answers that broke
// the contract, or answers that were failures, more of them than a condition allows.
func (s *Summary) breached() bool {
	for _, t := range s.Thresholds {
		if t.OK || t.Samples == 0 {
			continue
		}
		switch by := t.Parsed.Selectors(); {
		case t.Parsed.Metric() == "violations":
			return true
		case t.Parsed.Metric() != "errors":
		case by["error"] != "":
			if answered(by["error"]) {
				return true
			}
		case by == nil:
			found, op, limit := float64(s.failures()), "", 0.0
			if op, limit = t.Parsed.Limit(); t.Unit == metrics.Ratio {
				found /= float64(max(s.Total.Sent, 1))
			}
			if found > limit || op == "<" && found == limit && found > 0 {
				return true
			}
		}
	}
	return false
}

// failures counts the answers of the target that were errors.
func (s *Summary) failures() (n uint64) {
	for kind, count := range s.Total.Errors {
		if answered(kind) {
			n += count
		}
	}
	return n
}

// answered reports whether calls of this kind of error had an answer of the target.
func answered(kind string) bool {
	for k, name := range results.KindNames() {
		if name == kind {
			return results.Row{Error: results.Kind(k)}.Completed()
		}
	}
	return false
}

// noSuccess says that no call succeeded, and what came back instead; nothing where one did, or none was sent.
func (s *Summary) noSuccess() string {
	if s.Total.OK > 0 || s.Total.Sent == 0 || s.Validity.Status == metrics.NoData {
		return ""
	}
	said := fmt.Sprintf("no call succeeded: all %s that were sent failed", text.Count(s.Total.Sent))
	if s.Total.Completed > 0 {
		return said
	}
	var kinds []string
	for _, name := range MostFirst(s.Total.Errors) {
		one := fmt.Sprintf("%s %s", text.Count(s.Total.Errors[name]), name)
		if x, ok := s.Example(func(x results.Sample) bool { return x.Kind == name }); ok && len(kinds) < 3 {
			one += ": " + text.Printable(x.Message, 200)
		}
		kinds = append(kinds, one)
	}
	return said + ". The target was reached, and gave not one whole response (" + strings.Join(kinds, "; ") + ")"
}
