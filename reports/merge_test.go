package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// shard is the reportstest.Manifest of run i of several of the same plan, which start together.
func shard(i int) results.Manifest {
	m := reportstest.Manifest()
	m.ID += string(rune('a' + i))
	m.Seed = uint64(i)
	m.Started = m.Started.Add(time.Duration(i) * 200 * time.Millisecond)
	return m
}

var anyRow = rapid.Custom(func(t *rapid.T) results.Row {
	seconds := rapid.OneOf(rapid.Float32Range(0, 0.01), rapid.Float32Range(0, 40))
	r := results.Row{
		N: rapid.Uint32Range(0, 1e6).Draw(t, "n"), Due: time.Duration(rapid.Int64Range(0, 55e9).Draw(t, "due")),
		Lag: seconds.Draw(t, "lag"), Service: seconds.Draw(t, "service"), Status: rapid.SampledFrom([]uint16{0, 200, 400, 500, 999}).Draw(t, "status"),
		Class: rapid.Uint16Range(0, 4).Draw(t, "class"), Phase: rapid.Uint8Range(0, 2).Draw(t, "phase"),
		Error: results.Kind(rapid.IntRange(0, len(results.KindNames())-1).Draw(t, "kind")), Rule: rapid.Uint8Range(0, 3).Draw(t, "rule"),
		BytesIn: rapid.Uint32().Draw(t, "in"), BytesOut: 7,
	}
	r.OwnLag = r.Lag * rapid.SampledFrom([]float32{0, 0, 1}).Draw(t, "own")
	return r
})

// Merged runs are one run that had all calls: every count, percentile, threshold and point of the timeline; and a
// percentile is that of one histogram which was given all of them.
func TestMergeIsExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := shard(0), shard(1)
		rows := [2][]results.Row{rapid.SliceOfN(anyRow, 0, 40).Draw(rt, "a"), rapid.SliceOfN(anyRow, 0, 40).Draw(rt, "b")}
		if n := rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 500}).Draw(rt, "more"); n > 0 {
			rows[1] = append(rows[1], reportstest.Rows(b, reportstest.Trouble)[:n*10]...)
		}
		whole := metrics.New(a.Labels, summary.Joined([]*results.Run{{Manifest: a}, {Manifest: b}}).Planned, metrics.Tolerance)
		h := hdrhistogram.New(100, int64(time.Hour), 3)
		for _, r := range append(slices.Clone(rows[0]), rows[1]...) {
			if err := whole.Add(r); err != nil {
				rt.Fatal(err)
			}
			if !a.Labels.Phases[r.Phase].Warmup && !a.Labels.Classes[r.Class].Invalid && (r.Outcome() == results.OutcomeAccepted || r.Timed() && !r.Completed()) {
				if err := h.RecordValue(int64(r.Latency())); err != nil {
					rt.Fatal(err)
				}
			}
		}
		s := opened(t, reportstest.RunDir(t, a, rows[0], nil, reportstest.Finished(55)), reportstest.RunDir(t, b, rows[1], nil, reportstest.Finished(55))).Summary
		elapsed := whole.Elapsed(reportstest.Finished(55))
		for what, pair := range map[string][2]any{
			"total": {s.Total, whole.Total(elapsed)}, "tier": {s.Groups.Tier, whole.By(metrics.ByTier, elapsed)}, "class": {s.Groups.Class, whole.By(metrics.ByClass, elapsed)},
			"content": {s.Groups.Content, whole.By(metrics.ByContent, elapsed)}, "phase": {s.Groups.Phase, whole.By(metrics.ByPhase, elapsed)},
			"timeline": {s.Timeline, append([]metrics.Point{}, whole.Timeline(300)...)}, "parts": {s.Parts, whole.Parts()},
			"lag": {s.Validity.Lag, whole.Lag()},
		} {
			x, _ := json.Marshal(pair[0])
			y, _ := json.Marshal(pair[1])
			if !bytes.Equal(x, y) {
				rt.Fatalf("%s is\n%s, of all rows\n%s", what, x, y)
			}
		}
		for p, v := range map[float64]*float64{50: s.Total.Latency.P50, 90: s.Total.Latency.P90, 95: s.Total.Latency.P95, 99: s.Total.Latency.P99, 99.9: s.Total.Latency.P999} {
			// The library rounds the rank to the nearest.
			n := float64(h.TotalCount())
			if v != nil && *v != math.Min(float64(h.ValueAtPercentile(100*math.Ceil(p*n/100-1e-9)/n))/1e9, *s.Total.Latency.Max) {
				rt.Fatalf("p%v is %v, of one histogram %v", p, *v, h.ValueAtPercentile(p))
			}
		}
	})
}

// What was run is on the report, and conforms to the schema.
func TestMerged(t *testing.T) {
	var dirs []string
	for i := range 3 {
		m := shard(i)
		m.Target = "http://127.0.0.1:808" + string(rune('0'+i%2))
		m.Scenario = "mixed"
		dirs = append(dirs, reportstest.RunDir(t, m, reportstest.Rows(m, nil), reportstest.Samples()[:i], reportstest.Finished(55)))
	}
	s := opened(t, dirs...).Summary
	if s.Run.Merged == nil || !s.Run.Merged.SideBySide || len(s.Run.Merged.Runs) != 3 || s.Run.Merged.Runs[2].Seed != 2 || s.Run.Merged.Runs[1].Sent != 8000 {
		t.Fatalf("%+v", s.Run.Merged)
	}
	if s.Run.ID != strings.Join([]string{shard(0).ID, shard(1).ID, shard(2).ID}, "+") || s.Run.Target != "http://127.0.0.1:8080, http://127.0.0.1:8081" || s.Run.Scenario != "mixed" {
		t.Errorf("%+v", s.Run)
	}
	if s.Total.Sent != 3*8000 || *s.Total.Planned != 3*8000 || math.Abs(s.Total.Rate.Achieved-3*8000/50.) > 1e-9 || s.Run.DurationSeconds != 55.4 || len(s.Samples) != 2 {
		t.Errorf("sent %d of %d, %v/s, %v s, %d samples", s.Total.Sent, *s.Total.Planned, s.Total.Rate.Achieved, s.Run.DurationSeconds, len(s.Samples))
	}
	if s.Verdict.Status != summary.Pass {
		t.Errorf("%+v", s.Verdict)
	}
	var text bytes.Buffer
	if err := render.Terminal(&text, s, render.Options{Width: 4000}); err != nil || !strings.Contains(text.String(), "3 runs were merged") || !strings.Contains(text.String(), "side by side") {
		t.Errorf("%v: %s", err, text.String())
	}
	if err := summary.Write(t.TempDir(), s); err != nil {
		t.Error(err)
	}
	s.Run.Phases[1].Of = "climb"
	value := map[string]any{}
	doc, _ := json.Marshal(s)
	if err := json.Unmarshal(doc, &value); err != nil {
		t.Fatal(err)
	}
	if err := reportstest.Compiled(t, SummarySchema).Validate(value); err != nil {
		t.Error(err)
	}
}

// Runs one after the other have the rate of one of them, not a rate at which nothing was ever sent.
func TestMergedRates(t *testing.T) {
	for _, c := range []struct {
		why        string
		later      time.Duration
		sideBySide bool
		seconds    float64
		times      float64
	}{
		{"at once", 0, true, 55, 2},
		{"a few seconds apart", 4 * time.Second, true, 59, 2},
		{"overlapping in part", 20 * time.Second, false, 110, 1},
		{"one after the other", time.Hour, false, 110, 1},
		{"the second first", -time.Hour, false, 110, 1},
	} {
		a, b := shard(0), shard(1)
		b.Started = a.Started.Add(c.later)
		a.Thresholds = []results.Threshold{{Expr: "rate(sent) >= 200/s"}, {Expr: "rate(answered) >= 1/m"}}
		b.Thresholds = a.Thresholds
		s := opened(t, reportstest.RunDir(t, a, reportstest.Rows(a, nil), nil, reportstest.Finished(55)), reportstest.RunDir(t, b, reportstest.Rows(b, nil), nil, reportstest.Finished(55))).Summary
		if s.Run.Merged.SideBySide != c.sideBySide || s.Run.DurationSeconds != c.seconds || s.Total.Sent != 2*8000 {
			t.Errorf("%s: %+v, %v s", c.why, s.Run.Merged, s.Run.DurationSeconds)
		}
		for what, pair := range map[string][2]float64{
			"total": {s.Total.Rate.Achieved, 160}, "planned": {*s.Total.Rate.Planned, 160}, "tier": {s.Groups.Tier["Full"].Rate.Achieved, 80},
			"phase": {s.Groups.Phase["constant"].Rate.Achieved, 100}, "warm-up": {s.Groups.Phase["warmup"].Rate.Achieved, 20}, "class": {s.Groups.Class["invalid"].Rate.Achieved, 0.6},
		} {
			if math.Abs(pair[0]-pair[1]*c.times) > 1e-9 {
				t.Errorf("%s: the rate of %s is %v, want %v", c.why, what, pair[0], pair[1]*c.times)
			}
		}
		for i, want := range []float64{s.Total.Rate.Achieved, s.Total.Rate.Answered} {
			if found := s.Thresholds[i]; found.Value == nil || *found.Value != want || found.OK != (i == 1 || c.sideBySide) {
				t.Errorf("%s: %+v, where the summary says %+v", c.why, found.Outcome, s.Total.Rate)
			}
		}
		if !s.Run.Started.Equal(time.UnixMilli(min(a.Started.UnixMilli(), b.Started.UnixMilli()))) {
			t.Errorf("%s: it started %v", c.why, s.Run.Started)
		}
	}
	// A run that was cut off did not send for as long.
	a, b := shard(0), shard(1)
	b.Started = a.Started.Add(time.Hour)
	half := slices.DeleteFunc(reportstest.Rows(b, nil), func(r results.Row) bool { return r.Due >= 30*time.Second })
	s := opened(t, reportstest.RunDir(t, a, reportstest.Rows(a, nil), nil, reportstest.Finished(55)), reportstest.RunDir(t, b, half, nil, results.End{Reason: results.Cut})).Summary
	if r := s.Groups.Phase["constant"].Rate.Achieved; math.Abs(r-100) > 0.1 || s.Verdict.Status != summary.NoVerdict {
		t.Errorf("with a run that was cut off it is %v/s, %+v", r, s.Verdict)
	}
}

// A merged run is no better than the worst of its runs: one bad one of many is not lost among the calls of the others.
func TestMergedVerdict(t *testing.T) {
	late := func(r *results.Row) { r.Lag, r.OwnLag = 0.5, 0.5 }
	run := func(i int, change func(*results.Row), end results.End) string {
		m := shard(i)
		m.Thresholds = []results.Threshold{{Expr: "rate(errors) <= 100%"}}
		return reportstest.RunDir(t, m, reportstest.Rows(m, change), nil, end)
	}
	good := make([]string, 4)
	for i := range good {
		good[i] = run(i, nil, reportstest.Finished(55))
	}
	for _, c := range []struct {
		why    string
		change func(*results.Row)
		end    results.End
		status string
		valid  string
		cause  string
	}{
		{"all well", nil, reportstest.Finished(55), summary.Pass, metrics.Valid, ""},
		{"one generator fell behind", late, reportstest.Finished(55), summary.NoVerdict, metrics.GeneratorLimited, "20261123T214800Z-mixedb: the generator fell behind"},
		{"one target held everything up", func(r *results.Row) { r.Lag = 0.5 }, reportstest.Finished(55), summary.Pass, metrics.TargetLimited, ""},
		{"one got no answer", func(r *results.Row) { r.Error, r.Status = results.DialRefused, 0 }, reportstest.Finished(55), summary.NoVerdict, metrics.NoData, "20261123T214800Z-mixedb: none of 8000 calls"},
		{"one was interrupted", nil, results.End{Reason: results.Interrupted, Detail: "by hand", Seconds: 55}, summary.NoVerdict, metrics.Valid, "20261123T214800Z-mixedb: by hand"},
		{"one was cut off", nil, results.End{Reason: results.Cut}, summary.NoVerdict, metrics.Valid, "cut off"},
		{"one had measured enough", nil, results.End{Reason: results.Enough, Detail: "clearly held", Seconds: 55}, summary.Pass, metrics.Valid, ""},
		{"one was aborted", nil, results.End{Reason: results.Aborted, Detail: "x was broken", Seconds: 55}, summary.Fail, metrics.Valid, "x was broken"},
	} {
		dirs := slices.Clone(good)
		dirs[1] = run(1, c.change, c.end)
		s := opened(t, dirs...).Summary
		if s.Verdict.Status != c.status || s.Validity.Status != c.valid || !strings.Contains(strings.Join(s.Verdict.Causes, "\n"), c.cause) {
			t.Errorf("%s: %+v, %+v", c.why, s.Verdict, s.Validity)
		}
	}
}

// Whether the times are right is told by each run for itself: one that stood still, and knows nothing of it, does not
// make those of all look wrong.
func TestMergedTimes(t *testing.T) {
	looked := func(i int, v results.Vitals) string {
		dir := filepath.Join(t.TempDir(), "run")
		w, err := results.Create(dir, shard(i), nil)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 100 {
			if err := w.Add(results.Row{N: uint32(n), Due: time.Duration(n) * 100 * time.Millisecond, Service: 1, Status: 200, Phase: 1}); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.Vitals(v), w.Close(reportstest.Finished(55))); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	well := looked(0, results.Vitals{AtSeconds: 10, Seconds: 10, InFlight: 10, Samples: 1000})
	still := looked(1, results.Vitals{AtSeconds: 10, Seconds: 10, StallSeconds: 6, InFlight: 2, Samples: 500})
	wrong := looked(2, results.Vitals{AtSeconds: 10, Seconds: 10, InFlight: 20, Samples: 1000})
	for _, c := range []struct {
		dirs []string
		want *metrics.Little
	}{
		{[]string{still}, nil},
		{[]string{well, still}, nil},
		{[]string{well, wrong}, &metrics.Little{Seen: 15, Expected: 10}},
	} {
		if got := opened(t, c.dirs...).Summary.Generator.Little; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d runs: %+v, want %+v", len(c.dirs), got, c.want)
		}
	}
}

// Of runs that went on one after the other, those that went well do not make up for one that failed.
func TestMergedFailure(t *testing.T) {
	for _, c := range []struct {
		apart  time.Duration
		status string
	}{{time.Hour, summary.Fail}, {0, summary.Pass}} {
		var dirs []string
		for i := range 4 {
			m := shard(i)
			m.Started = m.Started.Add(time.Duration(i) * c.apart)
			m.Thresholds = []results.Threshold{{Expr: "rate(errors) < 30%"}}
			dirs = append(dirs, reportstest.RunDir(t, m, reportstest.Rows(m, func(r *results.Row) {
				if i == 1 && r.N%2 == 0 {
					r.Error, r.Status = results.Status5xx, 500
				}
			}), nil, reportstest.Finished(55)))
		}
		s := opened(t, dirs...).Summary
		said := strings.Join(s.Verdict.Causes, "\n")
		if s.Verdict.Status != c.status || (s.Verdict.Status == summary.Fail) != strings.Contains(said, "mixedb failed on its own: rate(errors) < 30%: found 50.0 %") {
			t.Errorf("%s apart: %+v", c.apart, s.Verdict)
		}
		if note := strings.Join(s.Notes(), "\n"); !strings.Contains(note, "completed, valid, fail)") || !strings.Contains(note, "completed, valid, pass)") {
			t.Errorf("the notes are %q", note)
		}
	}
}

// What cannot be one run is refused, by the name of what differs.
func TestMergeRefuses(t *testing.T) {
	base := reportstest.RunDir(t, shard(0), nil, nil, reportstest.Finished(55))
	for want, change := range map[string]func(*results.Manifest){
		"SHA-256":                                func(m *results.Manifest) { m.SpecSHA256 = strings.Repeat("c", 64) },
		`class 2 of the one is "text.Lite"`:      func(m *results.Manifest) { m.Labels.Classes[1].Name = "text.Large" },
		`phase 2 of the one is "constant: 100/s`: func(m *results.Manifest) { m.Labels.Phases[1].Shape = "200/s" },
		"phase 3":                                func(m *results.Manifest) { m.Labels.Phases[2].Seconds = 21 },
		"rule 4 of the one is \"undocumented":    func(m *results.Manifest) { m.Labels.Rules = m.Labels.Rules[:3] },
		"threshold 5 of the one is none": func(m *results.Manifest) {
			m.Thresholds = append(m.Thresholds, results.Threshold{Expr: "max(latency) < 1s"})
		},
		"threshold 1 of the one is \"p99(latency) < 800ms\"": func(m *results.Manifest) { m.Thresholds[0].Expr = "p99(latency) < 900ms" },
		"the timeout is 30 s in the one, 10 s":               func(m *results.Manifest) { m.TimeoutSeconds = 10 },
		"the tolerated lag is 10ms in the one, 250ms":        func(m *results.Manifest) { m.LagSeconds = 0.25 },
		"mean different things":                              func(m *results.Manifest) { m.Labels.Classes[0].Tier = "Lite" },
		"are the same run":                                   func(m *results.Manifest) { *m = shard(0) },
	} {
		m := shard(1)
		change(&m)
		_, err := Open(base, reportstest.RunDir(t, m, nil, nil, reportstest.Finished(55)))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), filepath.Dir(base)) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	// Where both have a digest, it decides, and so do the target and the release.
	planned := func(change func(*results.Manifest)) string {
		m := shard(1)
		m.ID += "-planned"
		m.PlanSHA256 = strings.Repeat("1", 64)
		m.Plan = []results.Part{{Name: "load", Text: "a"}, {Name: "data.text", Text: "length 100"}, {Name: "limits.inFlight", Text: "7"}}
		change(&m)
		return reportstest.RunDir(t, m, nil, nil, reportstest.Finished(55))
	}
	other := func(m *results.Manifest) { m.ID, m.PlanSHA256 = "other", strings.Repeat("2", 64) }
	embedded := func(m *results.Manifest) { m.Provider = []results.Part{{Name: "provider.faults", Text: ""}} }
	long := strings.Repeat("the same words, ", 20)
	for _, c := range []struct {
		want string // "" where they can be merged
		a, b func(*results.Manifest)
	}{
		{"", func(m *results.Manifest) {}, func(m *results.Manifest) { m.ID, m.Seed, m.Thresholds[0].Expr = "other", 9, "p99( latency ) < 800ms" }},
		{"data.text is length 100 in the one, length 4000 in the other; limits.inFlight is 7 in the one, none in the other; arrivals is none in the one, poisson in the other;",
			func(m *results.Manifest) {}, func(m *results.Manifest) {
				other(m)
				m.Plan = []results.Part{{Name: "load", Text: "a"}, {Name: "data.text", Text: "length 4000"}, {Name: "arrivals", Text: "poisson"}}
			}},
		{"load is … words, the same words, the same words, x in the one, … words, the same words, the same words, y in the other;",
			func(m *results.Manifest) { m.Plan[0].Text = long + "x" }, func(m *results.Manifest) { other(m); m.Plan[0].Text = long + "y" }},
		{"the plan has the SHA-256 111111111111… in the one, 222222222222… in the other", func(m *results.Manifest) {}, other},
		{"the target is http://127.0.0.1:8080 in the one, http://elsewhere:8080 in the other", func(m *results.Manifest) {}, func(m *results.Manifest) { m.ID, m.Target = "other", "http://elsewhere:8080" }},
		{"the target is http://127.0.0.1:8080 in the one, http://127.0.0.1:8081 in the other", func(m *results.Manifest) {}, func(m *results.Manifest) { m.ID, m.Target = "other", "http://127.0.0.1:8081" }},
		{"", embedded, func(m *results.Manifest) { embedded(m); m.ID, m.Target = "other", "http://127.0.0.1:8081" }},
		{"the target is the embedded provider in the one, http://127.0.0.1:8080 in the other", embedded, func(m *results.Manifest) { m.ID = "other" }},
		{"provider.faults is none in the one, reset 1% in the other", embedded, func(m *results.Manifest) {
			m.ID, m.Provider = "other", []results.Part{{Name: "provider.faults", Text: "reset 1%"}}
		}},
		{"the release is v1 in the one, v2 in the other; two releases are for comparing", func(m *results.Manifest) { m.Release = "v1" }, func(m *results.Manifest) { m.ID, m.Release = "other", "v2" }},
		{"the release is none in the one, v2 in the other", func(m *results.Manifest) {}, func(m *results.Manifest) { m.ID, m.Release = "other", "v2" }},
	} {
		_, err := Open(planned(c.a), planned(c.b))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; want %q", err, c.want)
		}
	}
	// In the directories of earlier versions the scenario's text stands in for the digest, where it is there.
	for _, c := range []struct{ mine, other, want string }{
		{"load: []", "load: []", ""}, {"load: []", "load: [{}]", "their scenario.yaml is not the same"}, {"load: []", "", ""},
	} {
		m := shard(1)
		a, b := reportstest.RunDir(t, shard(0), nil, nil, reportstest.Finished(55)), reportstest.RunDir(t, m, nil, nil, reportstest.Finished(55))
		for dir, text := range map[string]string{a: c.mine, b: c.other} {
			if text == "" {
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Open(a, b); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; want %q", err, c.want)
		}
	}
	// Without a digest the seed, the target, the limit of calls in flight and the machine may differ.
	m := shard(1)
	m.Seed, m.Target, m.InFlight, m.Scenario, m.Generator.Platform = 9, "http://other", 7, "another name", "linux"
	if _, err := Open(base, reportstest.RunDir(t, m, nil, nil, reportstest.Finished(55))); err != nil {
		t.Error(err)
	}
	if _, err := Open(base, filepath.Join(base, "nope")); err == nil {
		t.Error("what is no run is merged")
	}
}

// Labels that all runs have stay, and so does the release.
func TestMergedLabels(t *testing.T) {
	var dirs []string
	for i := range 3 {
		m := shard(i)
		m.Release = "v1"
		m.RunLabels = map[string]string{"env": "staging", "node": string(rune('a' + i)), "team": "core"}
		if i == 2 {
			delete(m.RunLabels, "team")
		}
		dirs = append(dirs, reportstest.RunDir(t, m, reportstest.Rows(m, nil), nil, reportstest.Finished(55)))
	}
	s := opened(t, dirs...).Summary
	if s.Run.Release != "v1" || !maps.Equal(s.Run.Labels, map[string]string{"env": "staging"}) {
		t.Errorf("%+v", s.Run)
	}
	value := map[string]any{}
	doc, _ := json.Marshal(s)
	if err := json.Unmarshal(doc, &value); err != nil {
		t.Fatal(err)
	}
	if err := reportstest.Compiled(t, SummarySchema).Validate(value); err != nil {
		t.Error(err)
	}
}

// A closed loop plans no number, alone or merged.
func TestMergedClosedLoop(t *testing.T) {
	var dirs []string
	for i := range 2 {
		m := shard(i)
		for p := range m.Labels.Phases {
			m.Labels.Phases[p].Closed = true
		}
		rows := reportstest.Rows(m, nil)
		m.Planned = nil
		dirs = append(dirs, reportstest.RunDir(t, m, rows, nil, reportstest.Finished(55)))
	}
	if s := opened(t, dirs...).Summary; s.Total.Planned != nil || !s.Run.ClosedLoop || s.Total.Sent != 2*8000 {
		t.Errorf("%+v", s.Total)
	}
}
