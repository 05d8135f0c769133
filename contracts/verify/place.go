package verify

import (
	"fmt"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// place says where in the description what did not hold is told, which is the operation where nothing is known better,
// and adds the lines that stand there.
func place(v *summary.Verification, d *contracts.Description) {
	// Excerpts are known by their lines, so that they are of the description's own file.
	_, _, text := d.Where(0)
	lines := strings.Split(string(text), "\n")
	for i := range v.Checks {
		c := &v.Checks[i]
		switch c.Verdict {
		case summary.CheckHeld, summary.CheckNoted, summary.CheckSkipped:
			continue
		}
		if c.Place == nil {
			file, line, _ := d.Where(d.Line())
			c.Place = &summary.Place{File: file, Line: line}
		}
		at := c.Place.Line
		if _, known := v.Excerpts[at]; known || c.Place.File != d.Name() || at < 1 || at > len(lines) || len(v.Excerpts) == maxExcerpts {
			continue
		}
		if v.Excerpts == nil {
			v.Excerpts = map[int]string{}
		}
		v.Excerpts[at] = excerpt(lines, at)
	}
}

const (
	// maxExcerpts is of how many places the lines are kept, and maxExcerptLine how long each line may be.
	maxExcerpts    = 200
	maxExcerptLine = 120
)

// excerpt is a line with those around it, numbered.
func excerpt(lines []string, at int) string {
	var b strings.Builder
	for n := max(at-1, 1); n <= min(at+4, len(lines)); n++ {
		fmt.Fprintf(&b, "%5d  %s\n", n, text.Printable(strings.TrimRight(lines[n-1], "\r "), maxExcerptLine))
	}
	return b.String()
}

// placing is the file, and the line in it, of a line of a description.
type placing func(line int) (file string, at int)

func placed(d *contracts.Description) placing {
	return func(line int) (string, int) {
		file, at, _ := d.Where(line)
		return file, at
	}
}
