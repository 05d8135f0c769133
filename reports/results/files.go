package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/text"
)

// The files of a run directory that are written while it runs, and the one that is made of the rows when it has ended.
const (
	manifestFile   = "run.json"
	hitsFile       = "hits.arrow"
	sumsFile       = "hits.sums.jsonl"
	samplesFile    = "samples.jsonl"
	vitalsFile     = "vitals.jsonl"
	endFile        = "end.json"
	histogramsFile = "histograms.bin"
	givenFile      = "ids.bin" // of a shard
)

// The files of a run directory that are there where executions were followed.
const (
	journalFile       = "executions.jsonl"
	executionsFile    = "executions.arrow"
	executionSumsFile = "executions.sums.jsonl"

	FollowingFile  = "following.json" // how they were followed
	UnfinishedFile = "executions.csv" // those that did not complete
)

// FleetFile is in the directory of a run that many machines made, whose shards are run directories below it.
const FleetFile = "fleet.json"

// maxDocument is the most bytes of a JSON document that is read.
const maxDocument = 16 << 20

// WriteJSON writes a document to a file, sealed, so that it is there whole or not at all.
func WriteJSON(path string, document any) error {
	return regular.Write(path, func(w io.Writer) error {
		return WriteSealed(w, document)
	})
}

// WriteSealed writes a document, a JSON object, and adds a last member to it, "crc32c": the CRC-32C, in hex, of all
// that stands before that member's comma. The document stays one that anything reads; [ParseJSON] takes the member
// away, and tells of a text that has changed.
func WriteSealed(w io.Writer, document any) error {
	var b bytes.Buffer
	if err := EncodeJSON(&b, document); err != nil {
		return err
	}
	_, err := w.Write(seal(b.Bytes()))
	return err
}

// EncodeJSON writes a document.
func EncodeJSON(w io.Writer, document any) error {
	e := json.NewEncoder(text.JSONWriter{To: w})
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(document)
}

// ReadJSON reads a document that andon wrote. What it does not know in it is an error.
func ReadJSON(path string, document any) error {
	f, info, err := regular.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info.Size() > maxDocument {
		return fmt.Errorf("%s has %d bytes, more than a file of andon's", path, info.Size())
	}
	whole, err := regular.Limited(f, path, maxDocument)
	if err != nil {
		return err
	}
	return ParseJSON(path, whole, document)
}

// ParseJSON reads a document that andon wrote from its text, with nothing behind it. One that is sealed must be as it
// was written. The path is for the error.
func ParseJSON(path string, text []byte, document any) error {
	text, err := unseal(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err = d.Decode(document)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("there is more behind the document")
		}
	}
	if err != nil {
		offset := d.InputOffset()
		var syntax *json.SyntaxError
		var mismatch *json.UnmarshalTypeError
		if errors.As(err, &syntax) {
			offset = syntax.Offset
		} else if errors.As(err, &mismatch) {
			offset = mismatch.Offset
		} else if errors.Is(err, io.ErrUnexpectedEOF) {
			offset = int64(len(bytes.TrimRight(text, "\n")))
		}
		line := 1 + strings.Count(string(text[:min(int(offset), len(text))]), "\n")
		return fmt.Errorf("%s:%d: %w", path, line, err)
	}
	return nil
}
