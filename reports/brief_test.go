package reports

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

func TestBrief(t *testing.T) {
	m := manifest()
	empty := Summarize(m, nil, nil, results.End{Reason: results.Interrupted, Detail: "stopped by hand after 3s"}, metrics.New(m.Labels, m.Planned))
	many := failing(t)
	for i := range 9 {
		many.Verdict.Causes = append(many.Verdict.Causes, fmt.Sprintf("Cause %d of %s", i, hostile))
	}
	var b bytes.Buffer
	for _, s := range []Summary{passing(t), many, closedLoop(t), empty} {
		if err := Brief(&b, s, TerminalOptions{Width: 100, Dir: "reports/runs/x"}); err != nil {
			t.Fatal(err)
		}
		b.WriteByte('\n')
	}
	golden(t, "brief.txt", b.Bytes())
	if i := bytes.IndexFunc(b.Bytes(), func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e) }); i >= 0 {
		t.Errorf("the terminal gets a control character: %q", b.Bytes()[i:min(i+20, b.Len())])
	}
}
