package deviations

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/summary"
)

var known = Known{
	Cases: []string{"text.Full", "text.Lite", "body.key-twice.negative", "content-type.missing.silent"},
	Drawn: "generated.",
	Rules: []string{"undocumented-status", "missing-property", "refused"},
}

func on(day string) time.Time {
	t, err := time.Parse("2006-01-02T15:04:05", day)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

const good = `deviations:
  - cases: ['body.key-twice.negative', 'text.*', generated.7-3]
    why: the parser takes the last of ${two} keys
    ask: https://tickets.example.com/12
    until: 2027-01-31
  - rules: [undocumented-*]
    why: >
      418 is an
      old joke
    until: '2027-02-28'
`

func TestParse(t *testing.T) {
	list, err := Parse("known.yaml", []byte(good), known)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 {
		t.Fatalf("%d are read", len(list))
	}
	d := list[0]
	if !slices.Equal(d.Cases, []string{"body.key-twice.negative", "text.*", "generated.7-3"}) || d.Why != "the parser takes the last of ${two} keys" ||
		d.Ask != "https://tickets.example.com/12" || d.Until != "2027-01-31" || *d.Place != (summary.Place{File: "known.yaml", Line: 2, Column: 5}) {
		t.Errorf("read as %+v at %+v", d, d.Place)
	}
	if d := list[1]; !slices.Equal(d.Rules, []string{"undocumented-*"}) || d.Why != "418 is an old joke" || d.Until != "2027-02-28" {
		t.Errorf("read as %+v", d)
	}
}

// Whatever is wrong is told with its place, and all of it at once.
func TestParseRefuses(t *testing.T) {
	entry := func(s string) string { return "deviations:\n  - " + s + "\n" }
	for _, c := range []struct{ file, want string }{
		{"", "k.yaml:1:1: the file is empty; a file of known deviations needs at least `deviations:`"},
		{"[]", "k.yaml:1:1: expected a file of known deviations, a mapping (key: value), found a list"},
		{"{}", "k.yaml:1:1: expected the key deviations"},
		{"deviation: []", `k.yaml:1:1: unknown key "deviation" in a file of known deviations; did you mean "deviations"?`},
		{entry("why: x\n    until: 2027-01-31"), "k.yaml:2:5: expected what the deviation is about: cases, rules, or both"},
		{entry("{cases: [text.Ful], why: x, until: 2027-01-31}"), `k.yaml:2:14: no case matches "text.Ful"; did you mean "text.Full"?`},
		{entry("{cases: ['zzz*'], why: x, until: 2027-01-31}"), `k.yaml:2:14: no case matches "zzz*"; a * stands for anything`},
		{entry("{rules: [refusd], why: x, until: 2027-01-31}"), `k.yaml:2:14: no rule matches "refusd"; did you mean "refused"?`},
		{entry("{rules: [generated.x], why: x, until: 2027-01-31}"), `k.yaml:2:14: no rule matches "generated.x"`},
		{entry("{cases: ['text.['], why: x, until: 2027-01-31}"), `k.yaml:2:14: "text.[" is no pattern`},
		{entry("{cases: [''], why: x, until: 2027-01-31}"), `k.yaml:2:14: "" is no pattern`},
		{entry("{cases: [], why: x, until: 2027-01-31}"), "k.yaml:2:13: expected patterns of the ids of cases, found an empty list"},
		{entry("{cases: text.Full, why: x, until: 2027-01-31}"), "k.yaml:2:13: expected patterns of the ids of cases, a list"},
		{entry("{rules: [refused], until: 2027-01-31}"), "k.yaml:2:5: expected why"},
		{entry("{rules: [refused], why: ' ', until: 2027-01-31}"), "k.yaml:2:29: expected the reason for which the deviation is accepted, found nothing"},
		{entry("{rules: [refused], why: todo, until: 2027-01-31}"), "k.yaml:2:29: the reason is still to be filled in"},
		{entry("{rules: [refused], why: ' TODO: say why this is accepted', until: 2027-01-31}"), "k.yaml:2:29: the reason is still to be filled in"},
		{entry("{rules: [refused], why: x, ask: '', until: 2027-01-31}"), "k.yaml:2:37: expected whom to ask"},
		{entry("{rules: [refused], why: x}"), "k.yaml:2:5: expected until: the last day"},
		{entry("{rules: [refused], why: x, until: 2027-02-30}"), `k.yaml:2:39: "2027-02-30" is no day`},
		{entry("{rules: [refused], why: x, until: 2027-1-31}"), `"2027-1-31" is no day`},
		{entry("{rules: [refused], why: x, until: tomorrow}"), `"tomorrow" is no day`},
		{entry("{rules: [refused], why: x, until: 2027-01-31, who: me}"), `k.yaml:2:51: unknown key "who" in a deviation`},
		{entry("{why: TODO, until: soon}"), "k.yaml:2:24: "},
	} {
		_, err := Parse("k.yaml", []byte(c.file), known)
		var invalid *document.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.file, err, c.want)
		}
	}
	_, err := Parse("k.yaml", []byte(entry("{why: TODO, until: soon}")), known)
	if invalid := new(document.InvalidError); !errors.As(err, &invalid) || len(invalid.Problems) != 3 {
		t.Errorf("not all problems are told: %v", err)
	}
	if _, err := Parse("k.yaml", []byte(entry("{cases: [anything], rules: [refused], why: x, until: 2027-01-31}")), Known{Rules: known.Rules}); err != nil {
		t.Errorf("the names of a broker's pacts are not known, and refused: %v", err)
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.yaml"), known); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// What became of a deviation, and of the checks that it is about.
func TestApply(t *testing.T) {
	d := func(until string, cases, rules string) summary.Deviation {
		split := func(s string) []string { return strings.Fields(s) }
		return summary.Deviation{Cases: split(cases), Rules: split(rules), Why: "known", Until: until}
	}
	all := []string{"text.Full", "text.Lite", "json.Full"}
	for _, c := range []struct {
		name string
		list []summary.Deviation
		// verdicts are of the three cases, and then of the same by other engines, which stand behind an @; a broken one
		// breaks the rule behind the colon.
		verdicts, want, states string
	}{
		{"waived", []summary.Deviation{d("2027-01-31", "text.Full", "")}, "broken:refused held held", "waived:1 held held", "waived"},
		{"advice is waived", []summary.Deviation{d("2027-01-31", "text.Full", "")}, "advice:refused held held", "waived:1 held held", "waived"},
		{"by pattern", []summary.Deviation{d("2027-01-31", "text.*", "")}, "broken:refused broken:allow broken:allow", "waived:1 waived:1 broken", "waived"},
		{"by rule", []summary.Deviation{d("2027-01-31", "", "refused")}, "broken:refused broken:allow held", "waived:1 broken held", "waived"},
		{"both have to match", []summary.Deviation{d("2027-01-31", "text.*", "allow")}, "broken:refused broken:allow broken:allow", "broken waived:1 broken", "waived"},
		{"the last day", []summary.Deviation{d("2027-01-15", "text.Full", "")}, "broken:refused held held", "waived:1 held held", "waived"},
		{"the day after", []summary.Deviation{d("2027-01-14", "text.Full", "")}, "broken:refused held held", "broken:1 held held", "expired"},
		{"expired and gone", []summary.Deviation{d("2027-01-14", "text.Full", "")}, "held held held", "held held held", "gone"},
		{"renewed by another", []summary.Deviation{d("2027-01-14", "text.Full", ""), d("2027-01-31", "text.*", "")}, "broken:refused held held", "waived:2 held held", "lapsed waived"},
		{"renewed in part", []summary.Deviation{d("2027-01-14", "text.*", ""), d("2027-01-31", "text.Full", "")}, "broken:refused broken:refused held", "waived:2 broken:1 held", "expired waived"},
		{"advice that has expired", []summary.Deviation{d("2027-01-14", "text.Full", "")}, "advice:refused held held", "advice:1 held held", "lapsed"},
		{"advice and a breach that have expired", []summary.Deviation{d("2027-01-14", "text.*", "")}, "broken:refused advice:refused held", "broken:1 advice:1 held", "expired"},
		{"gone", []summary.Deviation{d("2027-01-31", "text.*", "")}, "held held broken:refused", "held held broken", "gone"},
		{"not all was tried", []summary.Deviation{d("2027-01-31", "text.*", "")}, "held skipped held", "held skipped held", "untried"},
		{"nothing can be told", []summary.Deviation{d("2027-01-31", "", "refused")}, "held inconclusive held", "held inconclusive held", "untried"},
		{"tools disagree", []summary.Deviation{d("2027-01-31", "", "refused")}, "held doubtful held", "held doubtful held", "untried"},
		{"left out", []summary.Deviation{d("2027-01-31", "json.*", "")}, "held held", "held held", "untried"},
		{"of no case", []summary.Deviation{d("2027-01-31", "generated.1-1", "")}, "held held held", "held held held", "untried"},
		{"broken otherwise", []summary.Deviation{d("2027-01-31", "text.Full", "allow")}, "broken:refused held held", "broken held held", "untried"},
		{"one is broken otherwise", []summary.Deviation{d("2027-01-31", "text.*", "allow")}, "broken:refused held held", "broken held held", "gone"},
		{"a rule that is switched off", []summary.Deviation{d("2027-01-31", "", "repeated-*")}, "held held held", "held held held", "untried"},
		{"one of its rules is switched off", []summary.Deviation{d("2027-01-31", "", "refused repeated-*")}, "held held held", "held held held", "untried"},
		{"without Pact", []summary.Deviation{d("2027-01-31", "", "pact")}, "held held held", "held held held", "untried"},
		{"with Pact", []summary.Deviation{d("2027-01-31", "", "pact")}, "held held held held@pact", "held held held held", "gone"},
		{"Pact was cut short", []summary.Deviation{d("2027-01-31", "", "pact")}, "held held held held@pact skipped@pact", "held held held held skipped", "untried"},
		{"what Pact lets pass for now", []summary.Deviation{d("2027-01-31", "", "pact")}, "held held held noted:pact@pact", "held held held noted", "untried"},
		{"by Pact alone", []summary.Deviation{d("2027-01-31", "", "refused"), d("2027-01-31", "text.Full", "")}, "held@pact held@pact held@pact", "held held held", "untried untried"},
	} {
		var v summary.Verification
		for i, verdict := range strings.Fields(c.verdicts) {
			verdict, engine, other := strings.Cut(verdict, "@")
			if !other {
				engine = "description"
			}
			verdict, rule, _ := strings.Cut(verdict, ":")
			v.Checks = append(v.Checks, summary.Check{Engine: engine, Name: all[i%len(all)], Verdict: verdict, Rule: rule, Reason: "found"})
		}
		Apply(&v, c.list, looking(all), on("2027-01-15T23:59:59"))
		var got, states []string
		for _, k := range v.Checks {
			verdict := k.Verdict
			if k.Deviation > 0 {
				verdict += ":" + string(rune('0'+k.Deviation))
			}
			if expired := strings.Contains(k.Reason, "expired"); expired != (k.Verdict != "waived" && k.Deviation > 0) {
				t.Errorf("%s: the reason is %q", c.name, k.Reason)
			}
			got = append(got, verdict)
		}
		for _, d := range v.Deviations {
			states = append(states, d.State)
		}
		if g := strings.Join(got, " "); g != c.want || strings.Join(states, " ") != c.states {
			t.Errorf("%s: %s and %s, want %s and %s", c.name, g, states, c.want, c.states)
		}
		if c.list[0].State != "" || c.list[0].Occurred != 0 {
			t.Errorf("%s: what was handed in was changed", c.name)
		}
	}
}

// looking is what a verification looks for that tries such cases, and for no id that comes twice.
func looking(cases []string) Tried {
	return Tried{Cases: cases, Rules: []string{"refused", "allow", "missing-property", "repeated-executionId", "pact"}, Judge: func(rule string) string {
		switch rule {
		case "pact":
			return "pact"
		case "repeated-executionId":
			return ""
		}
		return "description"
	}}
}

// What is broken becomes a file that is refused until its reasons are there, and waives exactly that then.
func TestDraft(t *testing.T) {
	names := rapid.SampledFrom([]string{"text.Full", "a'b", `c\d`, "e*f", "g?h", "i[j", "k\nl", "m: # n", " o ", "p\x1bq", "text.Lite"})
	rapid.Check(t, func(t *rapid.T) {
		v := summary.Verification{Target: "http://127.0.0.1:1\n", Description: "a\nb.yaml"}
		rules := rapid.SampledFrom([]string{"refused", "missing-property", ""})
		var all []string
		for range rapid.IntRange(0, 8).Draw(t, "checks") {
			v.Checks = append(v.Checks, summary.Check{
				Name: names.Draw(t, "name"), Rule: rules.Draw(t, "rule"), Verdict: rapid.SampledFrom([]string{"broken", "held", "advice", "noted"}).Draw(t, "verdict"),
				Reason: rapid.SampledFrom([]string{"it\nis", "'so'", "\x1b[1m"}).Draw(t, "reason"),
			})
			all = append(all, v.Checks[len(v.Checks)-1].Name)
		}
		now := on("2026-12-03T10:00:00")
		draft := Draft(v, now)
		if !bytes.Equal(draft, Draft(v, now)) {
			t.Fatal("two drafts differ")
		}
		them := Known{Cases: append(all, "other"), Rules: known.Rules}
		broken := v.Count("broken")
		if _, err := Parse("k.yaml", draft, them); (err == nil) != (broken == 0) {
			t.Fatalf("%d are broken, and the draft is read with %v\n%s", broken, err, draft)
		}
		filled := bytes.ReplaceAll(draft, []byte("'TODO: say why this is accepted'"), []byte("known"))
		list, err := Parse("k.yaml", filled, them)
		if err != nil {
			t.Fatalf("%v\n%s", err, filled)
		}
		Apply(&v, list, looking(all), now.AddDate(0, 0, 90))
		if v.Count("broken") != 0 {
			t.Fatalf("%+v stays broken with\n%s", v.Checks, filled)
		}
		for _, d := range list {
			if About(d, "other", "refused") || About(d, "other", "") {
				t.Fatalf("%+v is about more than was broken", d)
			}
			if d.Until != "2027-03-03" || Expired(d, now.AddDate(0, 0, 90)) || !Expired(d, now.AddDate(0, 0, 91)) {
				t.Fatalf("it holds until %s", d.Until)
			}
		}
	})
}

// What stands together in a draft is one habit of the target: what it takes though it breaks one rule, wherever that
// is, and what it answers alike. What two authorities say stands apart.
func TestDraftGroups(t *testing.T) {
	taken := func(name, breaks, authority string) summary.Check {
		return summary.Check{Name: name, Verdict: "broken", Expect: "refused", Rule: "invalid-accepted", Breaks: breaks, Authority: authority, Status: 200,
			Reason: "it was accepted with status 200, expected a refusal (4xx)"}
	}
	v := summary.Verification{Checks: []summary.Check{
		taken("body.empty.negative", "malformed-json", "description"), taken("agentId.null.negative", "wrong-type", "description"),
		taken("body.not-utf-8.negative", "malformed-json", "json"), taken("content.null.negative", "wrong-type", "description"),
		taken("method.GET.negative", "", "http"), taken("token.missing.negative", "", "description"), taken("method.PUT.negative", "", "http"),
	}}
	for _, id := range []string{"a", "b"} {
		v.Checks = append(v.Checks, summary.Check{Name: "text." + id, Verdict: "broken", Expect: "accepted", Rule: "out-of-bounds", Status: 200, Reason: `the id "` + id + `" is too short`})
	}
	var got []string
	for _, e := range entries(v) {
		var names []string
		for _, c := range e.cases {
			names = append(names, strings.TrimSuffix(c.Name, ".negative"))
		}
		got = append(got, strings.Join(names, " "))
	}
	if want := []string{"body.empty", "agentId.null content.null", "body.not-utf-8", "method.GET method.PUT", "token.missing", "text.a text.b"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "known.yaml")
	v := summary.Verification{Checks: []summary.Check{{Name: "text.Full", Verdict: "broken", Rule: "refused"}, {Name: "text.Lite", Verdict: "held"}}}
	if n, err := Write(file, v, on("2026-12-03T10:00:00")); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	before, _ := os.ReadFile(file)
	if _, err := Write(file, v, on("2027-12-03T10:00:00")); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("it is written over: %v", err)
	}
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Error("what was there has changed")
	}
	if err := Free(filepath.Join(filepath.Dir(file), "none", "known.yaml")); err == nil {
		t.Error("a folder that is not there is taken")
	}
	if err := Free(filepath.Join(file, "known.yaml")); err == nil {
		t.Error("a file is taken for a folder")
	}
}

// The editors' schema takes what Parse takes, as far as it can tell.
func TestSchema(t *testing.T) {
	made := Schema(known.Rules)
	if !json.Valid(made) || !strings.Contains(string(made), "undocumented-status") {
		t.Fatalf("%s", made)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(made))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("s.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("s.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file string
		ok   bool
	}{
		{good, true},
		{"deviations: []", true},
		{"{}", false},
		{"deviations: [{rules: [refused], why: x, until: '2027-01-31'}]", true},
		{"deviations: [{rules: [refused], why: TODO, until: '2027-01-31'}]", false},
		{"deviations: [{rules: [refused], why: ' ', until: '2027-01-31'}]", false},
		{"deviations: [{rules: [refused], why: x}]", false},
		{"deviations: [{why: x, until: '2027-01-31'}]", false},
		{"deviations: [{rules: [], why: x, until: '2027-01-31'}]", false},
		{"deviations: [{rules: [refused], why: x, until: soon}]", false},
		{"deviations: [{rules: [refused], why: x, until: '2027-01-31', who: me}]", false},
	} {
		var value any
		if err := yaml.Load([]byte(strings.ReplaceAll(c.file, " 2027-01-31", " '2027-01-31'")), &value); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != c.ok {
			t.Errorf("the schema says %v of %q", err, c.file)
		}
		if _, err := Parse("k.yaml", []byte(c.file), known); (err == nil) != c.ok {
			t.Errorf("Parse says %v of %q", err, c.file)
		}
	}
}

// Whatever the file, there are deviations that can be used, or problems with their places.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{good, "", "deviations: [{}]", "deviations: [{cases: ['[']}]", "a: &a [*a]", "deviations: [{rules: ['\\'], why: x, until: 2027-01-31}]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Parse("k.yaml", []byte(text), known)
		var invalid *document.InvalidError
		if err != nil {
			if !errors.As(err, &invalid) || len(invalid.Problems) == 0 || list != nil {
				t.Fatalf("%v", err)
			}
			for _, p := range invalid.Problems {
				if p.Line < 1 || p.Column < 1 || p.Message == "" {
					t.Fatalf("a problem has no place: %+v", p)
				}
			}
			return
		}
		for _, d := range list {
			if len(d.Cases)+len(d.Rules) == 0 || strings.TrimSpace(d.Why) == "" || d.Place == nil {
				t.Fatalf("%+v is taken", d)
			}
			if _, err := time.Parse("2006-01-02", d.Until); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// The pacts of a broker have names with a / in them, which is a character like any other, as it is for --case.
func TestSlashIsNoBorder(t *testing.T) {
	d := summary.Deviation{Cases: []string{"a request to *"}}
	if !About(d, "a request to POST /agents/execute", "pact") || About(d, "another to POST /agents/execute", "pact") {
		t.Error("a * ends at a /")
	}
}
