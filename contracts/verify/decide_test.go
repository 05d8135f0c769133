package verify

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/reports/summary"
)

// The description decides, and what anybody else says is advice until it is asked for.
func TestAuthority(t *testing.T) {
	for _, x := range []struct {
		name   string
		change func(call, *answer)
		// by is who says what is broken, and of whom the mark x-assumption takes it.
		by   cases.Authority
		rule string
	}{
		{"404 for another method", turns(405, 404), cases.ByHTTP, ruleWrongStatus},
		{"500 for another method", turns(405, 500), cases.ByHTTP, "server-error"},
		{"an undocumented status for another method", turns(405, 418), cases.ByHTTP, "undocumented-status"},
		{"no Allow", func(_ call, a *answer) { a.header.Del("Allow") }, cases.ByHTTP, ruleAllow},
		{"another media type is accepted", func(c call, a *answer) {
			if a.status == 415 {
				accept(a)
			}
		}, cases.ByHTTP, "invalid-accepted"},
		{"another media type fails", turns(415, 500), cases.ByDescription, "server-error"},
		{"a charset is refused", success(func(c call, a *answer) {
			if strings.Contains(c.Header.Get("Content-Type"), "charset") {
				refuse(a, 415)
			}
		}), cases.ByHTTP, ruleRefused},
		{"a key may stand twice", accepts("duplicate-key", ""), cases.ByJSON, "invalid-accepted"},
		{"NaN fails", func(c call, a *answer) {
			if strings.Contains(string(c.body), "NaN") {
				refuse(a, 500)
			}
		}, cases.ByDescription, "server-error"},
		{"a wrong token is 403", turns(401, 403), cases.ByAssumption, ruleWrongStatus},
		{"a refusal that is no JSON", func(_ call, a *answer) {
			if a.status == 400 {
				a.body = []byte("{")
			}
		}, cases.ByAssumption, "malformed-json"},
		{"a refusal in HTML", func(_ call, a *answer) {
			if a.status == 400 {
				a.header.Set("Content-Type", "text/html")
				a.body = []byte("<!DOCTYPE html>\n<pre>SyntaxError</pre>")
			}
		}, cases.ByAssumption, "content-type"},
		{"a refusal in a text", func(_ call, a *answer) {
			if a.status == 401 {
				a.body = []byte(`"no"`)
			}
		}, cases.ByAssumption, "wrong-type"},
		{"no token is needed", func(c call, a *answer) {
			if a.status == 401 {
				accept(a)
			}
		}, cases.ByDescription, "invalid-accepted"},
		{"an undocumented refusal", turns(400, 409), cases.ByDescription, "undocumented-status"},
		{"any tier is taken", accepts("wrong-value", "/kaizenVersion"), cases.ByDescription, "invalid-accepted"},
		{"an answer without its id", edited(func(m map[string]any) { delete(m, "executionId") }), cases.ByDescription, "missing-property"},
		{"a call is refused", fails(400, `"kaizenVersion":"Lite"`), cases.ByDescription, ruleRefused},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			c := serving(t, changed(t, x.change))
			c.Engine, c.MaxBody = ByDescription, maxBody
			for _, strict := range [][]string{nil, {string(cases.ByHTTP)}, {string(cases.ByJSON)}, {string(cases.ByAssumption)}, Everything()} {
				c.Strict, c.Cases = strict, nil
				v := prepared(t, c).Run(context.Background())
				decides := x.by == cases.ByDescription || slices.Contains(strict, string(x.by))
				want, code := summary.CheckAdvice, 0
				if decides {
					want, code = summary.CheckBroken, 1
				}
				n := 0
				for _, k := range v.Checks {
					if k.Verdict == summary.CheckHeld || k.Verdict == summary.CheckNoted {
						continue
					}
					if n++; k.Verdict != want || k.Authority != string(x.by) || k.Rule != x.rule {
						t.Errorf("strict %v: %s is %s by %s, %s: %s; want %s by %s, %s", strict, k.Name, k.Verdict, k.Authority, k.Rule, k.Reason, want, x.by, x.rule)
					}
				}
				if n == 0 || v.Verdict.ExitCode != code || !slices.Equal(v.Strict, strict) {
					t.Errorf("strict %v: %d checks, %+v", strict, n, v.Verdict)
				}
			}
		})
	}
}

// Advice ends no verification early, and is not made smaller: only what decides does and is.
func TestAdviceIsNotPursued(t *testing.T) {
	c := serving(t, changed(t, turns(405, 404)))
	c.Engine, c.MaxBody, c.FailFast = ByDescription, maxBody, true
	if v := prepared(t, c).Run(context.Background()); v.Verdict.ExitCode != 0 || v.Count(summary.CheckAdvice) != 4 || len(v.Checks) != len(c.All()) {
		t.Errorf("%d checks of %d, %+v", len(v.Checks), len(c.All()), v.Verdict)
	}
	c.Strict, c.Cases = []string{string(cases.ByHTTP)}, nil
	if v := prepared(t, c).Run(context.Background()); v.Verdict.ExitCode != 1 || v.Count(summary.CheckBroken) < 1 || len(v.Checks) >= len(c.All()) {
		t.Errorf("strict: %d checks of %d, %+v", len(v.Checks), len(c.All()), v.Verdict)
	}
}

func TestStrict(t *testing.T) {
	for _, x := range []struct {
		words []string
		want  string
	}{
		{nil, ""}, {[]string{"json", "http"}, "http json"}, {[]string{"all"}, "http json assumption deviations"}, {[]string{"all", "json"}, "http json assumption deviations"},
		{[]string{"description"}, `error: "description" is nothing to be strict about; `},
		{[]string{"htpp", "jsn"}, `error: "htpp" is nothing to be strict about; did you mean "http"? there are http, json, assumption, deviations, and all`},
	} {
		got, err := Strict(x.words)
		said := strings.Join(got, " ")
		if err != nil {
			said = "error: " + err.Error()
		}
		if said != x.want && !(err != nil && strings.HasPrefix(said, x.want)) {
			t.Errorf("%v: %q, want %q", x.words, said, x.want)
		}
	}
}

// What is broken has the place in the description that says so.
func TestPlaces(t *testing.T) {
	lines := strings.Split(string(andon.Spec), "\n")
	c := serving(t, changed(t, func(k call, a *answer) {
		switch {
		case a.status == 200:
			edited(func(m map[string]any) { m["executionId"] = 7 })(k, a)
		case a.status == 405:
			a.status = 404
		case a.status/100 == 4:
			accept(a)
		}
	}))
	c.Engine, c.MaxBody, c.Strict = ByDescription, maxBody, Everything()
	want := map[string][2]string{
		"text.Full":                         {"executionId:", "type: string"},
		"kaizenVersion.wrong-case.negative": {"faster one.", "enum: [Full, Lite]"},
		"kaizenVersion.null.negative":       {"used.", "type: string"},
		"text.missing-text.negative":        {"TextContent:", "required: [type, text]"},
		"file.id.number.negative":           {"id of the file", "type: string"},
		"skill.type.wrong-case.negative":    {"ContentItem:", "One item of the first message"},
		"method.GET.negative":               {"/agents/execute:", "post:"},
		"token.missing.negative":            {"security:", "- bearer: []"},
		"body.key-twice.negative":           {"requestBody:", "description: What to run"},
	}
	v := prepared(t, c).Run(context.Background())
	for _, k := range v.Checks {
		w, asked := want[k.Name]
		if !asked {
			continue
		}
		delete(want, k.Name)
		if k.Place == nil || !strings.Contains(lines[k.Place.Line-1], w[1]) || w[0] != "" && !strings.Contains(strings.Join(lines[max(0, k.Place.Line-4):k.Place.Line-1], "\n"), w[0]) {
			t.Errorf("%s: %s: %+v", k.Name, k.Verdict, k.Place)
		}
	}
	if len(want) > 0 {
		t.Errorf("there are no checks %v", want)
	}
}
