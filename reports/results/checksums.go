package results

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"regexp"
)

// castagnoli is the polynomial of CRC-32C, which processors have an instruction for. A flipped bit never goes unnoticed
// by it, and neither do any 32 bits in a row.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sealed is how the text of a sealed document ends.
var sealed = regexp.MustCompile(`,\s*"crc32c":\s*"([0-9a-f]{8})"\s*\}\s*$`)

// seal seals a text, with the line break behind it: see [WriteSealed].
func seal(text []byte) []byte {
	end := bytes.TrimRight(text, "\n")
	body := bytes.TrimRight(bytes.TrimSuffix(end, []byte("}")), " \n")
	member := `,"crc32c":"%08x"}`
	if bytes.HasSuffix(end, []byte("\n}")) {
		member = ",\n  \"crc32c\": \"%08x\"\n}"
	}
	out := fmt.Appendf(bytes.Clone(body), member, crc32.Checksum(body, castagnoli))
	return append(out, text[len(end):]...)
}

// unseal gives the text of a JSON object without its seal. One that has none, as of a version which made none, is given
// as it is.
func unseal(text []byte) ([]byte, error) {
	at := sealed.FindSubmatchIndex(text)
	if at == nil {
		return text, nil
	}
	body, want := text[:at[0]], string(text[at[2]:at[3]])
	if found := hexSum(crc32.Checksum(body, castagnoli)); found != want {
		return nil, fmt.Errorf("it has changed since it was written: its crc32c is %s, and should be %s; restore it, or take that member out if the change was meant", found, want)
	}
	return append(body[:len(body):len(body)], '}'), nil
}

// batchSum is a line of hits.sums.jsonl: where a batch of hits.arrow stands, and its checksum. It is written when the
// batch is, so that of a run that was killed all batches are proved but for the last, perhaps. The head of the stream
// and its dictionaries are in the first batch.
type batchSum struct {
	At    int64  `json:"at"`
	Bytes int64  `json:"bytes"`
	Rows  int    `json:"rows"`
	Sum   string `json:"sum"` // CRC-32C, in hex
}

// summer sums up what is written, batch by batch.
type summer struct {
	io.Writer
	at, bytes int64
	sum       uint32
}

// Write implements io.Writer.
func (s *summer) Write(p []byte) (int, error) {
	n, err := s.Writer.Write(p)
	s.bytes += int64(n)
	s.sum = crc32.Update(s.sum, castagnoli, p[:n])
	return n, err
}

// batch is the sum of what was written since the last one.
func (s *summer) batch(rows int) batchSum {
	b := batchSum{At: s.at, Bytes: s.bytes, Rows: rows, Sum: hexSum(s.sum)}
	s.at, s.bytes, s.sum = s.at+s.bytes, 0, 0
	return b
}

func hexSum(sum uint32) string { return fmt.Sprintf("%08x", sum) }
