package main

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	tb := &table{name: "some", title: "Some", reference: vegetaDefaults, columns: []column{{name: "time", show: duration, ratio: true}, {name: "rate", show: perSecond}}}
	tb.row(andonDefaults).add(1000, 200)
	tb.row(andonDefaults).fail(errors.New("it broke"))
	tb.row(andonDefaults).add(3000, 300)
	tb.row(vegetaDefaults).add(4000, 100)
	tb.row(vegetaDefaults).add(1, 100)
	tb.row(vegetaDefaults).add(4000, 100)
	verdicts := judge([]*table{tb}, []bound{
		{table: "some", row: andonDefaults, column: "time", ratio: true, limit: 0.5},
		{table: "some", row: andonDefaults, column: "time", ratio: true, limit: 0.49},
		{table: "some", row: andonDefaults, column: "time", limit: 2000},
		{table: "some", row: andonDefaults, column: "rate", least: true, limit: 250},
		{table: "some", row: andonDefaults, column: "rate", least: true, limit: 251},
		{table: "some", row: andonCoarse, column: "rate", least: true, limit: 1},
		{table: "other", row: andonDefaults, column: "rate", limit: 1},
	})
	want := []string{
		"Some: andon: time: at most 0.500×, found 0.500×", "Some: andon: time: at most 0.490×, found 0.500×", "Some: andon: time: at most 2.00 µs, found 2.00 µs",
		"Some: andon: rate: at least 250/s, found 250/s", "Some: andon: rate: at least 251/s, found 250/s", "Some: andon, pacing: 1ms: rate: at least 1/s, found not measured",
	}
	var found []string
	for _, v := range verdicts {
		found = append(found, v.String())
	}
	if !slices.Equal(found, want) {
		t.Errorf("expected\n%s\nfound\n%s", strings.Join(want, "\n"), strings.Join(found, "\n"))
	}
	var w strings.Builder
	writeVerdicts(&w, verdicts, false)
	if failed := broken(verdicts); len(failed) != 3 || !strings.Contains(w.String(), "3 of 6 hold") || strings.Count(w.String(), "**no**") != 3 {
		t.Error(failed, w.String())
	}
}

func TestComplains(t *testing.T) {
	b := &bench{progress: io.Discard}
	held, not := verdict{held: true}, verdict{}
	if err := b.complain([]verdict{held}); err != nil {
		t.Error(err)
	}
	if err := b.complain([]verdict{held, not}); err == nil || !strings.Contains(err.Error(), "1 of 2") {
		t.Error(err)
	}
	b.noise.add(time.Second, time.Second, 0, 0, 0)
	if err := b.complain(nil); err != nil {
		t.Error(err)
	}
	if err := b.complain([]verdict{held}); err == nil || !strings.Contains(err.Error(), "nothing can be said") {
		t.Error(err)
	}
	var w strings.Builder
	if writeVerdicts(&w, []verdict{held}, true); !strings.Contains(w.String(), "nothing can be said") {
		t.Error(w.String())
	}
}

func TestHighestIsAboveTheRival(t *testing.T) {
	for own, want := range map[float64]bool{100: false, 101: true} {
		tb := &table{name: "highest", reference: vegetaDefaults, columns: []column{{name: highestRate, show: perSecond, ratio: true}}}
		tb.row(andonDefaults).add(own)
		tb.row(vegetaDefaults).fail(errors.New("no rate was held"))
		tb.row(vegetaCapped).add(100)
		if v := judge([]*table{tb}, nil); len(v) != 1 || v[0].held != want {
			t.Errorf("%g: %v", own, v)
		}
	}
}

func TestTenTimes(t *testing.T) {
	tb := &table{name: "large", columns: []column{{name: "calls", show: whole}, {name: peakMemory, show: mebibytes}, {name: "may take", show: mebibytes}}}
	tb.row("few").add(1, 50, math.NaN())
	tb.row("many").add(10, 100, 100)
	if v := judge([]*table{tb}, nil); len(v) != 1 || !v[0].held {
		t.Error(v)
	}
	tb.row("many").values[1][0] = 101
	if v := judge([]*table{tb}, nil); len(v) != 1 || v[0].held {
		t.Error(v)
	}
}

// A bound that speaks of what no table has would be left out for ever.
func TestBoundsSpeakOfWhatIsMeasured(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // so that nothing runs
	b := &bench{settings: quick, ctx: ctx, tools: tools(), progress: io.Discard}
	tables, err := b.tables("")
	if err != nil {
		t.Fatal(err)
	}
	if verdicts := judge(tables, bounds()); len(verdicts) != len(bounds())+1 {
		t.Errorf("%d of %d bounds were judged", len(verdicts), len(bounds()))
	}
	names := map[string]bool{}
	for _, tool := range tools() {
		names[tool.name] = true
	}
	for _, bound := range bounds() {
		if !names[bound.row] {
			t.Errorf("no tool is called %s", bound.row)
		}
	}
	if _, err := b.tables("open,shut"); err == nil || !strings.Contains(err.Error(), `"shut"`) {
		t.Error(err)
	}
}

func TestPlaced(t *testing.T) {
	for _, c := range []struct {
		cores, available  int
		generator, target string
		shared            bool
	}{{0, 2, "0", "1", false}, {1, 8, "0", "1", false}, {2, 2, "0,1", "1", true}, {2, 3, "0,1", "2", false}} {
		if generator, target, shared := placed(c.cores, c.available); generator != c.generator || target != c.target || shared != c.shared {
			t.Errorf("%d of %d: %s, %s, %v", c.cores, c.available, generator, target, shared)
		}
	}
}

func TestKeepsWhatIsWrittenByHand(t *testing.T) {
	page := filepath.Join(t.TempDir(), "README.md")
	if text := byHand(page); text != "" {
		t.Error(text)
	}
	if err := os.WriteFile(page, []byte("measured\n"+handwritten+"\nwritten\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if text := byHand(page); text != handwritten+"\nwritten\n" {
		t.Error(text)
	}
	if text := byHand("/dev/null"); text != "" {
		t.Error(text)
	}
}
