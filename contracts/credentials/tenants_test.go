package credentials

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
)

// ofTenants is what three tenants carry.
func ofTenants() Asked {
	return Asked{Tenants: &Tenants{
		File: "tenants.csv", Lines: []int{2, 3, 5},
		Secret: map[string][]string{"token": {"tok-one", "tok-two", "tok-five"}, "key": {"key one", "key&two", "key/five"}},
		Public: map[string][]string{"id": {"1", "2", `5"$x`}},
	}}
}

// Each tenant's calls carry what is in its row, and the rest is everybody's.
func TestOf(t *testing.T) {
	t.Setenv("ORG", "org-4711")
	a := ofTenants()
	a.Headers = []string{"X-Tenant: " + PublicColumn("id"), "Cookie: sid=" + SecretColumn("key") + "; lang=en", "X-Org: {env:ORG}"}
	a.Query, a.Bearer = []string{"key=" + SecretColumn("key")}, SecretColumn("token")
	b := a
	b.Bearer, b.User = "", PublicColumn("id")+":"+SecretColumn("token")
	s, basic := opened(t, a), opened(t, b)
	for row, token := range a.Tenants.Secret["token"] {
		key := a.Tenants.Secret["key"][row]
		r := httptest.NewRequest(http.MethodPost, "http://x/", nil)
		s.Of(row).Put(r, Place{})
		for name, want := range map[string]string{
			"Authorization": "Bearer " + token, "X-Tenant": a.Tenants.Public["id"][row], "Cookie": "sid=" + key + "; lang=en", "X-Org": "org-4711",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("of row %d, %s is %q, expected %q", row, name, got, want)
			}
		}
		if got := r.URL.Query().Get("key"); got != key {
			t.Errorf("of row %d, the key is %q", row, got)
		}
		if s.Token() != "" || s.Renew(t.Context(), token) == nil || s.Renewals(1<<40) != 0 {
			t.Error("a tenant's token can be renewed")
		}
		basic.Of(row).Put(r, Place{})
		if user, password, _ := r.BasicAuth(); user != a.Tenants.Public["id"][row] || password != token {
			t.Errorf("of row %d, the user is %q with %q", row, user, password)
		}
		// Whoever is asked, all of them are taken out.
		for _, s := range []*Set{s, basic, basic.Of(1)} {
			if got := s.Redact("found " + token + " " + key + " " + base64.StdEncoding.EncodeToString([]byte(key))); strings.Contains(got, token) || strings.Contains(got, key) {
				t.Errorf("%q", got)
			}
		}
		if got := basic.Redact(r.Header.Get("Authorization")); got != "Basic [secret]" {
			t.Errorf("%q", got)
		}
	}
	line := "curl" + curlOf(s.Asks().Of(2))
	out, err := exec.Command("sh", "-c", `tenants_csv_line_5_token=T; tenants_csv_line_5_key=K; ORG=O; curl() { for a; do printf '%s\n' "$a"; done; }; `+line).Output()
	if want := "-H\nAuthorization: Bearer T\n-H\nX-Tenant: 5\"$x\n-H\nCookie: sid=K; lang=en\n-H\nX-Org: O\n--url-query\nkey=K\n"; err != nil || string(out) != want {
		t.Errorf("curl is given\n%s\nby %s: %v", out, line, err)
	}
	if got, _ := basic.Asks().Of(0).CurlAuthorization(Place{}); got != ` -u "1:${tenants_csv_line_2_token}"` {
		t.Error(got)
	}
	// A flag says otherwise for all of them.
	plan, err := Asked{Bearer: "{env:ORG}"}.Over(a).Plan()
	said, _ := plan.Of(1).CurlAuthorization(Place{})
	if err != nil || said != ` -H "Authorization: Bearer ${ORG}"` {
		t.Errorf("%v, %v", plan, err)
	}
}

// What is secret by itself within a secret is taken out where it comes back alone.
func TestKeepsPartsOfSecrets(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("ben:hush-two"))
	t.Setenv("ONE", "Bearer hush-one")
	t.Setenv("TWO", basic)
	t.Setenv("THREE", "ann:hush-three")
	column := ofTenants()
	column.Tenants.Secret["key"] = []string{"bearer  hush-one", basic, "ann:hush-three"}
	column.Headers = []string{"Authorization: " + SecretColumn("key")}
	for _, a := range []Asked{column, {Headers: []string{"X-One: {env:ONE}", "X-Two: {env:TWO}", "Authorization: {env:THREE}"}}} {
		if got := opened(t, a).Redact("hush-one, hush-two and hush-three of ben and ann, by " + basic[6:]); got != "[secret], [secret] and [secret] of ben and ann, by [secret]" {
			t.Errorf("%q", got)
		}
	}
}

// What a row has that cannot be sent is said by its line, and never with what is there.
func TestColumnsRefused(t *testing.T) {
	const secret = "hush-hush"
	for _, c := range []struct {
		values []string
		asked  func(column string) Asked
		want   string
	}{
		{[]string{secret, "hush hush", secret}, func(c string) Asked { return Asked{Bearer: c} }, `the bearer token: tenants.csv:3, column "token": the token in the row has a character that no bearer token has`},
		{[]string{secret, secret, "abc"}, func(c string) Asked { return Asked{Bearer: c} }, `tenants.csv:5, column "token": it has fewer than 4 characters`},
		{[]string{secret, secret, "hush\nhush"}, func(c string) Asked { return Asked{Headers: []string{"X-A: " + c}} }, `the header X-A: tenants.csv:5, column "token": the value has a line break`},
		{[]string{"hush\x00hush", secret, secret}, func(c string) Asked { return Asked{Query: []string{"k=" + c}} }, `the parameter k: tenants.csv:2, column "token": the value has a line break`},
		{[]string{secret, "a", secret}, func(c string) Asked { return Asked{User: "ci:" + c} }, `the user: tenants.csv:3, column "token": it has fewer`},
		{nil, func(string) Asked { return Asked{Headers: []string{"X-A: " + SecretColumn("other")}} }, "the header X-A: there is no reference {column:…}; expected {env:NAME}"},
		{nil, func(string) Asked { return Asked{Bearer: PublicColumn("id")} }, "the bearer token: it would be seen by all, since bodies have the column too"},
		{nil, func(string) Asked { return Asked{Headers: []string{"X-Api-Key: " + PublicColumn("id")}} }, "the header X-Api-Key: its value would be seen by all, since bodies have the column too"},
	} {
		a := c.asked(SecretColumn("token"))
		if a.Tenants = ofTenants().Tenants; c.values != nil {
			a.Tenants.Secret["token"] = c.values
		}
		if _, err := a.Plan(); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v, expected %s", err, c.want)
		}
	}
	if _, err := (Asked{Headers: []string{"X-A: " + SecretColumn("token")}}).Plan(); err == nil || !strings.Contains(err.Error(), "there is no reference {column:…}") {
		t.Errorf("without a file: %v", err)
	}
}
