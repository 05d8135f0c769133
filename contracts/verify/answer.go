package verify

import (
	"strings"

	"github.com/kaizenautomation/andon/reports/summary"
)

// maxAnswer is how many bytes of an answer's body are kept where it did not hold.
const maxAnswer = 2 << 10

// answered adds the beginning of the answer's body, for people to see what came back, unless the case held. Secrets
// are taken out first: the target may have sent back what it was given.
func (r *run) answered(o Outcome, body []byte) Outcome {
	switch o.Verdict {
	case summary.CheckHeld, summary.CheckNoted, summary.CheckSkipped:
		return o
	}
	// Of all of it, since a secret that is cut in two would be found no more; where the body broke off, one may be.
	said := strings.TrimSuffix(r.Credentials.Redact(string(body)+"…"), "…")
	o.Answer = strings.ToValidUTF8(said[:min(len(said), maxAnswer)], "\uFFFD")
	if len(said) > maxAnswer {
		o.Answer += "…"
	}
	return o
}
