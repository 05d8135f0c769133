package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
)

// A hundred steps fill no screen: the terminal shows the first and the last of them and says where the others are.
func TestManySteps(t *testing.T) {
	for steps, want := range map[int]string{30: "climb@21/s", 31: "… 2 more in report.md", 100: "… 71 more in report.md"} {
		s := reportstest.Passing(t)
		figures := s.Groups.Phase[s.Run.Phases[len(s.Run.Phases)-1].Name]
		s.Run.Phases = nil
		for i := range steps {
			p := results.Phase{Name: fmt.Sprintf("climb@%d/s", i+1), Of: "climb", Shape: fmt.Sprintf("%d/s", i+1), StartSeconds: float64(i), Seconds: 1}
			s.Run.Phases = append(s.Run.Phases, p)
			s.Groups.Phase[p.Name] = figures
		}
		var terminal, markdown bytes.Buffer
		if err := Terminal(&terminal, s, Options{}); err != nil {
			t.Fatal(err)
		}
		if err := Markdown(&markdown, s); err != nil {
			t.Fatal(err)
		}
		shown := strings.Count(terminal.String(), "climb@")
		if last := fmt.Sprintf("climb@%d/s", steps); shown > 30 || !strings.Contains(terminal.String(), last) || !strings.Contains(terminal.String(), want) {
			t.Errorf("%d of %d steps are shown, expected %q and %q:\n%s", shown, steps, last, want, &terminal)
		}
		if all := strings.Count(markdown.String(), "climb@"); all != steps {
			t.Errorf("report.md has %d of %d steps", all, steps)
		}
	}
}
