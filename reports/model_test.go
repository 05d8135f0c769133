package reports

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

// A summary of a version that held runs to less is made anew of the rows, or without them shown as far as it goes.
func TestOldSummary(t *testing.T) {
	m := reportstest.Manifest()
	dir := reportstest.RunDir(t, m, reportstest.Rows(m, reportstest.Trouble), nil, reportstest.Finished(55))
	want := string(rendered(t, opened(t, dir), "terminal"))
	if !strings.Contains(want, "95 % interval") || !strings.Contains(want, "−329 to −317 ms") {
		t.Fatalf("no interval in %s", want)
	}
	model := opened(t, dir)
	s := model.Summary
	s.Schema, s.Comparison = "andon.summary/2", nil
	s.Verdict, s.Thresholds = summary.Verdict{Status: summary.Pass, Causes: []string{}}, s.Thresholds[:1]
	if err := summary.Write(dir, s); err != nil {
		t.Fatal(err)
	}
	for _, formats := range [][]Format{Formats()[:1], Formats()} {
		model, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := model.Read(formats...); err != nil {
			t.Fatal(err)
		}
		if model.Keep() != nil || len(model.Summary.Thresholds) == 1 {
			t.Error("the older version's verdict is taken")
		}
		if got := string(rendered(t, model, "terminal")); got != want {
			t.Errorf("from %d formats' data:\n%s\nwant\n%s", len(formats), got, want)
		}
	}
	for _, gone := range []string{"hits.arrow", "run.json"} {
		if err := os.Remove(filepath.Join(dir, gone)); err != nil {
			t.Fatal(err)
		}
		model, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := model.Read(Formats()[0]); err != nil {
			t.Fatal(err)
		}
		got := string(rendered(t, model, "terminal"))
		if !strings.Contains(got, "−323 ms (−66 %)") || strings.Contains(got, "−328 to") || !strings.Contains(got, "−1.02 to +1.12 pp") {
			t.Errorf("without %s: %s", gone, got)
		}
	}
}

// The comparison of the summary is what terminal, Markdown and page show.
func TestOneComparison(t *testing.T) {
	m := reportstest.Manifest()
	model := opened(t, reportstest.RunDir(t, m, reportstest.Rows(m, nil), nil, reportstest.Finished(55)))
	low, high := -0.777, 0.888
	d := model.Summary.Comparison.Tier.Groups["Lite"]
	d.Times["p90"] = summary.Difference{Value: d.Times["p90"].Value, Low: &low, High: &high}
	for format, want := range map[string]string{"terminal": "−777 to +888 ms", "markdown": "−777 to +888 ms", "html": "−777 ms to &#43;888 ms"} {
		if got := rendered(t, model, format); !bytes.Contains(got, []byte(want)) {
			t.Errorf("%s does not show %s", format, want)
		}
	}
	// The page sets in bold what is not chance.
	apart := []byte(`<small class="apart">`)
	before := bytes.Count(rendered(t, model, "html"), apart)
	low = 0.666
	if after := bytes.Count(rendered(t, model, "html"), apart); after != before+1 {
		t.Errorf("%d differences are set apart, and %d with one more", before, after)
	}
}
