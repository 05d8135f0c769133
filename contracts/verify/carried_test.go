package verify

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/summary"
)

// carried is openapi.yaml with parameters in every place, headers of the answer, and keys in place of a bearer token.
func carried(t testing.TB, security string) *contracts.Description {
	t.Helper()
	text := strings.NewReplacer(
		"  /agents/execute:\n", "  /teams/{team}/execute:\n    parameters:\n"+
			"      - {name: team, in: path, required: true, schema: {type: string, enum: [red, blue]}}\n"+
			"      - {name: version, in: query, required: true, schema: {type: string, enum: [v1, v2]}}\n",
		"      operationId: executeAgent\n", "      operationId: executeAgent\n      parameters:\n"+
			"        - {name: X-Tenant, in: header, required: true, schema: {type: string, minLength: 2, maxLength: 8}, example: acme}\n"+
			"        - {name: priority, in: query, schema: {type: integer, minimum: 1, maximum: 9}}\n"+
			"        - {name: tags, in: query, schema: {type: array, items: {type: string, enum: [a, b]}, maxItems: 2}}\n"+
			"        - {name: filter, in: query, style: deepObject, explode: true, schema: {type: object, required: [a], properties: {a: {type: boolean}}}}\n"+
			"        - {name: sid, in: cookie, required: true, schema: {type: string, format: uuid}, example: 7b2f0a2e-8a43-4f5e-9c0e-0d1b6d6f1a11}\n",
		"  - bearer: []\n", "  - "+security+"\n",
		"  securitySchemes:\n", "  securitySchemes:\n    key: {type: apiKey, in: header, name: X-API-Key}\n    app: {type: apiKey, in: query, name: app}\n    crumb: {type: apiKey, in: cookie, name: crumb}\n    user: {type: http, scheme: basic}\n",
	).Replace(string(andon.Spec))
	at := strings.Index(text, "        '200':\n") + len("        '200':\n")
	text = text[:at] + "          headers:\n            X-Request-Id: {required: true, schema: {type: string, format: uuid}}\n" +
		"            X-Left: {schema: {type: integer, minimum: 0}, example: 3}\n            X-Cost: {required: true, content: {application/json: {schema: {type: object, required: [eur]}}}}\n" +
		"            X-Tags: {schema: {type: array, items: {type: string, enum: [a, b]}}}\n            X-Fast: {schema: {type: boolean}}\n" + text[at:]
	d, err := contracts.Load("spec.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// providers are the reference providers of descriptions, which are made once.
var providers sync.Map

func embedded(t testing.TB, d *contracts.Description) http.Handler {
	t.Helper()
	if h, made := providers.Load(d); made {
		return h.(http.Handler)
	}
	h, err := provider.New(d, provider.Config{Token: secret, MaxBody: maxBody})
	if err != nil {
		t.Fatal(err)
	}
	providers.Store(d, h)
	return h
}

// derivedCarried are the cases of descriptions, which are derived once.
var derivedCarried sync.Map

// heldCarried holds a provider that is changed against such a description.
func heldCarried(t testing.TB, d *contracts.Description, with *credentials.Set, change func(r *http.Request, a *answer)) []Outcome {
	t.Helper()
	h := embedded(t, d)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		a := answer{rec.Code, rec.Header().Clone(), bytes.Clone(rec.Body.Bytes())}
		change(r, &a)
		a.header.Del("Content-Length")
		for k, v := range a.header {
			w.Header()[k] = v
		}
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body)
	}))
	defer s.Close()
	target, _ := url.Parse(s.URL)
	c := Config{Description: d, Target: target, Credentials: with, Timeout: 5 * time.Second, Strict: Everything(), Concurrency: 4}
	known, derived := derivedCarried.Load(d)
	if !derived {
		var list []cases.Case
		for _, k := range c.All() {
			if k.Parameter != "" || k.Auth != "" || k.ID == "text.Full" || k.ID == "json.Lite" || strings.HasPrefix(k.ID, "method") {
				list = append(list, k)
			}
		}
		known, _ = derivedCarried.LoadOrStore(d, list)
	}
	c.Cases = known.([]cases.Case)
	outcomes, err := judge(c)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

type carriedMutant struct {
	name   string
	change func(r *http.Request, a *answer)
}

// carriedMutants are providers with one defect each in what they make of parameters, keys, and headers of answers.
func carriedMutants() (list []carriedMutant) {
	add := func(name string, change func(*http.Request, *answer)) {
		list = append(list, carriedMutant{name, change})
	}
	// Takes what it must refuse.
	takes := func(name string, when func(r *http.Request, q url.Values) bool) {
		add("takes "+name, func(r *http.Request, a *answer) {
			if a.status == 400 && when(r, r.URL.Query()) {
				accept(a)
				a.header.Set("X-Request-Id", "7b2f0a2e-8a43-4f5e-9c0e-0d1b6d6f1a11")
				a.header.Set("X-Cost", `{"eur":1}`)
			}
		})
	}
	takes("no tenant", func(r *http.Request, _ url.Values) bool { return r.Header.Get("X-Tenant") == "" })
	takes("a short tenant", func(r *http.Request, _ url.Values) bool { return len(r.Header.Get("X-Tenant")) == 1 })
	takes("a long tenant", func(r *http.Request, _ url.Values) bool { return len(r.Header.Get("X-Tenant")) > 8 })
	takes("no version", func(_ *http.Request, q url.Values) bool { return !q.Has("version") })
	takes("any version", func(_ *http.Request, q url.Values) bool { return q.Get("version") == "unknown-value" })
	takes("a version in capitals", func(_ *http.Request, q url.Values) bool { return q.Get("version") == "V1" })
	takes("an empty version", func(_ *http.Request, q url.Values) bool { return q.Has("version") && q.Get("version") == "" })
	takes("no session", func(r *http.Request, _ url.Values) bool { _, err := r.Cookie("sid"); return err != nil })
	takes("any session", func(r *http.Request, _ url.Values) bool {
		c, err := r.Cookie("sid")
		return err == nil && len(c.Value) < 30
	})
	takes("a priority of 0", func(_ *http.Request, q url.Values) bool { return q.Get("priority") == "0" })
	takes("a priority of 10", func(_ *http.Request, q url.Values) bool { return q.Get("priority") == "10" })
	takes("a fraction of a priority", func(_ *http.Request, q url.Values) bool { return q.Get("priority") == "1.5" })
	takes("a word for a priority", func(_ *http.Request, q url.Values) bool { return q.Get("priority") == "wrong" })
	takes("any tag", func(_ *http.Request, q url.Values) bool { return q.Get("tags") == "unknown-value" })
	takes("many tags", func(_ *http.Request, q url.Values) bool { return len(q["tags"]) > 2 })
	takes("a filter of another type", func(_ *http.Request, q url.Values) bool { return q.Get("filter[a]") == "wrong" })
	takes("any team", func(r *http.Request, _ url.Values) bool { return strings.Contains(r.URL.Path, "unknown-value") })
	takes("a team in capitals", func(r *http.Request, _ url.Values) bool { return strings.Contains(r.URL.Path, "RED") })
	// Refuses what it must take.
	refuses := func(name string, when func(r *http.Request, q url.Values) bool) {
		add("refuses "+name, func(r *http.Request, a *answer) {
			if a.status == 200 && when(r, r.URL.Query()) {
				refuse(a, 400)
			}
		})
	}
	refuses("version v2", func(_ *http.Request, q url.Values) bool { return q.Get("version") == "v2" })
	refuses("the team blue", func(r *http.Request, _ url.Values) bool { return strings.Contains(r.URL.Path, "blue") })
	refuses("a priority", func(_ *http.Request, q url.Values) bool { return q.Has("priority") })
	refuses("the greatest priority", func(_ *http.Request, q url.Values) bool { return q.Get("priority") == "9" })
	refuses("the least priority", func(_ *http.Request, q url.Values) bool { return q.Get("priority") == "1" })
	refuses("two tags", func(_ *http.Request, q url.Values) bool { return len(q["tags"]) == 2 })
	refuses("the tag b", func(_ *http.Request, q url.Values) bool { return q.Get("tags") == "b" })
	refuses("a filter", func(_ *http.Request, q url.Values) bool { return q.Has("filter[a]") })
	refuses("a filter that is false", func(_ *http.Request, q url.Values) bool { return q.Get("filter[a]") == "false" })
	refuses("calls without a priority", func(_ *http.Request, q url.Values) bool { return !q.Has("priority") })
	// Fails.
	add("fails without a tenant", func(r *http.Request, a *answer) {
		if r.Header.Get("X-Tenant") == "" {
			refuse(a, 500)
		}
	})
	add("fails by a word for a number", func(r *http.Request, a *answer) {
		if r.URL.Query().Get("priority") == "wrong" {
			refuse(a, 500)
		}
	})
	// The headers of a success.
	header := func(name, header string, values ...string) {
		add(name, func(_ *http.Request, a *answer) {
			if a.status == 200 {
				if a.header.Del(header); len(values) > 0 {
					a.header[header] = values
				}
			}
		})
	}
	header("drops X-Request-Id", "X-Request-Id")
	header("empties X-Request-Id", "X-Request-Id", "")
	header("sends another X-Request-Id", "X-Request-Id", "42")
	header("sends X-Request-Id twice", "X-Request-Id", "7b2f0a2e-8a43-4f5e-9c0e-0d1b6d6f1a11", "7b2f0a2e-8a43-4f5e-9c0e-0d1b6d6f1a11")
	header("drops X-Cost", "X-Cost")
	header("sends no JSON in X-Cost", "X-Cost", "eur=1")
	header("sends another X-Cost", "X-Cost", `{"usd":1}`)
	header("sends a list in X-Cost", "X-Cost", `[]`)
	header("sends a word in X-Left", "X-Left", "many")
	header("sends a fraction in X-Left", "X-Left", "1.5")
	header("sends less than nothing in X-Left", "X-Left", "-1")
	header("sends an unknown tag", "X-Tags", "a, c")
	header("sends an unknown tag in a second line", "X-Tags", "a", "c")
	header("sends another truth", "X-Fast", "yes")
	// Keys.
	unkeyed := func(name string, when func(r *http.Request) bool, status int) {
		add(name, func(r *http.Request, a *answer) {
			if a.status == 401 && when(r) {
				if status != 200 {
					a.status = status
					return
				}
				accept(a)
				a.header.Set("X-Request-Id", "7b2f0a2e-8a43-4f5e-9c0e-0d1b6d6f1a11")
				a.header.Set("X-Cost", `{"eur":1}`)
			}
		})
	}
	unkeyed("asks for no key", func(r *http.Request) bool { return r.Header.Get("X-Api-Key") == "" }, 200)
	unkeyed("takes any key", func(r *http.Request) bool { return r.Header.Get("X-Api-Key") != "" }, 200)
	unkeyed("answers 403 without a key", func(r *http.Request) bool { return r.Header.Get("X-Api-Key") == "" }, 403)
	unkeyed("answers 400 to a wrong key", func(r *http.Request) bool { return r.Header.Get("X-Api-Key") != "" }, 400)
	return list
}

// Every defect in what stands around the body is noticed.
func TestCarriedMutants(t *testing.T) {
	t.Parallel()
	d, list := carried(t, "key: []"), carriedMutants()
	if len(list) < 45 {
		t.Fatalf("there are %d mutants, want 45 at least", len(list))
	}
	killed := 0
	for _, m := range list {
		found := broken(heldCarried(t, d, credentials.Bearer(secret), m.change))
		if len(found) == 0 {
			t.Errorf("survived: a provider that %s", m.name)
			continue
		}
		killed++
		for _, o := range found {
			if o.Rule == "" || o.Reason == "" || !strings.Contains(o.Curl, "/teams/") || strings.Contains(o.Curl, secret) {
				t.Errorf("%s: %s does not say what is wrong: %+v", m.name, o.Case.ID, o)
			}
		}
	}
	t.Logf("killed %d of %d mutants", killed, len(list))
}

// What breaks nothing is no breach, whichever keys calls carry.
func TestCarriedHarmless(t *testing.T) {
	t.Parallel()
	header := func(name string, values ...string) func(*http.Request, *answer) {
		return func(_ *http.Request, a *answer) {
			if a.status == 200 {
				a.header[name] = values
			}
		}
	}
	set := func(asked credentials.Asked) *credentials.Set {
		plan, err := asked.Plan()
		if err != nil {
			t.Fatal(err)
		}
		s, err := plan.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	token, described := credentials.Bearer(secret), map[string]*contracts.Description{}
	for _, c := range []struct {
		name, security string
		with           *credentials.Set
		change         func(*http.Request, *answer)
	}{
		{"as it is", "key: []", token, func(*http.Request, *answer) {}},
		{"a key in the query", "app: []", token, func(*http.Request, *answer) {}},
		{"a key in a cookie", "crumb: []", token, func(*http.Request, *answer) {}},
		{"a bearer token", "bearer: []", token, func(*http.Request, *answer) {}},
		{"no security", "{}", nil, func(*http.Request, *answer) {}},
		{"one of two", "key: []\n  - bearer: []", token, func(*http.Request, *answer) {}},
		{"another tenant", "key: []", set(credentials.Asked{Headers: []string{"x-tenant: other"}}).WithBearer(secret), func(*http.Request, *answer) {}},
		{"another version", "key: []", set(credentials.Asked{Query: []string{"version=v2"}}).WithBearer(secret), func(*http.Request, *answer) {}},
		{"another cookie", "key: []", set(credentials.Asked{Headers: []string{"Accept-Language: en"}}).WithBearer(secret), func(*http.Request, *answer) {}},
		{"another X-Request-Id", "key: []", token, header("X-Request-Id", "00000000-0000-4000-8000-000000000000")},
		{"more in X-Cost", "key: []", token, header("X-Cost", `{ "eur": 1.5, "usd": 2 }`)},
		{"nothing left", "key: []", token, header("X-Left", "0")},
		{"tags with blanks", "key: []", token, header("X-Tags", "a , b")},
		{"tags in two lines", "key: []", token, header("X-Tags", "a", "b")},
		{"false", "key: []", token, header("X-Fast", "false")},
		{"headers that are not described", "key: []", token, header("X-Other", "ü")},
	} {
		if described[c.security] == nil {
			described[c.security] = carried(t, c.security)
		}
		for _, o := range broken(heldCarried(t, described[c.security], c.with, c.change)) {
			t.Errorf("%s: false alarm: %s: %s: %s", c.name, o.Case.ID, o.Rule, o.Reason)
		}
	}
}

// A provider of ours is given every key of a way, whatever they are, so that its verification skips and breaks nothing;
// one that does not look at one of them is found.
func TestEveryKeyOfAWay(t *testing.T) {
	t.Parallel()
	for _, security := range []string{"user: []", "key: []\n    app: []", "user: []\n    crumb: []", "bearer: []\n    key: []", "crumb: []\n    app: []\n    key: []"} {
		d := carried(t, security)
		whole, given := d.Operation().Embedded(credentials.Bearer(secret))
		if given != secret {
			t.Fatalf("the provider is to want %q", given)
		}
		for _, o := range heldCarried(t, d, whole, func(*http.Request, *answer) {}) {
			if o.Verdict == summary.CheckBroken || o.Case.ID == "text.Full" && o.Verdict != summary.CheckHeld {
				t.Errorf("%s: %s is %v: %s", security, o.Case.ID, o.Verdict, o.Reason)
			}
		}
		for _, k := range d.Operation().Ways()[0] {
			found := broken(heldCarried(t, d, whole, func(r *http.Request, a *answer) {
				if _, there := k.Of(r); !there && a.status == 401 {
					accept(a)
				}
			}))
			if len(found) == 0 {
				t.Errorf("%s: a provider that does not look for %s is not found", security, k)
			}
		}
	}
}
