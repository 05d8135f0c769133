package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/kaizenautomation/andon/reports/regular"
)

const (
	// MaxID is the most bytes of an id or of a session that is kept: a longer one is no id.
	MaxID = 4 << 10
	// maxLine is the most bytes of a line of the journal: both ids, of which each byte can take six.
	maxLine = 64 << 10
	// maxMoment is the latest moment of a run that is believed, in nanoseconds: sums of two are moments still.
	maxMoment = 1 << 58
	// maxDamage is how many damaged lines are told one by one.
	maxDamage = 100
)

// Journal is executions.jsonl, which is written while executions are followed: a line for each that was accepted, and
// one more whenever more is known of it, so that a process that dies loses a second of it at most. It is for one
// goroutine.
type Journal struct {
	f   *file
	out *bufio.Writer
	// line is the memory of one.
	line []byte
}

// CreateJournal begins the journal of a run directory, in which there is none.
func CreateJournal(dir string) (*Journal, error) {
	f, err := create(dir, journalFile)
	if err != nil {
		return nil, err
	}
	if err := follow(f.File); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return newJournal(f), nil
}

// ResumeJournal goes on with the journal of a run that has ended. A last line that was not written to its end is cut
// off: what was known of it is in the lines before it. An Arrow file of executions is taken away, since it knows less
// from now on, until the next one is written.
func ResumeJournal(dir string) (*Journal, error) {
	path := filepath.Join(dir, journalFile)
	in, info, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	size, err := wholeLines(in, info.Size())
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	if err := follow(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := f.Truncate(size); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return newJournal(&file{File: f}), nil
}

// errFollowed is why a journal cannot be had that somebody writes.
var errFollowed = errors.New("the executions of this run are followed by another process: the run itself, if it still goes on, or somebody who follows it further")

// follow takes a journal for this process, until it is closed.
func follow(f *os.File) error {
	if err := regular.Lock(f); errors.Is(err, regular.ErrLocked) {
		return errFollowed
	}
	return nil
}

func newJournal(f *file) *Journal { return &Journal{f: f, out: bufio.NewWriterSize(f, 64<<10)} }

// wholeLines is how much of a file of so many bytes is lines that have an end.
func wholeLines(f io.ReaderAt, size int64) (int64, error) {
	b := make([]byte, 4096)
	for size > 0 {
		from := max(size-int64(len(b)), 0)
		part := b[:size-from]
		if _, err := f.ReadAt(part, from); err != nil {
			return 0, err
		}
		if at := bytes.LastIndexByte(part, '\n'); at >= 0 {
			return from + int64(at) + 1, nil
		}
		size = from
	}
	return 0, nil
}

// Accepted keeps an execution that was accepted just now.
func (j *Journal) Accepted(x Execution) error {
	if len(x.ID) > MaxID || len(x.Session) > MaxID {
		return fmt.Errorf("the answer to call %d has an id of %d bytes and a session of %d, and more than %d are not kept", x.N, len(x.ID), len(x.Session), MaxID)
	}
	b := strconv.AppendUint(append(j.line[:0], `{"n":`...), uint64(x.N), 10)
	b = appendText(append(b, `,"id":`...), x.ID)
	b = appendNumber(b, "class", uint64(x.Class))
	b = appendNumber(b, "phase", uint64(x.Phase))
	b = appendNumber(b, "sent", uint64(x.Sent))
	b = appendNumber(b, "accepted", uint64(x.Accepted))
	return j.write(appendSeen(b, x))
}

// Seen keeps what is known of an execution by now. It stands in the place of what was known of it before, so that no
// line is needed to understand another.
func (j *Journal) Seen(x Execution) error {
	return j.write(appendSeen(strconv.AppendUint(append(j.line[:0], `{"n":`...), uint64(x.N), 10), x))
}

// appendSeen appends what changes of an execution, without what is 0.
func appendSeen(b []byte, x Execution) []byte {
	if x.Session != "" {
		b = appendText(append(b, `,"session":`...), x.Session)
	}
	b = append(append(append(b, `,"state":"`...), x.State.String()...), '"')
	if x.Followed {
		b = append(b, `,"followed":true`...)
	}
	if x.ByWebhook {
		b = append(b, `,"webhook":true`...)
	}
	b = appendNumber(b, "alive", uint64(x.Alive))
	b = appendNumber(b, "ended", uint64(x.Ended))
	b = appendNumber(b, "waiting", uint64(x.Waiting))
	b = appendNumber(b, "running", uint64(x.Running))
	b = appendNumber(b, "polls", uint64(x.Polls))
	return appendNumber(b, "faults", uint64(x.Faults))
}

// appendNumber appends a member whose value is not negative, unless it is 0.
func appendNumber(b []byte, name string, v uint64) []byte {
	if v == 0 {
		return b
	}
	b = append(append(append(b, `,"`...), name...), `":`...)
	return strconv.AppendUint(b, v, 10)
}

// appendText appends a text as JSON. Ids hardly ever have what must be escaped.
func appendText(b []byte, s string) []byte {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // of a string never fails
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// write writes a line, sealed as [seal] does it.
func (j *Journal) write(b []byte) error {
	sum := crc32.Checksum(b, castagnoli)
	b = append(b, `,"crc32c":"`...)
	for shift := 28; shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[sum>>shift&15])
	}
	j.line = append(b, "\"}\n"...)
	_, err := j.out.Write(j.line)
	return err
}

// Flush hands everything that was kept to the kernel. Called every second, it bounds what a crash can lose.
func (j *Journal) Flush() error { return j.out.Flush() }

// Longest is how long the longest write took since it was last asked for.
func (j *Journal) Longest() (d time.Duration) {
	d, j.f.longest = j.f.longest, 0
	return d
}

// Close ends it.
func (j *Journal) Close() error { return errors.Join(j.out.Flush(), j.f.Close()) }

// journalLine is a line of the journal. The first of an execution has its id.
type journalLine struct {
	N        uint32          `json:"n"`
	ID       *string         `json:"id"`
	Class    uint16          `json:"class"`
	Phase    uint8           `json:"phase"`
	Sent     int64           `json:"sent"`
	Accepted int64           `json:"accepted"`
	Session  string          `json:"session"`
	State    string          `json:"state"`
	Followed bool            `json:"followed"`
	Webhook  bool            `json:"webhook"`
	Alive    int64           `json:"alive"`
	Ended    int64           `json:"ended"`
	Waiting  int64           `json:"waiting"`
	Running  int64           `json:"running"`
	Polls    uint32          `json:"polls"`
	Faults   ExecutionFaults `json:"faults"`
}

// ReadJournal reads what the journal of a run directory knows of its executions, in the order in which they were
// accepted, while it grows or after it was cut off, and says which of its lines are damaged and left out. Where there
// is none, the error is fs.ErrNotExist.
func ReadJournal(dir string) (list []Execution, damage []string, err error) {
	path := filepath.Join(dir, journalFile)
	f, _, err := regular.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	places := map[uint32]int{} // by number, in list
	in := bufio.NewReaderSize(f, maxLine)
	damaged := 0
	for number := 1; ; number++ {
		line, err := in.ReadSlice('\n')
		var why error
		for errors.Is(err, bufio.ErrBufferFull) {
			why = fmt.Errorf("it has more than %d bytes", maxLine)
			_, err = in.ReadSlice('\n')
		}
		switch {
		case err == io.EOF && len(line) == 0 && why == nil:
			if damaged > maxDamage {
				damage = append(damage, fmt.Sprintf("%s: %d lines more are damaged, and left out", path, damaged-maxDamage))
			}
			return list, damage, nil
		case err == io.EOF && why == nil:
			why = errors.New("it was not written to its end")
		case err != nil && err != io.EOF:
			return nil, nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		if why == nil {
			why = takeLine(line, &list, places)
		}
		if why != nil {
			if damaged++; damaged <= maxDamage {
				damage = append(damage, fmt.Sprintf("%s:%d is damaged, and left out: %v", path, number, why))
			}
		}
	}
}

// takeLine adds what a line says to the list, or says why it cannot be.
func takeLine(text []byte, list *[]Execution, places map[uint32]int) error {
	text, err := unsealLine(text)
	if err != nil {
		return err
	}
	var l journalLine
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is more behind the document")
	}
	state, err := parseState(l.State)
	if err != nil {
		return err
	}
	for _, moment := range [...]int64{l.Sent, l.Accepted, l.Alive, l.Ended, l.Waiting, l.Running} {
		if moment < 0 || moment > maxMoment {
			return fmt.Errorf("expected moments of a run, found %d", moment)
		}
	}
	at, known := places[l.N]
	switch {
	case l.ID == nil && !known:
		return fmt.Errorf("the execution of call %d was not accepted before", l.N)
	case l.ID != nil && known:
		return fmt.Errorf("the execution of call %d was accepted before", l.N)
	case !known:
		at = len(*list)
		places[l.N] = at
		*list = append(*list, Execution{N: l.N, Class: l.Class, Phase: l.Phase, ID: *l.ID, Sent: time.Duration(l.Sent), Accepted: time.Duration(l.Accepted)})
	}
	x := &(*list)[at]
	if l.Session != "" && l.Session != x.Session {
		x.Session = l.Session
	}
	x.State, x.Followed, x.ByWebhook, x.Polls, x.Faults = state, l.Followed, l.Webhook, l.Polls, l.Faults
	x.Alive, x.Ended = time.Duration(l.Alive), time.Duration(l.Ended)
	x.Waiting, x.Running = time.Duration(l.Waiting), time.Duration(l.Running)
	return nil
}

// parseState is the state that has the name.
func parseState(name string) (State, error) {
	for s := range states {
		if s.String() == name {
			return s, nil
		}
	}
	return 0, fmt.Errorf("%.40q is no state", name)
}

// unsealLine is unseal for a line whose seal stands as the journal writes it, and swifter.
func unsealLine(text []byte) ([]byte, error) {
	const before, after = `,"crc32c":"`, "\"}\n"
	at := len(text) - len(before) - 8 - len(after)
	if at < 0 || string(text[at:at+len(before)]) != before || string(text[len(text)-len(after):]) != after {
		return unseal(text)
	}
	body, want := text[:at], text[at+len(before):len(text)-len(after)]
	if found := hexSum(crc32.Checksum(body, castagnoli)); found != string(want) {
		return nil, fmt.Errorf("it has changed since it was written: its crc32c is %s, and should be %.8q", found, want)
	}
	return append(body, '}'), nil
}
