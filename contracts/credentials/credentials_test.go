package credentials

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// opened is a set, as it is asked for.
func opened(t testing.TB, a Asked) *Set {
	t.Helper()
	p, err := a.Plan()
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is asked for is in the request: each secret where it belongs, from where it was said to be.
func TestPut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("from file&\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ORG", "org-4711")
	t.Setenv("ANDON_TOKEN", "tok-env")
	s := opened(t, Asked{
		Headers: []string{"x-org-id: {env:ORG}", "X-Api-Key: Key {command:printf 'ab\\nb' | tr '\\n' '}'}", "X-Plain: v", "Cookie: sid={env:ORG}; lang=en"},
		Query:   []string{"api_key={file:" + file + "}"},
	})
	r := httptest.NewRequest(http.MethodPost, "http://x/run?a=b", nil)
	s.Put(r, Place{})
	for name, want := range map[string]string{
		"X-Org-Id": "org-4711", "X-Api-Key": "Key ab}b", "X-Plain": "v", "Cookie": "sid=org-4711; lang=en", "Authorization": "Bearer tok-env",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, expected %q", name, got, want)
		}
	}
	if r.URL.RawQuery != "a=b&api_key=from+file%26" {
		t.Errorf("the query is %s", r.URL.RawQuery)
	}
	r = httptest.NewRequest(http.MethodPost, "http://x/", nil)
	opened(t, Asked{User: "{env:ORG}:{env:ANDON_TOKEN}"}).Put(r, Place{})
	if user, password, _ := r.BasicAuth(); user != "org-4711" || password != "tok-env" {
		t.Errorf("the user is %q with %q", user, password)
	}
	var none *Set
	none.Put(r, Place{})
	if none.Redact("x") != "x" || none.Token() != "" || none.Asks().Authorized() || none.TLS() != nil {
		t.Error("a nil set carries something")
	}
}

// What is wrong is said at once, by name, and never with the value, which may be a secret by mistake.
func TestPlanRefuses(t *testing.T) {
	const secret = "hush-hush"
	for _, c := range []struct {
		asked Asked
		want  string
	}{
		{Asked{Headers: []string{"Authorization: Bearer " + secret}}, "the header Authorization: its value would be seen by all; give it by reference"},
		{Asked{Headers: []string{"proxy-authorization: " + secret}}, "by reference"},
		{Asked{Headers: []string{"Cookie: " + secret}}, "by reference"},
		{Asked{Headers: []string{"X-Api-Key: " + secret}}, "by reference"},
		{Asked{Headers: []string{"x_api_key: " + secret}}, "by reference"},
		{Asked{Headers: []string{"X-Auth-Token: " + secret}}, "by reference"},
		{Asked{Query: []string{"apiKey=" + secret}}, "the parameter apiKey: its value would be seen by all"},
		{Asked{User: "ci:" + secret}, "the user's password would be seen by all"},
		{Asked{User: secret}, "a user wants a name, a colon and a password"},
		{Asked{Headers: []string{secret}}, "a header wants a name"},
		{Asked{Headers: []string{"X Y: " + secret}}, "a header's name has letters"},
		{Asked{Headers: []string{"X-Y: a\r\nHost: " + secret}}, "a line break"},
		{Asked{Headers: []string{"Host: " + secret}}, "the header Host cannot be given: it is the target's name"},
		{Asked{Headers: []string{"content-length: 1"}}, "andon sets it"},
		{Asked{Headers: []string{"Transfer-Encoding: chunked"}}, "about the connection"},
		{Asked{Headers: []string{"X-A: 1", "x-a: 2"}}, "the header X-A is given twice"},
		{Asked{Headers: []string{"X-A: {vault:" + secret + "}"}}, "there is no reference {vault:…}"},
		{Asked{Headers: []string{"X-A: {env:" + secret}}, "is not closed by a brace"},
		{Asked{Headers: []string{"X-A: {env:a b}"}}, "names no variable"},
		{Asked{Headers: []string{"X-A: {file:}"}}, "names nothing"},
		{Asked{TokenFile: "t", TokenCommand: "c"}, "do not go together"},
		{Asked{TokenFile: "t", User: "a:{env:B}"}, "do not go together"},
		{Asked{Connection: Connection{Key: "k"}}, "a key wants its certificate"},
		{Asked{Connection: Connection{Insecure: true, Authority: "a"}}, "of no use"},
		{Asked{Connection: Connection{Resolve: []string{"host:443"}}}, "expected host:port:address"},
		{Asked{Connection: Connection{Resolve: []string{"host:0:10.0.0.1"}}}, "expected host:port:address"},
		{Asked{Connection: Connection{Resolve: []string{"host:443:name"}}}, "has no address after the port"},
	} {
		if _, err := c.asked.Plan(); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%+v: %v", c.asked, err)
		}
	}
	_, err := Asked{Headers: []string{"Host: a", "Cookie: b"}, Query: []string{"token=c"}}.Plan()
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("not all at once: %v", err)
	}
	for _, fine := range []string{"X-Org-Id: 4711", "Idempotency-Key: a", "X-Author: b", "Accept: application/json", "X-Json: {\"a\": 1}"} {
		if _, err := (Asked{Headers: []string{fine}}).Plan(); err != nil {
			t.Errorf("%s: %v", fine, err)
		}
	}
}

// What cannot be looked up is said by the name of where it should have come from, and never with what was there.
func TestOpenRefuses(t *testing.T) {
	t.Setenv("BREAKS", "hush\nhush")
	t.Setenv("SHORT", "abc")
	t.Setenv("SPACE", "hush hush")
	for _, c := range []struct {
		asked Asked
		want  string
	}{
		{Asked{Headers: []string{"X-A: {env:ANDON_NOT_THERE}"}}, "the header X-A: the variable ANDON_NOT_THERE is not set"},
		{Asked{Headers: []string{"X-A: {env:BREAKS}"}}, "what BREAKS gives has a line break"},
		{Asked{Headers: []string{"X-A: {env:SHORT}"}}, "fewer than 4 characters"},
		{Asked{Headers: []string{"X-A: {file:/not/there}"}}, "cannot be read"},
		{Asked{TokenCommand: "echo hush hush"}, "the output of the command `echo hush hush` has a character that no bearer token has"},
		{Asked{TokenCommand: "cat $ANDON_NOT_THERE </dev/null; exit 3"}, "ended with exit code 3"},
		{Asked{TokenCommand: "true"}, "printed nothing"},
		{Asked{TokenCommand: "yes"}, "printed more than 65536 bytes"},
	} {
		p, err := c.asked.Plan()
		if err != nil {
			t.Fatal(err)
		}
		if _, err = p.Open(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.asked, err)
		}
	}
}

// A curl line carries the same, for a shell to put the secrets in.
func TestCurl(t *testing.T) {
	t.Setenv("ORG", "org-4711")
	t.Setenv("PW", `p"a$s'x`)
	file := filepath.Join(t.TempDir(), "a 'key'")
	if err := os.WriteFile(file, []byte("key-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := opened(t, Asked{
		Headers:    []string{"X-Org: a$b `c` \"{env:ORG}\"", "X-File: {file:" + file + "}", "X-Cmd: {command:printf '%s' abcd}"},
		Query:      []string{"api_key={env:ORG}"},
		User:       "ci:{env:PW}",
		Connection: Connection{Insecure: true, Resolve: []string{"x:80:127.0.0.1"}},
	})
	line := "curl" + curlOf(s.Plan)
	if strings.Contains(line, "4711") {
		t.Errorf("a secret is in %s", line)
	}
	out, err := exec.Command("sh", "-c", `curl() { for a; do printf '%s\n' "$a"; done; }; `+line).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := "-u\nci:p\"a$s'x\n-H\nX-Org: a$b `c` \"org-4711\"\n-H\nX-File: key-1\n-H\nX-Cmd: abcd\n--url-query\napi_key=org-4711\n-k\n--resolve\nx:80:127.0.0.1\n"
	if string(out) != want {
		t.Errorf("curl is given\n%s\nexpected\n%s", out, want)
	}
	if got, _ := (Plan{}).CurlAuthorization(Place{}); got != ` -H "Authorization: Bearer $ANDON_TOKEN"` {
		t.Error(got)
	}
}

// curlOf gives the arguments of a curl line for a plan.
func curlOf(p Plan) string {
	said, _ := p.CurlAuthorization(Place{})
	return said + p.Curl("", func(string, string) bool { return false })
}

// A secret is taken out as it is and in every encoding that a target may send it back in, wherever in it it begins.
func TestRedact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[a-zA-Z0-9/+"<&=_~. é-]{8,40}`).Draw(t, "secret")
		before, after := rapid.StringMatching(`[A-Z ]{0,7}`).Draw(t, "before"), rapid.StringMatching(`[A-Z ]{0,7}`).Draw(t, "after")
		s := &Set{secrets: new(redactor)}
		s.secrets.keep("[secret]", secret)
		whole := before + secret + after
		inJSON, _ := json.Marshal(whole)
		for name, text := range map[string]string{
			"plain": whole, "json": string(inJSON), "go": strconv.Quote(whole), "query": url.QueryEscape(whole), "path": url.PathEscape(whole),
			"html": html.EscapeString(whole), "hex": hex.EncodeToString([]byte(whole)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(whole))),
			"base64": base64.StdEncoding.EncodeToString([]byte(whole)), "base64 for URLs": base64.RawURLEncoding.EncodeToString([]byte(whole)),
		} {
			got := s.Redact(text)
			if !strings.Contains(got, "[secret]") || strings.Contains(got, secret) {
				t.Fatalf("%s: %q became %q", name, text, got)
			}
		}
	})
}

// A text that is redacted twice is as it was after once, whatever the secret.
func TestRedactTwice(t *testing.T) {
	for _, secret := range []string{"token", "secret", "[token]x", "oken", "tok-3f9a77c1e2"} {
		s := Bearer(secret)
		once := s.Redact("the token is " + secret + ", and " + secret + secret)
		if twice := s.Redact(once); twice != once || strings.Contains(strings.ReplaceAll(once, "[token]", ""), secret) {
			t.Errorf("%q: %q became %q", secret, once, twice)
		}
	}
}

// Where a text was cut, a piece of a secret is not left either.
func TestRedactPieces(t *testing.T) {
	s := Bearer("tok-3f9a77c1e2")
	for text, want := range map[string]string{
		`found "tok-3f9a7…"`:        `found "[token]…"`,
		"found tok-3f9…; expected":  "found [token]…; expected",
		"…77c1e2 is no word":        "…[token] is no word",
		"a…b and tok-3f9a77c1e2":    "a…b and [token]",
		"the stock is low: tok-":    "the stock is low: tok-",
		"Bearer tok-3f9a77c1e2 tok": "Bearer [token] tok",
	} {
		if got := s.Redact(text); got != want {
			t.Errorf("%q became %q, expected %q", text, got, want)
		}
	}
}

// A token from a command is renewed when it was turned away, at most once in a while, and never to the same one.
func TestRenew(t *testing.T) {
	dir := t.TempDir()
	count := filepath.Join(dir, "count")
	s := opened(t, Asked{TokenCommand: "echo x >> '" + count + "'; echo tok-number-$(wc -l < '" + count + "' | tr -d ' ')"})
	first := s.Token()
	if first != "tok-number-1" {
		t.Fatal(first)
	}
	if err := s.Renew(t.Context(), first); err != nil || s.Token() != "tok-number-2" {
		t.Errorf("found %s, %v", s.Token(), err)
	}
	// Others were turned away with the first as well, and have the second now.
	if err := s.Renew(t.Context(), first); err != nil || s.Token() != "tok-number-2" {
		t.Errorf("found %s, %v", s.Token(), err)
	}
	if err := s.Renew(t.Context(), "tok-number-2"); !errors.Is(err, errTooSoon) {
		t.Errorf("asked at once again: %v", err)
	}
	s.bearer.asked = time.Time{}
	if err := s.Renew(t.Context(), "tok-number-2"); err != nil {
		t.Error(err)
	}
	if got := s.Redact("tok-number-1 tok-number-2 tok-number-3"); got != "[token] [token] [token]" {
		t.Error(got)
	}
	same := opened(t, Asked{TokenCommand: "echo tok-same"})
	if err := same.Renew(t.Context(), "tok-same"); err == nil || !strings.Contains(err.Error(), "still the one") {
		t.Error(err)
	}
	if err := Bearer("tok-same").Renew(t.Context(), "tok-same"); err == nil {
		t.Error("a token that cannot change was renewed")
	}
}

// How often is by the clock.
func TestRenewEvery(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("tok-first")
	s := opened(t, Asked{TokenFile: file})
	synctest.Test(t, func(t *testing.T) {
		write("tok-second-one")
		if err := s.Renew(t.Context(), "tok-first"); err != nil {
			t.Fatal(err)
		}
		write("tok-third")
		time.Sleep(renewEvery - time.Millisecond)
		if err := s.Renew(t.Context(), "tok-second-one"); !errors.Is(err, errTooSoon) {
			t.Errorf("too soon: %v", err)
		}
		time.Sleep(time.Millisecond)
		if err := s.Renew(t.Context(), "tok-second-one"); err != nil || s.Token() != "tok-third" {
			t.Errorf("found %s, %v", s.Token(), err)
		}
		write("")
		if s.Refresh(t.Context()) || s.Token() != "tok-third" {
			t.Error("an empty file gave a token")
		}
		write("tok-the-fourth")
		if !s.Refresh(t.Context()) || s.Token() != "tok-the-fourth" || s.Refresh(t.Context()) {
			t.Errorf("found %s", s.Token())
		}
	})
}

// No text makes the reader of values panic, and what it took can be written for a shell and is judged the same again.
func FuzzParseValue(f *testing.F) {
	for _, text := range []string{"", "a", "{env:A}", "{file:a}b{command:c {d} }e", "{x:", "{env:}", "{{env:A}}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseValue(text)
		if err == nil && v.Secret() != (v.names() != "") {
			t.Errorf("%q: secret %v, from %q", text, v.Secret(), v.names())
		}
		_ = v.shell()
	})
}

// A token of a letter or two is no reason to take that letter out of every sentence.
func TestShortToken(t *testing.T) {
	s := Bearer("t")
	if got := s.Redact("the target was told: Authorization: Bearer t"); got != "the target was told: Authorization: [token]" {
		t.Error(got)
	}
}
