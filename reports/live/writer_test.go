package live

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/summary"
)

// A reader takes what is written to it while it is not paused.
type reader struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *reader) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

// Whatever the order in which is written, waited for, and read: nobody who writes waits, everything that is to stay
// comes in its order, and of what passes the last one comes.
func TestWriter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"write", "pass", "pause", "go on", "await"}), 1, 40).Draw(rt, "steps")
		synctest.Test(t, func(*testing.T) {
			r := new(reader)
			w := NewWriter(r)
			paused, last := false, ""
			var kept []string
			for i, step := range steps {
				began := time.Now()
				switch step {
				case "write":
					kept = append(kept, fmt.Sprintf("line %d", i))
					_, _ = fmt.Fprintln(w, kept[len(kept)-1])
				case "pass":
					last = fmt.Sprintf("progress %d", i)
					w.Pass([]byte(last + "\n"))
				case "pause":
					if !paused {
						r.mu.Lock()
					}
					paused = true
				case "go on":
					if paused {
						r.mu.Unlock()
					}
					paused = false
				case "await":
					// A reader who goes on in the middle is waited for no longer than it takes.
					if paused {
						continue
					}
					if !w.Await(time.Second) {
						rt.Fatalf("what was written is not handed on")
					}
				}
				if time.Since(began) > 0 {
					rt.Fatalf("%s has waited", step)
				}
			}
			if paused {
				r.mu.Unlock()
			}
			w.Await(time.Second)
			var told []string
			progress := ""
			for _, line := range strings.Fields(strings.ReplaceAll(r.text.String(), " ", "_")) {
				line = strings.ReplaceAll(line, "_", " ")
				if strings.HasPrefix(line, "progress") {
					progress = line
				} else {
					told = append(told, line)
				}
			}
			if fmt.Sprint(told) != fmt.Sprint(kept) || progress != last {
				rt.Fatalf("%q and %q came, of %q and %q", told, progress, kept, last)
			}
		})
	})
}

// stuck is a reader who does not read until it is let go.
type stuck struct {
	reader
	let chan struct{}
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.let
	return s.reader.Write(p)
}

// A reader who does not read holds nobody up, is waited for no longer than asked, and costs no more memory than there
// is room for.
func TestWriterStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &stuck{let: make(chan struct{})}
		w := NewWriter(r)
		began := time.Now()
		line := strings.Repeat("x", 1023) + "\n"
		for i := range 10_000 {
			_, _ = w.Write([]byte(line))
			w.Pass(fmt.Appendf(nil, "progress %d\n", i))
		}
		if w.size > room || !w.behind() || time.Since(began) > 0 {
			t.Errorf("%d bytes wait, after %s", w.size, time.Since(began))
		}
		if w.Await(3*time.Second) || time.Since(began) != 3*time.Second {
			t.Errorf("it was waited for %s", time.Since(began))
		}
		close(r.let)
		if !w.Await(time.Second) || w.behind() {
			t.Error("what waited does not come")
		}
		got := r.text.String()
		if n := strings.Count(got, line); n < room/len(line)-1 || len(got) > room+2*len(line) {
			t.Errorf("%d bytes came", len(got))
		}
	})
}

// A text that is longer than all the room comes whole where nothing else waits.
func TestWriterLong(t *testing.T) {
	r := new(reader)
	w := NewWriter(r)
	_, _ = w.Write(bytes.Repeat([]byte("x"), 3*room))
	if !w.Await(time.Minute) || r.text.Len() != 3*room {
		t.Errorf("%d bytes came", r.text.Len())
	}
}

// A terminal that takes nothing for a while is drawn on again afterwards, and costs nothing until then.
func TestViewBehind(t *testing.T) {
	behind := false
	v := &view{behind: func() bool { return behind }, shown: pictureOf(summary.Progress{})}
	v.note("first")
	first := v.draw(80, 24, false)
	v.note("second")
	if behind = true; v.draw(80, 24, false) != first {
		t.Error("more is drawn than the terminal takes")
	}
	if behind = false; !strings.Contains(v.draw(80, 24, false), "second") {
		t.Error("nothing is drawn any more")
	}
}

// A reader that takes a little every time is waited for, however long all of it takes; one that takes nothing is not.
func TestAwaitsWhoeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := writerFunc(func(p []byte) (int, error) {
			time.Sleep(700 * time.Millisecond)
			return len(p), nil
		})
		w := NewWriter(slow)
		for range 5 {
			_, _ = w.Write([]byte("x"))
		}
		began := time.Now()
		if !w.Await(time.Second) || time.Since(began) < 3*time.Second {
			t.Errorf("given up after %s", time.Since(began))
		}
		held := make(chan struct{})
		w = NewWriter(writerFunc(func(p []byte) (int, error) {
			<-held
			return len(p), nil
		}))
		_, _ = w.Write([]byte("x"))
		began = time.Now()
		if w.Await(time.Second) || time.Since(began) != time.Second {
			t.Errorf("waited for %s", time.Since(began))
		}
		close(held)
	})
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
