package credentials

import (
	"slices"
	"testing"
)

// What the environment and a command line hold that is secret is known, and what tells rooms apart is not taken for it.
func TestAmbient(t *testing.T) {
	for _, name := range []string{"ANDON_TOKEN", "PACT_BROKER_TOKEN", "PACT_BROKER_PASSWORD", "ANDON_REMOTE_WRITE_AUTHORIZATION", "OTEL_EXPORTER_OTLP_HEADERS",
		"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "PACT_BROKER_BASE_URL"} {
		t.Setenv(name, "")
	}
	ambient := func(args ...string) []string {
		list := slices.DeleteFunc(Ambient(args), func(s string) bool { return s == "" })
		slices.Sort(list)
		return slices.Compact(list)
	}
	if got := ambient("run", "--target", "http://h/x", "--label", "a=b:c@d", "--query", "key={env:KEY}"); len(got) > 0 {
		t.Errorf("nothing is secret, and there is %q", got)
	}
	for _, c := range []struct {
		name, value string
		want        []string
	}{
		{"ANDON_TOKEN", "tok", []string{"tok"}},
		{"PACT_BROKER_TOKEN", "tok", []string{"tok"}},
		{"PACT_BROKER_PASSWORD", "pass word", []string{"pass word", "word"}},
		{"ANDON_REMOTE_WRITE_AUTHORIZATION", "Bearer tok", []string{"Bearer tok", "tok"}},
		{"OTEL_EXPORTER_OTLP_HEADERS", "x-scope-orgid=production, authorization=Bearer%20tok ,x-team=4711aabbccdd99", []string{"4711aabbccdd99", "Bearer tok", "tok"}},
		{"HTTP_PROXY", "http://me:pa%40ss@h:1", []string{"pa%40ss", "pa@ss"}},
		{"HTTP_PROXY", "http://me:pa/ss@h:1", []string{"pa/ss"}},
		{"https_proxy", "me:%zz@h:1", []string{"%zz"}},
		{"HTTPS_PROXY", "http://h:1", nil},
		{"PACT_BROKER_BASE_URL", "http://h/?key=a%2Fb", []string{"a%2Fb", "a/b"}},
		{"", "--otlp=http://h/x?key=tok&db=metrics&x=4711aabbccdd99#y", []string{"4711aabbccdd99", "tok"}},
		{"", "http://me:pass@h", []string{"pass"}},
	} {
		got := []string(nil)
		if c.name != "" {
			t.Setenv(c.name, c.value)
			got = ambient()
			t.Setenv(c.name, "")
		} else {
			got = ambient("run", c.value)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %s holds %q, want %q", c.name, c.value, got, c.want)
		}
	}
	var s Set
	if s.Redact("a tok-1234") != "a tok-1234" {
		t.Error("a set that knows nothing takes something out")
	}
	s.Keep("abc", "", "tok-1234")
	if got := s.Redact("abc tok-1234"); got != "abc [secret]" {
		t.Errorf("it became %q", got)
	}
}
