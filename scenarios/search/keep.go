package search

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
)

// open makes the directory of a search, or opens that of one which is gone on with.
func (s *session) open() (err error) {
	s.record = record{Schema: recordSchema, Started: s.began.UTC(), Parts: s.parts()}
	if s.Resume {
		return s.resume()
	}
	if s.dir = s.Dir; s.dir == "" {
		if _, s.dir, err = results.NewDir(s.Root, "capacity-"+s.Scenario.Name, s.began); err != nil {
			return err
		}
	}
	claimed, err := results.Claim(s.dir, recordFile)
	if err != nil {
		return err
	}
	if err := claimed.Close(); err != nil {
		return &results.PlaceError{Err: err}
	}
	if err := s.hold(); err != nil {
		return err
	}
	s.record.ID = filepath.Base(filepath.Clean(s.dir))
	s.report.Run.ID = s.record.ID
	files := map[string][]byte{"scenario.yaml": s.Scenario.Source, "openapi.yaml": s.Scenario.Description().Source()}
	for name, data := range s.Scenario.Feeders {
		files[name] = data
	}
	for name, data := range files {
		if err := write(filepath.Join(s.dir, filepath.FromSlash(name)), data); err != nil {
			return &results.PlaceError{Err: fmt.Errorf("the search's directory cannot be written: %w", err)}
		}
	}
	if err := s.remember(); err != nil {
		return &results.PlaceError{Err: err}
	}
	return nil
}

// hold keeps the directory of the search for this process, as long as it goes on.
func (s *session) hold() error {
	dir, err := os.Open(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // which whoever reads it says better
	} else if err != nil {
		return fmt.Errorf("the search's directory cannot be opened: %w", err)
	}
	s.held = dir
	if err := regular.Lock(dir); errors.Is(err, regular.ErrLocked) {
		return fmt.Errorf("%s belongs to a search that still goes on, in another process; wait for its end", s.dir)
	}
	return nil
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return regular.Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// resume takes what a search has found before. The trials that have ended are given again when they are asked for;
// those that were cut short count in the budget, and are made again.
func (s *session) resume() error {
	s.dir = s.Dir
	path := filepath.Join(s.dir, recordFile)
	if err := s.hold(); err != nil {
		return err
	}
	var before record
	if err := results.ReadJSON(path, &before); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is no search's directory: it has no %s", s.dir, recordFile)
	} else if err != nil {
		return err
	}
	if before.Schema != recordSchema {
		return fmt.Errorf("%s: expected \"schema\": %q, found %q; another version of andon wrote it", path, recordSchema, text.Printable(before.Schema, 40))
	}
	if other := differ(before.Parts, s.record.Parts); len(other) > 0 {
		return fmt.Errorf("%s is a search for something else: %s; give it what it was begun with, or begin another", s.dir, strings.Join(other, ", "))
	}
	if err := before.check(len(s.thresholds)); err != nil {
		return fmt.Errorf("%s is not as a search writes it; restore it, or begin another search: %w", path, err)
	}
	before.Resumed++
	s.record = before
	r := &s.report
	r.Run.ID, r.Run.Started, r.Run.Resumed = before.ID, before.Started, before.Resumed
	r.Budget.SpentSeconds += before.Waited
	for _, k := range before.Trials {
		r.Trials = append(r.Trials, k.Shown)
		if k.Ended == "" {
			s.replay = append(s.replay, k)
		} else {
			s.spend(k)
		}
	}
	s.orphan(len(before.Trials) + 1)
	s.record.Going = nil
	if err := s.remember(); err != nil {
		return &results.PlaceError{Err: err}
	}
	return nil
}

// orphan counts the calls of trial n, if it has begun and the search was killed before it ended: they were sent.
func (s *session) orphan(n int) {
	dir := filepath.Join(s.dir, filepath.FromSlash(dirOf(n)))
	if _, err := os.Stat(dir); err != nil {
		return
	}
	var shown sizing.Trial
	if going := s.record.Going; going != nil {
		shown = sizing.Trial{Of: going.Of, About: going.About, Step: going.Step, Rate: going.Rate, Callers: going.Callers}
	}
	shown.N, shown.Dir, shown.Outcome, shown.Reason, shown.Shares = n, dirOf(n), sizing.Void, "cut short", make([]float64, len(s.thresholds))
	k := kept{Ended: sizing.EndedInterrupted, Shown: shown}
	// What cannot be read of it is not known to have been sent, unless others were to send it.
	if run, err := results.Open(dir); err != nil && s.record.Going != nil {
		k.Shown.Calls, k.Took = s.record.Going.Calls, s.record.Going.Seconds
	} else if err == nil {
		_, _ = run.Rows(func(r results.Row) error {
			if r.Sent() {
				k.Shown.Calls++
			}
			if r.Outcome() == results.OutcomeAccepted {
				k.Started++
			}
			k.Took = max(k.Took, (r.Due + r.Latency()).Seconds())
			return nil
		})
	}
	s.report.Trials = append(s.report.Trials, k.Shown)
	s.record.Trials = append(s.record.Trials, k)
	s.spend(k)
}

// parts are what all trials of a search share.
func (s *session) parts() (parts []results.Part) {
	for _, p := range s.Scenario.Parts() {
		if p.Name != "load" && p.Name != "arrivals" && p.Name != "limits.calls" {
			parts = append(parts, p)
		}
	}
	target := s.Target.String()
	if s.Embedded {
		target = "embedded"
		parts = append(parts, s.Scenario.Behaviour()...)
	}
	var waived []string
	for _, d := range s.Deviations {
		if !d.Expired {
			waived = append(waived, d.Rules...)
		}
	}
	if s.Need > 0 {
		parts = append(parts, results.Part{Name: "need", Text: fmt.Sprintf("%g/s", s.Need*(1+s.Headroom))})
	}
	return append(parts,
		results.Part{Name: "confidence", Text: text.Percent(s.Confidence)},
		results.Part{Name: "target", Text: text.Public(target)}, results.Part{Name: "seed", Text: fmt.Sprint(s.Seed)},
		results.Part{Name: "arrivals", Text: arrivalsName(s.Arrivals)}, results.Part{Name: "release", Text: s.Release},
		results.Part{Name: "deviations", Text: strings.Join(waived, ", ")})
}

// differ says in which parts two searches differ.
func differ(before, now []results.Part) (list []string) {
	texts := map[string]string{}
	for _, p := range before {
		texts[p.Name] = p.Text
	}
	for _, p := range now {
		if was, there := texts[p.Name]; !there || was != p.Text {
			list = append(list, fmt.Sprintf("%s was %s, and is %s", p.Name, quoted(was), quoted(p.Text)))
		}
		delete(texts, p.Name)
	}
	for _, p := range before {
		if _, gone := texts[p.Name]; gone {
			list = append(list, fmt.Sprintf("%s was %s, and is not there", p.Name, quoted(p.Text)))
		}
	}
	return list
}
