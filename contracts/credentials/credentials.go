// Package credentials says what calls carry besides their bodies (headers, a token, a name and a password, a key in the
// query), and where the secret ones come from.
//
// [Asked.Plan] reads what a user asks for, without looking a secret up: a [Plan] can be printed, in curl lines say.
// [Plan.Open] looks the secrets up and gives a [Set], which puts them into requests, has a bearer token renewed, and
// takes every secret out of what is kept. A secret comes from the environment, a file or a command, and never from a
// command line or a scenario. Calls of several [Tenants] carry the secrets of a row each; [Plan.Of] and [Set.Of] are of
// one of them.
package credentials

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
)

// Asked is what a user asks for, as it was written. Its zero value asks for the bearer token of ANDON_TOKEN, if there
// is one.
type Asked struct {
	// Headers are lines: "X-Org-Id: {env:ORG}".
	Headers []string
	// Query are parameters for the query: "api_key={env:KEY}".
	Query []string
	// Keys name the headers and parameters that are secret, whatever they are called.
	Keys []string
	// Bearer is the bearer token: "{env:STAGING_TOKEN}".
	Bearer string
	// User is a name and a password for the Basic scheme: "ci:{env:PASSWORD}".
	User string
	// TokenFile and TokenCommand give the bearer token; at most one may be there.
	TokenFile, TokenCommand string
	// Tenants, if not nil, have the columns that the others name; see [SecretColumn].
	Tenants *Tenants
	Connection
}

// Plan says what calls carry, without the secrets themselves. The zero Plan carries nothing.
type Plan struct {
	headers, query []named
	// user is the Basic scheme's name and password; bearer is the token. At most one is not empty.
	user, bearer Value
	tenants      *Tenants
	connection   Connection
	addresses    map[string][]netip.Addr
}

// named is a header or a parameter.
type named struct {
	name  string
	value Value
}

// tokenVariable gives the bearer token where nothing else does.
const tokenVariable = "ANDON_TOKEN"

// IsZero reports whether nothing is asked for.
func (a Asked) IsZero() bool { return reflect.ValueOf(a).IsZero() }

// Commands reports whether a secret is what a command prints.
func (a Asked) Commands() bool {
	return a.TokenCommand != "" || slices.ContainsFunc(slices.Concat(a.Headers, a.Query, []string{a.Bearer, a.User}), func(text string) bool {
		return strings.Contains(text, "{"+byCommand+":")
	})
}

// And adds what is asked for besides. What both name is there twice then, which Plan refuses.
func (a Asked) And(more Asked) Asked {
	a.Headers, a.Query, a.Keys = slices.Concat(a.Headers, more.Headers), slices.Concat(a.Query, more.Query), slices.Concat(a.Keys, more.Keys)
	a.Bearer, a.User = cmp.Or(more.Bearer, a.Bearer), cmp.Or(more.User, a.User)
	a.TokenFile, a.TokenCommand = cmp.Or(more.TokenFile, a.TokenFile), cmp.Or(more.TokenCommand, a.TokenCommand)
	a.Tenants = cmp.Or(more.Tenants, a.Tenants)
	return a
}

// Over puts what is asked for in the place of what was asked for elsewhere by the same name: headers, parameters, and
// who calls. How to connect is its own.
func (a Asked) Over(other Asked) Asked {
	gone := func(list []string, by string, names []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(line string) bool {
			name, _, _ := strings.Cut(line, by)
			return slices.ContainsFunc(names, func(n string) bool {
				n, _, _ = strings.Cut(n, by)
				return strings.EqualFold(strings.TrimSpace(n), strings.TrimSpace(name))
			})
		})
	}
	other.Headers, other.Query = gone(other.Headers, ":", a.Headers), gone(other.Query, "=", a.Query)
	authorized := func(line string) bool {
		name, _, _ := strings.Cut(line, ":")
		return strings.EqualFold(strings.TrimSpace(name), "Authorization")
	}
	if a.TokenFile != "" || a.TokenCommand != "" || a.Bearer != "" || a.User != "" || slices.ContainsFunc(a.Headers, authorized) {
		other.Bearer, other.User, other.Headers = "", "", slices.DeleteFunc(other.Headers, authorized)
	}
	both := other.And(a)
	both.Connection = a.Connection
	return both
}

// Check says what is wrong with what is asked for.
func (a Asked) Check() error {
	_, err := a.Plan()
	return err
}

// Plan reads what is asked for. Its error says all that is wrong, and quotes no value.
func (a Asked) Plan() (Plan, error) {
	p := Plan{tenants: a.Tenants}
	var wrong []error
	fail := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	for _, line := range a.Headers {
		name, text, found := strings.Cut(line, ":")
		if !found {
			fail("a header wants a name, a colon and a value, such as 'X-Org-Id: {env:ORG}'")
			continue
		}
		h, err := readHeader(strings.TrimSpace(name), strings.Trim(text, " \t"), a.Keys)
		if err == nil && p.sends(h.name) {
			err = fmt.Errorf("the header %s is given twice", h.name)
		}
		if wrong = add(wrong, err); err == nil {
			p.headers = append(p.headers, h)
		}
	}
	for _, text := range a.Query {
		name, value, found := strings.Cut(text, "=")
		if !found || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
			fail("a parameter of the query wants a name, = and a value, such as 'api_key={env:KEY}'")
			continue
		}
		v, err := ParseValue(value)
		if err == nil && !v.Secret() && (sensitive(name) || slices.Contains(a.Keys, name)) {
			err = seen("its value", v)
		}
		if err != nil {
			fail("the parameter %s: %w", name, err)
			continue
		}
		p.query = append(p.query, named{name, v})
	}
	wrong = append(append(wrong, p.readAuthorization(a)...), p.checkColumns()...)
	addresses, err := a.Connection.addresses()
	wrong = append(add(wrong, err), a.Connection.check()...)
	p.connection, p.addresses = a.Connection, addresses
	return p, errors.Join(wrong...)
}

// checkColumns says what cannot be sent of the rows.
func (p Plan) checkColumns() (wrong []error) {
	forHeader := func(text string) error { return checkText(text, "the value") }
	for i, n := range slices.Concat(p.headers, p.query) {
		if err := p.tenants.check(n.value, forHeader); err != nil {
			kind := "header"
			if i >= len(p.headers) {
				kind = "parameter"
			}
			wrong = append(wrong, fmt.Errorf("the %s %s: %w", kind, n.name, err))
		}
	}
	if err := p.tenants.check(p.user, forHeader); err != nil {
		wrong = append(wrong, fmt.Errorf("the user: %w", err))
	}
	if err := p.tenants.check(p.bearer, func(text string) error { return checkToken(text, "the row") }); err != nil {
		wrong = append(wrong, fmt.Errorf("the bearer token: %w", err))
	}
	return wrong
}

func add(list []error, err error) []error {
	if err != nil {
		list = append(list, err)
	}
	return list
}

// readAuthorization reads who calls: one way of telling at most.
func (p *Plan) readAuthorization(a Asked) (wrong []error) {
	var ways []string
	if p.sends("Authorization") {
		ways = append(ways, "a header Authorization")
	}
	if a.User != "" {
		ways = append(ways, "a user and a password")
		name, password, found := strings.Cut(a.User, ":")
		if strings.HasPrefix(name, "{") {
			// The name is a reference, which has a colon in it.
			if end := strings.IndexByte(a.User, '}'); end >= 0 {
				name, password, found = a.User[:end+1], strings.TrimPrefix(a.User[end+1:], ":"), strings.HasPrefix(a.User[end+1:], ":")
			}
		}
		_, err := ParseValue(name)
		secret, other := ParseValue(password)
		switch {
		case !found:
			wrong = append(wrong, errors.New("a user wants a name, a colon and a password, such as 'ci:{env:PASSWORD}'"))
		case err != nil || other != nil:
			wrong = append(wrong, fmt.Errorf("the user: %w", errors.Join(err, other)))
		case !secret.Secret():
			wrong = append(wrong, seen("the user's password", secret))
		default:
			p.user, _ = ParseValue(a.User)
		}
	}
	if a.Bearer != "" {
		ways = append(ways, "a bearer token")
		v, err := ParseValue(a.Bearer)
		if err == nil && !v.Secret() {
			err = seen("it", v)
		}
		if p.bearer = v; err != nil {
			wrong = append(wrong, fmt.Errorf("the bearer token: %w", err))
		}
	}
	if a.TokenFile != "" {
		ways = append(ways, "a token's file")
		p.bearer = Value{[]piece{{byFile, a.TokenFile}}}
	}
	if a.TokenCommand != "" {
		ways = append(ways, "a token's command")
		p.bearer = Value{[]piece{{byCommand, a.TokenCommand}}}
	}
	switch {
	case len(ways) > 1:
		wrong = append(wrong, fmt.Errorf("%s do not go together: each is put under Authorization", strings.Join(ways, " and ")))
	case len(ways) == 0 && os.Getenv(tokenVariable) != "":
		p.bearer = Value{[]piece{{byEnv, tokenVariable}}}
	}
	return wrong
}

// sends reports whether the plan has a header of that name.
func (p Plan) sends(name string) bool {
	return slices.ContainsFunc(p.headers, func(h named) bool { return strings.EqualFold(h.name, name) })
}

// Authorized reports whether calls say who sends them, so that they can be without it as well.
func (p Plan) Authorized() bool {
	return !p.bearer.empty() || !p.user.empty() || p.sends("Authorization")
}

// Names reports whether the plan gives what goes under Authorization otherwise than by a user and a password.
func (p Plan) Names() bool { return !p.bearer.empty() || p.sends("Authorization") }

// User reports whether the plan gives a user and a password.
func (p Plan) User() bool { return !p.user.empty() }

// readHeader reads one header. An error names it, and never quotes its value.
func readHeader(name, text string, secret []string) (named, error) {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !tokenRune(r) }) {
		return named{}, errors.New("a header's name has letters, digits and !#$%&'*+-.^_`|~ in it, and nothing else; expected one such as X-Org-Id")
	}
	if reason := reserved[strings.ToLower(name)]; reason != "" {
		return named{}, fmt.Errorf("the header %s cannot be given: %s", name, reason)
	}
	v, err := ParseValue(text)
	switch {
	case err != nil:
		return named{}, fmt.Errorf("the header %s: %w", name, err)
	case !v.Secret() && (sensitive(name) || slices.Contains(secret, name)):
		return named{}, fmt.Errorf("the header %s: %w", name, seen("its value", v))
	}
	return named{http.CanonicalHeaderKey(name), v}, nil
}

// seen says why a value cannot be secret; what names it.
func seen(what string, v Value) error {
	if v.public() {
		return fmt.Errorf("%s would be seen by all, since bodies have the column too; take another column here, or leave it out of bodies", what)
	}
	return fmt.Errorf("%s would be seen by all; %s", what, howTo)
}

// tokenRune reports whether a character may be in a header's name (RFC 9110, section 5.6.2).
func tokenRune(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

const ofConnection, ofCall = "it is about the connection, which is andon's own", "andon sets it by what the call is"

// reserved are the headers that a user cannot give, with the reason, by their names in small letters.
var reserved = map[string]string{
	"connection": ofConnection, "keep-alive": ofConnection, "proxy-connection": ofConnection, "te": ofConnection,
	"trailer": ofConnection, "transfer-encoding": ofConnection, "upgrade": ofConnection, "expect": ofConnection,
	"content-length": ofCall, "content-type": ofCall, "content-encoding": ofCall, "accept-encoding": ofCall, "traceparent": ofCall,
	"host": "it is the target's name; to call another address by that name, name the address",
}

// sensitive reports whether what goes by a name is a secret by custom.
func sensitive(name string) bool {
	plain := strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name))
	for _, part := range []string{
		"authorization", "cookie", "apikey", "accesskey", "privatekey", "subscriptionkey", "functionskey", "token", "secret",
		"passw", "credential", "session", "signature",
	} {
		if strings.Contains(plain, part) {
			return true
		}
	}
	return plain == "xauth" || plain == "auth" || plain == "xkey" || plain == "key"
}

// Place is where the token of a call goes, by the name that it has there: in "header", "query" or "cookie". The zero
// Place is the header Authorization, under the scheme Bearer.
type Place struct{ In, Name string }

// cookies is the header of the cookies.
const cookies = "Cookie"

// Gives reports whether the plan has something under a name: in "header", "query" or "cookie". A parameter of the query
// may have its parts behind its name, in brackets.
func (p Plan) Gives(in, name string) bool {
	switch in {
	case "header":
		return p.sends(name)
	case "query":
		return slices.ContainsFunc(p.query, func(q named) bool { return q.name == name || strings.HasPrefix(q.name, name+"[") })
	case "cookie":
		return slices.ContainsFunc(p.headers, func(h named) bool {
			return h.name == cookies && slices.ContainsFunc(strings.Split(h.value.shell(), ";"), func(one string) bool {
				key, _, _ := strings.Cut(one, "=")
				return strings.TrimSpace(key) == name
			})
		})
	}
	return false
}

// Public gives what the plan has under a name, as in [Plan.Gives]; ok is false where some of it is given by reference.
func (p Plan) Public(in, name string) (texts []string, ok bool) {
	list := p.headers
	if in == "query" {
		list = p.query
	}
	for _, n := range list {
		switch {
		case in == "cookie" && n.name != cookies, in == "header" && !strings.EqualFold(n.name, name), in == "query" && n.name != name:
			continue
		case len(n.value.pieces) != 1 || n.value.pieces[0].kind != literal:
			return nil, false
		}
		texts = append(texts, n.value.pieces[0].text)
	}
	return texts, len(texts) > 0
}

// Curl gives the arguments of a curl line that carry the same, with a space before each, but for who calls. Secrets
// stand in them as the variables, files and commands that they come from. The cookies are sent besides, and are written
// for a shell's double quotes; what is gone is left out, by its place and its name.
func (p Plan) Curl(beside string, gone func(in, name string) bool) (line string) {
	for _, h := range p.headers {
		if h.name == "Authorization" || gone("header", h.name) {
			continue
		}
		value := h.value.shell()
		if h.name == cookies {
			kept := slices.DeleteFunc(strings.Split(value, ";"), func(one string) bool {
				key, _, _ := strings.Cut(one, "=")
				return gone("cookie", strings.TrimSpace(key))
			})
			if value = strings.TrimSpace(strings.Join(kept, ";")); beside != "" && value != "" {
				value = beside + "; " + value
			}
			if value, beside = cmp.Or(value, beside), ""; value == "" {
				continue
			}
		}
		line += ` -H "` + h.name + ": " + value + `"`
	}
	if beside != "" {
		line += ` -H "` + cookies + ": " + beside + `"`
	}
	for _, q := range p.query {
		if !gone("query", q.name) {
			line += ` --url-query "` + q.name + "=" + q.value.shell() + `"`
		}
	}
	return line + p.connection.curl()
}

// CurlAuthorization gives the argument that says who calls, the token at its place, or what a cookie has for it. A plan
// that does not say it stands for a token: the description wants one.
func (p Plan) CurlAuthorization(at Place) (line, cookie string) {
	for _, h := range p.headers {
		if h.name == "Authorization" {
			return ` -H "Authorization: ` + h.value.shell() + `"`, ""
		}
	}
	token := p.bearer.shell()
	switch {
	case !p.user.empty():
		return ` -u "` + p.user.shell() + `"`, ""
	case p.bearer.empty() || token == "${"+tokenVariable+"}":
		token = "$" + tokenVariable
	}
	switch at.In {
	case "header":
		return ` -H "` + at.Name + ": " + token + `"`, ""
	case "query":
		return ` --url-query "` + at.Name + "=" + token + `"`, ""
	case "cookie":
		return "", "; " + at.Name + "=" + token
	}
	return ` -H "Authorization: Bearer ` + token + `"`, ""
}

// Authorization names what says who calls, and where it comes from; empty where nothing does.
func (p Plan) Authorization() string {
	for _, h := range p.headers {
		if h.name == "Authorization" {
			return "the header Authorization from " + h.value.names()
		}
	}
	switch {
	case !p.user.empty():
		return "the user with the password from " + p.user.names()
	case !p.bearer.empty():
		return "the token from " + p.bearer.names()
	}
	return ""
}

// Insecure reports whether any certificate of the target is taken.
func (p Plan) Insecure() bool { return p.connection.Insecure }

// Addresses are where "host:port" leads, apart from what the name servers say.
func (p Plan) Addresses() map[string][]netip.Addr { return p.addresses }
