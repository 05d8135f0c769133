package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
)

// What a case claims of its body is what the description says of it, and every case can be told from the others.
func TestCases(t *testing.T) {
	d := loaded(t)
	list, leftOut := Derive(d)
	again, _ := Derive(loaded(t))
	ids, bodies := map[string]bool{}, map[string]bool{}
	for i, c := range list {
		if ids[c.ID] || c.ID == "" || c.Proves == "" || strings.ContainsAny(c.ID, " /\"") {
			t.Errorf("the id %q (%s) is taken or odd", c.ID, c.Proves)
		}
		ids[c.ID] = true
		if a := again[i]; a.ID != c.ID || !bytes.Equal(a.Body, c.Body) {
			t.Errorf("derived twice, case %d is %s and %s", i, c.ID, a.ID)
		}
		if (c.Expect == Refused) != strings.HasSuffix(c.ID, ".negative") || (c.Expect == Either) != strings.HasSuffix(c.ID, ".silent") {
			t.Errorf("%s is %s", c.ID, c.Expect)
		}
		head := c.Method != "POST" || c.ContentType != "application/json" || c.Auth != ValidToken
		if _, v := d.ReadRequest(c.Body); !head && (v != nil) != (c.Expect == Refused) {
			t.Errorf("%s: %v: %s", c.ID, v, c.Body)
		}
		if !head && bodies[string(c.Body)] {
			t.Errorf("%s: the body is that of another case", c.ID)
		}
		bodies[string(c.Body)] = bodies[string(c.Body)] || !head
	}
	for _, id := range []string{
		"text.Full", "file.Lite", "skill.default", "json.Full", "mixed.Lite", "empty.default", "none.Full", "none.default",
		"content.all", "content.repeated", "text.text.unicode", "text.text.long", "json.data.deep", "json.data.empty", "body.all",
		"agentId.alone", "archiveSessionFiles.false", "archiveSessionFiles.alone", "summarySchema.alone", "content-type.charset",
		"text.missing-text.negative", "file.missing-id.negative", "skill.missing-id.negative", "json.missing-data.negative",
		"text.missing-type.negative", "text.type.unknown.negative", "text.as-file.negative", "content.object.negative",
		"agentId.number.negative", "archiveSessionFiles.string.negative", "summarySchema.array.negative", "kaizenVersion.unknown.negative",
		"kaizenVersion.wrong-case.negative", "body.cut-off.negative", "body.key-twice.negative", "body.empty.negative",
		"content-type.text.negative", "method.GET.negative", "token.missing.negative", "token.wrong-scheme.negative",
		"body.unknown-property.silent", "text.unknown-property.silent", "agentId.unknown.silent",
	} {
		if !ids[id] {
			t.Errorf("there is no case %s", id)
		}
	}
	if leftOut.Sign() <= 0 {
		t.Errorf("%d combinations are left out", leftOut)
	}
	if len(InvalidBodies(d)) < 100 {
		t.Errorf("there are %d invalid calls", len(InvalidBodies(d)))
	}
	for _, body := range InvalidBodies(d) {
		if _, v := d.ReadRequest(body); v == nil {
			t.Errorf("an invalid call conforms: %s", body)
		}
	}
}

// What the description marks as an assumption is one, kept or broken, and only that; every case says where it stands.
func TestAuthorities(t *testing.T) {
	plain := string(andon.Spec)
	text := strings.Replace(plain, "        kaizenVersion:\n          description: |\n            The tier", "        kaizenVersion:\n          x-assumption: true\n          description: |\n            The tier", 1)
	text = strings.Replace(text, "    SkillContent:\n", "    SkillContent:\n      x-assumption: true\n", 1)
	d, err := contracts.Load("openapi.yaml", []byte(text))
	if err != nil || strings.Count(text, "x-assumption: true") != strings.Count(plain, "x-assumption: true")+2 {
		t.Fatal(err)
	}
	list, _ := Derive(d)
	counts := map[Authority]int{}
	for _, c := range append(list, Random(d, 3, 60)...) {
		counts[c.By()]++
		if c.Line < 2 {
			t.Errorf("%s has the line %d", c.ID, c.Line)
		}
		body := string(c.Body)
		_, v := d.ReadRequest(c.Body)
		switch {
		case c.Authority == ByHTTP || c.Authority == ByJSON || c.Auth != ValidToken:
		case c.Expect == Refused:
			about := v.Pointer == "/kaizenVersion" || strings.Contains(body, `"skill"`) && strings.HasPrefix(v.Pointer, "/content/")
			if about != (c.By() == ByAssumption) && !c.Random && !strings.HasPrefix(c.ID, "skill.type") && !strings.HasPrefix(c.ID, "content.") {
				t.Errorf("%s is by %s: %s: %s", c.ID, c.By(), v, body)
			}
		case (strings.Contains(body, `"kaizenVersion":`) || strings.Contains(body, `"type":"skill"`)) != (c.By() == ByAssumption):
			t.Errorf("%s is by %s: %s", c.ID, c.By(), body)
		}
	}
	if counts[ByAssumption] < 40 || counts[ByHTTP] != 9 || counts[ByJSON] != 8 || counts[ByDescription] < 100 {
		t.Errorf("%v", counts)
	}
	list, _ = Derive(loaded(t))
	for _, c := range list {
		if c.Authority == ByAssumption {
			t.Errorf("%s is an assumption", c.ID)
		}
	}
}

// Every two choices of tier, content and optional properties meet in some case.
func TestPairwise(t *testing.T) {
	d := loaded(t)
	met := map[string]bool{}
	list, _ := Derive(d)
	for _, c := range list {
		var call map[string]json.RawMessage
		if c.Expect != Accepted || json.Unmarshal(c.Body, &call) != nil {
			continue
		}
		content := "none"
		if call["content"] != nil {
			content = strings.Join(c.Content, "+")
		}
		features := []string{"content " + content, "tier " + string(call["kaizenVersion"]), "archive " + string(call["archiveSessionFiles"]),
			fmt.Sprint("agent ", call["agentId"] != nil), fmt.Sprint("schema ", call["summarySchema"] != nil)}
		for _, a := range features {
			for _, b := range features {
				met[a+" & "+b] = true
			}
		}
	}
	values := [][]string{
		{"content text", "content file", "content skill", "content json", "content text+file+skill+json", "content ", "content none"},
		{"tier ", `tier "Full"`, `tier "Lite"`}, {"archive ", "archive true", "archive false"}, {"agent true", "agent false"}, {"schema true", "schema false"},
	}
	for i := range values {
		for j := i + 1; j < len(values); j++ {
			for _, a := range values[i] {
				for _, b := range values[j] {
					if !met[a+" & "+b] {
						t.Errorf("%s and %s meet in no case", a, b)
					}
				}
			}
		}
	}
}

// The command line of a case sends its body, byte for byte, even if that is longer than a command line may be.
func TestCurlOfLargeBody(t *testing.T) {
	d := loaded(t)
	c := Large(d, 1<<20)
	line := c.Curl("http://127.0.0.1:1", credentials.Plan{})
	if len(line) > 500 {
		t.Fatalf("the line has %d bytes", len(line))
	}
	before, _, piped := strings.Cut(line, " | curl ")
	if !piped {
		t.Fatalf("nothing is piped: %s", line)
	}
	out, err := exec.Command("sh", "-c", before).Output()
	if err != nil || !bytes.Equal(out, c.Body) {
		t.Errorf("%d bytes instead of %d, %v", len(out), len(c.Body), err)
	}
}

// What a description implies keeps to it, whatever it says: what must be accepted is allowed, and what must be refused
// for its body is not.
func FuzzDerive(f *testing.F) {
	f.Add(andon.Spec)
	f.Add([]byte(`
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /agents/execute:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/x'}}}}
      responses: {'2XX': {description: d, content: {application/json: {schema: {type: object}}}}}
components: {schemas: {x: {type: object, required: [a], additionalProperties: false, properties: {
  a: {type: string, pattern: '^a+$'}, b: {anyOf: [{type: integer, minimum: 3}, {type: 'null'}]}, c: {type: array, items: {$ref: '#/components/schemas/x'}, maxItems: 2}}}}}
`))
	f.Add([]byte(`{"openapi":"3.1.0","info":{"title":"","version":""},"paths":{"/agents/execute":{"post":{"requestBody":{"content":{"*/*":{"schema":{"oneOf":[{"type":"string","format":"uuid"},{"const":[1]}]}}}},"responses":{"default":{"description":""}}}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 64<<10 {
			return
		}
		d, err := contracts.Load("fuzz.yaml", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz.yaml:") || !utf8.ValidString(err.Error()) && utf8.Valid(data) {
				t.Fatalf("%q", err)
			}
			return
		}
		list, _ := Derive(d)
		ids := map[string]bool{}
		for _, c := range list {
			if ids[c.ID] {
				t.Fatalf("two cases are called %q", c.ID)
			}
			ids[c.ID] = true
			if c.ContentType != jsonType || len(c.Body) == 0 || c.Expect != Accepted {
				continue
			}
			if _, violation := d.ReadRequest(c.Body); violation != nil {
				t.Fatalf("%s must be accepted: %v: %.300s", c.ID, violation, c.Body)
			}
		}
		for _, body := range InvalidBodies(d) {
			if _, violation := d.ReadRequest(body); violation == nil && len(body) > 0 {
				t.Fatalf("must be refused: %.300s", body)
			}
		}
		if changes, err := contracts.Diff(d, d, nil); err != nil || len(changes) > 0 {
			t.Fatalf("against itself: %v, %v", changes, err)
		}
	})
}
