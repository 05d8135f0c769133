package results

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// anyExecution is one of call n, with all that can be known of it.
func anyExecution(n uint32) *rapid.Generator[Execution] {
	return rapid.Custom(func(t *rapid.T) Execution {
		moment := func(what string) time.Duration { return time.Duration(rapid.Int64Range(0, maxMoment).Draw(t, what)) }
		text := rapid.OneOf(rapid.StringMatching(`[a-z0-9-]{0,36}`), rapid.String())
		return Execution{
			N: n, Class: uint16(rapid.IntRange(0, 2).Draw(t, "class")), Phase: uint8(rapid.IntRange(0, 1).Draw(t, "phase")),
			State: State(rapid.IntRange(0, int(states)-1).Draw(t, "state")), Followed: rapid.Bool().Draw(t, "followed"), ByWebhook: rapid.Bool().Draw(t, "webhook"),
			ID: text.Draw(t, "id"), Session: text.Draw(t, "session"), Sent: moment("sent"), Accepted: moment("accepted"), Alive: moment("alive"),
			Ended: moment("ended"), Waiting: moment("waiting"), Running: moment("running"), Polls: rapid.Uint32().Draw(t, "polls"),
			Faults: ExecutionFaults(rapid.Uint16().Draw(t, "faults")),
		}
	})
}

// What is written of executions is read again: from the journal by the last that was seen of each, from the Arrow file
// as it is.
func TestExecutionsAreReadAsWritten(t *testing.T) {
	dir := write(t, 100, rows(10), true)
	rapid.Check(t, func(t *rapid.T) {
		_ = os.Remove(filepath.Join(dir, journalFile))
		j, err := CreateJournal(dir)
		if err != nil {
			t.Fatal(err)
		}
		var want []Execution
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			if len(want) > 0 && rapid.Bool().Draw(t, "seen") {
				at := rapid.IntRange(0, len(want)-1).Draw(t, "at")
				now := anyExecution(want[at].N).Draw(t, "now")
				was := want[at]
				now.Class, now.Phase, now.ID, now.Sent, now.Accepted = was.Class, was.Phase, was.ID, was.Sent, was.Accepted
				if now.Session == "" {
					now.Session = was.Session
				}
				want[at] = now
				err = j.Seen(now)
			} else {
				want = append(want, anyExecution(uint32(3*len(want))).Draw(t, "accepted"))
				err = j.Accepted(want[len(want)-1])
			}
			if err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 9).Draw(t, "resume") == 0 {
				if err := j.Close(); err != nil {
					t.Fatal(err)
				}
				if j, err = ResumeJournal(dir); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		list, damage, err := ReadJournal(dir)
		if err != nil || len(damage) > 0 || !reflect.DeepEqual(list, want) {
			t.Fatalf("%v %v\n%+v\n%+v", err, damage, list, want)
		}
		if err := WriteExecutions(dir, want); err != nil {
			t.Fatal(err)
		}
		if list, err = ReadExecutions(dir); err != nil || !reflect.DeepEqual(list, want) {
			t.Fatalf("%v\n%+v\n%+v", err, list, want)
		}
		// Who goes on is the only one, and takes nothing away that is known.
		if j, err = ResumeJournal(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := ResumeJournal(dir); err == nil || !strings.Contains(err.Error(), "followed by another process") {
			t.Fatal(err)
		}
		if list, err = ReadExecutions(dir); err != nil || !reflect.DeepEqual(list, want) || j.Close() != nil {
			t.Fatal(err)
		}
	})
}

// executions are n of them, of which the ids are as given.
func executions(n int, id func(int) string) []Execution {
	list := make([]Execution, n)
	for i := range list {
		at := time.Duration(i+1) * time.Millisecond
		list[i] = Execution{N: uint32(i), ID: id(i), State: StateCompleted, Sent: at, Accepted: at + time.Millisecond, Alive: at + 2, Ended: at + 5, Polls: 3}
	}
	return list
}

// Long ids make smaller batches, so that each can be read.
func TestExecutionsInBatches(t *testing.T) {
	dir := write(t, 100, rows(10), true)
	for _, list := range [][]Execution{
		executions(2*batchRows+7, func(i int) string { return fmt.Sprint("id-", i) }),
		executions(3000, func(i int) string { return strings.Repeat("x", MaxID-5) + fmt.Sprintf("%05d", i) }),
	} {
		if err := WriteExecutions(dir, list); err != nil {
			t.Fatal(err)
		}
		if found, err := ReadExecutions(dir); err != nil || !reflect.DeepEqual(found, list) {
			t.Fatalf("%v: %d of %d", err, len(found), len(list))
		}
		sums, _, _ := readLines[batchSum](filepath.Join(dir, executionSumsFile), 100, true)
		if len(sums) < 3 {
			t.Errorf("%d batches", len(sums))
		}
	}
}

// A line that was being written when the process died is told by its place, and so is one that has changed since; all
// others are read. Who goes on with the journal goes on with a line of its own.
func TestJournalDamaged(t *testing.T) {
	dir := t.TempDir()
	j, err := CreateJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	list := executions(4, func(i int) string { return fmt.Sprint("id-", i) })
	for _, x := range list {
		if err := j.Accepted(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateJournal(dir); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a journal was overwritten: %v", err)
	}
	path := filepath.Join(dir, journalFile)
	whole, _ := os.ReadFile(path)
	changed := bytes.Replace(whole, []byte("id-1"), []byte("id-9"), 1)
	long := append(append(bytes.Repeat([]byte("z"), 3*maxLine), '\n'), whole...)
	unknown := append(bytes.Clone(whole), seal([]byte(`{"n":77,"state":"lost"}`+"\n"))...)
	again := append(bytes.Clone(whole), whole[:bytes.IndexByte(whole, '\n')+1]...)
	state := append(bytes.Clone(whole), seal([]byte(`{"n":1,"state":"asleep"}`+"\n"))...)
	early := append(bytes.Clone(whole), seal([]byte(`{"n":1,"state":"lost","alive":-1}`+"\n"))...)
	for _, c := range []struct {
		data []byte
		n    int
		told string
	}{
		{whole[:len(whole)-9], 3, ":4 is damaged, and left out: it was not written to its end"},
		{changed, 3, ":2 is damaged, and left out: it has changed since it was written"},
		{long, 4, ":1 is damaged, and left out: it has more than 65536 bytes"},
		{unknown, 4, ":5 is damaged, and left out: the execution of call 77 was not accepted before"},
		{again, 4, ":5 is damaged, and left out: the execution of call 0 was accepted before"},
		{state, 4, `:5 is damaged, and left out: "asleep" is no state`},
		{early, 4, ":5 is damaged, and left out: expected moments of a run, found -1"},
	} {
		if err := os.WriteFile(path, c.data, 0o666); err != nil {
			t.Fatal(err)
		}
		found, damage, err := ReadJournal(dir)
		if err != nil || len(found) != c.n || len(damage) != 1 || !strings.Contains(damage[0], path+c.told) {
			t.Errorf("%v, %d read, %q; expected %d and %q", err, len(found), damage, c.n, c.told)
		}
	}
	if err := os.WriteFile(path, whole[:len(whole)-9], 0o666); err != nil {
		t.Fatal(err)
	}
	if j, err = ResumeJournal(dir); err != nil {
		t.Fatal(err)
	}
	lost := list[0]
	lost.State = StateLost
	if err := errors.Join(j.Seen(lost), j.Close()); err != nil {
		t.Fatal(err)
	}
	if found, damage, err := ReadJournal(dir); err != nil || len(damage) > 0 || len(found) != 3 || found[0].State != StateLost {
		t.Errorf("%v, %q, %+v", err, damage, found)
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte("?\n"), 5*maxDamage), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, damage, _ := ReadJournal(dir); len(damage) != maxDamage+1 || !strings.HasSuffix(damage[maxDamage], "400 lines more are damaged, and left out") {
		t.Errorf("%d places: %v", len(damage), damage[len(damage)-1])
	}
	x := executions(1, func(int) string { return strings.Repeat("i", MaxID+1) })[0]
	if err := newJournal(&file{}).Accepted(x); err == nil || !strings.Contains(err.Error(), "an id of 4097 bytes") {
		t.Error(err)
	}
}

// Any byte that is another makes the file damaged: it says where, and nothing of it is believed.
func TestExecutionsDamaged(t *testing.T) {
	dir := write(t, 100, rows(10), true)
	list := executions(50, func(i int) string { return fmt.Sprint("id-", i) })
	if err := WriteExecutions(dir, list); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, executionsFile)
	whole, _ := os.ReadFile(path)
	for at := range whole {
		other := bytes.Clone(whole)
		other[at] ^= 0x10
		if err := os.WriteFile(path, other, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadExecutions(dir); err == nil || !strings.Contains(err.Error(), path) {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
	for _, cut := range []int{0, 7, 100, len(whole) - 8, len(whole) - 1} {
		if err := os.WriteFile(path, whole[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadExecutions(dir); err == nil {
			t.Errorf("cut at %d", cut)
		}
	}
	_ = os.WriteFile(path, whole, 0o666)
	_ = os.Remove(filepath.Join(dir, executionSumsFile))
	if _, err := ReadExecutions(dir); err == nil {
		t.Error("without checksums nothing is proved")
	}
	_ = os.Remove(path)
	if _, err := ReadExecutions(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, _, err := ReadJournal(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := ResumeJournal(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// Whatever a journal holds, each execution of it is there once, and what cannot be is told.
func FuzzReadJournal(f *testing.F) {
	dir := f.TempDir()
	j, _ := CreateJournal(dir)
	for _, x := range executions(3, func(i int) string { return fmt.Sprint("id-", i) }) {
		_ = j.Accepted(x)
		x.State, x.Session = StateFailed, "s"
		_ = j.Seen(x)
	}
	_ = j.Close()
	whole, _ := os.ReadFile(filepath.Join(dir, journalFile))
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(`{"n":1,"id":"x","state":"running"}` + "\n{\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, journalFile), data, 0o666); err != nil {
			t.Fatal(err)
		}
		list, damage, err := ReadJournal(dir)
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(data, []byte("\n")) + 1; len(list)+min(len(damage), maxDamage) > lines {
			t.Fatalf("%d executions and %d damaged of %d lines", len(list), len(damage), lines)
		}
		seen := map[uint32]bool{}
		for _, x := range list {
			if seen[x.N] || x.State >= states || min(x.Sent, x.Accepted, x.Alive, x.Ended, x.Waiting, x.Running) < 0 {
				t.Fatalf("%+v", x)
			}
			seen[x.N] = true
		}
	})
}

// Whatever stands in an Arrow file, it is read or refused, even where no checksum tells that it is another's.
func FuzzReadExecutions(f *testing.F) {
	m := manifest()
	m.Schema = manifestSchema
	for _, n := range []int{0, 1, 40} {
		var b bytes.Buffer
		if _, err := writeExecutions(&b, m, executions(n, func(i int) string { return fmt.Sprint("id-", i) })); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := readExecutions(bytes.NewReader(data), "a.arrow", m)
		if err != nil && !strings.Contains(err.Error(), "a.arrow") {
			t.Fatal(err)
		}
		for _, x := range list {
			if int(x.Class) >= len(m.Labels.Classes) || int(x.Phase) >= len(m.Labels.Phases) || x.State >= states {
				t.Fatalf("%+v", x)
			}
		}
	})
}

// What the file and the journal know is put together: whichever knows more of one has it, and none is missing.
func TestExecutionsOfFileAndJournal(t *testing.T) {
	whole := []Execution{{N: 1, State: StateRunning, Alive: 5}, {N: 2, State: StateCompleted, Alive: 3, Ended: 4}, {N: 3, State: StateUnseen}}
	journal := []Execution{{N: 1, State: StateCompleted, Alive: 6, Ended: 7}, {N: 2, State: StateRunning, Alive: 2}, {N: 4, State: StateLost}}
	want := []Execution{journal[0], whole[1], whole[2], journal[2]}
	if got := union(whole, journal); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got := union(nil, journal); !reflect.DeepEqual(got, journal) {
		t.Errorf("%+v", got)
	}
}
