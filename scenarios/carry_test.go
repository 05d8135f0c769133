package scenarios

import (
	"strings"
	"testing"
)

// What is wrong with headers and auth is said at its place, all at once, and never with a value.
func TestCarriedRefuses(t *testing.T) {
	const secret = "hush-hush"
	for text, want := range map[string]string{
		"headers: {X-Api-Key: " + secret + "}":                                                  "t.yaml:2:22: the header X-Api-Key: its value would be seen by all; give it by reference",
		"headers: {Host: " + secret + "}":                                                       "the header Host cannot be given",
		"headers: {X-A: '{vault:" + secret + "}'}":                                              "there is no reference {vault:…}",
		"headers: {X-A: \"a\\nb\"}":                                                             "a line break",
		"auth: {}":                                                                              "auth says nothing; expected one of bearer, basic, apiKey",
		"auth: {bearer: {token: " + secret + "}}":                                               "the bearer token: it would be seen by all",
		"auth: {basic: {username: ci, password: " + secret + "}}":                               "the user's password would be seen by all",
		"auth: {basic: {username: ci}}":                                                         "basic lacks `password`",
		"auth: {apiKey: {in: body, name: k, value: '{env:K}'}}":                                 "expected the key in header, query or cookie, found",
		"auth: {apiKey: {in: header, name: X-Plain, value: " + secret + "}}":                    "the header X-Plain: its value would be seen by all",
		"auth: {apiKey: {in: query, name: plain, value: " + secret + "}}":                       "the parameter plain: its value would be seen by all",
		"auth: {bearer: {token: '{env:A}'}, basic: {username: a, password: '{env:B}'}}":         "do not go together",
		"headers: {Cookie: '{env:A}'}\nauth: {apiKey: {in: cookie, name: k, value: '{env:B}'}}": "the header Cookie is given twice",
		"headers: {authorization: '{env:A}'}\nauth: {bearer: {token: '{env:A}'}}":               "do not go together",
		"auth: {baerer: {token: " + secret + "}}":                                               `unknown key "baerer"`,
		"load: []\nauth: {bearer: {token: " + secret + "}}":                                     `the key "load" stands here twice`,
		"auth: {oauth: {}}":                                                                     "bearer",
	} {
		_, err := Parse("t.yaml", []byte("load: [{rate: 1/s, for: 1s}]\n"+text+"\n"), description(t), noEnv)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", text, err)
		}
	}
	_, err := Parse("t.yaml", []byte("load: [{rate: 1/s, for: 1s}]\nheaders: {Host: a, Te: b}\nauth: {bearer: {token: c}}\n"), description(t), noEnv)
	if err == nil || strings.Count(err.Error(), "t.yaml:") != 3 {
		t.Errorf("not all at once: %v", err)
	}
}
