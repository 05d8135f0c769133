package summary

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

const (
	schema = "andon.summary/3"
	// olderSchema is that of a version which held runs to fewer conditions, and compared nothing.
	olderSchema = "andon.summary/2"
	file        = "summary.json"
)

// Write writes summary.json into a run directory, so that it is there whole or not at all.
func Write(dir string, s Summary) error {
	return results.WriteJSON(filepath.Join(dir, file), s)
}

// ErrDamaged is that summary.json is there and is no JSON document of a summary's: the rows may still tell all that it
// said.
var ErrDamaged = errors.New("the summary is damaged")

// Read reads summary.json from a run directory. The error is fs.ErrNotExist where there is none, and [ErrDamaged] where
// it cannot be read for what it holds.
func Read(dir string) (Summary, error) {
	var s Summary
	path := filepath.Join(dir, file)
	if err := results.ReadJSON(path, &s); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return s, fs.ErrNotExist
		}
		return s, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if s.Schema != schema && s.Schema != olderSchema {
		return s, fmt.Errorf("%s: expected \"schema\": %q, found %q; another version of andon wrote it", path, schema, text.Printable(s.Schema, 40))
	}
	valid := results.UnknownWord("/validity/status", s.Validity.Status, metrics.Valid, metrics.GeneratorLimited, metrics.TargetLimited, metrics.NoData)
	if wrong := cmp.Or(s.Verdict.Wrong(), results.End{Reason: s.Run.End.Reason}.Wrong("/run/end"), valid); wrong != "" {
		return s, fmt.Errorf("%w: %s: %s", ErrDamaged, path, wrong)
	}
	for i := range s.Thresholds {
		t := &s.Thresholds[i]
		// The zero value stands for what this version cannot read.
		t.Parsed, _ = metrics.ParseThreshold(t.Expr)
	}
	return s, nil
}

// Older reports whether an older version of andon wrote s, which decided by fewer conditions.
func (s Summary) Older() bool { return s.Schema == olderSchema }
