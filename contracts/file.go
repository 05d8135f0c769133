package contracts

import (
	"fmt"

	"github.com/kaizenautomation/andon/reports/regular"
)

// Open loads the description that is in a file.
func Open(name string) (*Description, error) {
	data, err := regular.Read(name, 8<<20)
	if err != nil {
		return nil, fmt.Errorf("the description cannot be read: %w", err)
	}
	return Load(name, data)
}

// WithFixturesOf is [Description.WithFixtures] with what is in a file.
func (d *Description) WithFixturesOf(name string) (*Description, error) {
	data, err := regular.Read(name, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("the fixtures cannot be read: %w", err)
	}
	if d, err = d.WithFixtures(data); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}
