package cases

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/contracts"
)

// Cases are chosen by patterns for their ids and by tags, and what chooses none is an error that helps.
func TestChoose(t *testing.T) {
	all, _ := Derive(loaded(t))
	for _, c := range []struct {
		patterns, tags []string
		least, most    int
		problem        string
	}{
		{nil, nil, len(all), len(all), ""},
		{[]string{"text.Full"}, nil, 1, 1, ""},
		{[]string{"text.Full", "file.*"}, nil, 8, 30, ""},
		{nil, []string{"either"}, 5, 40, ""},
		{nil, []string{"skill", "either"}, 20, 80, ""},
		{[]string{"mixed.*"}, []string{"file"}, 1, 10, ""},
		{[]string{"nothing"}, nil, 0, 0, "no case matches"},
		{nil, []string{"txet"}, 0, 0, `no case has the tag "txet"; did you mean "text"? the tags are accepted, `},
		{nil, []string{"xyzzy"}, 0, 0, `no case has the tag "xyzzy"; the tags are accepted, `},
		{[]string{"text.[", "file.*"}, nil, 0, 0, `"text.[" is no pattern for the ids of cases`},
	} {
		got, err := Choose(all, c.patterns, c.tags)
		if c.problem != "" {
			if err == nil || !strings.HasPrefix(err.Error(), c.problem) || len(got) > 0 || strings.Contains(err.Error(), "--") {
				t.Errorf("%v %v: %v, want %s", c.patterns, c.tags, err, c.problem)
			}
			continue
		}
		if err != nil || len(got) < c.least || len(got) > c.most {
			t.Errorf("%v %v: %d cases, %v; want %d to %d", c.patterns, c.tags, len(got), err, c.least, c.most)
		}
	}
	if _, err := Choose(nil, nil, nil); !errors.Is(err, ErrNone) {
		t.Errorf("of no case: %v", err)
	}
}

// Fixtures stand in the place of the description's examples, and the description that they were given to keeps its own.
func TestFixtures(t *testing.T) {
	d := loaded(t)
	mine, err := d.WithFixtures([]contracts.Fixture{
		{ContentType: "file", Property: "id", Values: [][]byte{[]byte(`"file_mine"`)}}, {Property: "agentId", Values: [][]byte{[]byte(`"agent_mine"`)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	count := func(list []Case, text string) (n int) {
		for _, c := range list {
			if strings.Contains(string(c.Body), text) {
				n++
			}
		}
		return n
	}
	ours, _ := Derive(mine)
	before, _ := Derive(d)
	if count(ours, "file_mine") < 10 || count(ours, "agent_mine") < 5 || count(ours, "file_2c94e0") > 0 || count(ours, "agent_7f3a91") > 0 || count(ours, "skill_b81d5e") == 0 {
		t.Error("the cases do not have the given values in the places of those of the description")
	}
	if count(before, "mine") > 0 || len(before) != len(ours) || d.SHA256() != mine.SHA256() {
		t.Error("the description has changed, or its cases are others")
	}
	if _, err := d.WithFixtures([]contracts.Fixture{{Property: "none"}}); err == nil || !strings.Contains(err.Error(), `no property "none"`) {
		t.Errorf("a property that is not there: %v", err)
	}
	body := `{"agentId":"a","content":[{"type":"file","id":"f"},{"type":"skill","id":"s"},{"type":"skill","id":"s2"}]}`
	if got := fmt.Sprintf("%s", d.MadeUp([]byte(body))); got != "[{agentId a} {file f} {skill s}]" {
		t.Errorf("made up are %s", got)
	}
	if got := fmt.Sprintf("%s", mine.MadeUp([]byte(body))); got != "[{skill s}]" {
		t.Errorf("made up beside fixtures are %s", got)
	}
}
