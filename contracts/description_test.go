package contracts

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts/credentials"
)

func TestLoad(t *testing.T) {
	d := loaded(t)
	if d.Operation() != DefaultOperation() || len(d.SHA256()) != 64 {
		t.Errorf("%+v, sha256 %s", d.Operation(), d.SHA256())
	}
	if !slices.Equal(d.Tiers(), []string{"Full", "Lite"}) {
		t.Errorf("the tiers are %v", d.Tiers())
	}
	var got []string
	for _, c := range d.ContentTypes() {
		for _, p := range c.Properties {
			got = append(got, fmt.Sprintf("%s.%s %s %v", c.Name, p.Name, p.Type, p.Required))
		}
	}
	if want := []string{"text.text string true", "file.id string true", "skill.id string true", "json.data object true"}; !slices.Equal(got, want) {
		t.Errorf("the content types are %v, want %v", got, want)
	}
	got = nil
	for _, p := range d.Fields() {
		got = append(got, p.Name+" "+p.Type)
	}
	slices.Sort(got)
	if want := []string{"agentId string", "archiveSessionFiles boolean", "summarySchema object"}; !slices.Equal(got, want) {
		t.Errorf("the fields are %v, want %v", got, want)
	}
}

// What is wrong with a description is said with the file's name, and with the place where there is one.
func TestLoadErrors(t *testing.T) {
	minimal := func(body string) string {
		return "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /agents/execute:\n    post:\n" + body
	}
	const responses = "      responses: {default: {description: any}}\n"
	schema := func(s string) string {
		return minimal("      requestBody: {content: {application/json: {schema: " + s + "}}}\n" + responses)
	}
	for _, c := range []struct{ why, text, want string }{
		{"nothing", "", "empty"},
		{"no YAML", "a: [", "did not find"},
		{"another version", "openapi: 4.0.3\ninfo: {title: t, version: '1'}\npaths: {}\n", "expected an OpenAPI 3.0, 3.1 or 3.2 document"},
		{"no call", "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/x: {get: " + "{responses: {default: {description: any}}}}}\n", "no POST /agents/execute"},
		{"not valid", edited(t, "  title:", "  tytle:"), "not a valid OpenAPI document"},
		{"a key twice", edited(t, "openapi: 3.1.0\n", "openapi: 3.1.0\nopenapi: 3.1.0\n"), "openapi"},
		{"no request", minimal(responses), "no request body"},
		{"no content schema", schema("{type: object, properties: {content: {type: array}}}"), "`content` has no items"},
		{"a nameless kind", schema("{type: object, properties: {content: {type: array, items: {oneOf: [{type: object, properties: {type: {type: string}}}]}}}}"), "no constant `type`"},
		{"two of a name", schema("{type: object, properties: {content: {type: array, items: {oneOf: [{properties: {type: {const: a}}}, {properties: {type: {const: a}}}]}}}}"), `are called "a"`},
		{"a dangling reference", edited(t, "$ref: '#/components/schemas/JsonContent'", "$ref: '#/components/schemas/Nope'"), "Nope"},
		{"a schema that is none", schema("{type: object, properties: {x: {type: string, pattern: '('}}}"), ""},
		{"too large", "#" + strings.Repeat("x", 9<<20), "more than the 8 MiB"},
	} {
		d, err := Load("spec.yaml", []byte(c.text))
		if err == nil {
			t.Errorf("%s: it is accepted: %v", c.why, d.Tiers())
		} else if !strings.Contains(err.Error(), c.want) || c.why != "too large" && !hasPlace.MatchString(err.Error()) {
			t.Errorf("%s: %v; want %q, with its place", c.why, err, c.want)
		}
	}
}

// hasPlace is how a refusal begins: the file, the line and the column, and a pointer to all but the document itself.
var hasPlace = regexp.MustCompile(`(^|\n  )spec\.yaml:[1-9][0-9]*:[1-9][0-9]*: (/[^ ]*: )?[^/ ]`)

// All that one stage of the reading finds is told at once, each at its own place.
func TestLoadErrorsAtOnce(t *testing.T) {
	kinds := "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/agents/execute: {post: {responses: {'302': {description: no}}, requestBody: {content: {application/json: {schema:\n" +
		"  {properties: {content: {items: {oneOf: [{properties: {type: {const: a}}}, {}, {properties: {type: {const: a}}}]}}}}}}}}}}\n"
	for _, c := range []struct {
		why, text string
		want      []string
	}{
		{"what is no document", "openapi: 3.1.0\nopenapi: 3.1.0\na: 0777\nb: [!!int '5', .inf]\nc: {<<: {}, ? [x] : 1}\nd:\n  '/e~f': 1_0\n", []string{
			`2:1: /openapi: the key "openapi" stands here twice`, "3:4: /a: 0777 is 511", "4:5: /b/0: the tag !!int is not read", "4:16: /b/1: .inf is no number", "5:5: /c: the merge key <<",
			"5:15: /c: expected a name as the key", "7:11: /d/~1e~0f: 1_0 is a number to some",
		}},
		{"what is no JSON", "{\"openapi\": \"3.1.0\",\n\t\"info\": {}\n\t\"paths\": {}}", []string{"3:2: this is neither JSON nor YAML: invalid character '\"' after object key:value pair"}},
		{"keys of JSON", "{\"a\": 1, \"b\": {\"a\": 1e400,\n\"a\": 2}, \"a\": 3}", []string{"1:21: /b/a: 1e400 is a number too large", `2:1: /b/a: the key "a"`, `2:10: /a: the key "a"`}},
		{"a tab", "openapi: 3.1.0\n\tinfo: {}\n", []string{"2:1: this is not YAML: lines are indented by spaces, and not by a tab"}},
		{"two documents", "\ufeffopenapi: 3.1.0\r\n---\r\nopenapi: 3.1.0\r\n", []string{"2:1: a second document begins here"}},
		{"no text", "openapi: 3.1.0\ninfo: \xff\n", []string{"2:1: this line is not UTF-8 text"}},
		{"a list", "- openapi: 3.1.0\n", []string{"1:1: expected an OpenAPI 3.0, 3.1 or 3.2 document, such as openapi: 3.1.0; found no object"}},
		{"no version", "openapi: 3.1\n", []string{"1:10: /openapi: expected an OpenAPI 3.0, 3.1 or 3.2 document, such as openapi: 3.1.0; found openapi: 3.1"}},
		{"names and keys", edited(t, "        tier: kaizenVersion\n        content: content\n", "        tire: kaizenVersion\n        content: 7\n        x: y\n") + "more: 1\n", []string{
			`39:15: /paths/~1agents~1execute/post/x-andon/tire: x-andon: nothing is called "tire"; did you mean tier?`, "40:18: /paths/~1agents~1execute/post/x-andon/content: x-andon: content: expected the name of a property, as a text, found 7",
			`41:12: /paths/~1agents~1execute/post/x-andon/x: x-andon: nothing is called "x"`, `/more: andon does not know the key "more" of a document`,
		}},
		{"the request and the answers", kinds, []string{"/items/oneOf/1: a kind of content item has no constant `type`", "/items/oneOf/2: two kinds of content items are called \"a\"", "3:45: /paths/~1agents~1execute/post/responses: POST /agents/execute describes no success"}},
		{"a schema that is none", edited(t, "    TextContent:\n", "    TextContent:\n      minLength: -1\n"), []string{"/components/schemas/TextContent/minLength: "}},
		{"a part that is missing", edited(t, "  version:", "  revision:"), []string{"/info: not a valid OpenAPI document"}},
	} {
		_, err := Load("spec.yaml", []byte(c.text))
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) || !hasPlace.MatchString(err.Error()) {
				t.Errorf("%s: %v; want %q", c.why, err, want)
			}
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(andon.Spec)
	f.Add([]byte("openapi: 3.1.0\npaths: &a {/agents/execute: *a}\n"))
	f.Add([]byte(`{"openapi":"3.1.0","info":{"title":"","version":""},"paths":{"/agents/execute":{"post":{"requestBody":{"$ref":"#/a"},"responses":{}}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Load("fuzz.yaml", data)
		if err != nil {
			return
		}
		d.ReadRequest([]byte(`{"content":[{"type":"text"}]}`))
		d.JudgeResponse(200, "application/json", []byte(good))
	})
}

// Bodies have the description's order, whatever order the fields are given in; the parts that are left out are not
// there.
func TestAppendBody(t *testing.T) {
	d := loaded(t)
	for _, c := range []struct {
		call Call
		want string
	}{
		{Call{}, `{}`},
		{Call{Content: []Item{}}, `{"content":[]}`},
		{Call{Tier: "Lite"}, `{"kaizenVersion":"Lite"}`},
		{Call{Tier: "a\"b", Content: []Item{{Type: "text", Fields: []Field{{Name: "text", JSON: []byte(`"x"`)}}}, {Type: "file", Fields: []Field{{Name: "id", JSON: []byte(`"f"`)}}}}},
			`{"content":[{"type":"text","text":"x"},{"type":"file","id":"f"}],"kaizenVersion":"a\"b"}`},
	} {
		if got := string(d.AppendBody(nil, &c.call)); got != c.want {
			t.Errorf("%+v is %s, want %s", c.call, got, c.want)
		}
	}
	a := []Field{{Name: "agentId", JSON: []byte(`"a"`)}, {Name: "archiveSessionFiles", JSON: []byte(`true`)}, {Name: "summarySchema", JSON: []byte(`{}`)}}
	b := slices.Clone(a)
	slices.Reverse(b)
	if x, y := d.AppendBody(nil, &Call{Fields: a}), d.AppendBody(nil, &Call{Fields: b}); !bytes.Equal(x, y) {
		t.Errorf("the order of the fields shows: %s and %s", x, y)
	}
}

func TestNewRequest(t *testing.T) {
	target, _ := url.Parse("https://example.com/base/")
	r := DefaultOperation().NewRequest(context.Background(), target, credentials.Bearer("secret"), []byte(`{}`))
	if r.URL.String() != "https://example.com/base/agents/execute" || r.Method != "POST" || r.Header.Get("Authorization") != "Bearer secret" ||
		r.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(r.UserAgent(), "andon/") || r.ContentLength != 2 {
		t.Errorf("the request is %s %s %v", r.Method, r.URL, r.Header)
	}
	if body, _ := io.ReadAll(r.Body); string(body) != "{}" {
		t.Errorf("the body is %s", body)
	}
	if r := DefaultOperation().NewRequest(context.Background(), target, nil, nil); r.Header.Get("Authorization") != "" {
		t.Error("without a token there is an Authorization header")
	}
	var wire strings.Builder
	if err := DefaultOperation().NewRequest(context.Background(), target, nil, nil).Write(&wire); err != nil || !strings.Contains(wire.String(), "\r\nContent-Length: 0\r\n") {
		t.Errorf("no body is sent as %q, %v", wire.String(), err)
	}
	escaped, _ := url.Parse("https://example.com/a%2Fb")
	if got := DefaultOperation().NewRequest(context.Background(), escaped, nil, nil).URL.String(); got != "https://example.com/a%2Fb/agents/execute" {
		t.Errorf("below an escaped path the call goes to %s", got)
	}
	if target.Path != "/base/" {
		t.Error("the target was changed")
	}
}

// A shell reads the curl line back as it was meant, whatever stands in the body.
func TestCurl(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	line := DefaultOperation().Curl("http://127.0.0.1:1/", credentials.Plan{}, []byte(`{"text":"it's"}`))
	if want := `curl -sS -X POST 'http://127.0.0.1:1/agents/execute' -H 'Content-Type: application/json' -H "Authorization: Bearer $ANDON_TOKEN" --data-raw '{"text":"it'\''s"}'`; line != want {
		t.Errorf("the line is\n%s, want\n%s", line, want)
	}
	for _, body := range []string{`'`, `''"$HOME" \ $(x) ` + "`y`\n!#;&|<>*?[]{}~", "\\'", "é😀"} {
		out, err := exec.Command(shell, "-c", `curl() { for a; do last=$a; done; printf %s "$last"; }; `+DefaultOperation().Curl("http://x", credentials.Plan{}, []byte(body))).Output()
		if err != nil || string(out) != body {
			t.Errorf("%q arrives as %q, %v", body, out, err)
		}
	}
}

func TestParseTarget(t *testing.T) {
	for _, c := range []struct{ text, want, problem string }{
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080", ""},
		{"https://staging.example.com/v2/", "https://staging.example.com/v2", ""},
		{"http://[::1]:80", "http://[::1]:80", ""},
		{"https://bücher.example:8443/v1", "https://xn--bcher-kva.example:8443/v1", ""},
		{"http://ＢÜcher.example", "http://xn--bcher-kva.example", ""},
		{"http://ｌocalhost", "http://localhost", ""},
		{"http://ü-.example", "", "is no name"},
		{"http://\u00ad", "", "no name"},
		{"", "", "does not start with http"},
		{"staging.example.com", "", "does not start with http"},
		{"localhost:8080", "", "does not start with http"},
		{"ftp://x", "", "does not start with http"},
		{"http://", "", "names no host"},
		{"http://:80", "", "names no host"},
		{"http://x:0", "", "between 1 and 65535"},
		{"http://x:99999", "", "between 1 and 65535"},
		{"http://x?a=b", "", "query or a fragment"},
		{"http://x#y", "", "query or a fragment"},
		{"http://x/agents/execute", "", "adds by itself"},
		{"http://user:hunter2@x", "", "user name"},
		{"http://us er:hunter2@x", "", "not a URL"},
		{"http://x?key=hunter2", "", `the target "http://x?…" has a query`},
		{"http://x#hunter2", "", `the target "http://x#…" has a`},
		{"ftp://x/y?key=hunter2", "", `the target "ftp://x/y?…" does not start`},
		{"x?key=hunter2", "", "the target does not start"},
		{"user:hunter2@x", "", "the target does not start"},
		{"http:///?key=hunter2", "", `the target "http:///?…" names no host`},
	} {
		u, err := DefaultOperation().ParseTarget(c.text)
		if err != nil {
			if c.problem == "" || !strings.Contains(err.Error(), c.problem) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q: %v; want %q", c.text, err, c.problem)
			}
			continue
		}
		if c.problem != "" || u.String() != c.want {
			t.Errorf("%q is %s, want %s %s", c.text, u, c.want, c.problem)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"http://127.0.0.1:8080/a", "https://[::1%25eth0]:1/", "http://a:b@c", "http:///x", "HTTP://X:080", "http://bücher.example:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := DefaultOperation().ParseTarget(text)
		if err != nil {
			return
		}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
			t.Fatalf("%q is %#v", text, u)
		}
		again, err := DefaultOperation().ParseTarget(u.String())
		if err != nil || again.String() != u.String() {
			t.Fatalf("%q is %s, which is %v, %v", text, u, again, err)
		}
	})
}

// Calls that name no tier are called by a name that no tier has.
func TestNoTier(t *testing.T) {
	for want, tiers := range map[string][]string{
		"default": {"Full", "Lite"}, "no-tier": {"Full", "default"}, "no-no-tier": {"no-tier", "default"},
	} {
		if got := NoTier(tiers); got != want {
			t.Errorf("beside %q they are called %s, want %s", tiers, got, want)
		}
	}
}
