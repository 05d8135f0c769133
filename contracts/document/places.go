package document

import (
	"errors"
	"fmt"
)

// Places are where a file names what is opened or looked for once it is read, by the name or by the key.
type Places map[string]string

// Note notes where a value stands, the first time that there is one of the name.
func (p Places) Note(name string, v Value) {
	if _, before := p[name]; !before {
		p[name] = fmt.Sprintf("%s:%d:%d", v.doc.file, v.node.Line, v.node.Column)
	}
}

// Blame has an error about what is named say where the file names it, if it does. What says a place already, in the
// file that is named, stays as it is.
func (p Places) Blame(name string, err error) error {
	place, inFile := p[name]
	var invalid *InvalidError
	if err == nil || !inFile || errors.As(err, &invalid) {
		return err
	}
	return fmt.Errorf("%s: %w", place, err)
}
