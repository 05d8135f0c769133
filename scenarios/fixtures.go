package scenarios

import (
	"fmt"
	"path/filepath"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/scenarios/document"
)

// Fixtures are what exists at a target. The file is the `data` of a scenario by itself.
type Fixtures struct {
	file string
	data []byte
	list []contracts.Fixture
}

// OpenFixtures reads a file of fixtures for a description. Where its contents are wrong, the error is a
// [*document.InvalidError] with all problems.
func OpenFixtures(file string, d *contracts.Description, env func(string) (string, bool)) (*Fixtures, error) {
	data, err := regular.Read(file, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("the fixtures cannot be read: %w", err)
	}
	return readFixtures(file, data, d, env)
}

func readFixtures(file string, data []byte, d *contracts.Description, env func(string) (string, bool)) (*Fixtures, error) {
	doc, root, ok := document.Parse(file, data, env)
	if !ok {
		return nil, doc.Err()
	}
	r := newMixReader(file, doc, d)
	r.readData(root)
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return &Fixtures{file: file, data: data, list: r.fixtures}, nil
}

// Describe gives the description with the fixtures in the place of its examples.
func (f *Fixtures) Describe(d *contracts.Description) (*contracts.Description, error) {
	return d.WithFixtures(f.list)
}

// Scenario gives the text of a scenario with the fixtures in its `data`, in the place of what it has by the same names,
// so that the text stands for itself. The file's name is the scenario's.
func (f *Fixtures) Scenario(file string, data []byte) ([]byte, error) {
	moved := func(key, text string) string {
		if key != "from" || filepath.IsAbs(text) {
			return text
		}
		path := filepath.Join(filepath.Dir(f.file), text)
		if near, err := filepath.Rel(filepath.Dir(file), path); err == nil {
			return near
		}
		if whole, err := filepath.Abs(path); err == nil {
			return whole
		}
		return path
	}
	return document.Merge(data, "data", f.data, moved)
}
