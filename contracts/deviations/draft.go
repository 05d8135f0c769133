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

// Draft writes what is broken in a verification as a file of known deviations. The reasons are left to fill in, without
// which [Parse] takes none of it. Cases that break one rule, and of which one thing is said, stand together.
func Draft(v summary.Verification, now time.Time) []byte {
	type entry struct {
		rule, reason string
		cases        []summary.Check
	}
	var entries []*entry
	for _, c := range v.Checks {
		if c.Verdict != summary.CheckBroken {
			continue
		}
		i := slices.IndexFunc(entries, func(e *entry) bool { return e.rule == c.Rule && e.reason == c.Reason })
		if i < 0 {
			i = len(entries)
			entries = append(entries, &entry{rule: c.Rule, reason: c.Reason})
		}
		if e := entries[i]; !slices.ContainsFunc(e.cases, func(k summary.Check) bool { return k.Name == c.Name }) {
			e.cases = append(e.cases, c)
		}
	}
	until := now.UTC().AddDate(0, 0, lasting).Format(day)
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Known deviations of %s from %s, found on %s.\n", text.Printable(v.Target, 200), text.Printable(v.Description, 200), now.UTC().Format(day))
	b.WriteString("# Each needs a reason in why. What is not to be accepted is taken out; ask may name a ticket.\n")
	if len(entries) == 0 {
		b.WriteString("deviations: []\n")
		return b.Bytes()
	}
	b.WriteString("deviations:\n")
	for _, e := range entries {
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
