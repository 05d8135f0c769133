package regular

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Whoever changes a file reads what the others have written, also where they all begin at once.
func TestUpdate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			err := Update(path, 1<<10, func(old []byte) ([]byte, error) { return fmt.Appendf(old, "<%d>", i), nil })
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	data, err := os.ReadFile(path)
	for i := range 20 {
		if one := fmt.Sprintf("<%d>", i); err != nil || strings.Count(string(data), one) != 1 {
			t.Errorf("%s is missing in %q, %v", one, data, err)
		}
	}
	before := string(data)
	no := errors.New("no")
	if err := Update(path, 1<<10, func([]byte) ([]byte, error) { return nil, no }); !errors.Is(err, no) {
		t.Errorf("expected %v, found %v", no, err)
	}
	if err := Update(path, 3, func([]byte) ([]byte, error) { return nil, nil }); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a file that is too large: %v", err)
	}
	if err := Update(filepath.Dir(path), 3, func([]byte) ([]byte, error) { return nil, nil }); err == nil {
		t.Error("a folder is changed")
	}
	if data, _ := os.ReadFile(path); string(data) != before {
		t.Errorf("it holds %q, want %q", data, before)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("something is left beside it: %v", entries)
	}
}
