package contracts

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
)

// atFollowed is what openapi.yaml says of how executions are followed.
const atFollowed = `        id: /id
        state: /execution/status
        session: /execution/sessionId
        began: /execution/startTime
        same: /execution/id
        waiting: [Enqueued]
        running: [InProgress, Paused]
        completed: [Completed]
        failed: [Failed]
`

// openapi.yaml marks the operation that is usual, and what it leaves out is usual as well.
func TestFollowing(t *testing.T) {
	another := func(f func(*Following)) Following {
		usual := DefaultFollowing()
		f(&usual)
		return usual
	}
	const marked = "      x-andon-following:\n" + atFollowed
	for why, c := range map[string]struct {
		text string
		want Following
	}{
		"as it is":         {string(andon.Spec), DefaultFollowing()},
		"an empty one":     {edited(t, marked, "      x-andon-following: {}\n"), DefaultFollowing()},
		"none":             {edited(t, marked, ""), DefaultFollowing()},
		"another place":    {edited(t, atFollowed, "        state: /run/0/a~1b\n        session: ''\n"), another(func(f *Following) { f.State, f.Session = "/run/0/a~1b", "" })},
		"its own end":      {edited(t, atFollowed, "        ended: /execution/endTime\n"), another(func(f *Following) { f.Ended = "/execution/endTime" })},
		"its own states":   {edited(t, atFollowed, "        failed: [Failed, Cancelled]\n        running: [busy]\n"), another(func(f *Following) { f.Failed, f.Running = []string{"Failed", "Cancelled"}, []string{"busy"} })},
		"the id in a path": {strings.Replace(edited(t, marked, "      x-andon-following: {state: /state}\n"), "  /executions/get:\n    post:\n", "  /v1/runs/{id}:\n    get:\n      parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n", 1), another(func(f *Following) { f.Method, f.Path, f.ID, f.State = "GET", "/v1/runs/{id}", "", "/state" })},
	} {
		d, err := Load("spec.yaml", []byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", why, err)
		} else if got := d.Following(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", why, got, c.want)
		}
		if d != nil && d.Operation() != DefaultOperation() {
			t.Errorf("%s: the call is %s", why, d.Operation())
		}
	}
}

// What is wrong with the extension is told by its place, and all at once.
func TestFollowingErrors(t *testing.T) {
	const at = "/paths/~1executions~1get/post/x-andon-following"
	with := func(lines string) string { return edited(t, atFollowed, lines) }
	path := func(path, method string, lines string) string {
		return strings.Replace(with(lines), "  /executions/get:\n    post:\n", "  "+path+":\n    "+method+":\n", 1)
	}
	for _, c := range []struct {
		why, text string
		want      []string
	}{
		{"an unknown key", with("        states: /x\n"), []string{at + `/states: nothing is called "states"; did you mean state?`}},
		{"a key far from all", with("        polls: 3\n"), []string{`nothing is called "polls"; expected one of id, state, session, began, ended, same, waiting, running, completed, failed`}},
		{"a list", with("        - state\n"), []string{at + ": expected pointers and states"}},
		{"no pointer", with("        state: execution/status\n"), []string{at + `/state: expected a JSON pointer, which begins with a slash, found "execution/status"; did you mean "/execution/status"?`}},
		{"a number", with("        state: 7\n"), []string{at + "/state: expected a JSON pointer, as a text"}},
		{"an escape that is none", with("        same: /a~2b\n"), []string{"a ~ is written ~0"}},
		{"no state", with("        state: ''\n"), []string{at + "/state: expected a pointer to the state"}},
		{"no id", with("        id: ''\n"), []string{at + "/id: nothing says where the id goes"}},
		{"no states", with("        failed: []\n"), []string{at + "/failed: expected a list of states, as texts, such as [Failed]"}},
		{"one state", with("        failed: Failed\n"), []string{at + "/failed: expected a list of states"}},
		{"a number among states", with("        failed: [Failed, 7]\n"), []string{at + "/failed: expected a list of states"}},
		{"a state twice", with("        running: [InProgress, Done]\n        completed: [Done]\n"), []string{at + `/completed: the state "Done" is running already`}},
		{"a usual state in another place", with("        completed: [Completed, Failed]\n"), []string{at + `/completed: the state "Failed" is failed already`}},
		{"all at once", with("        state: status\n        stat: /x\n        failed: []\n"), []string{"3 parts of this", "/state:", "/stat:", "/failed:"}},
		{"the id in path and body", path("/v1/runs/{id}", "get", "        id: /id\n"), []string{"/id: the path has {id}"}},
		{"the id nowhere", path("/v1/runs", "get", "        state: /state\n"), []string{"the path has no {id}, and a GET has no body"}},
		{"another parameter", path("/v1/{tenant}/runs/{id}", "get", "        state: /state\n"), []string{`the path "/v1/{tenant}/runs/{id}" has the parameter "tenant", which is described nowhere`}},
		{"a header of the connection", strings.Replace(string(andon.Spec), "      operationId: getExecution\n", "      operationId: getExecution\n      parameters: [{name: Host, in: header, required: true, schema: {type: string}}]\n", 1), []string{`the header parameter "Host" is what a call has`}},
		{"another scheme", strings.Replace(string(andon.Spec), "      operationId: getExecution\n", "      operationId: getExecution\n      security: [{key: []}]\n", 1), []string{`no security scheme is called "key"`}},
		{"at a path", edited(t, "  /executions/get:\n", "  /executions/get:\n    x-andon-following: {}\n"), []string{"it belongs to an operation, such as post"}},
		{"at the call", edited(t, atCall, atCall+"      x-andon-following: {}\n"), []string{"this is the call itself"}},
		{"at two", edited(t, "  /executions/get:\n", "  /runs:\n    post: {x-andon-following: {}, responses: {'200': {description: ok}}}\n  /executions/get:\n"), []string{at + ": it stands at /paths/~1runs/post/x-andon-following, too"}},
	} {
		_, err := Load("spec.yaml", []byte(c.text))
		if err == nil {
			t.Errorf("%s: it is accepted", c.why)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "\n  spec.yaml:") {
				t.Errorf("%s: %v; want %q", c.why, err, want)
			}
		}
	}
}

// Whatever is answered, it is read or refused.
func FuzzFollowingRead(f *testing.F) {
	f.Add([]byte(`{"execution":{"id":"e","status":"Completed","startTime":"2026-01-02T03:04:05Z"}}`), "/execution/status")
	f.Add([]byte(`[{"a":1},{"~/":"Failed"}]`), "/1/~0~1")
	f.Add([]byte(`"Completed"`), "/")
	f.Fuzz(func(t *testing.T, body []byte, pointer string) {
		if pointer != "" && pointer[0] != '/' {
			return
		}
		o := DefaultFollowing()
		o.State = pointer
		told, err := o.Read(body)
		if err == nil && told.State == "" || err != nil && told.Meaning != MeansNothing {
			t.Errorf("%+v, %v", told, err)
		}
	})
}

// An id stays one part of the path, whatever it and the path look like.
func TestFollowingNewRequest(t *testing.T) {
	for _, c := range []struct{ target, path, id, want string }{
		{"http://h", "/v1/runs/{id}", "../e /?1", "/v1/runs/..%2Fe%20%2F%3F1"},
		{"http://h", "/v1/runs/{id}", "..", "/v1/runs/%2E%2E"},
		{"http://h/b%2Fc/", "/v1/runs/{id}/state", "a/b", "/b%2Fc/v1/runs/a%2Fb/state"},
		{"http://h", "/läufe/{id}", "a/b", "/l%C3%A4ufe/a%2Fb"},
		{"http://h", "/r%2Fs/{id}", "a/b", "/r%252Fs/a%2Fb"},
	} {
		u, err := url.Parse(c.target)
		if err != nil {
			t.Fatal(err)
		}
		r := Following{Method: "GET", Path: c.path}.NewRequest(t.Context(), u, nil, c.id)
		if got := r.URL.EscapedPath(); got != c.want {
			t.Errorf("%s%s of %q: %s, want %s", c.target, c.path, c.id, got, c.want)
		}
	}
}
