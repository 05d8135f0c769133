package scenarios

import (
	"embed"
	"strings"
)

// Default is the scenario that is run where none is named.
const Default = "mixed"

//go:embed *.yaml
var shipped embed.FS

// Shipped lists the scenarios that come with andon.
func Shipped() []string {
	entries, _ := shipped.ReadDir(".")
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Open gives a shipped scenario's file, and whether there is one of that name.
func Open(name string) ([]byte, bool) {
	data, err := shipped.ReadFile(name + ".yaml")
	return data, err == nil
}

// Question is the question that a scenario answers: its leading comment, as one line.
func Question(data []byte) string {
	var words []string
	for _, line := range strings.Split(string(data), "\n") {
		text, comment := strings.CutPrefix(line, "#")
		if !comment {
			break
		}
		if text = strings.TrimSpace(text); !strings.HasPrefix(text, "yaml-language-server:") {
			words = append(words, text)
		}
	}
	return strings.TrimSpace(strings.Join(words, " "))
}
