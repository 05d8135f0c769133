package contracts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
	"github.com/kaizenautomation/andon/reports/text"
)

// Following is the operation by which a provider tells what became of an execution, and how to read its answers. The
// pointers are JSON pointers; an empty one is of something that the provider does not tell.
type Following struct {
	// Method and Path say where it lives below the target's base URL. Where the path has {id}, the execution's id
	// stands there.
	Method, Path string
	// ID is where the id stands in the request's body; empty where the path has it, and the request has no body then.
	ID string
	// State, Session, Began, Ended and Same are where the answer has the execution's state, its session, the provider's
	// own times of its begin and its end, and the id that was asked for.
	State, Session, Began, Ended, Same string
	// Waiting, Running, Completed and Failed are the states by what they mean. An execution goes from one that waits to
	// one that runs, maybe to and fro, and ends in one that has completed or failed.
	Waiting, Running, Completed, Failed []string

	// carries are what its calls carry besides the id, as the operation is described that carriedBy names.
	carries   *carried
	carriedBy string
}

// DefaultFollowing is the operation of the API as its public pages have it, which a description need not contain.
func DefaultFollowing() Following {
	return Following{
		Method: "POST", Path: "/executions/get", ID: "/id",
		State: "/execution/status", Session: "/execution/sessionId", Began: "/execution/startTime", Same: "/execution/id",
		Waiting: []string{"Enqueued"}, Running: []string{"InProgress", "Paused"}, Completed: []string{"Completed"}, Failed: []string{"Failed"},
	}
}

// String is the operation as people write it: POST /executions/get.
func (f Following) String() string { return f.Method + " " + f.Path }

// followingExtension is what an operation object carries to say that it tells what became of an execution. Its keys
// are the fields of [Following] without the first two, in small letters; what is left out has its default.
const followingExtension = "x-andon-following"

// pointers are those that the extension can say, by its keys.
func (f *Following) pointers() (keys []string, values map[string]*string) {
	values = map[string]*string{"id": &f.ID, "state": &f.State, "session": &f.Session, "began": &f.Began, "ended": &f.Ended, "same": &f.Same}
	return []string{"id", "state", "session", "began", "ended", "same"}, values
}

// states are those that the extension can say, by its keys.
func (f *Following) states() (keys []string, values map[string]*[]string) {
	values = map[string]*[]string{"waiting": &f.Waiting, "running": &f.Running, "completed": &f.Completed, "failed": &f.Failed}
	return []string{"waiting", "running", "completed", "failed"}, values
}

// idParameter is where the id of an execution goes in a path.
const idParameter = "{id}"

// following looks for the operation that is followed, and reads how. It is sent with what the call is sent with, so
// that what the call may not ask for, it may not either.
func (a *audit) following(call Operation) Following {
	f := DefaultFollowing()
	var first []string // where the extension stands
	paths := a.document.Root.At("paths")
	for _, path := range paths.Names() {
		// What is not followed may be as it likes, so that nothing is said of where references lead.
		at := []string{"paths", path}
		item, err := a.document.Resolve(paths.At(path))
		if err != nil {
			continue
		}
		if x := item.At(followingExtension); x != nil {
			a.fail(x, below(at, followingExtension), "it belongs to an operation, such as post, not to a path")
		}
		for _, method := range httpMethods {
			op, at := item.At(method), below(at, method)
			x := op.At(followingExtension)
			switch {
			case x == nil:
				continue
			case path == call.Path && strings.EqualFold(method, call.Method) && a.chosen:
				continue // whoever calls it by itself follows nothing by it
			case path == call.Path && strings.EqualFold(method, call.Method):
				a.fail(x, below(at, followingExtension), "this is the call itself, which starts executions; mark the operation that tells what became of one")
				continue
			case first != nil:
				a.fail(x, below(at, followingExtension), "it stands at %s, too; one operation can be the one that is followed", clip(jsontext.Pointer(first...), 200))
				continue
			}
			first = below(at, followingExtension)
			f.Method, f.Path = strings.ToUpper(method), path
			a.readFollowing(&f, x, first)
			a.followed = a.carriedBy(item, at[:len(at)-1], op, at, path, idParameter)
			if !a.followed.usual() || len(a.followed.parameters) > 0 {
				f.carries, f.carriedBy = a.followed.carried(), f.String()
			}
		}
	}
	return f
}

// readFollowing reads what the extension says.
func (a *audit) readFollowing(f *Following, x *schema.Node, at []string) {
	if x.Fields == nil {
		a.fail(x, at, "expected pointers and states, such as {state: %s}; {} keeps all that is usual", f.State)
		return
	}
	inPath := strings.Contains(f.Path, idParameter)
	if inPath {
		f.ID = ""
	}
	pointerKeys, pointers := f.pointers()
	stateKeys, states := f.states()
	keys := append(pointerKeys, stateKeys...)
	for _, key := range x.Names() {
		value, at := x.Fields[key], below(at, key)
		switch {
		case pointers[key] != nil:
			a.pointer(pointers[key], value, at)
		case states[key] != nil:
			a.stateNames(states[key], value, at)
		default:
			hint := "expected one of " + strings.Join(keys, ", ")
			if near := text.Nearest(key, keys); near != "" {
				hint = "did you mean " + near + "?"
			}
			a.fail(value, at, "nothing is called %s; %s", quote(clip(key, 60)), hint)
		}
	}
	switch bodyless := f.Method == "GET" || f.Method == "HEAD"; {
	case inPath && f.ID != "":
		a.fail(x.At("id"), below(at, "id"), "the path has {id}, so that the request needs no body; leave this out")
	case !inPath && bodyless:
		a.fail(x, at, "nothing says where the id goes: the path has no {id}, and a %s has no body that could carry it", f.Method)
	case !inPath && f.ID == "":
		a.fail(x.At("id"), below(at, "id"), "nothing says where the id goes: expected a pointer into the request's body, such as /id, or {id} in the path")
	}
	if f.State == "" {
		a.fail(x.At("state"), below(at, "state"), "expected a pointer to the state, such as %s; nothing can be followed without", DefaultFollowing().State)
	}
	a.statesApart(f, x, at)
}

// pointer reads a JSON pointer; one that is empty is of what is not told.
func (a *audit) pointer(into *string, value *schema.Node, at []string) {
	p, isText := value.Scalar.(string)
	switch {
	case !isText:
		a.fail(value, at, "expected a JSON pointer, as a text, such as /execution/status")
	case p != "" && p[0] != '/':
		a.fail(value, at, "expected a JSON pointer, which begins with a slash, found %s; did you mean %s?", quote(clip(p, 60)), quote(clip("/"+p, 60)))
	case strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(p), "~"):
		a.fail(value, at, "in a JSON pointer a ~ is written ~0 and a / in a name ~1, found %s", quote(clip(p, 60)))
	default:
		*into = p
	}
}

// stateNames reads a list of states.
func (a *audit) stateNames(into *[]string, value *schema.Node, at []string) {
	names := value.Texts()
	if !value.IsList || len(names) == 0 || len(names) != len(value.List) || slices.Contains(names, "") {
		a.fail(value, at, "expected a list of states, as texts, such as [%s]", strings.Join(*into, ", "))
		return
	}
	*into = names
}

// statesApart refuses states that mean two things.
func (a *audit) statesApart(f *Following, x *schema.Node, at []string) {
	means := map[string]string{}
	keys, states := f.states()
	for _, key := range keys {
		for _, state := range *states[key] {
			if other, twice := means[state]; twice {
				place, key := x.At(key), key
				if place == nil { // the default of this one, so the other was written
					place, key, other = x.At(other), other, key
				}
				if place == nil {
					continue
				}
				a.fail(place, below(at, key), "the state %s is %s already; a state means one thing", quote(clip(state, 60)), other)
			}
			means[state] = key
		}
	}
}

// NewRequest makes the HTTP request that asks the provider at target, its base URL, about an execution, and with it
// what the credentials say, which may be nil.
func (f Following) NewRequest(ctx context.Context, target *url.URL, with *credentials.Set, id string) *http.Request {
	var body []byte
	if f.ID != "" {
		var asked any = id
		tokens := jsontext.Steps(f.ID)
		for i := len(tokens) - 1; i >= 0; i-- {
			asked = map[string]any{tokens[i]: asked}
		}
		body, _ = json.Marshal(asked) // of texts alone never fails
	}
	o := Operation{Method: f.Method, Path: f.Path}
	if f.carriedBy == f.String() {
		o.carries = f.carries
	}
	if strings.Contains(f.Path, idParameter) {
		in := &Parameter{In: InPath, Name: strings.Trim(idParameter, "{}")}
		o = o.With(in, style{in: InPath}.escape(id))
	}
	r := o.NewRequest(ctx, target, with, body)
	if len(body) == 0 {
		r.Header.Del("Content-Type")
	}
	return r
}

// Meaning is what a state means.
type Meaning uint8

// The meanings.
const (
	MeansNothing Meaning = iota // it is none of the states that are known
	MeansWaiting
	MeansRunning
	MeansCompleted
	MeansFailed
)

// Told is what an answer tells of an execution.
type Told struct {
	// State is as the provider has it.
	State   string
	Meaning Meaning
	// Session is the execution's, and Same its id; empty where they are not told.
	Session, Same string
	// Reversed says that by the provider's own times it ended before it began.
	Reversed bool
}

// Read reads an answer, or what a webhook carries. Where nothing in it is a state, the error says what stands there.
func (f Following) Read(body []byte) (t Told, err error) {
	var document any
	if err := json.Unmarshal(body, &document); err != nil {
		return t, errors.New("it is no JSON")
	}
	text := func(pointer string) string {
		s, _ := valueAt(document, pointer).(string)
		return s
	}
	t = Told{State: text(f.State), Session: text(f.Session), Same: text(f.Same)}
	began, err1 := time.Parse(time.RFC3339Nano, text(f.Began))
	ended, err2 := time.Parse(time.RFC3339Nano, text(f.Ended))
	t.Reversed = err1 == nil && err2 == nil && ended.Before(began)
	switch {
	case slices.Contains(f.Completed, t.State):
		t.Meaning = MeansCompleted
	case slices.Contains(f.Failed, t.State):
		t.Meaning = MeansFailed
	case slices.Contains(f.Running, t.State):
		t.Meaning = MeansRunning
	case slices.Contains(f.Waiting, t.State):
		t.Meaning = MeansWaiting
	case t.State == "":
		return t, fmt.Errorf("it has no state at %s", f.State)
	}
	return t, nil
}

// valueAt is what stands at a JSON pointer; nil where nothing does, and at an empty one.
func valueAt(document any, pointer string) any {
	if pointer == "" {
		return nil
	}
	for _, token := range jsontext.Steps(pointer) {
		switch at := document.(type) {
		case map[string]any:
			document = at[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(at) {
				return nil
			}
			document = at[i]
		default:
			return nil
		}
	}
	return document
}
