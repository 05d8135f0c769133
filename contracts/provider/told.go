package provider

import (
	"net/http"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// answerAsked answers a request that asks about an execution.
func (h *handler) answerAsked(w http.ResponseWriter, r *http.Request, id string) outcome {
	bad := h.readAsked(w, r, &id)
	h.pause(r.Context(), 0)
	if bad == nil {
		e, known := h.floor.ask(id)
		if known {
			send(w, http.StatusOK, "application/json", append(h.said(&e, e.id).AppendJSON(nil), '\n'))
			return outcome{status: http.StatusOK, poll: true}
		}
		bad = &refusal{status: http.StatusNotFound, code: "unknown-execution", message: "there is no execution " + quote(id)}
	}
	send(w, bad.status, "application/json", bad.body())
	return outcome{status: bad.status, code: bad.code, poll: true}
}

// readAsked reads what is asked about, as far as it is not in the path.
func (h *handler) readAsked(w http.ResponseWriter, r *http.Request, id *string) *refusal {
	if r.Method != h.asked.Method {
		w.Header().Set("Allow", h.asked.Method)
		return &refusal{status: http.StatusMethodNotAllowed, code: "method-not-allowed", message: "it is asked by " + h.asked.String()}
	}
	if bad := h.checkToken(w, r); bad != nil || h.asked.ID == "" {
		return bad
	}
	if bad := h.checkBody(r); bad != nil {
		return bad
	}
	buffer := h.buffers.Get().(*[]byte)
	defer h.release(buffer)
	if bad := h.readBody(r, buffer); bad != nil {
		return bad
	}
	v, broken := jsontext.Decode(*buffer)
	if broken != nil {
		return &refusal{status: http.StatusBadRequest, code: contracts.RuleMalformedJSON, message: "the body is not JSON: " + broken.Error()}
	}
	for _, step := range jsontext.Steps(h.asked.ID) {
		m, _ := v.(map[string]any)
		v = m[step]
	}
	text, ok := v.(string)
	if *id = text; !ok {
		return &refusal{status: http.StatusBadRequest, code: "missing-id", message: "expected the id of an execution, a text, at " + h.asked.ID}
	}
	return nil
}

// said is what the provider says of an execution, under an id. Times are written as RFC 3339 has them.
func (h *handler) said(e *execution, id string) *schema.Node {
	root := &schema.Node{Fields: map[string]*schema.Node{}}
	put := func(pointer string, value *schema.Node) {
		if pointer != "" {
			putAt(root, jsontext.Steps(pointer), value)
		}
	}
	text := func(s string) *schema.Node { return &schema.Node{Scalar: s} }
	put(h.asked.Same, text(id))
	put(h.asked.State, text(h.stateName(e)))
	if session, err := schema.ReadJSON(h.answer.session(h.prefix, e.n)); err == nil {
		put(h.asked.Session, session)
	}
	if e.state != waiting {
		put(h.asked.Began, text(h.floor.moment(e.began).UTC().Format(time.RFC3339Nano)))
	}
	if e.state == ended {
		put(h.asked.Ended, text(h.floor.moment(e.ends).UTC().Format(time.RFC3339Nano)))
	}
	return root
}

// stateName is the first of the states that mean what an execution is in.
func (h *handler) stateName(e *execution) string {
	f := h.asked.Following
	switch {
	case e.state == waiting:
		return f.Waiting[0]
	case e.state == running:
		return f.Running[0]
	case e.fate == fails:
		return f.Failed[0]
	}
	return f.Completed[0]
}
