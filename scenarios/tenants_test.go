package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/document"
)

// inFolder reads a scenario beside files.
func inFolder(t *testing.T, scenario string, files map[string]string) (*Scenario, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return Parse(filepath.Join(dir, "t.yaml"), []byte("load: [{rate: 100/s, for: 3s}]\n"+scenario), description(t), noEnv)
}

// A call's row is that of its body, in each item of it, and all rows come alike. Nothing secret is in what is kept or
// in the digest; the file's rows are.
func TestTenant(t *testing.T) {
	const scenario = `mix: {tier: {default: 1}, content: [{items: [file, file, skill]}, {items: [text]}], agentId: 50%, invalid: 10%}
data: {file: {from: ./tenants.csv, column: file}, skill: {template: "{{file}}", from: tenants.csv}, agentId: {from: tenants.csv, column: file}}
`
	var rows, others strings.Builder
	for i := range 20 {
		fmt.Fprintf(&rows, "hush-%d,file_%d\n", i, i)
		fmt.Fprintf(&others, "other-%d,file_%d\n", i, i)
	}
	read := func(carried, rows string) *Plan {
		t.Helper()
		s, err := inFolder(t, scenario+carried, map[string]string{"tenants.csv": "token,file\n" + rows})
		if err != nil {
			t.Fatal(err)
		}
		return must(s.Plan(1))
	}
	const bearer = "auth: {bearer: {from: tenants.csv, column: token}}\n"
	p := read(bearer, rows.String())
	tenants := p.Carried.Tenants
	if p.Carried.Bearer != credentials.SecretColumn("token") || tenants.Rows() != 20 || tenants.Lines[19] != 21 || tenants.Secret["token"][19] != "hush-19" || len(tenants.Public) > 0 {
		t.Errorf("carried is %+v with %+v", p.Carried, tenants)
	}
	if kept := string(p.Feeders["tenants.csv"]); len(p.Feeders) != 1 || strings.Contains(kept, "hush") || strings.Count(kept, "\n") != 21 {
		t.Errorf("kept are %q", p.Feeders)
	}
	seen := map[int]int{}
	for n := range p.Calls {
		row := p.Tenant(n)
		seen[row]++
		body, class := p.AppendBody(nil, n)
		if again := p.Tenant(n); again != row {
			t.Fatalf("call %d is of the rows %d and %d", n, row, again)
		}
		if p.Labels.Classes[class].Invalid {
			continue
		}
		var call struct {
			AgentID string
			Content []struct{ Type, ID string }
		}
		if err := json.Unmarshal(body, &call); err != nil {
			t.Fatal(err)
		}
		ids := []string{call.AgentID}
		for _, item := range call.Content {
			ids = append(ids, item.ID)
		}
		for _, id := range ids {
			if id != "" && id != fmt.Sprintf("file_%d", row) {
				t.Errorf("call %d is of row %d, and carries %s", n, row, body)
			}
		}
	}
	for row := range 20 {
		if seen[row] < 3 {
			t.Errorf("of %d calls, %d are of row %d", p.Calls, seen[row], row)
		}
	}
	if q := read(bearer, others.String()); q.Scenario.Digest() != p.Scenario.Digest() {
		t.Errorf("with other tokens the digest is another: %v, %v", q.Parts(), p.Parts())
	}
	if q := read("auth: {basic: {username: ci, password: {from: tenants.csv, column: token}}}\n", rows.String()); q.Scenario.Digest() == p.Scenario.Digest() || q.Carried.User != "ci:"+credentials.SecretColumn("token") {
		t.Errorf("as a password the digest is the same, of %+v", q.Carried)
	}
	if q := read(bearer, rows.String()+"hush-20,file_0\n"); q.Scenario.Digest() == p.Scenario.Digest() {
		t.Error("with another row the digest is the same")
	}
	for _, part := range p.Parts() {
		if strings.Contains(part.Text, "hush") {
			t.Errorf("%+v", part)
		}
	}
}

// How many tenants there are changes no body that says nothing of them.
func TestTenantBesides(t *testing.T) {
	const scenario = "mix: {content: [{items: [text]}, {items: [file]}], agentId: 50%, invalid: 10%}\ndata: {file: {from: files.csv, column: id}}\nauth: {bearer: {from: tenants.jsonl, column: token}}\n"
	bodies := func(rows int) (all []string) {
		s, err := inFolder(t, scenario, map[string]string{
			"files.csv": "id\na\nb\nc\nd\n", "tenants.jsonl": strings.Repeat(`{"token": "hush-hush"}`+"\n", rows),
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Feeders) != 1 {
			t.Errorf("kept are %q", s.Feeders)
		}
		p := must(s.Plan(1))
		for n := range p.Calls {
			body, _ := p.AppendBody(nil, n)
			all = append(all, string(body))
		}
		return all
	}
	if !slices.Equal(bodies(3), bodies(7)) {
		t.Error("with other tenants the bodies are others")
	}
}

// What data takes besides is public: it stands in a header as it does in the body, however short it is.
func TestTenantPublic(t *testing.T) {
	s, err := inFolder(t, "data: {file: {from: tenants.csv, column: id}}\nheaders: {X-Tenant: {from: tenants.csv, column: id}, X-Region: {from: tenants.csv, column: region}}\n",
		map[string]string{"tenants.csv": "id,region\n1,eu-central\n2,eu-north\n"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Carried.Headers, []string{"X-Tenant: " + credentials.PublicColumn("id"), "X-Region: " + credentials.SecretColumn("region")}; !slices.Equal(got, want) {
		t.Errorf("carried are %q", got)
	}
	if !bytes.Equal(s.Feeders["tenants.csv"], []byte("id\n1\n2\n")) {
		t.Errorf("kept are %q", s.Feeders)
	}
}

// By another path, a file of secrets would be another file: of other rows, and with its secrets among what is kept.
func TestTenantsByOtherPaths(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tenants.csv")
	if err := errors.Join(os.WriteFile(path, []byte("token,id\nhush-1,a\nhush-2,b\n"), 0o600), os.Symlink(path, filepath.Join(dir, "soft.csv")), os.Link(path, filepath.Join(dir, "hard.csv"))); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{path, "../" + filepath.Base(dir) + "/tenants.csv", "soft.csv", "hard.csv"} {
		for _, scenario := range []string{
			"data: {file: {from: '" + name + "', column: id}}\nauth: {bearer: {from: tenants.csv, column: token}}\n",
			"data: {file: {from: '" + name + "', column: token}}\nauth: {bearer: {from: tenants.csv, column: token}}\n",
			"headers: {X-Id: {from: '" + name + "', column: token}}\nauth: {bearer: {from: tenants.csv, column: token}}\n",
		} {
			_, err := Parse(filepath.Join(dir, "t.yaml"), []byte("load: [{rate: 100/s, for: 3s}]\n"+scenario), description(t), noEnv)
			if err == nil || !strings.Contains(err.Error(), `t.yaml:3:23: "tenants.csv" is the same file as `+document.Clip(name)) {
				t.Errorf("%s%v", scenario, err)
			}
		}
	}
}

// A column is called what its file calls it.
func TestTenantColumnNames(t *testing.T) {
	s, err := inFolder(t, `auth: {basic: {username: {from: tenants.csv, column: " a:b"}, password: {from: tenants.csv, column: "pass word "}}}`+"\n",
		map[string]string{"tenants.csv": " a:b,pass word \nanna,hush-1\n"})
	if err != nil {
		t.Fatal(err)
	}
	with, err := must(s.Carried.Plan()).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "http://x/", nil)
	with.Of(0).Put(r, credentials.Place{})
	if user, password, _ := r.BasicAuth(); user != "anna" || password != "hush-1" {
		t.Errorf("the user is %q with %q", user, password)
	}
}

// What is wrong with columns is said at its place, all at once, and never with what is in them.
func TestTenantsRefused(t *testing.T) {
	files := map[string]string{
		"tenants.csv": "token,id,bad,blank,a}b\nhush-1,1,hush hush,,x\nhush-2,2,hush-2,hush,x\n", "other.csv": "token\nhush-1\nhush-2\n",
		"kept.csv": "id\n1\n2\n", "bare.csv": "1,hush-1\n2,hush-2\n", "many.csv": "token\n" + strings.Repeat("hush-1\n", credentials.MaxTenants+1), "none.jsonl": "{\"token\": null}\n",
	}
	for scenario, want := range map[string]string{
		"auth: {bearer: {from: tenants.csv}}":                                                                  "t.yaml:2:16: the token lacks `column`",
		"auth: {bearer: {from: tenants.csv, column: token, row: 1}}":                                           `unknown key "row" in the token`,
		"auth: {bearer: {from: tenants.csv, column: tokn}}":                                                    `t.yaml:2:44: tenants.csv has no column "tokn"; did you mean "token"?; a run directory keeps no secrets: put the file that has them there`,
		"auth: {bearer: {from: kept.csv, column: token}}":                                                      `kept.csv has no column "token"; expected it in the first line; a run directory keeps no secrets`,
		"data: {file: {from: bare.csv, column: id}}\nauth: {bearer: {from: bare.csv, column: token}}":          `t.yaml:2:39: bare.csv has no column "id"; expected it in the first line`,
		"auth: {bearer: {from: gone.csv, column: token}}":                                                      "t.yaml:2:23: the file of data cannot be read:",
		"auth: {bearer: {from: many.csv, column: token}}":                                                      "has 10001 rows, more than the 10000 of which the secrets can be kept out of every report",
		"auth: {bearer: {from: tenants.csv, column: bad}}":                                                     `the bearer token: tenants.csv:2, column "bad": the token in the row has a character`,
		"auth: {bearer: {from: tenants.csv, column: blank}}":                                                   `the token is a text, for which a number may stand: tenants.csv:2:20 has a blank in the column "blank"; leave such rows out`,
		"auth: {bearer: {from: none.jsonl, column: token}}":                                                    `none.jsonl:1:11 has null in the column "token"`,
		"headers: {X-A: {from: tenants.csv, column: id}}":                                                      `the header X-A: tenants.csv:2, column "id": it has fewer than 4 characters`,
		"headers: {X-A: {from: tenants.csv, column: 'a}b'}}":                                                   "a column whose name has braces cannot be taken",
		"headers: {X-A: 'a {column:token}'}":                                                                   "a column is given with its file: {from: tenants.csv, column: token}",
		"headers: {X-A: [a]}":                                                                                  "expected a header's value",
		"auth: {apiKey: {in: header, name: X-K, value: {column: token}}}":                                      "expected the value",
		"auth: {basic: {username: ci, password: {from: tenants.csv}}}":                                         "the password lacks `column`",
		"data: {file: {from: tenants.csv, column: token}}\nauth: {bearer: {from: tenants.csv, column: token}}": "t.yaml:3:16: the bearer token: it would be seen by all, since bodies have the column too; take another column here",
		"data: {file: {template: '{{token}}', from: ./tenants.csv}}\nauth: {apiKey: {in: cookie, name: k, value: {from: tenants.csv, column: token}}}": "the header Cookie: its value would be seen by all, since bodies have the column too",
		"headers: {X-A: {from: other.csv, column: token}}\nauth: {bearer: {from: tenants.csv, column: token}}":                                         "t.yaml:3:23: calls take what is secret from one file, a row for each call, and here is a second one; put the columns of other.csv into it",
		"headers: {Authorization: {from: tenants.csv, column: token}}\nauth: {bearer: {from: tenants.csv, column: token}}":                             "do not go together",
	} {
		_, err := inFolder(t, scenario+"\n", files)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", scenario, err)
		}
	}
	_, err := inFolder(t, "headers: {X-A: {from: tenants.csv, column: id}, X-B: {from: gone.csv, column: id}}\nauth: {bearer: {from: tenants.csv, column: bad}}\n", files)
	if err == nil || strings.Count(err.Error(), "t.yaml:") != 3 {
		t.Errorf("not all at once: %v", err)
	}
}
