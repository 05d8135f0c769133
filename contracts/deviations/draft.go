package deviations

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// day is how a file writes one.
const day = "2006-01-02"

// todo begins the reason that a draft leaves to fill in.
const todo = "TODO"

// lasting is how many days the deviations of a draft hold.
const lasting = 90

// Free says why a file of known deviations cannot be written: what people wrote is never overwritten.
func Free(file string) error {
	if file == "-" {
		return errors.New("- is no file, and standard output has the report: name a file, such as known.yaml (or ./-)")
	}
	switch _, err := os.Lstat(file); {
	case err == nil:
		return fmt.Errorf("%s is there already, and known deviations are never overwritten: name another file, or move it away", file)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	info, err := os.Stat(filepath.Dir(file))
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no directory", filepath.Dir(file))
	}
	return err
}

// Write writes a [Draft] to a file that is not there yet, and says how many checks are in it.
func Write(file string, v summary.Verification, now time.Time) (broken int, err error) {
	if err := Free(file); err != nil {
		return 0, err
	}
	return v.Count(summary.CheckBroken), regular.Write(file, func(w io.Writer) error {
		_, err := w.Write(Draft(v, now))
		return err
	})
}

// entry is a deviation of a draft: the cases that break one rule, by what seems to be one habit of the target.
type entry struct {
	rule, reason string
	cases        []summary.Check
}

// entries are what is broken in a verification. What was found alike is one, and so is what was taken though it breaks
// one rule: all nulls where there may be none, say, wherever they stand.
func entries(v summary.Verification) (all []*entry) {
	type habit struct {
		rule, breaks, authority string
		finding                 int
	}
	by := map[habit]*entry{}
	for i, f := range summary.Findings(v.Checks, summary.CheckBroken) {
		for _, c := range f.Checks {
			h := habit{rule: c.Rule, finding: i + 1}
			if c.Breaks != "" && c.Status/100 == 2 {
				h = habit{rule: c.Rule, breaks: c.Breaks, authority: c.Authority}
			}
			e := by[h]
			if e == nil {
				e = &entry{rule: c.Rule, reason: c.Reason}
				by[h], all = e, append(all, e)
			}
			if !slices.ContainsFunc(e.cases, func(k summary.Check) bool { return k.Name == c.Name }) {
				e.cases = append(e.cases, c)
			}
		}
	}
	return all
}

// Draft writes what is broken in a verification as a file of known deviations. The reasons are left to fill in, without
// which [Parse] takes none of it.
func Draft(v summary.Verification, now time.Time) []byte {
	until := now.UTC().AddDate(0, 0, lasting).Format(day)
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Known deviations of %s from %s, found on %s.\n", text.Printable(v.Target, 200), text.Printable(v.Description, 200), now.UTC().Format(day))
	b.WriteString("# Each needs a reason in why. What is not to be accepted is taken out; ask may name a ticket.\n")
	list := entries(v)
	if len(list) == 0 {
		b.WriteString("deviations: []\n")
		return b.Bytes()
	}
	b.WriteString("deviations:\n")
	for _, e := range list {
		fmt.Fprintf(&b, "  # %s\n  - cases:\n", text.Printable(e.reason, 300))
		for _, c := range e.cases {
			fmt.Fprintf(&b, "      - %s", quoted(literal(c.Name)))
			if c.Proves != "" {
				fmt.Fprintf(&b, " # %s", text.Printable(c.Proves, 100))
			}
			b.WriteByte('\n')
		}
		if e.rule != "" {
			fmt.Fprintf(&b, "    rules: [%s]\n", quoted(literal(e.rule)))
		}
		fmt.Fprintf(&b, "    why: %s\n    until: %s\n", quoted(todo+": say why this is accepted"), until)
	}
	return b.Bytes()
}

// literal is the pattern that matches a name alone.
func literal(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// quoted writes a text in YAML: plain ones between single quotes, and the rest as JSON, which YAML reads as well.
func quoted(s string) string {
	if s != "" && text.Printable(s, len(s)+1) == s && strings.TrimSpace(s) == s {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	b, _ := json.Marshal(s) // a string
	return string(b)
}
