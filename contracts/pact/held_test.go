package pact

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
)

// interaction is what matters here of an interaction in a pact.
type interaction struct {
	Description    string
	ProviderStates []struct{ Name string }
	Request        struct {
		Method string
		Body   struct{ Content any }
	}
	Response struct{ Status int }
}

// The committed pact has exactly the cases that Pact can hold, with their bodies and states: that much can be said
// without the native library.
func TestPactIsUpToDate(t *testing.T) {
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../pacts/andon-agents.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Interactions []interaction }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	list, _ := cases.Derive(d)
	held, left := 0, 0
	for _, c := range list {
		ok, why := Held(c)
		if ok != (why == "") {
			t.Errorf("%s: held %v, %q", c.ID, ok, why)
		}
		i := slices.IndexFunc(file.Interactions, func(x interaction) bool { return x.Description == c.ID })
		if ok != (i >= 0) {
			t.Errorf("%s: held %v, and in the pact %v; make pact-update writes it anew", c.ID, ok, i >= 0)
			continue
		}
		if !ok {
			left++
			continue
		}
		held++
		x := file.Interactions[i]
		var states []string
		for _, s := range x.ProviderStates {
			states = append(states, s.Name)
		}
		var want any
		if err := json.Unmarshal(c.Body, &want); err != nil {
			t.Fatal(err)
		}
		if _, text := x.Request.Body.Content.(string); x.Request.Method != c.Method || !slices.Equal(states, States(c)) || !text && !reflect.DeepEqual(x.Request.Body.Content, want) {
			t.Errorf("%s: the pact has %+v; make pact-update writes it anew", c.ID, x)
		}
		if (x.Response.Status == 200) != (c.Expect == cases.Accepted) {
			t.Errorf("%s must be %s, the pact has the status %d", c.ID, c.Expect, x.Response.Status)
		}
	}
	if held != len(file.Interactions) || held < 100 || left == 0 {
		t.Errorf("%d cases are held, the pact has %d, %d are left", held, len(file.Interactions), left)
	}
}
