package contracts

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// TokensRequired reports whether every call must say who sends it.
func (d *Description) TokensRequired() bool { return d.tokens == tokensRequired }

// TokensOptional reports whether the description says that a call need not say who sends it.
func (d *Description) TokensOptional() bool { return d.tokens == tokensOptional }

// security reads by what a call must say who sends it. Of several ways one is enough; one that andon does not know is
// refused where there is no other.
func (a *audit) security(op *schema.Node, at []string) (use tokenUse, ways [][]Key) {
	list, at := op.At("security"), below(at, "security")
	if list == nil {
		list, at = a.document.Root.At("security"), []string{"security"}
	}
	open := len(list.Items()) == 0
	var foreign []unhonoured
	for i, way := range list.Items() {
		if len(way.Names()) == 0 {
			open = true
			continue
		}
		var keys []Key
		for _, name := range way.Names() {
			k, why := a.scheme(name)
			if why != "" {
				foreign = append(foreign, unhonoured{way.Fields[name], below(at, strconv.Itoa(i), name), why})
			}
			keys = append(keys, k)
		}
		if !slices.Contains(keys, Key{}) {
			ways = append(ways, keys)
		}
	}
	if len(ways) == 0 && !open {
		a.parts = append(a.parts, foreign...)
	}
	switch {
	case list == nil:
		return tokensUnsaid, nil
	case open:
		return tokensOptional, ways
	}
	return tokensRequired, ways
}

// scheme gives the key of a security scheme, or why there is none.
func (a *audit) scheme(name string) (k Key, why string) {
	at := []string{"components", "securitySchemes", name}
	s, _ := a.follow(a.document.Root.At(at...), at)
	kind, named := s.At("type").Text(), quote(clip(name, 60))
	switch in := s.At("in").Text(); {
	case s == nil:
		return k, "no security scheme is called " + named + " in components.securitySchemes"
	case kind == "http" && strings.EqualFold(s.At("scheme").Text(), "bearer"), kind == "oauth2", kind == "openIdConnect":
		return Key{InHeader, "Authorization", bearer}, ""
	case kind == "http" && strings.EqualFold(s.At("scheme").Text(), "basic"):
		return Key{InHeader, "Authorization", basic}, ""
	case kind == "http":
		kind += " " + s.At("scheme").Text()
	case kind == "apiKey" && !slices.Contains([]string{InHeader, InQuery, InCookie}, in):
		return k, "the key of the security scheme " + named + " stands in " + quote(clip(in, 20)) + "; expected header, query or cookie"
	case kind == "apiKey" && s.At("name").Text() == "":
		return k, "the security scheme " + named + " has no name under which its key is sent"
	case kind == "apiKey":
		return Key{In: in, Name: s.At("name").Text()}, ""
	}
	return k, "calls carry a bearer token, a user and a password, or a key, and the security scheme " + named + " is " + clip(kind, 40) +
		"; if its tokens are sent as Authorization: Bearer, describe it as {type: http, scheme: bearer}"
}
