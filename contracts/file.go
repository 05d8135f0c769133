package contracts

import (
	"fmt"

	"github.com/kaizenautomation/andon/reports/regular"
)

// Open loads the description that is in a file.
func Open(name string) (*Description, error) { return Choice{}.Open(name) }

// Open loads the description that is in a file, for what is chosen of it.
func (c Choice) Open(name string) (*Description, error) {
	data, err := regular.Read(name, 8<<20)
	if err != nil {
		return nil, fmt.Errorf("the description cannot be read: %w", err)
	}
	return c.Load(name, data)
}
