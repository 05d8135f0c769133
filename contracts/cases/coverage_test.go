package cases

import "testing"

// The cases of a description exercise all of it, and each of its parts is missed where the cases that are about it are
// taken away.
func TestCoverage(t *testing.T) {
	d := loaded(t)
	list, _ := Derive(d)
	parts := Coverage(d, list, map[int]int{200: 3, 400: 1})
	named := map[string]Part{}
	for _, p := range parts {
		named[p.Name] = p
		if !p.Open && p.Kept == 0 || p.Breakable && p.Broken == 0 {
			t.Errorf("%s %s is kept by %d cases and broken by %d", p.Kind, p.Name, p.Kept, p.Broken)
		}
	}
	for _, name := range []string{"agentId", "kaizenVersion = Lite", "content[] as file", "content[].file.id", "content[].type", "summarySchema", "200", "415"} {
		if _, there := named[name]; !there {
			t.Errorf("%s is no part: %v", name, named)
		}
	}
	if p := named["200"]; p.Kept != 3 || p.Open {
		t.Errorf("status 200: %+v", p)
	}
	if p := named["415"]; p.Kept != 0 || !p.Open {
		t.Errorf("status 415: %+v", p)
	}
	for _, p := range Coverage(d, nil, nil) {
		if p.Kept+p.Broken != 0 {
			t.Errorf("without a case %s is exercised", p.Name)
		}
	}
	// Only what has to do with the tier Full and text.
	var few []Case
	for _, k := range list {
		if k.ID == "text.Full" || k.ID == "text.missing-text.negative" {
			few = append(few, k)
		}
	}
	got := map[string][2]int{}
	for _, p := range Coverage(d, few, nil) {
		if p.Kept+p.Broken > 0 {
			got[p.Name] = [2]int{p.Kept, p.Broken}
		}
	}
	want := map[string][2]int{"content": {1, 0}, "content[] as text": {1, 1}, "content[].type": {1, 0}, "content[].text.text": {1, 1}, "kaizenVersion": {1, 0}, "kaizenVersion = Full": {1, 0}}
	if len(got) != len(want) {
		t.Errorf("found %v, want %v", got, want)
	}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s: %v, want %v", name, got[name], n)
		}
	}
}
