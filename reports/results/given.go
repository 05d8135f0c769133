package results

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/kaizenautomation/andon/reports/regular"
)

// Given is an executionId that a call of a shard was given. A shard knows of no other's, so that what was given to
// calls of two is found when they are put together.
type Given struct {
	// Hash stands for the id: 64 bits of it, which no target can aim at that does not know the group. Among n ids the
	// chance that two share one is below n²/2⁶⁵.
	Hash uint64
	// N is the number of the call.
	N uint32
}

// givenSize is that of an id in the file: its hash, the number of its call, and the CRC-32C of both.
const givenSize = 16

// maxGiven is the most ids that are read of a shard, those of all calls that a run may have.
const maxGiven = 1_000_000_000

// Given keeps the executionId that a call was given, where the run is a shard.
func (w *Writer) Given(n uint32, id string) error {
	if w.given == nil {
		return nil
	}
	h := sha256.New()
	h.Write([]byte(w.run.Shard.Group + "\x00" + id))
	var sum [sha256.Size]byte
	at := len(w.ids)
	w.count++
	w.ids = append(w.ids, h.Sum(sum[:0])[:8]...)
	w.ids = binary.LittleEndian.AppendUint32(w.ids, n)
	w.ids = binary.LittleEndian.AppendUint32(w.ids, crc32.Checksum(w.ids[at:], castagnoli))
	if len(w.ids) < 1<<16 {
		return nil
	}
	return w.flushGiven()
}

func (w *Writer) flushGiven() error {
	if len(w.ids) == 0 {
		return nil
	}
	_, err := w.given.Write(w.ids)
	w.ids = w.ids[:0]
	return err
}

// keepsGiven reports whether the ids of a run are kept: those of a shard, whose target others meet as well.
func (m Manifest) keepsGiven() bool {
	if m.Shard == nil || m.Provider != nil {
		return false
	}
	for _, rule := range m.Unchecked {
		if rule == repeatedID {
			return false
		}
	}
	return true
}

// repeatedID is the rule that no executionId comes twice.
const repeatedID = "repeated-executionId"

// Given tells each executionId that a shard's calls were given; none where they were not to be told from those of
// others. Where the process died, they go up to the last second that was written.
func (r *Run) Given(each func(Given)) error {
	if !r.keepsGiven() {
		return nil
	}
	path := filepath.Join(r.Dir, givenFile)
	f, _, err := regular.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s, which has the executionIds of the shard, is not there", path)
		}
		return err
	}
	defer f.Close()
	return r.readGiven(path, f, each)
}

func (r *Run) readGiven(path string, from io.Reader, each func(Given)) error {
	in := bufio.NewReaderSize(from, 1<<16)
	var one [givenSize]byte
	for n := uint64(0); ; n++ {
		torn, err := io.ReadFull(in, one[:])
		switch cut := r.End.Reason == Cut; {
		case errors.Is(err, io.EOF) && !cut && n != r.End.Given:
			return fmt.Errorf("%s is damaged: it has %d executionIds, and %d were written", path, n, r.End.Given)
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && cut:
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("%s is damaged: its last %d bytes are no whole executionId", path, torn)
		case err != nil:
			return fmt.Errorf("%s cannot be read: %w", path, err)
		case n == maxGiven:
			return fmt.Errorf("%s is damaged: it has more than %d executionIds, which no run has", path, uint64(maxGiven))
		case crc32.Checksum(one[:12], castagnoli) != binary.LittleEndian.Uint32(one[12:]):
			return fmt.Errorf("%s is damaged at byte %d", path, n*givenSize)
		}
		each(Given{binary.LittleEndian.Uint64(one[:]), binary.LittleEndian.Uint32(one[8:])})
	}
}
