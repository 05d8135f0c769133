package scenarios

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
)

// What a scenario says of following is followed, and the rest is as the description has it, and then as the API has it.
func TestFollowing(t *testing.T) {
	usual := DefaultFollowing(description(t).Following())
	other := usual
	other.Operation = contracts.Following{
		Method: "GET", Path: "/v1/runs/{id}", State: "/state", Same: "/run/id",
		Waiting: []string{"queued"}, Running: []string{"1", "Paused"}, Completed: []string{"done"}, Failed: []string{},
	}
	other.Sample, other.For, other.Polls, other.Within = 0.2, time.Minute, 2.5, 0.1
	some := usual
	some.Operation.ID, some.Operation.Failed = "/a/0/~0~1", []string{"Failed", "Canceled"}
	for _, c := range []struct {
		text string
		want *Following
	}{
		{"", nil},
		{"follow: false\n", nil},
		{"follow: ${NO:-false}\n", nil},
		{"follow: true\n", &usual},
		{"follow: {}\n", &usual},
		{"follow: {id: /a/0/~0~1, states: {failed: [Failed, Canceled]}}\n", &some},
		{
			"follow: {operation: 'GET /v1/runs/{id}', state: /state, session: '', began: '', same: /run/id, sample: 20%, for: 1m, polls: 150/m, within: 10%,\n" +
				"  states: {waiting: [queued], running: [1, Paused], completed: [done], failed: []}}\n", &other,
		},
	} {
		s, err := Parse("test.yaml", []byte("load: [{rate: 1/s, for: 1s}]\n"+c.text), description(t), noEnv)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if !reflect.DeepEqual(s.Following, c.want) {
			t.Errorf("%q: %+v, want %+v", c.text, s.Following, c.want)
		}
	}
}

// A description that marks another operation is what a scenario takes up.
func TestFollowingOfDescription(t *testing.T) {
	spec := bytes.Replace(andon.Spec, []byte("  /agents/execute:"), []byte(`  /jobs/{id}:
    get:
      x-andon-following: {state: /phase, same: '', completed: [ok]}
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: what became of it}}
  /agents/execute:`), 1)
	spec = bytes.Replace(spec, []byte("x-andon-following:\n"), []byte("x-was-following:\n"), 1)
	d, err := contracts.Load("openapi.yaml", spec)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse("test.yaml", []byte("load: [{rate: 1/s, for: 1s}]\nfollow: {session: /s}\n"), d, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if o := s.Following.Operation; o.String() != "GET /jobs/{id}" || o.ID != "" || o.State != "/phase" || o.Session != "/s" || o.Completed[0] != "ok" {
		t.Errorf("%+v", o)
	}
	// A body that has the id needs to be told where.
	if _, err := Parse("test.yaml", []byte("load: [{rate: 1/s, for: 1s}]\nfollow: {operation: POST /jobs}\n"), d, noEnv); err == nil {
		t.Error("nothing says where the id goes, and that is taken")
	}
}
