package results

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
)

// proved reads a hits file without the batches that are not as they were written.
type proved struct {
	f    io.ReaderAt
	size int64
	path string
	m    Manifest
	sums []batchSum
	// ended says that the run has ended, so that nothing was being written when the process died.
	ended bool

	next   io.Reader // what is read now; nil before the first batch, and after each
	at     int64     // up to where the file was read
	number int       // of the next batch
	done   bool
	headed bool // something was read, the head before it
	lost   []string
}

// Read implements io.Reader.
func (p *proved) Read(b []byte) (int, error) {
	for {
		if p.next != nil {
			n, err := p.next.Read(b)
			if n > 0 || err != io.EOF {
				return n, err
			}
		}
		if p.done {
			return 0, io.EOF
		}
		if err := p.batch(); err != nil {
			return 0, err
		}
	}
}

// batch turns to the next batch that is as it was written, or to what stands behind the last.
func (p *proved) batch() error {
	if p.number == len(p.sums) {
		return p.tail()
	}
	s := p.sums[p.number]
	p.number++
	if s.At > p.at {
		p.lose(p.at, s.At, "has no checksum any more")
	}
	if s.At+s.Bytes > p.size {
		p.lost = append(p.lost, fmt.Sprintf("%s ends at byte %d, within batch %d of %d", p.path, p.size, p.number, len(p.sums)))
		p.done = true
		return p.give(bytes.NewReader(endMark[:]), false)
	}
	p.at = max(p.at, s.At+s.Bytes)
	data, why := p.read(s)
	if why != "" {
		p.next = nil
		p.lose(s.At, s.At+s.Bytes, "%s", why)
		return nil
	}
	return p.give(bytes.NewReader(data), s.At == 0)
}

// give has what comes next be read. Where the beginning of the stream is lost, its head and its dictionaries follow
// from the manifest.
func (p *proved) give(data io.Reader, isHead bool) error {
	p.next = data
	if p.headed || isHead {
		p.headed = true
		return nil
	}
	p.headed = true
	var head bytes.Buffer
	w := newHitsWriter(&head, p.m, false)
	p.next = io.MultiReader(&head, data)
	return w.write() // a batch without rows
}

// read gives the bytes of a batch, or says why they are not what was written.
func (p *proved) read(s batchSum) (data []byte, why string) {
	if s.At < 0 || s.Bytes < 0 || s.Bytes > 2*bodyLimit {
		return nil, fmt.Sprintf("is no batch's, as %s has it", sumsFile)
	}
	data = make([]byte, s.Bytes)
	if _, err := p.f.ReadAt(data, s.At); err != nil {
		return nil, fmt.Sprintf("cannot be read: %v", err)
	}
	if found := hexSum(crc32.Checksum(data, castagnoli)); found != s.Sum {
		return nil, fmt.Sprintf("is damaged: its CRC-32C is %s, and should be %s", found, s.Sum)
	}
	return data, ""
}

// tail reads what stands behind the last batch of which there is a checksum: the end of the stream or, if the process
// died, perhaps a batch that nothing is known of.
func (p *proved) tail() error {
	p.done = true
	if !p.ended {
		return p.give(io.NewSectionReader(p.f, p.at, p.size-p.at), false)
	}
	if err := p.give(bytes.NewReader(endMark[:]), false); err != nil {
		return err
	}
	var end [len(endMark)]byte
	switch rest := p.size - p.at; {
	case rest > int64(len(end)):
		p.lose(p.at, p.size-int64(len(end)), "has no checksum any more")
	case rest < int64(len(end)):
		p.lost = append(p.lost, fmt.Sprintf("%s ends at byte %d, without the end of the stream", p.path, p.size))
		return nil
	}
	if _, err := p.f.ReadAt(end[:], p.size-int64(len(end))); err != nil {
		return err
	}
	if end != endMark {
		p.lose(p.size-int64(len(end)), p.size, "is damaged: it should be the end of the stream")
	}
	return nil
}

func (p *proved) lose(from, until int64, format string, args ...any) {
	p.lost = append(p.lost, fmt.Sprintf("%s, batch %d, from byte %d up to %d, %s", p.path, p.number, from, until, fmt.Sprintf(format, args...)))
}
