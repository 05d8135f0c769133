// Package live shows a run on a person's terminal while it goes on, and takes the keys with which it is stopped; where
// nobody looks, it writes lines. [Watch] does the one or the other.
//
// What is on the screen is made by [Screen], a function of what is known; the rest is how it gets there: the alternate
// screen, its size, the keyboard, and that the terminal is left as it was found. The terminal runs in its own
// goroutine, redraws a few times a second, and holds nothing up: whoever measures hands over what is known, and goes
// on. Nor does a terminal that takes nothing: what is shown goes there by way of a [Writer].
package live

import (
	"io"
	"os"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/kaizenautomation/andon/reports/summary"
)

// View is a terminal that shows a run. Make it with [Start]; it is safe for concurrent use.
type View struct {
	program *tea.Program
	closed  chan struct{}

	mu       sync.Mutex
	progress summary.Progress
	known    time.Time // when progress was handed over
	notes    []string
	stopping bool

	// behind reports whether the terminal has not taken yet what was drawn last, which is frame.
	behind func() bool
	frame  string
}

// redraw is how often the screen is drawn anew, so that the time that is left runs while nothing else changes.
const redraw = 250 * time.Millisecond

// Start takes the terminal over: in is its keyboard, out its screen. press is called at each q and Ctrl-C, which the
// terminal does not turn into signals while the view is shown. first is shown until [View.Show] is called. What is
// shown is written by way of by.
func Start(in, out *os.File, by *Writer, first summary.Progress, color bool, press func()) *View {
	return start(in, tty{out, by}, by.behind, first, color, press)
}

func start(in io.Reader, out io.Writer, behind func() bool, first summary.Progress, color bool, press func(), options ...tea.ProgramOption) *View {
	v := &View{closed: make(chan struct{}), progress: first, known: time.Now(), behind: behind}
	// Signals stay where they are handled, so that they mean the same with and without a view.
	options = append(options, tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler(), tea.WithFPS(10))
	v.program = tea.NewProgram(model{view: v, color: color, press: press}, options...)
	go func() {
		defer close(v.closed)
		// A terminal that goes away in the middle takes the view with it, and not the run.
		_, _ = v.program.Run()
	}()
	return v
}

// Show hands over what is known.
func (v *View) Show(p summary.Progress) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.progress, v.known = p, time.Now()
}

// Stopping says that nothing more is sent.
func (v *View) Stopping() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stopping = true
}

// Note shows a sentence, and gives it back at the end.
func (v *View) Note(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.notes = append(v.notes, text)
}

// Close gives the terminal back as it was, and returns the notes. It may be called more than once.
func (v *View) Close() (notes []string) {
	v.program.Quit()
	<-v.closed
	v.mu.Lock()
	defer v.mu.Unlock()
	notes, v.notes = v.notes, nil
	return notes
}

// Gone reports whether the view has ended, be it that it was closed or that the terminal went away.
func (v *View) Gone() bool {
	select {
	case <-v.closed:
		return true
	default:
		return false
	}
}

// now is what is to be shown. The time goes on since it was handed over.
func (v *View) now() summary.Progress {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.progress
	p.Elapsed += time.Since(v.known)
	p.Notes = append([]string(nil), v.notes...)
	p.Stopping = v.stopping
	return p
}

// draw gives what is on the screen. Nothing new is drawn for a terminal that takes nothing, since what it has not taken
// is kept for it.
func (v *View) draw(width, height int, color bool) string {
	if !v.behind() {
		v.frame = Screen(v.now(), width, height, color)
	}
	return v.frame
}

// model is the view as Bubble Tea has it.
type model struct {
	view          *View
	color         bool
	width, height int
	press         func()
}

type beat struct{}

func again() tea.Cmd { return tea.Tick(redraw, func(time.Time) tea.Msg { return beat{} }) }

// Init implements tea.Model.
func (m model) Init() tea.Cmd { return again() }

// Update implements tea.Model.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case beat:
		return m, again()
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		switch msg.String() {
		case "q", "Q", "shift+q", "ctrl+c":
			m.press()
		}
	}
	return m, nil
}

// View implements tea.Model.
func (m model) View() tea.View {
	screen := tea.NewView("")
	if m.width > 0 {
		screen.Content = m.view.draw(m.width, m.height, m.color)
	}
	screen.AltScreen = true
	return screen
}
