package contracts

import (
	"fmt"
	"io"
	"os"
)

// Open loads the description that is in a file.
func Open(name string) (*Description, error) {
	data, err := readSmall(name, 8<<20)
	if err != nil {
		return nil, fmt.Errorf("the description cannot be read: %w", err)
	}
	return Load(name, data)
}

// WithFixturesOf is [Description.WithFixtures] with what is in a file.
func (d *Description) WithFixturesOf(name string) (*Description, error) {
	data, err := readSmall(name, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("the fixtures cannot be read: %w", err)
	}
	if d, err = d.WithFixtures(data); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

// readSmall reads a file of the user's, which has at most so many bytes.
func readSmall(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d KiB", name, limit>>10)
	}
	return data, err
}
