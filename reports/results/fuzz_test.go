package results

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever the documents of a run directory hold, it is opened, or the error names the file that does not.
func FuzzOpen(f *testing.F) {
	dir := write(f, 3, rows(7), true)
	names := []string{manifestFile, samplesFile, vitalsFile, endFile}
	whole := make([][]byte, len(names))
	for i, name := range names {
		whole[i], _ = os.ReadFile(filepath.Join(dir, name))
	}
	f.Add(whole[0], whole[1], whole[2], whole[3])
	f.Add(whole[0], []byte("{\"kind\":\"contract\"}\n{\"ki"), []byte("{}\n"), []byte(`{"reason":"","seconds":-1}`))
	f.Add([]byte(`{"schema":"x"}`), []byte(nil), []byte("[]"), []byte("{} {}"))
	f.Fuzz(func(t *testing.T, manifest, samples, vitals, end []byte) {
		dir := t.TempDir()
		for i, data := range [][]byte{manifest, samples, vitals, end} {
			if err := os.WriteFile(filepath.Join(dir, names[i]), data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		run, err := Open(dir)
		if err != nil {
			if !strings.Contains(err.Error(), dir) {
				t.Fatalf("the error names no file: %v", err)
			}
			return
		}
		if len(run.Samples) > maxSamples || len(run.Vitals) > maxVitals || len(run.Labels.Classes) == 0 {
			t.Fatalf("%d samples, %d vitals", len(run.Samples), len(run.Vitals))
		}
		if _, err := scan(run, nil, func(Row) error { return nil }); err != nil && !strings.Contains(err.Error(), hitsFile) {
			t.Fatal(err)
		}
	})
}
