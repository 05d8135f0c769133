package wire

import (
	"slices"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/wiretest"
)

// A call comes back where net/http does not: a server that breaks the flow control of HTTP/2 has it wait for itself.
func TestNetHTTPDoesNotComeBack(t *testing.T) {
	all := wiretest.Hostiles()
	i := slices.IndexFunc(all, func(h wiretest.Hostile) bool { return h.Name == "h2: a window beyond all numbers" })
	c := configFor(all[i].Serve(t), "", 0)
	c.HTTP2, c.Plain, c.Timeout, c.InFlight = true, true, 200*time.Millisecond, 1
	transport := New(t.Context(), c)
	defer transport.Close()
	head := c.Template(0)
	for range 2 {
		b := append(make([]byte, head.Room()), '{', '}')
		begin := head.Put(b, 0)
		x := &Exchange{Message: b[begin:], Body: head.Room() - begin, Deadline: time.Now().Add(c.Timeout)}
		if err := transport.Do(x); err == nil || Classify(err, x.Connected, x.Begun) != results.TimeoutWaiting {
			t.Errorf("it came back with %v", err)
		}
	}
}
