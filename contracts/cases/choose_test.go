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
		{[]string{"nothing"}, nil, 0, 0, `no case's id matches "nothing"`},
		{[]string{"text.Full", "nothing*"}, nil, 0, 0, `no case's id matches "nothing*"`},
		{[]string{"text.Ful"}, nil, 0, 0, `no case's id matches "text.Ful"; did you mean "text.Full"?`},
		{[]string{"text.*"}, []string{"skill", "by-http"}, 0, 0, "the filter leaves no case"},
		{nil, []string{"http"}, 9, 9, ""},
		{nil, []string{"by-http"}, 9, 9, ""},
		{nil, []string{"by-json"}, 8, 8, ""},
		{nil, []string{"txet"}, 0, 0, `no case has the tag "txet"; did you mean "text"? the tags are accepted, `},
		{nil, []string{"xyzzy"}, 0, 0, `no case has the tag "xyzzy"; the tags are accepted, `},
		{[]string{"text.[", "file.*"}, nil, 0, 0, `"text.[" is no pattern for the ids of cases`},
	} {
		got, err := Filter{Patterns: c.patterns, Tags: c.tags}.Choose(all)
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
	if _, err := (Filter{}).Choose(nil); !errors.Is(err, ErrNone) {
		t.Errorf("of no case: %v", err)
	}
}

// What is skipped is left out of what is wanted, and what skips nothing is an error as well. Random cases are there
// whatever else is wanted, unless they are named.
func TestSkipAndRandom(t *testing.T) {
	d := loaded(t)
	all, _ := Derive(d)
	all = append(all, Random(d, 7, 20)...)
	count := func(f Filter) (derived, random, accepted int) {
		t.Helper()
		got, err := f.Choose(all)
		if err != nil {
			t.Errorf("%+v: %v", f, err)
		}
		for _, c := range got {
			if !c.Random {
				derived++
			} else if random++; c.Expect == Accepted {
				accepted++
			}
		}
		return derived, random, accepted
	}
	derived, random, good := count(Filter{})
	if random < 15 || good < 8 {
		t.Fatalf("%d random cases, %d of them accepted", random, good)
	}
	for _, x := range []struct {
		name                      string
		filter                    Filter
		derived, random, accepted int
	}{
		{"nothing is said of them", Filter{Patterns: []string{"text.Full"}}, 1, random, good},
		{"nor by a tag", Filter{Tags: []string{"token"}}, 4, random, good},
		{"what must come back is said", Filter{Patterns: []string{"text.missing-*"}, Tags: []string{"refused"}}, 2, random - good, 0},
		{"a tag names them", Filter{Tags: []string{"generated"}}, 0, random, good},
		{"a pattern names one", Filter{Patterns: []string{"generated.7-0"}}, 0, 1, 1},
		{"they are skipped", Filter{Skip: []string{"generated.*"}}, derived, 0, 0},
		{"some are skipped by a tag", Filter{Patterns: []string{"text.Full"}, SkipTags: []string{"refused"}}, 1, good, good},
		{"one is skipped", Filter{Skip: []string{"text.Full"}}, derived - 1, random, good},
	} {
		if n, r, a := count(x.filter); n != x.derived || r != x.random || a != x.accepted {
			t.Errorf("%s: %d derived, %d random, %d accepted; want %d, %d, %d", x.name, n, r, a, x.derived, x.random, x.accepted)
		}
	}
	_, err := Filter{Patterns: []string{"x*"}, Skip: []string{"y*", "text.Full"}, SkipTags: []string{"htpp"}}.Choose(all)
	if err == nil || !strings.Contains(err.Error(), `"x*"`) || !strings.Contains(err.Error(), `"y*"`) || !strings.Contains(err.Error(), `did you mean "http"?`) || strings.Contains(err.Error(), `text.Full"`) {
		t.Errorf("three that match nothing: %v", err)
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
