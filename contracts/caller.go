package contracts

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/credentials"
)

// Ways are the keys by which calls may say who sends them: all the keys of one way are enough. A description that says
// nothing of it has one all the same, by which what the user gives is sent.
func (o Operation) Ways() [][]Key {
	if o.carries == nil || len(o.carries.ways) == 0 {
		return [][]Key{{{InHeader, "Authorization", bearer}}}
	}
	return o.carries.ways
}

// Secured reports whether the description has a way in which calls say who sends them.
func (o Operation) Secured() bool { return o.carries == nil || len(o.carries.ways) > 0 }

// Open reports whether the description says that a call need not say who sends it.
func (o Operation) Open() bool { return o.carries != nil && o.carries.open }

// keys are those of all ways.
func (o Operation) keys() (list []Key) {
	for _, way := range o.Ways() {
		for _, k := range way {
			if !slices.Contains(list, k) {
				list = append(list, k)
			}
		}
	}
	return list
}

// given reports whether a user gives a key by its name.
func (k Key) given(with credentials.Plan) bool {
	if k.Scheme != "" {
		return with.Names() || k.Scheme == basic && with.User()
	}
	return with.Gives(k.In, k.Name)
}

// place is where the token goes: to a bearer token of its own, or else to the first key that the user does not give.
func (o Operation) place(with credentials.Plan) credentials.Place {
	var list []Key
	for _, way := range o.Ways() {
		if len(way) == 1 {
			list = append(list, way...)
		}
	}
	list = append(list, o.keys()...)
	for _, k := range list {
		if k.Scheme == bearer {
			return credentials.Place{}
		}
	}
	for _, k := range list {
		if k.Scheme == "" && !k.given(with) {
			return credentials.Place{In: k.In, Name: k.Name}
		}
	}
	return credentials.Place{}
}

// embeddedSecret is what the embedded provider wants where the user gives nothing.
const embeddedSecret = "andon-embedded"

// Embedded completes what the user gives for a provider that is ours to give secrets to, so that no case is skipped:
// the keys of a way with a bearer token alone, or else of the first one. The provider wants secret of each of them.
func (o Operation) Embedded(with *credentials.Set) (whole *credentials.Set, secret string) {
	secret = cmp.Or(with.Token(), embeddedSecret)
	way := o.Ways()[0]
	for _, w := range o.Ways() {
		if len(w) == 1 && w[0].Scheme == bearer {
			way = w
			break
		}
	}
	if slices.ContainsFunc(way, func(k Key) bool { return k.Scheme == basic }) {
		with = with.WithUser("andon", secret)
	} else if with.Token() == "" {
		with = with.WithBearer(secret)
	}
	token := o.place(with.Asks())
	for _, k := range way {
		at := credentials.Place{In: k.In, Name: k.Name}
		if k.Scheme == "" && (with.Token() == "" || at != token) && !k.given(with.Asks()) {
			with = with.WithKey(at, secret)
		}
	}
	return with, secret
}

// Authorized reports whether what a user gives says who calls.
func (o Operation) Authorized(with credentials.Plan) bool {
	return with.Authorized() || slices.ContainsFunc(o.keys(), func(k Key) bool { return k.given(with) })
}

// Wanted says in words by what calls say who sends them.
func (o Operation) Wanted() string {
	var ways []string
	for _, way := range o.Ways() {
		var keys []string
		for _, k := range way {
			keys = append(keys, k.String())
		}
		ways = append(ways, strings.Join(keys, " and "))
	}
	return strings.Join(ways, ", or ")
}

// Caller says who a call says that it is from.
type Caller string

const (
	// AsGiven is what the user gives.
	AsGiven Caller = ""
	// Unnamed leaves out whatever would say it.
	Unnamed Caller = "no token"
	// Wrong sends what nobody was given.
	Wrong Caller = "a wrong token"
	// WrongScheme sends a token under another scheme than the description's.
	WrongScheme Caller = "a wrong scheme"
	// Empty sends a token that has nothing in it.
	Empty Caller = "an empty token"
	// lacking begins the callers that leave one of several keys out.
	lacking = "all but "
)

// Lacking is a caller that leaves a key out and gives the others.
func Lacking(k Key) Caller { return Caller(lacking + k.String()) }

// leavesOut reports whether the caller leaves out what the user gives of a key.
func (c Caller) leavesOut(k Key) bool {
	return c != AsGiven && (!strings.HasPrefix(string(c), lacking) || c == Lacking(k))
}

// wrongToken is one that nobody was given.
const wrongToken = "andon-wrong-token"

// claims are the keys that a caller sends who is none, and what is sent as them.
func (o Operation) claims(who Caller) (list []Key, secret string) {
	schemed := func(k Key) bool { return k.Scheme == bearer }
	switch {
	case who == Wrong:
		return o.Ways()[0], wrongToken
	case who == Empty:
		return o.Ways()[0], ""
	case who == WrongScheme && slices.ContainsFunc(o.keys(), schemed):
		return []Key{{InHeader, "Authorization", basic}}, "wrong"
	case who == WrongScheme:
		return []Key{{InHeader, "Authorization", bearer}}, wrongToken
	}
	return nil, ""
}

// Say has a request say who sends it. It was made for whom the user gives.
func (o Operation) Say(r *http.Request, who Caller) {
	for _, k := range o.keys() {
		if who.leavesOut(k) {
			strip(r, k.In, k.Name)
		}
	}
	list, secret := o.claims(who)
	for _, k := range list {
		k.put(r, secret)
	}
}

// curlCaller gives the arguments of a curl line that say who calls, and what a cookie has to have for it.
func (o Operation) curlCaller(with credentials.Plan, who Caller) (line, cookie string) {
	claimed, secret := o.claims(who)
	for _, k := range claimed {
		r := &http.Request{Header: http.Header{}, URL: &url.URL{}}
		k.put(r, secret)
		switch {
		case k.In == InCookie:
			cookie += "; " + k.Name + "=" + secret
		case k.In == InQuery:
			line += " --url-query '" + r.URL.RawQuery + "'"
		default:
			line += " -H '" + k.Name + ": " + r.Header.Get(k.Name) + "'"
		}
	}
	place := o.place(with)
	at := Key{InHeader, "Authorization", bearer}
	if place.In != "" {
		at = Key{In: place.In, Name: place.Name}
	}
	switch {
	case who.leavesOut(at), who == AsGiven && o.Open() && !o.Authorized(with):
		return line, cookie
	}
	said, key := with.CurlAuthorization(place)
	return line + said, cookie + key
}
