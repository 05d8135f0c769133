package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/regular"
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

// UnknownError is a name that stands for no scenario.
type UnknownError struct{ Name string }

// Error names it.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("there is no scenario %q", document.Clip(e.Name))
}

// maxScenario is how large a file is read; what is smaller and still too large for a scenario is told by whoever parses
// it.
const maxScenario = 4 << 20

// Find reads the scenario of a name that comes with andon, or the file of a path. The file's name is what [Parse]
// wants. The error is an [*UnknownError] if the name looks like that of a scenario, and there is none.
func Find(name string) (file string, data []byte, err error) {
	if data, ok := Open(name); ok {
		return name + ".yaml", data, nil
	}
	data, err = regular.Read(name, maxScenario)
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsRune(name, filepath.Separator) && filepath.Ext(name) == "" {
		return "", nil, &UnknownError{name}
	}
	if err != nil {
		return "", nil, fmt.Errorf("the scenario cannot be read: %w", err)
	}
	return name, data, nil
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
