package reports_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

func open(t *testing.T, dirs ...string) *reports.Model {
	t.Helper()
	m, err := reports.Open(dirs...)
	if err != nil {
		t.Fatal(err)
	}
	all, err := reports.Choose("json")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Read(all...); err != nil {
		t.Fatal(err)
	}
	return m
}

// What was made while the run went on is made again of its directory: of the Arrow file, and of the journal where that
// is damaged or gone.
func TestFollowedRunIsReportedAgain(t *testing.T) {
	dir := reportstest.FollowedDir(t)
	want := reportstest.Followed(t)
	if got := open(t, dir).Summary; !reflect.DeepEqual(got.Executions, want.Executions) || !reflect.DeepEqual(got.Verdict, want.Verdict) {
		t.Errorf("%+v\n%+v", got.Executions, want.Executions)
	}
	arrow := filepath.Join(dir, "executions.arrow")
	data, _ := os.ReadFile(arrow)
	data[len(data)/2] ^= 1
	_ = os.WriteFile(arrow, data, 0o666)
	m := open(t, dir)
	if got := m.Summary; !reflect.DeepEqual(got.Executions, want.Executions) {
		t.Errorf("%+v\n%+v", got.Executions, want.Executions)
	}
	if damage := m.Damage(); len(damage) != 1 || !strings.Contains(damage[0], arrow+", batch 1, from byte 0") {
		t.Errorf("%q", damage)
	}
	for _, name := range []string{"executions.arrow", "executions.sums.jsonl", "following.json"} {
		_ = os.Remove(filepath.Join(dir, name))
	}
	if got := open(t, dir).Summary.Executions; got.End != executions.EndCut || got.Total != want.Executions.Total && !reflect.DeepEqual(got.Total, want.Executions.Total) {
		t.Errorf("%+v", got)
	}
	journal := filepath.Join(dir, "executions.jsonl")
	text, _ := os.ReadFile(journal)
	_ = os.WriteFile(journal, text[:len(text)-9], 0o666)
	m = open(t, dir)
	if got := m.Summary.Executions; got.Total.Accepted != want.Executions.Total.Accepted-1 {
		t.Errorf("%d of %d", got.Total.Accepted, want.Executions.Total.Accepted)
	}
	if damage := m.Damage(); len(damage) != 1 || !strings.Contains(damage[0], journal+":") || !strings.Contains(damage[0], "it was not written to its end") {
		t.Errorf("%q", damage)
	}
	_ = os.Remove(journal)
	// Where nothing is left of them, nothing is said of them, and that it is missing.
	m = open(t, dir)
	if damage := m.Damage(); m.Summary.Executions != nil || len(damage) != 1 || !strings.Contains(damage[0], "is missing") {
		t.Errorf("%+v, %q", m.Summary.Executions, damage)
	}
}

// The verdict names what was broken, and why; what was not seen is a note.
func TestFollowedVerdict(t *testing.T) {
	s := reportstest.Followed(t)
	said := strings.Join(s.Verdict.Causes, "\n") + "\n" + strings.Join(s.Notes(), "\n")
	for _, want := range []string{
		"count(lost) == 0: found 2", "backlog(growth) <= 0/s: found ", "the provider told of executions what cannot be",
		"were said to go on after they had ended", "the time for following was over", "The ids are in executions.csv",
	} {
		if !strings.Contains(strings.ToLower(said), strings.ToLower(want)) {
			t.Errorf("%q is not in\n%s", want, said)
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	schema, _ := os.ReadFile("summary.schema.json")
	if err := reportstest.Compiled(t, schema).Validate(document); err != nil {
		t.Error(err)
	}
	if s.Verdict.Status != summary.Fail || s.Verdict.ExitCode != 1 {
		t.Errorf("%+v", s.Verdict)
	}
	var broken []string
	for _, c := range s.Checks().Checks {
		if c.Verdict == summary.CheckBroken {
			broken = append(broken, c.Name)
		}
	}
	if !strings.Contains(strings.Join(broken, "\n"), "no execution did what cannot be") {
		t.Errorf("%q", broken)
	}
}

// That a backlog grows is the target's doing, however late the generator was; that all is well is not known then.
func TestGrowthStands(t *testing.T) {
	m := reportstest.Following()
	m.Thresholds = m.Thresholds[len(m.Thresholds)-1:]
	rows := reportstest.Rows(m, reportstest.Mixed)
	list := reportstest.Executions(m, rows)
	var lite []results.Execution
	for i := range list {
		x := &list[i]
		x.Faults = 0
		if m.Labels.Classes[x.Class].Tier == "Lite" && x.Ended > 0 {
			lite = append(lite, *x)
		}
	}
	for _, c := range []struct {
		list []results.Execution
		want string
	}{{list, summary.Fail}, {lite, summary.NoVerdict}} {
		agg := reportstest.Aggregate(t, m, func(r *results.Row) { reportstest.Mixed(r); r.Lag, r.OwnLag = 2, 2 })
		agg.Follow(executions.Of(c.list, reportstest.About(m)))
		if s := summary.Summarize(m, nil, nil, reportstest.Finished(245.5), agg); s.Verdict.Status != c.want || s.Validity.Status != metrics.GeneratorLimited {
			t.Errorf("%+v, expected %s; %s", s.Verdict, c.want, s.Validity.Status)
		}
	}
}

// Every execution that did not complete is in the list, with what its id has that is no text made harmless.
func TestUnfinishedAreListed(t *testing.T) {
	dir := reportstest.FollowedDir(t)
	data, err := os.ReadFile(filepath.Join(dir, "executions.csv"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := reports.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	csv, err := reports.Choose("csv")
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if err := m.Read(csv...); err != nil {
		t.Fatal(err)
	}
	if _, err := csv[0].Files(out, m); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(filepath.Join(out, "executions.csv")); err != nil || !bytes.Equal(again, data) {
		t.Errorf("%v: the list is not the same again:\n%.1000s", err, again)
	}
	f := reportstest.Followed(t).Executions.Total
	lines := bytes.Count(data, []byte("\n"))
	if want := int(f.Accepted - f.Completed); lines < 1+want || bytes.ContainsAny(data, "\x1b\x00") {
		t.Errorf("%d lines for %d executions:\n%.2000s", lines, want, data)
	}
}

// Several runs are one: their executions add up. Those that were followed in another way are no run together.
func TestFollowedRunsMerge(t *testing.T) {
	a, b := reportstest.FollowedDir(t), reportstest.FollowedDir(t)
	manifest := filepath.Join(b, "run.json")
	text, _ := os.ReadFile(manifest)
	change := func(old, by string) {
		t.Helper()
		var m map[string]any
		if err := json.Unmarshal(bytes.Replace(text, []byte(old), []byte(by), 1), &m); err != nil {
			t.Fatal(err)
		}
		delete(m, "crc32c")
		text, _ = json.Marshal(m)
		if err := os.WriteFile(manifest, text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	change(`2026-11-23T21:48:00Z`, `2026-11-23T22:48:00Z`)
	one, both := open(t, a).Summary.Executions, open(t, a, b).Summary.Executions
	if both.Total.Accepted != 2*one.Total.Accepted || both.Total.Lost != 2*one.Total.Lost || both.Backlog.Peak != one.Backlog.Peak ||
		both.Total.Completion.P95.Low != one.Total.Completion.P95.Low || both.Total.PerSecond != one.Total.PerSecond ||
		both.Backlog.Growth.PerSecond != one.Backlog.Growth.PerSecond || both.Polls.Sent != 2*one.Polls.Sent || both.Polls.Share != one.Polls.Share {
		t.Errorf("%+v\n%+v", one, both)
	}
	change(`2026-11-23T22:48:00Z`, `2026-11-23T21:48:01Z`)
	both = open(t, a, b).Summary.Executions
	if both.Backlog.Peak.High < 2*one.Backlog.Peak.High-2 || both.Backlog.Growth.PerSecond < 1.99*one.Backlog.Growth.PerSecond {
		t.Errorf("side by side: %+v\n%+v", one.Backlog, both.Backlog)
	}
	change(`POST /executions/get`, `GET /v1/runs/{id}`)
	if _, err := reports.Open(a, b); err == nil || !strings.Contains(err.Error(), "executions are followed by POST /executions/get, 100 % of them in the one, followed by GET /v1/runs/{id}") {
		t.Error(err)
	}
}
