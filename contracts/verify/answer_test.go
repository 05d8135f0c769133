package verify

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/summary"
)

// What came back for a case that did not hold is kept, in part, and what came back for one that did is not.
func TestAnswers(t *testing.T) {
	c := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", "POST")
			w.WriteHeader(http.StatusMethodNotAllowed)
			_, _ = fmt.Fprint(w, `{"error":{"code":"method","message":"not allowed"}}`)
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprintf(w, "{\"why\":\"%s\xff\"}%s", r.Header.Get("Authorization"), strings.Repeat("x", 1<<16))
	}))
	c.Engine = ByDescription
	v := prepared(t, c).Run(context.Background())
	answers := 0
	for _, check := range v.Checks {
		switch check.Verdict {
		case summary.CheckHeld, summary.CheckSkipped, summary.CheckNoted:
			if check.Answer != "" {
				t.Errorf("%s held, and %.60q is kept", check.Name, check.Answer)
			}
			continue
		}
		answers++
		if !strings.HasPrefix(check.Answer, `{"why":"`) || !strings.HasSuffix(check.Answer, "x…") || len(check.Answer) > maxAnswer+8 || !utf8.ValidString(check.Answer) {
			t.Errorf("%s: the answer is %d bytes, %.60q", check.Name, len(check.Answer), check.Answer)
		}
		if strings.Contains(check.Answer, c.Credentials.Token()) {
			t.Fatalf("%s: the token is in %.80q", check.Name, check.Answer)
		}
		if check.Place == nil || check.Place.File != "openapi.yaml" || check.Place.Line < 2 {
			t.Fatalf("%s has the place %+v", check.Name, check.Place)
		}
		// The lines are those of the description, numbered.
		line := strings.Split(string(andon.Spec), "\n")[check.Place.Line-1]
		if want := fmt.Sprintf("%5d  %s\n", check.Place.Line, line); !strings.Contains(v.Excerpts[check.Place.Line], want) {
			t.Errorf("%s: %q does not hold %q", check.Name, v.Excerpts[check.Place.Line], want)
		}
	}
	if answers < 100 {
		t.Errorf("%d answers are kept", answers)
	}
}

// Where a body is cut, or broke off, no part of the token stays that is longer than three characters; the rest stays as
// it was.
func TestAnswersHideTheToken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token := rapid.StringMatching(`[a-zA-Z0-9._~+/-]{8,1000}`).Draw(t, "token")
		body := ""
		for range rapid.IntRange(0, 6).Draw(t, "parts") {
			body += rapid.OneOf(rapid.Just(token), rapid.StringMatching(`[ {}:"]{0,1000}`), rapid.Just(token[:rapid.IntRange(1, len(token)).Draw(t, "cut")]+" ")).Draw(t, "part")
		}
		body += token[:rapid.IntRange(0, len(token)).Draw(t, "end")]
		r := &run{Config: Config{Credentials: credentials.Bearer(token)}}
		got := r.answered(Outcome{Verdict: summary.CheckBroken}, []byte(body)).Answer
		if strings.Contains(got, token) || len(got) > maxAnswer+len("…") {
			t.Fatalf("%d bytes: %.200q", len(got), got)
		}
		if end := strings.TrimSuffix(got, "…"); len(end) > 3 && len(body) < maxAnswer {
			for n := 4; n < len(token); n++ {
				if strings.HasSuffix(end, token[:n]) {
					t.Fatalf("%q ends with the beginning of the token", end)
				}
			}
		}
		if held := r.answered(Outcome{Verdict: summary.CheckHeld, Case: cases.Case{}}, []byte(body)); held.Answer != "" {
			t.Fatalf("it held, and %q is kept", held.Answer)
		}
	})
}
