package results

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What reads Arrow in JavaScript and in WebAssembly, which have no codec, reads the rows of a run that are written for
// it, and finds all that was written.
func TestArrowInNode(t *testing.T) {
	const reader = "../../.ci/readers"
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(reader, "node_modules"))
	}
	if err != nil {
		if os.Getenv("ANDON_TEST_TOOLS") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	type found struct {
		Rows  float64
		Sums  map[string]float64
		Texts map[string]float64
	}
	written := rows(70_000)
	want := found{Rows: float64(len(written)), Sums: map[string]float64{}, Texts: map[string]float64{}}
	for i := range written {
		row := &written[i]
		if i < len(written)/2 {
			// What is nearly always zero is what compression is for.
			row.Lag, row.OwnLag, row.Read, row.Connect = 0, 0, 0, 0
		}
		for name, value := range map[string]float64{
			"n": float64(row.N), "due": float64(row.Due), "service": float64(row.Service), "status": float64(row.Status), "out": float64(row.BytesOut),
		} {
			want.Sums[name] += value
		}
		want.Texts[labels().Classes[row.Class].Name+" "+row.Error.String()]++
	}
	run, err := Open(write(t, 900, written, true))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "calls.arrow")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(WriteArrow(f, run), f.Close()); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(node, filepath.Join(reader, "read.cjs"), path).CombinedOutput()
	got := map[string]found{}
	if err != nil || json.Unmarshal(out, &got) != nil || len(got) != 2 {
		t.Fatalf("%v: %s", err, out)
	}
	for name, f := range got {
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }
		if f.Rows != want.Rows || !maps.EqualFunc(f.Sums, want.Sums, near) || !maps.Equal(f.Texts, want.Texts) {
			t.Errorf("%s found %v, want %v", name, f, want)
		}
	}
}
