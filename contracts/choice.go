package contracts

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/kaizenautomation/andon/reports/text"
)

// Choice says what of a description is meant, where that is not for the description to say. Its zero value leaves all
// of it to the description.
type Choice struct {
	// Operation is the call: an operationId, or a method and a path, such as "POST /agents/execute".
	Operation string
	// Values are what parameters of the call are sent with: "agentId=agent_1".
	Values []string
}

// ChoiceError says that what was chosen is not in the description: the operation, or else a parameter.
type ChoiceError struct {
	Operation bool
	err       error
}

func (e *ChoiceError) Error() string { return e.err.Error() }

// Unwrap is what is wrong.
func (e *ChoiceError) Unwrap() error { return e.err }

// named is an operation of a description.
type namedOperation struct{ id, method, path string }

func (o namedOperation) String() string { return o.method + " " + o.path }

// find looks for the operation that is chosen.
func (c Choice) find(all []namedOperation) (method, path string, err error) {
	want := strings.TrimSpace(c.Operation)
	var found []namedOperation
	var names []string
	for _, o := range all {
		call, _, _ := strings.Cut(want, " ")
		_, at, _ := strings.Cut(want, " ")
		if o.id == want || strings.EqualFold(call, o.method) && strings.TrimSpace(at) == o.path || o.path == want {
			found = append(found, o)
		}
		names = append(names, o.String())
		if o.id != "" {
			names = append(names, o.id)
		}
	}
	switch {
	case len(found) == 1:
		return found[0].method, found[0].path, nil
	case len(found) > 1:
		var calls []string
		for _, o := range found {
			calls = append(calls, o.String())
		}
		return "", "", &ChoiceError{true, fmt.Errorf("the operation %s can be %s; say which", quote(clip(want, 100)), strings.Join(calls, " or "))}
	}
	hint := "it has " + cmp.Or(clip(strings.Join(names, ", "), 300), "no operation at all")
	if near := text.Nearest(want, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	return "", "", &ChoiceError{true, fmt.Errorf("the description has no operation %s; %s", quote(clip(want, 100)), hint)}
}
