package results

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/text"
)

// Document says how a directory keeps what it is of: as one JSON object in a file, sealed.
type Document[T any] struct {
	// File is the file's name, and Schema the value of its member "schema".
	File, Schema string
	// Name is what errors call it, such as "the comparison", and Kind what it is of, such as "comparison".
	Name, Kind string
	// Most is the most bytes of it that are read.
	Most int64
	// Listed, if not nil, has lists that are not there written as empty ones, without a change to what is the caller's.
	Listed func(*T)
	// Wrong says what in it cannot be, of what reports rely on, and at which JSON pointer; empty where all can.
	Wrong func(*T) string
}

// Encode writes it as its file has it.
func (d Document[T]) Encode(w io.Writer, value T) error {
	if d.Listed != nil {
		d.Listed(&value)
	}
	return WriteSealed(w, value)
}

// Write writes its file into a directory, so that it is there whole or not at all.
func (d Document[T]) Write(dir string, value T) error {
	return regular.Write(filepath.Join(dir, d.File), func(w io.Writer) error { return d.Encode(w, value) })
}

// Read reads its file from a directory. The error is fs.ErrNotExist where there is none.
func (d Document[T]) Read(dir string) (value T, err error) {
	path := filepath.Join(dir, d.File)
	data, err := regular.Read(path, d.Most)
	if err != nil {
		return value, err
	}
	return d.Parse(path, data)
}

// Parse reads it from its text. The path is for the error.
func (d Document[T]) Parse(path string, data []byte) (value T, err error) {
	// What another version knows more of is no reason to say of its file that it is damaged.
	var of struct {
		Schema *string `json:"schema"`
	}
	if json.Unmarshal(data, &of) == nil && of.Schema != nil && *of.Schema != d.Schema {
		return value, fmt.Errorf("%s: expected \"schema\": %q, found %q; another version of andon wrote it, or it is of no %s", path, d.Schema, text.Printable(*of.Schema, 40), d.Kind)
	}
	why := ParseJSON(path, data, &value)
	if why == nil && of.Schema == nil {
		why = fmt.Errorf("%s: /schema: expected %q, found nothing", path, d.Schema)
	} else if why == nil {
		if wrong := d.Wrong(&value); wrong != "" {
			why = fmt.Errorf("%s: %s", path, wrong)
		}
	}
	if why != nil {
		var none T
		return none, fmt.Errorf("%s is damaged: %w", d.Name, why)
	}
	return value, nil
}

// Listed is a list that is there, also where nothing is on it: whoever reads JSON need not ask.
func Listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// UnknownWord says of a word at a JSON pointer that it is none of those there are; empty where it is one.
func UnknownWord(at, word string, words ...string) string {
	if slices.Contains(words, word) {
		return ""
	}
	return fmt.Sprintf("%s: unknown word %q; %s", at, text.Printable(word, 40), text.Suggest(word, words, "another version of andon may have written it"))
}
