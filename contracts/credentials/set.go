package credentials

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Set is a plan with its secrets. It is safe for concurrent use. A nil Set and the zero Set carry nothing, and know of
// no secret.
type Set struct {
	Plan
	secrets *redactor
	// values are those of the headers, and then of the query; basic is the user's, and own the token of a tenant. What is
	// left of references in them are columns.
	values     []Value
	basic, own Value
	bearer     *token
	tls        *tls.Config
	// row is that of the tenants.
	row int
}

// leastSecret is the shortest secret that can be told from other text.
const leastSecret = 4

// keepToken has a bearer token taken out from now on. A token of any length was always taken; one that is too short to
// be told from other text is looked for behind its scheme alone, or every report would lose its letters.
func (s *Set) keepToken(text string) {
	if len(text) < leastSecret {
		text = "Bearer " + text
	}
	s.secrets.keep("[token]", text)
}

// keep has secrets taken out from now on, and what in them is secret by itself: a token behind its scheme, a password
// behind a name. A target may send either back alone.
func (s *Set) keep(mark string, secrets ...string) {
	all := slices.Clone(secrets)
	inner := func(text string) {
		if len(text) >= leastSecret {
			all = append(all, text)
		}
	}
	for _, secret := range secrets {
		scheme, rest, found := strings.Cut(secret, " ")
		rest = strings.TrimSpace(rest)
		if found && strings.EqualFold(scheme, "Bearer") {
			inner(rest)
		} else if user, err := base64.StdEncoding.DecodeString(rest); found && strings.EqualFold(scheme, "Basic") && err == nil {
			secret = string(user)
			inner(rest)
			inner(secret)
		}
		if _, password, found := strings.Cut(secret, ":"); found {
			inner(password)
		}
	}
	s.secrets.keep(mark, all...)
}

// Keep has further secrets taken out from now on. What is too short to be told from other text is left. Nobody else may
// use the zero Set meanwhile.
func (s *Set) Keep(secrets ...string) {
	if s.secrets == nil {
		s.secrets = new(redactor)
	}
	s.keep("[secret]", slices.DeleteFunc(slices.Clone(secrets), func(secret string) bool { return len(secret) < leastSecret })...)
}

// Open looks the secrets up.
func (p Plan) Open(ctx context.Context) (*Set, error) {
	s := &Set{Plan: p, secrets: new(redactor)}
	var wrong []error
	for i, n := range slices.Concat(p.headers, p.query) {
		v, err := s.lookUp(ctx, n.value, "[secret]")
		if err != nil {
			kind := "header"
			if i >= len(p.headers) {
				kind = "parameter"
			}
			err = fmt.Errorf("the %s %s: %w", kind, n.name, err)
		}
		wrong, s.values = add(wrong, err), append(s.values, v)
	}
	if !p.user.empty() {
		v, err := s.lookUp(ctx, p.user, "[secret]")
		if err != nil {
			err = fmt.Errorf("the user: %w", err)
		}
		wrong, s.basic = add(wrong, err), v
		var users []string
		for row := range max(1, p.tenants.Rows()) {
			users = append(users, base64.StdEncoding.EncodeToString([]byte(p.tenants.of(v, row))))
		}
		s.secrets.keep("[secret]", users...)
	}
	switch {
	case p.bearer.columns():
		v, err := s.lookUp(ctx, p.bearer, "[token]")
		wrong, s.own = add(wrong, err), v
	case !p.bearer.empty():
		s.bearer = &token{from: p.bearer, kept: s.keepToken}
		wrong = add(wrong, s.bearer.read(ctx))
	}
	var err error
	s.tls, err = p.connection.Read()
	if err := errors.Join(add(wrong, err)...); err != nil {
		return nil, err
	}
	return s, nil
}

// lookUp puts in what references lead to, but for columns. The secret parts and the whole are kept out of everything.
func (s *Set) lookUp(ctx context.Context, v Value, mark string) (Value, error) {
	if v.columns() {
		var filled Value
		for _, p := range v.pieces {
			one := Value{[]piece{p}}
			if !one.columns() {
				var err error
				if one, err = s.lookUp(ctx, one, mark); err != nil {
					return Value{}, err
				}
			}
			filled.pieces = append(filled.pieces, one.pieces...)
		}
		for _, name := range v.used() {
			s.keep(mark, s.tenants.Secret[name]...)
		}
		return filled, nil
	}
	text, secrets, err := v.resolve(ctx, "secret")
	if err != nil || !v.Secret() {
		return Value{[]piece{literally(text)}}, err
	}
	if err := checkText(text, "what "+v.names()+" gives"); err != nil {
		return Value{}, err
	}
	for _, secret := range append(secrets, text) {
		if len(secret) < leastSecret {
			return Value{}, fmt.Errorf("%s gives fewer than %d characters, which cannot be told from other text in a report; if it is no secret, write it out", v.names(), leastSecret)
		}
	}
	s.keep(mark, append(secrets, text)...)
	return Value{[]piece{literally(text)}}, nil
}

// Bearer is a set with a token alone, which stays as it is; an empty one carries nothing.
func Bearer(text string) *Set {
	if text == "" {
		return nil
	}
	return (&Set{secrets: new(redactor)}).WithBearer(text)
}

// WithBearer gives a set, which nobody uses yet, a token that stays as it is, in the place of a user.
func (s *Set) WithBearer(text string) *Set {
	s.basic, s.own, s.user = Value{}, Value{}, Value{}
	s.Plan.bearer = Value{[]piece{{byEnv, tokenVariable}}}
	s.bearer = &token{kept: func(string) {}, from: Value{[]piece{{literal, text}}}}
	s.bearer.current.Store(&text)
	s.keepToken(text)
	return s
}

// WithUser gives a set, which nobody uses yet, a user and a password in the place of a token.
func (s *Set) WithUser(name, password string) *Set {
	s.bearer, s.own, s.Plan.bearer = nil, Value{}, Value{}
	s.basic = Value{[]piece{literally(name + ":" + password)}}
	s.user = s.basic
	s.keep("[secret]", password, base64.StdEncoding.EncodeToString([]byte(name+":"+password)))
	return s
}

// WithKey gives a set, which nobody uses yet, a secret at a place besides.
func (s *Set) WithKey(at Place, secret string) *Set {
	name, text := http.CanonicalHeaderKey(at.Name), secret
	switch at.In {
	case "cookie":
		name, text = cookies, at.Name+"="+secret
	case "query":
		name = at.Name
	}
	one := named{name, Value{[]piece{literally(text)}}}
	if at.In == "query" {
		s.query, s.values = append(slices.Clone(s.query), one), append(slices.Clone(s.values), one.value)
	} else {
		s.values = slices.Insert(slices.Clone(s.values), len(s.headers), one.value)
		s.headers = append(slices.Clone(s.headers), one)
	}
	s.keep("[secret]", secret)
	return s
}

// Asks gives the plan of a set, which may be nil.
func (s *Set) Asks() Plan {
	if s == nil {
		return Plan{}
	}
	return s.Plan
}

// Token is the bearer token of now; empty where there is none.
func (s *Set) Token() string {
	if s == nil || s.bearer == nil {
		return ""
	}
	return *s.bearer.current.Load()
}

// Put puts what the set carries into a request, the token of now at its place. What is a cookie is put beside those
// that are there.
func (s *Set) Put(r *http.Request, at Place) {
	if s == nil {
		return
	}
	text := func(v Value) string { return s.tenants.of(v, s.row) }
	for i, h := range s.headers {
		value := text(s.values[i])
		if before := r.Header[cookies]; h.name == cookies && len(before) > 0 {
			value = strings.Join(before, "; ") + "; " + value
		}
		r.Header[h.name] = []string{value}
	}
	switch {
	case !s.basic.empty():
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(text(s.basic))))
	case !s.own.empty():
		at.put(r, text(s.own))
	case s.bearer != nil:
		at.put(r, s.Token())
	}
	for i, q := range s.query {
		ask(r, q.name, text(s.values[len(s.headers)+i]))
	}
}

// put puts a token at its place.
func (p Place) put(r *http.Request, token string) {
	switch p.In {
	case "header":
		r.Header.Set(p.Name, token)
	case "query":
		ask(r, p.Name, token)
	case "cookie":
		r.Header[cookies] = []string{strings.Join(append(r.Header[cookies], p.Name+"="+token), "; ")}
	default:
		r.Header.Set("Authorization", "Bearer "+token)
	}
}

// ask adds a parameter to a request's query.
func ask(r *http.Request, name, value string) {
	if r.URL.RawQuery != "" {
		r.URL.RawQuery += "&"
	}
	r.URL.RawQuery += url.QueryEscape(name) + "=" + url.QueryEscape(value)
}

// Renew reads the token again that a target has turned away, if it comes from a command or a file; at most once every
// few seconds. It does nothing where there is another token already. An error says why there is no fresh token.
func (s *Set) Renew(ctx context.Context, stale string) error {
	if s == nil || s.bearer == nil {
		return errors.New("there is no token to renew")
	}
	return s.bearer.renew(ctx, stale)
}

// Renewals is how often [Set.Renew] can give a fresh token within a time; 0 where the token cannot change.
func (s *Set) Renewals(within time.Duration) int {
	if s == nil || s.bearer == nil || !s.bearer.renewable() {
		return 0
	}
	return int(within/renewEvery) + 1
}

// Refresh reads the token again if its file has changed, and reports whether there is another one.
func (s *Set) Refresh(ctx context.Context) bool {
	if s == nil || s.bearer == nil || !s.bearer.changed() {
		return false
	}
	stale := s.Token()
	s.bearer.reading.Lock()
	defer s.bearer.reading.Unlock()
	// A file that is being written may be empty; it is looked at again.
	return s.bearer.read(ctx) == nil && s.Token() != stale
}

// Redact takes every secret out of a text: as it is, escaped, in hex and in base64, and pieces of it beside an
// ellipsis. It is called before a text is cut.
func (s *Set) Redact(text string) string {
	if s == nil || s.secrets == nil {
		return text
	}
	return s.secrets.redact(text)
}

// TLS is how an https target is trusted, and what it is shown; nil is what the system trusts, and none.
func (s *Set) TLS() *tls.Config {
	if s == nil || s.tls == nil {
		return nil
	}
	return s.tls.Clone()
}

// Dial connects by a dialer to where an address leads.
func (s *Set) Dial(ctx context.Context, dialer *net.Dialer, network, address string) (conn net.Conn, err error) {
	list := s.Asks().addresses[strings.ToLower(address)]
	if len(list) == 0 {
		return dialer.DialContext(ctx, network, address)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		if conn, err = dialer.DialContext(ctx, network, net.JoinHostPort(a.String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}
