package live

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/kaizenautomation/andon/reports/summary"
)

// terminal is what a view writes to.
type terminal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *terminal) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

func (t *terminal) await(test *testing.T, text string) {
	test.Helper()
	for began := time.Now(); !strings.Contains(t.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			test.Fatalf("%q does not come: %q", text, t.String())
		}
	}
}

const (
	enter = "\x1b[?1049h" // the alternate screen
	leave = "\x1b[?1049l"
)

func never() bool { return false }

func TestView(t *testing.T) {
	keyboard, keys := io.Pipe()
	out := new(terminal)
	pressed := make(chan struct{}, 10)
	v := start(keyboard, out, never, pictureOf(summary.Progress{Scenario: "first", Total: time.Minute}), false, func() { pressed <- struct{}{} },
		tea.WithWindowSize(80, 24), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
	out.await(t, enter)
	out.await(t, "andon · first")
	v.show(pictureOf(summary.Progress{Scenario: "second", Total: time.Minute, Done: 1234}))
	out.await(t, "1,234")
	v.note("something happened")
	out.await(t, "something happened")
	for _, key := range []string{"q", "\x03"} {
		if _, err := io.WriteString(keys, key); err != nil {
			t.Fatal(err)
		}
		select {
		case <-pressed:
		case <-time.After(10 * time.Second):
			t.Fatalf("the key %q is not heard", key)
		}
	}
	if _, err := io.WriteString(keys, "xyz\x1b[A"); err != nil {
		t.Fatal(err)
	}
	v.stop()
	out.await(t, "nothing more is sent")
	if v.gone() {
		t.Error("the view is gone while it is shown")
	}
	if notes := v.close(); len(notes) != 1 || notes[0] != "something happened" {
		t.Errorf("notes %q", notes)
	}
	if !v.gone() || len(v.close()) != 0 {
		t.Error("a closed view is not gone, or has its notes twice")
	}
	if len(pressed) > 0 {
		t.Error("another key counts too")
	}
	if text := out.String(); strings.Count(text, enter) != 1 || strings.LastIndex(text, leave) < strings.LastIndex(text, "stopped") {
		t.Errorf("the alternate screen is not left: %q", text)
	}
}

// A terminal that goes away ends the view and holds nobody up.
func TestViewWithoutTerminal(t *testing.T) {
	keyboard, keys := io.Pipe()
	v := start(keyboard, new(terminal), never, pictureOf(summary.Progress{}), false, func() {}, tea.WithWindowSize(80, 24))
	_ = keys.CloseWithError(io.ErrClosedPipe)
	for began := time.Now(); !v.gone(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("the view does not notice")
		}
	}
	v.show(pictureOf(summary.Progress{}))
	v.note("after the end")
	if notes := v.close(); len(notes) != 1 {
		t.Errorf("notes %q", notes)
	}
}
