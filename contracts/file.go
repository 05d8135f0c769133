package contracts

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/kaizenautomation/andon/reports/regular"
)

// Open loads the description that is in a file, and in those to which it refers: files in its folder or below.
func Open(name string) (*Description, error) { return Choice{}.Open(name) }

// Open loads the description that is in a file, for what is chosen of it.
func (c Choice) Open(name string) (d *Description, err error) {
	err = reading(name, func(data []byte, files fs.FS) error {
		d, err = c.loadFrom(name, data, files, false)
		return err
	})
	return d, err
}

// reading reads a file, and lets those beside it be read.
func reading(name string, load func(data []byte, files fs.FS) error) error {
	data, err := regular.Read(name, maxDescription)
	if err != nil {
		return fmt.Errorf("the description cannot be read: %w", err)
	}
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return fmt.Errorf("the description's folder cannot be read: %w", err)
	}
	defer root.Close()
	return load(data, folder{root})
}

// folder has the files of a folder. No link leads out of it, and none of them is waited for.
type folder struct{ root *os.Root }

func (f folder) Open(name string) (fs.File, error) {
	return f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
