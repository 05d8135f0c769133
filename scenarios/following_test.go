package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/results"
)

const followedLoad = "load: [{rate: 1/s, for: 1s}]\n"

// Executions are followed as the description says, or as the scenario does, in the words of the description.
func TestFollowing(t *testing.T) {
	usual := DefaultFollowing(contracts.DefaultFollowing())
	other := DefaultFollowing(contracts.Following{
		Method: "GET", Path: "/v1/runs/{id}", State: "/state", Session: usual.Operation.Session, Began: usual.Operation.Began, Same: "",
		Waiting: []string{"queued"}, Running: []string{"active"}, Completed: []string{"done"}, Failed: []string{"error", "gone"},
	})
	other.Sample, other.For, other.Polls, other.Within = 0.2, time.Minute, 5, 0.1
	moved := usual
	moved.Operation.Running, moved.Operation.Waiting = []string{"InProgress"}, []string{"Enqueued", "Paused"}
	for text, want := range map[string]*Following{
		"":              nil,
		"follow: false": nil,
		"follow: true":  &usual,
		"follow: {}":    &usual,
		"follow: {operation: 'GET /v1/runs/{id}', state: /state, same: '', waiting: [queued], running: [active], completed: [done], failed: [error, gone], sample: 20%, for: 1m, polls: 5/s, within: 10%}": &other,
		"follow: {waiting: [Enqueued, Paused]}": &moved,
	} {
		s, err := Parse("f.yaml", []byte(followedLoad+text), description(t), func(string) (string, bool) { return "", false })
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if fmt.Sprint(s.Following == nil, want == nil) != "true true" && fmt.Sprintf("%+v", s.Following) != fmt.Sprintf("%+v", want) {
			t.Errorf("%s: %+v, want %+v", text, s.Following, want)
		}
		if has := slices.ContainsFunc(s.Parts(), func(p results.Part) bool { return p.Name == "follow" }); has != (want != nil) {
			t.Errorf("%s: the digest has it: %v", text, has)
		}
	}
}

// Everything that is wrong is told at once, each at its place.
func TestFollowingWrong(t *testing.T) {
	for text, want := range map[string][]string{
		"follow: maybe": {"1:9: "},
		"follow: {operation: 'DELETE /x', opration: 1}":                     {"expected GET, POST or PUT", "did you mean"},
		"follow: {operation: 'GET /x'}":                                     {"the path /x has no {id}"},
		"follow: {operation: 'GET /x/{run}'}":                               {"no parameters but {id}"},
		"follow: {operation: 'POST /agents/execute'}":                       {"1:21: ", "/agents/execute is the call itself"},
		"follow: {operation: 'GET /x/{id}', id: /id}":                       {"leave `id` out"},
		"follow: {id: ''}":                                                  {"nothing says where the id goes"},
		"follow: {state: status}":                                           {"did you mean `state: /status`?"},
		"follow: {state: ''}":                                               {"nothing says where the state is"},
		"follow: {same: /~2}":                                               {"a ~ is written ~0"},
		"follow: {waiting: [A], running: [A], completed: [], failed: ['']}": {"is waiting already", "no state says that an execution has completed", "not empty"},
		"follow: {sample: 120%, for: 25h, polls: 5000/s, within: 0.01%}":    {"120%", "24h at most", "0.1/s to 1000/s", "at least 0.1%"},
	} {
		_, err := Parse("f.yaml", []byte(text+"\n"+followedLoad), description(t), func(string) (string, bool) { return "", false })
		var invalid *document.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: expected %q in\n%v", text, w, err)
			}
		}
	}
}
