package scenarios

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/results"
)

// Following says how it is found out what becomes of the executions that calls start.
type Following struct {
	// Operation tells the state of one.
	Operation contracts.Following
	// Sample is the share of the executions that is followed from when they are accepted on, chosen by the number of
	// their calls; all are asked about after the last call.
	Sample float64
	// For is how long after the last call they are followed.
	For time.Duration
	// Polls is how many polls a second there may be.
	Polls float64
	// Within is how wide the bounds of a completion may be, as a share of the median.
	Within float64
}

const (
	maxFollowed = 24 * time.Hour
	minPolls    = 0.1
	maxPolls    = 1000
)

// DefaultFollowing is how executions are followed where a scenario says no more than that they are.
func DefaultFollowing(operation contracts.Following) Following {
	return Following{Operation: operation, Sample: 1, For: 10 * time.Minute, Polls: 50, Within: 0.05}
}

// WithFollowing is the scenario with its executions followed in another way; nil is not at all. The thresholds stay.
func (s *Scenario) WithFollowing(f *Following) *Scenario {
	with := *s
	with.Following = f
	return &with
}

// The keys that say how answers are read, as x-andon-following in a description has them.
var (
	pointerKeys = []string{"id", "state", "session", "began", "ended", "same"}
	stateKeys   = []string{"waiting", "running", "completed", "failed"}
	followKeys  = slices.Concat([]string{"operation"}, pointerKeys, stateKeys, []string{"sample", "for", "polls", "within"})
)

// readFollowing reads `follow`: true, or how.
func readFollowing(v document.Value, d *contracts.Description) *Following {
	f := DefaultFollowing(d.Following())
	if v.Scalar() {
		if !v.Boolean("follow") {
			return nil
		}
		return &f
	}
	keys, ok := v.Object("`follow`: true, or how executions are followed", followKeys...)
	if !ok {
		return nil
	}
	if v, given := keys["operation"]; given {
		readOperation(v, &f.Operation, d.Operation())
	}
	for i, place := range []*string{&f.Operation.ID, &f.Operation.State, &f.Operation.Session, &f.Operation.Began, &f.Operation.Ended, &f.Operation.Same} {
		if v, given := keys[pointerKeys[i]]; given {
			readPointer(v, pointerKeys[i], place)
		}
	}
	readStates(keys, &f.Operation)
	checkOperation(v, keys, f.Operation)
	if v, given := keys["sample"]; given {
		f.Sample, _ = v.Share("the share of the executions that is followed")
	}
	if v, given := keys["for"]; given {
		if f.For, ok = v.Positive("how long after the last call executions are followed"); ok && f.For > maxFollowed {
			v.Fail("executions are followed for 24h at most, found %s", v.Found())
		}
	}
	if v, given := keys["polls"]; given {
		if f.Polls, ok = v.Rate("how many polls there may be"); ok && (f.Polls < minPolls || f.Polls > maxPolls) {
			v.Fail("expected from 0.1/s to 1000/s polls, found %s", v.Found())
		}
	}
	if v, given := keys["within"]; given {
		if f.Within, ok = v.Share("how wide the bounds of a completion may be, as a share of the median"); ok && f.Within < 0.001 {
			v.Fail("expected at least 0.1%%, found %s", v.Found())
		}
	}
	return &f
}

// readOperation reads a method and a path. An operation elsewhere keeps nothing of the one that stands in the
// description but what is said again, as far as it lies where the id goes. The call itself tells of none: whoever asked
// it would start one with each poll.
func readOperation(v document.Value, o *contracts.Following, call contracts.Operation) {
	text, ok := v.Text("a method and a path, such as GET /v1/runs/{id}")
	if !ok {
		return
	}
	method, path, _ := strings.Cut(text, " ")
	path = strings.TrimSpace(path)
	switch {
	case !slices.Contains([]string{"GET", "POST", "PUT"}, method), !strings.HasPrefix(path, "/"):
		v.Fail("expected GET, POST or PUT and a path, such as GET /v1/runs/{id}, found %s", v.Found())
		return
	case strings.ContainsAny(strings.ReplaceAll(path, "{id}", ""), "{}?# "):
		v.Fail("a path has no parameters but {id}, which is the execution's, found %s", v.Found())
		return
	case strings.Count(path, "{id}") > 1:
		v.Fail("{id} stands in the path once, found %s", v.Found())
		return
	case path == call.Path:
		v.Fail("%s is the call itself, which starts executions; expected the operation that tells what became of one", document.Clip(path))
		return
	}
	if o.Method, o.Path = method, path; strings.Contains(path, "{id}") {
		o.ID = ""
	}
}

func readPointer(v document.Value, key string, into *string) {
	p, ok := v.Text("a JSON pointer, such as /execution/status")
	switch {
	case !ok:
	case p != "" && p[0] != '/':
		v.Fail("a JSON pointer begins with a slash; did you mean `%s: %s`?", key, document.Clip("/"+p))
	case strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(p), "~"):
		v.Fail("in a JSON pointer a ~ is written ~0 and a / in a name ~1, found %s", v.Found())
	default:
		*into = p
	}
}

// readStates reads which states mean what. Those that are said to mean one thing mean no other one by default.
func readStates(keys map[string]document.Value, o *contracts.Following) {
	places := []*[]string{&o.Waiting, &o.Running, &o.Completed, &o.Failed}
	said := map[string]string{} // what a state was said to mean
	for i, key := range stateKeys {
		v, given := keys[key]
		if !given {
			continue
		}
		list, _ := v.List("a list of states")
		var states []string
		for _, one := range list {
			state, ok := one.Text("a state")
			switch {
			case !ok:
			case state == "":
				one.Fail("a state is a text that is not empty")
			case said[state] != "":
				one.Fail("the state %s is %s already; a state means one thing", one.Found(), said[state])
			default:
				said[state] = key
				states = append(states, state)
			}
		}
		*places[i] = states
	}
	for i, key := range stateKeys {
		if _, given := keys[key]; !given {
			*places[i] = slices.DeleteFunc(slices.Clone(*places[i]), func(state string) bool { return said[state] != "" })
		}
	}
}

// checkOperation says what is missing for executions to be followed.
func checkOperation(v document.Value, keys map[string]document.Value, o contracts.Following) {
	inPath := strings.Contains(o.Path, "{id}")
	switch id := keys["id"]; {
	case inPath && o.ID != "":
		id.Fail("the path has {id}, so that the request has no body; leave `id` out")
	case !inPath && o.Method == "GET":
		v.Fail("nothing says where the id goes: the path %s has no {id}, and a GET has no body", document.Clip(o.Path))
	case !inPath && o.ID == "":
		v.Fail("nothing says where the id goes; add `id: /id`, a pointer into the request's body, or {id} to the path")
	}
	if o.State == "" {
		v.Fail("nothing says where the state is; add `state: /execution/status`")
	}
	if len(o.Completed) == 0 {
		v.Fail("no state says that an execution has completed; add `completed: [Completed]`")
	}
}

// part is what the digest has of it.
func (f *Following) part() results.Part {
	o := f.Operation
	said := []string{o.String()}
	for i, p := range []string{o.ID, o.State, o.Session, o.Began, o.Ended, o.Same} {
		said = append(said, pointerKeys[i]+" "+p)
	}
	for i, states := range [][]string{o.Waiting, o.Running, o.Completed, o.Failed} {
		said = append(said, stateKeys[i]+" "+strings.Join(states, "|"))
	}
	said = append(said, spellShare(f.Sample)+" of them", "for "+spell(f.For), strconv.FormatFloat(f.Polls, 'g', -1, 64)+" polls/s", "within "+spellShare(f.Within))
	return results.Part{Name: "follow", Text: strings.Join(said, ", ")}
}

// followSchema describes `follow`.
func followSchema() object {
	pointer := func(what string) object {
		return pattern(`(/.*)?`, "Where the "+what+", as a JSON pointer; empty where it is not told.", "/execution/status")
	}
	states := func(what string) object {
		return object{"type": "array", "items": object{"type": "string"}, "description": "The states of an execution that " + what + "."}
	}
	return object{"description": "Whether, and how, it is found out what becomes of the executions that calls start.", "anyOf": []any{
		boolean("As the description says, or as the API's public pages do."),
		closed("How executions are followed.", nil, object{
			"operation": pattern(`(GET|POST|PUT) +/.*`, "What tells the state of one: a method and a path, which may have {id}.", "GET /v1/runs/{id}"),
			"id":        pointer("id goes in the request's body"), "state": pointer("answer has the state"), "session": pointer("answer has the session"),
			"began": pointer("answer has the provider's time of the begin"), "ended": pointer("answer has the provider's time of the end"), "same": pointer("answer has the id that was asked for"),
			"waiting": states("waits"), "running": states("runs"), "completed": states("has completed"), "failed": states("has failed"),
			"sample": share("The share of the executions that is followed from when they are accepted on; all are asked about at the end"),
			"for":    length("How long after the last call they are followed"), "polls": rate("How many polls there may be"),
			"within": share("How wide the bounds of a completion may be, as a share of the median"),
		}),
	}}
}
