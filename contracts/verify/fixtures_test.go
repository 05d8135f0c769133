package verify

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
)

// A call that is refused for an id that nobody gave says which fixture is missing; one whose ids were given, or whose
// answer is about something else, does not.
func TestMadeUpIDs(t *testing.T) {
	const made = `file "file_a3705b" is made up: give one that exists in the fixtures, file: [...]`
	for _, x := range []struct {
		status int
		answer string
		given  bool
		want   bool
	}{
		{404, `{"error":"no such thing"}`, false, true},
		{404, `{"error":"no such thing"}`, true, false},
		{422, `{"error":"there is no file_a3705b"}`, false, true},
		{400, `{"error":"content must not have a file"}`, false, false},
		{403, `{"error":"file_a3705b"}`, false, false},
	} {
		c := serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(x.status)
			fmt.Fprint(w, x.answer)
		}))
		if x.given {
			var err error
			if c.Description, err = c.Description.WithFixtures([]contracts.Fixture{{ContentType: "file", Property: "id", Values: [][]byte{[]byte(`"file_a3705b"`)}}}); err != nil {
				t.Fatal(err)
			}
		}
		for _, k := range c.All() {
			if k.ID == "file.Full" {
				c.Cases = []cases.Case{k}
			}
		}
		outcomes, err := judge(c)
		if err != nil || len(outcomes) != 1 || strings.Contains(outcomes[0].Reason, made) != x.want {
			t.Errorf("%d %s, given %v: %+v, %v", x.status, x.answer, x.given, outcomes, err)
		}
	}
}
