package reports

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func checks(verdicts ...string) Verification {
	v := Verification{Schema: VerificationSchema, Target: "http://127.0.0.1:1", Started: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), Planned: len(verdicts), LeftOut: 7}
	for i, verdict := range verdicts {
		name := []string{"text.Full", "text.missing-text.negative", "file.Full+agentId", "method.GET.negative"}[i%4]
		v.Checks = append(v.Checks, Check{Engine: "description", Name: name, Proves: "something", Expect: []string{"accepted", "refused", "accepted", "refused"}[i%4],
			Verdict: verdict, Reason: hostile, Pointer: "/a", Status: 200, Curl: "curl " + hostile})
	}
	return v
}

func TestDecide(t *testing.T) {
	for _, c := range []struct {
		verdicts []string
		early    string
		status   string
		code     int
	}{
		{[]string{CheckHeld, CheckNoted}, "", Pass, 0},
		{[]string{CheckHeld, CheckBroken}, "", Fail, 1},
		{[]string{CheckHeld, CheckBroken}, "the target does not answer", NoVerdict, 3},
		{[]string{CheckHeld}, "interrupted", NoVerdict, 3},
		{[]string{CheckHeld, CheckDoubtful}, "", NoVerdict, 3},
		{[]string{CheckBroken, CheckDoubtful}, "", Fail, 1},
		{[]string{CheckSkipped}, "", NoVerdict, 3},
		{nil, "", NoVerdict, 3},
	} {
		v := checks(c.verdicts...)
		v.Decide(c.early)
		if v.Verdict.Status != c.status || v.Verdict.ExitCode != c.code || (c.status == Pass) != (len(v.Verdict.Causes) == 0) {
			t.Errorf("%v %q: %+v, want %s, %d", c.verdicts, c.early, v.Verdict, c.status, c.code)
		}
	}
}

func TestVerificationTerminal(t *testing.T) {
	v := checks(CheckHeld, CheckBroken, CheckSkipped, CheckHeld)
	v.Checks = append(v.Checks, Check{Engine: "pact", Name: "text.Full", Proves: "something", Expect: "accepted", Verdict: CheckBroken, Reason: "$ -> missing", Curl: strings.Repeat("x", 2000)})
	v.Planned = 5
	v.Decide("")
	var b bytes.Buffer
	if err := VerificationTerminal(&b, v, TerminalOptions{Width: 100}); err != nil {
		t.Fatal(err)
	}
	golden(t, "verification.txt", b.Bytes())
	if i := bytes.IndexFunc(b.Bytes(), func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e) }); i >= 0 {
		t.Errorf("the terminal gets a control character: %q", b.Bytes()[i:min(i+20, b.Len())])
	}
}
