package scenarios

import (
	"fmt"
	"slices"
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
	// Sample is the share of the executions that is followed from when they are accepted on, chosen by the number of their
	// calls; all are asked about once after the last call.
	Sample float64
	// For is how long after the last call they are followed.
	For time.Duration
	// Polls is how many polls a second there may be.
	Polls float64
	// Within is how wide the bounds of a completion may be, as a share of the median.
	Within float64
}

// DefaultFollowing is how executions are followed where a scenario says no more than that they are.
func DefaultFollowing(operation contracts.Following) Following {
	return Following{Operation: operation, Sample: 1, For: 10 * time.Minute, Polls: 50, Within: 0.05}
}

// idParameter is where the id of an execution stands in a path.
const idParameter = "{id}"

// part is one of the lists that sort the states, or one of the pointers, by its key.
type part[T any] struct {
	key string
	of  *T
}

func pointersOf(f *contracts.Following) []part[string] {
	return []part[string]{{"id", &f.ID}, {"state", &f.State}, {"session", &f.Session}, {"began", &f.Began}, {"ended", &f.Ended}, {"same", &f.Same}}
}

func statesOf(f *contracts.Following) []part[[]string] {
	return []part[[]string]{{"waiting", &f.Waiting}, {"running", &f.Running}, {"completed", &f.Completed}, {"failed", &f.Failed}}
}

func keysOf[T any](parts []part[T]) (keys []string) {
	for _, p := range parts {
		keys = append(keys, p.key)
	}
	return keys
}

// readFollowing reads whether executions are followed, and how, nil where they are not. What is left out is as the
// description has it.
func readFollowing(v document.Value, d *contracts.Description) *Following {
	f := DefaultFollowing(d.Following())
	if v.Scalar() {
		if text, ok := v.Text("whether executions are followed"); ok && text != "true" && text != "false" {
			v.Fail("expected true, false or a mapping that says how executions are followed, such as {sample: 20%%}, found %s", v.Found())
		} else if text == "false" {
			return nil
		}
		return &f
	}
	o := &f.Operation
	keys, ok := v.Object("the way executions are followed", slices.Concat([]string{"operation"}, keysOf(pointersOf(o)), []string{"states", "sample", "for", "polls", "within"})...)
	if !ok {
		return &f
	}
	if v, given := keys["operation"]; given {
		readOperation(v, o, d.Operation())
	}
	inPath := strings.Contains(o.Path, idParameter)
	if inPath {
		o.ID = ""
	}
	for _, p := range pointersOf(o) {
		if v, given := keys[p.key]; given {
			*p.of = readPointer(v, *p.of)
		}
	}
	place := func(key string) document.Value {
		if inner, given := keys[key]; given {
			return inner
		}
		return v
	}
	switch {
	case inPath && o.ID != "":
		place("id").Fail("the path has %s already, so that nothing is sent in a body; leave `id` out", idParameter)
	case !inPath && o.Method == "GET":
		place("operation").Fail("nothing says where the id goes: a GET has no body, and its path no %s; write, say, GET /v1/runs/%[1]s", idParameter)
	case !inPath && o.ID == "":
		place("id").Fail("nothing says where the id goes: expected `id`, a pointer into the body that is sent, such as /id, or %s in the path", idParameter)
	}
	if o.State == "" {
		place("state").Fail("expected a pointer to the state, such as %s; nothing can be followed without one", contracts.DefaultFollowing().State)
	}
	if v, given := keys["states"]; given {
		readStates(v, o)
	}
	if v, given := keys["sample"]; given {
		f.Sample, _ = v.Share("the share of executions that is followed")
	}
	if v, given := keys["for"]; given {
		f.For, _ = v.Positive("how long executions are followed after the last call")
	}
	if v, given := keys["polls"]; given {
		rate, ok := v.Rate("the polls that there may be")
		if ok && rate == 0 {
			v.Fail("expected polls above 0/s, found %s; without any nothing is known of what no webhook tells", v.Found())
		}
		f.Polls = rate
	}
	if v, given := keys["within"]; given {
		share, ok := v.Share("how wide the bounds of a completion may be")
		if ok && share == 0 {
			v.Fail("expected a share of the median completion above 0%%, found %s; no polls are dense enough for that", v.Found())
		}
		f.Within = share
	}
	return &f
}

// readOperation reads a method and a path. What is asked a thousand times must change nothing, so that there are two
// methods only, and the call itself is none of them.
func readOperation(v document.Value, o *contracts.Following, call contracts.Operation) {
	said, ok := v.Text("the operation that tells the state of an execution")
	if !ok {
		return
	}
	method, path, _ := strings.Cut(said, " ")
	methods := []string{"GET", "POST"}
	rest := strings.Replace(path, idParameter, "", 1)
	switch {
	case !slices.Contains(methods, method):
		v.Fail("expected a method and a path, such as GET /v1/runs/%s or POST /executions/get, found %s; %s", idParameter, v.Found(), document.ExpectedOne(method, methods))
	case !strings.HasPrefix(path, "/"):
		v.Fail("expected a path after %s that begins with a slash, such as %[1]s /v1/runs/%s, found %s", method, idParameter, v.Found())
	case strings.ContainsAny(rest, "{}"):
		v.Fail("the path can have %s once, and no other parameter, found %s", idParameter, v.Found())
	case strings.ContainsFunc(rest, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`?#%\`, r) }):
		v.Fail("expected a path of plain letters, without a query and without %%, found %s", v.Found())
	case method == call.Method && path == call.Path:
		v.Fail("%s is the call itself: asking it would start executions; expected the operation that tells the state of one", said)
	default:
		o.Method, o.Path = method, path
	}
}

// readPointer reads a JSON pointer; an empty one is of what the provider does not tell.
func readPointer(v document.Value, otherwise string) string {
	p, ok := v.Text("a JSON pointer")
	switch {
	case !ok:
		return otherwise
	case p != "" && p[0] != '/':
		v.Fail("expected a JSON pointer, which begins with a slash, found %s; did you mean %q?", v.Found(), document.Clip("/"+p))
		return otherwise
	case strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(p), "~"):
		v.Fail("in a JSON pointer a ~ is written ~0, and a / within a name ~1, found %s", v.Found())
		return otherwise
	}
	return p
}

// readStates reads what the states mean. A state means one thing, be it written here or in the description.
func readStates(v document.Value, o *contracts.Following) {
	lists := statesOf(o)
	keys, ok := v.Object("the states", keysOf(lists)...)
	if !ok {
		return
	}
	means := map[string]string{}
	for _, list := range lists {
		if _, given := keys[list.key]; !given {
			for _, state := range *list.of {
				means[state] = fmt.Sprintf("%s where `%[1]s` is left out", list.key)
			}
		}
	}
	for _, list := range lists {
		v, given := keys[list.key]
		if !given {
			continue
		}
		states, _ := v.List("the states that mean " + list.key)
		*list.of = []string{}
		for _, s := range states {
			state, ok := s.Text("a state")
			switch other := means[state]; {
			case !ok:
			case state == "":
				s.Fail("expected a state, found an empty text")
			case other != "":
				s.Fail("the state %q is %s; a state means one thing", document.Clip(state), other)
			default:
				means[state] = list.key + " already"
				*list.of = append(*list.of, state)
			}
		}
	}
	if len(o.Completed)+len(o.Failed) == 0 {
		v.Fail("no state ends an execution; expected some in completed or in failed")
	}
}

// parts are what two runs have to share whose executions are put together. How often is asked makes no other execution
// of one.
func (f *Following) parts() []results.Part {
	if f == nil {
		return nil
	}
	said := []string{f.Operation.String()}
	for _, p := range pointersOf(&f.Operation) {
		said = append(said, p.key+" "+*p.of)
	}
	for _, list := range statesOf(&f.Operation) {
		states := slices.Clone(*list.of)
		slices.Sort(states)
		said = append(said, fmt.Sprintf("%s %q", list.key, states))
	}
	return []results.Part{
		{Name: "follow", Text: strings.Join(said, ", ")},
		{Name: "follow.sample", Text: spellShare(f.Sample)}, {Name: "follow.for", Text: spell(f.For)},
	}
}
