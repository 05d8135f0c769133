package broker

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// against calls every function of a broker that answers all with h, and gives the errors.
func against(t testing.TB, h http.HandlerFunc) (errs []error) {
	t.Helper()
	s := httptest.NewServer(h)
	defer s.Close()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	b, ctx := Broker{URL: u, Token: "tok-broker"}, context.Background()
	errs = append(errs, b.Publish(ctx, []byte(`{"consumer":{"name":"a"},"provider":{"name":"b"}}`), Version{Number: "1"}))
	_, err = b.Fetch(ctx, Wanted{Provider: "b"})
	errs = append(errs, err)
	_, _, err = b.CanDeploy(ctx, "b", "1", "production")
	errs = append(errs, err)
	errs = append(errs, b.PublishResult(ctx, Pact{results: u.String() + "/results"}, "b", Version{Number: "1", Branch: "main"}, true, "test"))
	return errs
}

// Whatever a broker answers, the error says what is wrong, without the token.
func TestErrors(t *testing.T) {
	for want, h := range map[string]http.HandlerFunc{
		"set PACT_BROKER_TOKEN": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
		"with status 500: it is out": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "it is out", http.StatusInternalServerError)
		},
		// A line of its own, a colour and a name of a host that is none are no more than words.
		`with status 500: no\n::error::x\x1b[31m\u202e`: func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "no\n::error::x\x1b[31m\u202e", http.StatusInternalServerError)
		},
		`leads to else\u202e, not to`: func(w http.ResponseWriter, _ *http.Request) {
			all := map[string]any{}
			for _, name := range []string{"pb:publish-contracts", "pb:provider-pacts-for-verification", "pb:can-i-deploy-pacticipant-version-to-environment", "pb:pacticipant-branch-version"} {
				all[name] = map[string]string{"href": "http://else\u202e/"}
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"_links": all})
		},
		"with status 302":   func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"is no JSON":        func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"is no Pact Broker": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"_links":{}}`)) },
		"leads to elsewhere.example": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"_links":{"pb:publish-contracts":{"href":"http://elsewhere.example/"},"pb:provider-pacts-for-verification":{"href":"http://elsewhere.example/{provider}"},` +
				`"pb:can-i-deploy-pacticipant-version-to-environment":{"href":"http://elsewhere.example/"},"pb:pacticipant-branch-version":{"href":"http://elsewhere.example/"}}}`))
		},
	} {
		for i, err := range against(t, h) {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "tok-broker") {
				t.Errorf("call %d: %v, want %q", i, err, want)
			}
		}
	}
	if err := (Broker{}).PublishResult(context.Background(), Pact{}, "b", Version{}, true, ""); !errors.Is(err, errNoLink) {
		t.Errorf("without a link: %v", err)
	}
}

// What is no address of a broker is refused, and no password is repeated.
func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"https://broker.example.com/x": "", "http://127.0.0.1:9292": "", "": "wants a URL", "broker.example.com": "wants a URL", "ftp://x": "wants a URL",
		"http://": "wants a URL", "https://me:secret@x": "wants no credentials", "https://me:secret@x:y": "wants a URL",
	} {
		u, err := ParseURL(text)
		if (err == nil) != (want == "") || err == nil && u.String() != text || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%q: %v, %v, want %q", text, u, err, want)
		}
	}
	for text, good := range map[string]bool{`{"mainBranch":true}`: true, `{}`: true, "main": false, "[]": false, "null": false, "": false, `{"a":1`: false} {
		s, err := ParseSelector(text)
		if (err == nil) != good || good && string(s) != text {
			t.Errorf("%q: %s, %v", text, s, err)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add(`{"_links":{"pb:provider-pacts-for-verification":{"href":"/{provider}"}},"_embedded":{"pacts":[{"_links":{"self":{"href":"/x"}}}]},"summary":{"deployable":true}}`)
	f.Add(`{"_links":{"pb:publish-contracts":[]},"_embedded":7}`)
	f.Fuzz(func(t *testing.T, answer string) {
		against(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) })
	})
}
