// Package live shows a run, or a search for capacity, on a person's terminal while it goes on, and takes the keys with
// which it is stopped; where nobody looks, it writes lines. [Watch] does the one or the other.
//
// What is on the screen is made by [Screen] and [SearchScreen], functions of what is known; the rest is how it gets
// there: the alternate screen, its size, the keyboard, and that the terminal is left as it was found. The terminal
// runs in its own goroutine, redraws a few times a second, and holds nothing up: whoever measures hands over what is
// known, and goes on. Nor does a terminal that takes nothing: what is shown goes there by way of a [Writer].
package live

import (
	"io"
	"slices"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/kaizenautomation/andon/reports/summary"
)

// picture is what is known at a moment, ready to be drawn so much later on a terminal of so many columns and rows.
type picture func(since time.Duration, notes []string, stopping bool, width, height int, color bool) string

func pictureOf(p summary.Progress) picture {
	return func(since time.Duration, notes []string, stopping bool, width, height int, color bool) string {
		p := p
		if p.Notes, p.Stopping = notes, stopping; !p.Ahead {
			p.Elapsed += since
		}
		return Screen(p, width, height, color)
	}
}

// view is a terminal that shows what goes on. Make it with start; it is safe for concurrent use.
type view struct {
	program *tea.Program
	closed  chan struct{}

	mu       sync.Mutex
	shown    picture
	known    time.Time // when it was handed over
	notes    []string
	stopping bool

	// behind reports whether the terminal has not taken yet what was drawn last, which is frame.
	behind func() bool
	frame  string
}

// redraw is how often the screen is drawn anew, so that the time that is left runs while nothing else changes.
const redraw = 250 * time.Millisecond

// start takes the terminal over: in is its keyboard, out its screen. press is called at each q and Ctrl-C, which the
// terminal does not turn into signals while the view is shown. first is shown until show is called. behind reports
// whether the terminal has not taken yet what was drawn last.
func start(in io.Reader, out io.Writer, behind func() bool, first picture, color bool, press func(), options ...tea.ProgramOption) *view {
	v := &view{closed: make(chan struct{}), shown: first, known: time.Now(), behind: behind}
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

// show hands over what is known.
func (v *view) show(p picture) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.shown, v.known = p, time.Now()
}

// stop says that nothing more is sent.
func (v *view) stop() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stopping = true
}

// note shows a sentence, and gives it back at the end.
func (v *view) note(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.notes = append(v.notes, text)
}

// close gives the terminal back as it was, and returns the notes. It may be called more than once.
func (v *view) close() (notes []string) {
	v.program.Quit()
	<-v.closed
	v.mu.Lock()
	defer v.mu.Unlock()
	notes, v.notes = v.notes, nil
	return notes
}

// gone reports whether the view has ended, be it that it was closed or that the terminal went away.
func (v *view) gone() bool {
	select {
	case <-v.closed:
		return true
	default:
		return false
	}
}

// draw gives what is on the screen, where time goes on since it was handed over. Nothing new is drawn for a terminal
// that takes nothing, since what it has not taken is kept for it.
func (v *view) draw(width, height int, color bool) string {
	if v.behind() {
		return v.frame
	}
	v.mu.Lock()
	shown, since, notes, stopping := v.shown, time.Since(v.known), slices.Clone(v.notes), v.stopping
	v.mu.Unlock()
	v.frame = shown(since, notes, stopping, width, height, color)
	return v.frame
}

// model is the view as Bubble Tea has it.
type model struct {
	view          *view
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
