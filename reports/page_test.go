package reports

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The plotting library is the one that its note speaks of.
func TestPlottingLibrary(t *testing.T) {
	note, err := os.ReadFile(filepath.Join("uplot", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	sums := regexp.MustCompile(`([0-9a-f]{64})  (\S+)`).FindAllStringSubmatch(string(note), -1)
	if len(sums) != 3 {
		t.Fatalf("the note has %d checksums", len(sums))
	}
	for _, s := range sums {
		data, err := os.ReadFile(filepath.Join("uplot", s[2]))
		if got := fmt.Sprintf("%x", sha256.Sum256(data)); err != nil || got != s[1] {
			t.Errorf("%s has the checksum %s, %v; the note says %s", s[2], got, err, s[1])
		}
	}
	if version := regexp.MustCompile(`# uPlot ([0-9.]+)`).FindStringSubmatch(string(note)); version == nil {
		t.Error("the note names no version")
	} else if js, _ := pageFiles.ReadFile("uplot/uPlot.iife.min.js"); !strings.Contains(string(js[:min(len(js), 400)]), "v"+version[1]) {
		t.Errorf("the script is not of version %s", version[1])
	}
}

// The page needs nothing from elsewhere: it names no address but that of the drawing language, which is never fetched, and
// those that the run is about and the home of the plotting library, which stands in a comment.
func TestPageNamesNoAddress(t *testing.T) {
	page := string(troubled(t))
	for _, address := range regexp.MustCompile(`(?:https?:)?//[a-z0-9-]+\.[a-z0-9.-]+`).FindAllString(page, -1) {
		if !strings.Contains(address, "www.w3.org") && !strings.HasPrefix(address, "http://127.0.0.1") && address != "http://evil" && address != "https://github.com" {
			t.Errorf("the page names %s", address)
		}
	}
}
