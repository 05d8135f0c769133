package reports

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// written is the directory of shard i of 4, whose machine's clock is so many minutes late: every fourth of the rows,
// and ids that no other has. change may make another of it.
func written(t *testing.T, i int, change func(*results.Manifest)) string {
	t.Helper()
	m := reportstest.Manifest()
	m.Andon = "v1"
	m.Labels.Rules = append(m.Labels.Rules, "repeated-executionId")
	m.Shard = &results.Shard{Group: "g", Index: i, Of: 4, Plan: "plan", Start: m.Started}
	m.ID, m.InFlight = "run", 10+i
	m.Started = m.Started.Add(time.Duration(i) * time.Minute)
	if change != nil {
		change(&m)
	}
	dir := filepath.Join(t.TempDir(), "run")
	w, err := results.Create(dir, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, row := range reportstest.Rows(m, nil) {
		if k%4 != i {
			continue
		}
		if row.N = uint32(k); w.Add(row) != nil || w.Given(row.N, "id-"+string(rune('0'+i))+row.Due.String()) != nil {
			t.Fatal("a row cannot be kept")
		}
	}
	if i == 3 {
		_, _ = w.Given(7, "twice"), w.Given(8, "twice")
	} else if i == 1 {
		_ = w.Given(1, "twice")
	}
	if err := w.Close(results.End{Reason: results.Finished, Seconds: 55 + float64(i)}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func merged(t *testing.T, dirs ...string) summary.Summary {
	t.Helper()
	m, err := Open(dirs...)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, m)
}

// read is the summary of a model, which keeps its schema.
func read(t *testing.T, m *Model) summary.Summary {
	t.Helper()
	f, _ := Choose("json")
	if err := m.Read(f...); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(m.Summary)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	if err := reportstest.Compiled(t, SummarySchema).Validate(document); err != nil {
		t.Errorf("the summary does not keep its schema: %v", err)
	}
	return m.Summary
}

// Shards are one run, whatever the clocks of their machines say: as long as the longest of them, with the limits of
// all, and every call of the whole.
func TestShardsAreOneRun(t *testing.T) {
	var dirs []string
	for i := range 4 {
		dirs = append(dirs, written(t, i, nil))
	}
	s := merged(t, dirs...)
	want := reportstest.Aggregate(t, reportstest.Manifest(), nil).Total(60)
	of := s.Run.Merged
	if s.Total.Sent != want.Sent || *s.Total.Latency.P99 != *want.Latency.P99 || !of.SideBySide || s.Run.DurationSeconds != 58 || s.Run.InFlight != 46 || !s.Run.Started.Equal(reportstest.Manifest().Started) {
		t.Errorf("%d of %d sent, p99 %v of %v, in %v s since %s, %d in flight", s.Total.Sent, want.Sent, *s.Total.Latency.P99, *want.Latency.P99, s.Run.DurationSeconds, s.Run.Started, s.Run.InFlight)
	}
	if of.Shards == nil || of.Shards.Of != 4 || len(of.Shards.Missing) != 0 || of.Shards.Repeated != 1 || of.Shards.Example != "call 1 of shard 1 and call 7 of shard 3 were given the same one" {
		t.Errorf("%+v", of.Shards)
	}
	if said := strings.Join(s.Verdict.Causes, " "); s.Verdict.ExitCode != 1 || !strings.Contains(said, "came to 1 call: call 1 of shard 1 and") {
		t.Errorf("%+v", s.Verdict)
	}
	for _, c := range s.Checks().Checks {
		if c.Name == "repeated-executionId" && c.Verdict != summary.CheckBroken {
			t.Errorf("%+v", c)
		}
	}
	for _, c := range []struct {
		dirs []string
		says string
	}{
		{dirs[:3], "Shard 3 of 4 is missing"},
		{[]string{dirs[1], dirs[3]}, "Shards 0 and 2 of 4 are missing"},
	} {
		s := merged(t, c.dirs...)
		if said := strings.Join(s.Verdict.Causes, " "); s.Verdict.Status != summary.NoVerdict || s.Verdict.ExitCode != 3 || !strings.HasPrefix(said, c.says) {
			t.Errorf("%+v, want %q", s.Verdict, c.says)
		}
	}
}

// What is home of a run is reported as that run: one shard of four is no pass, and one of one is all of it.
func TestShardsOfWhichOneIsThere(t *testing.T) {
	for of, says := range map[int]string{4: "Shards 1, 2 and 3 of 4 are missing", 1: "rate(answered) > 1000000/s"} {
		m, err := OpenShards(written(t, 0, func(m *results.Manifest) {
			m.Shard.Of = of
			m.Thresholds = []results.Threshold{{Expr: "rate(answered) > 1000000/s"}}
		}))
		if err != nil {
			t.Fatal(err)
		}
		s := read(t, m)
		if said := strings.Join(s.Verdict.Causes, " "); s.Verdict.Status == summary.Pass || !strings.Contains(said, says) || s.Run.Shard != nil || s.Thresholds[0].Left {
			t.Errorf("of %d: %+v, %+v", of, s.Verdict, s.Thresholds)
		}
		if notes := strings.Join(s.Notes(), " "); !strings.Contains(notes, "Of the run g there is one shard: shard 0 (run)") {
			t.Errorf("of %d: %s", of, notes)
		}
	}
	// Given to andon report as it is, the one shard of one leaves nothing to others either.
	s := merged(t, written(t, 0, func(m *results.Manifest) {
		m.Shard.Of = 1
		m.Thresholds = []results.Threshold{{Expr: "rate(answered) > 1000000/s"}}
	}))
	if s.Verdict.Status != summary.Fail || s.Thresholds[0].Left {
		t.Errorf("%+v, %+v", s.Verdict, s.Thresholds)
	}
}

// A shard alone judges what it can judge, and leaves the rest to all of them.
func TestShardAlone(t *testing.T) {
	conditions := map[string]string{ // found on a whole of 4 times as many
		"rate(answered) > 1/s": "left", "rate(answered) < 1/s": "broken", "rate(answered) < 1000000/s": "left", "count(errors) < 1000000": "left", "count(violations) == 0": "held",
		"p50(latency) < 60m": "held", "p50(latency) < 1us": "broken", "p99.99(latency) < 60m": "left", "rate(errors) < 100%": "held",
	}
	s := merged(t, written(t, 0, func(m *results.Manifest) {
		m.Thresholds = nil
		for expr := range conditions {
			m.Thresholds = append(m.Thresholds, results.Threshold{Expr: expr})
		}
	}))
	for _, c := range s.Thresholds {
		want, asked := conditions[c.Expr]
		found := map[bool]string{true: "held", false: "broken"}[c.OK]
		if c.Left {
			found = "left"
		}
		if asked && found != want {
			t.Errorf("%s is %s, want %s: %+v", c.Expr, found, want, c.Outcome)
		}
	}
	if s.Run.Shard == nil || s.Run.Shard.Of != 4 || !strings.Contains(strings.Join(s.Notes(), " "), "shard 0/4 of the run g: its calls are 25.0 % of the whole") {
		t.Errorf("%+v, %s", s.Run.Shard, s.Notes())
	}
}

// What is no part of the same run is refused, and what differs is named.
func TestShardsOfOther(t *testing.T) {
	first := written(t, 0, nil)
	for want, other := range map[string]string{
		"are both shard 0/4, and its calls would count twice":    written(t, 0, nil),
		"the seed is 7 in the one, 9 in the other":               written(t, 1, func(m *results.Manifest) { m.Seed, m.Shard.Plan = 9, "other" }),
		"the version of andon is v1 in the one, v2 in the other": written(t, 1, func(m *results.Manifest) { m.Andon, m.Shard.Plan = "v2", "other" }),
		"the timeout is ":   written(t, 1, func(m *results.Manifest) { m.TimeoutSeconds, m.Shard.Plan = 7, "other" }),
		"two runs, g and h": written(t, 1, func(m *results.Manifest) { m.Shard.Group = "h" }),
		"which began at":    written(t, 1, func(m *results.Manifest) { m.Shard.Group, m.Shard.Start = "h", m.Shard.Start.Add(time.Second) }),
		"a shard of 4 and the other of 5, so that calls are in":    written(t, 1, func(m *results.Manifest) { m.Shard.Of = 5 }),
		"the one is a shard of a run on several machines and the ": written(t, 1, func(m *results.Manifest) { m.Shard = nil }),
	} {
		if _, err := Open(first, other); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := Open(first, first); err == nil || !strings.Contains(err.Error(), "both shard 0/4") {
		t.Error(err)
	}
}

// Whether an id came twice is not told without all of them.
func TestShardsIDsAreLost(t *testing.T) {
	for _, c := range []struct {
		says  string
		spoil func(string) error
	}{
		{"is not there", os.Remove},
		{"is damaged at byte 16", func(path string) error {
			data, err := os.ReadFile(path)
			data[20] ^= 1
			_ = os.WriteFile(path, data, 0o666)
			return err
		}},
		{"no whole executionId", func(path string) error { return os.Truncate(path, 35) }},
		{"is damaged: it has 2 executionIds, and ", func(path string) error { return os.Truncate(path, 32) }},
	} {
		a, b := written(t, 0, func(m *results.Manifest) { m.Shard.Of = 2 }), written(t, 1, func(m *results.Manifest) { m.Shard.Of = 2 })
		if err := c.spoil(filepath.Join(b, "ids.bin")); err != nil {
			t.Fatal(err)
		}
		s := merged(t, a, b)
		if said := strings.Join(s.Verdict.Causes, " "); s.Verdict.ExitCode != 3 || !strings.Contains(said, "cannot be told: ") || !strings.Contains(said, c.says) {
			t.Errorf("%+v, want %q", s.Verdict, c.says)
		}
	}
}
