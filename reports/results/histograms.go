package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/flate"

	"github.com/kaizenautomation/andon/reports/regular"
)

const (
	histogramsFormat = "andon.histograms/5\n"
	// maxHistograms bounds what is read of such a file: an hour of 10,000 calls a second takes a tenth. maxRatio and
	// minInflated bound what it may grow to.
	maxHistograms = 256 << 20
	maxRatio      = 50
	minInflated   = 1 << 20
)

// histogramsHead is what stands after the name of the format: what run and which rows the histograms are of, and the
// SHA-256 of all that comes after it, which is compressed (RFC 1951).
type histogramsHead struct {
	Manifest [sha256.Size]byte
	// HitsSize is the size of the rows' file. Where that is another, or the rows of another run are in its place, the
	// histograms are not of these rows.
	HitsSize int64
	Sum      [sha256.Size]byte
}

// WriteHistograms keeps what write writes beside the rows that it was made of, whole or not at all.
func (r *Run) WriteHistograms(write func(io.Writer) error) error {
	info, err := os.Stat(filepath.Join(r.Dir, hitsFile))
	if err != nil {
		return err
	}
	var body bytes.Buffer
	deflated, err := flate.NewWriter(&body, flate.BestSpeed)
	if err != nil {
		return err
	}
	if err := errors.Join(write(deflated), deflated.Close()); err != nil {
		return err
	}
	head := histogramsHead{HitsSize: info.Size(), Sum: sha256.Sum256(body.Bytes())}
	if head.Manifest, err = r.sum(); err != nil {
		return err
	}
	return regular.Write(filepath.Join(r.Dir, histogramsFile), func(w io.Writer) error {
		if _, err := io.WriteString(w, histogramsFormat); err != nil {
			return err
		}
		if err := binary.Write(w, binary.LittleEndian, head); err != nil {
			return err
		}
		_, err := w.Write(body.Bytes())
		return err
	})
}

// ReadHistograms hands read what [Run.WriteHistograms] has kept. The error is fs.ErrNotExist where nothing was, and
// where it is of other rows than those that are there now. Rows that are gone are no reason to distrust it.
func (r *Run) ReadHistograms(read func(io.Reader) error) error {
	path := filepath.Join(r.Dir, histogramsFile)
	f, info, err := regular.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info.Size() > maxHistograms {
		return fmt.Errorf("%s has %d bytes, more than a file of andon's", path, info.Size())
	}
	data, err := regular.Limited(f, path, maxHistograms)
	if err != nil {
		return err
	}
	rest, ok := bytes.CutPrefix(data, []byte(histogramsFormat))
	if !ok {
		return fmt.Errorf("%s: expected it to begin with %q; another version of andon wrote it, or it is damaged", path, histogramsFormat)
	}
	var head histogramsHead
	n, err := binary.Decode(rest, binary.LittleEndian, &head)
	if err != nil {
		return fmt.Errorf("%s is cut off within its head", path)
	}
	body := rest[n:]
	if sha256.Sum256(body) != head.Sum {
		return fmt.Errorf("%s is damaged: what begins at byte %d has not the SHA-256 that stands before it", path, len(data)-len(body))
	}
	manifest, err := r.sum()
	if err != nil {
		return err
	}
	hits, err := os.Stat(filepath.Join(r.Dir, hitsFile))
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case head.Manifest != manifest || err == nil && hits.Size() != head.HitsSize:
		return fmt.Errorf("%s is of another run or of other rows: %w", path, fs.ErrNotExist)
	}
	inflated := io.LimitReader(flate.NewReader(bytes.NewReader(body)), minInflated+maxRatio*int64(len(body)))
	if err := read(inflated); err != nil {
		return fmt.Errorf("%s is damaged: %w", path, err)
	}
	return nil
}

// sum tells the manifest of a run from any other. It is of the file and not of what this version of andon knows of it,
// which another version may know more of; how the file is laid out is of no account.
func (r *Run) sum() (sum [sha256.Size]byte, err error) {
	path := filepath.Join(r.Dir, manifestFile)
	text, err := regular.Read(path, maxDocument)
	if err != nil {
		return sum, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return sum, fmt.Errorf("%s: %w", path, err)
	}
	return sha256.Sum256(compact.Bytes()), nil
}
