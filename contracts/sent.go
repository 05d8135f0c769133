package contracts

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// carried is what the calls of an operation carry besides their bodies. It is not changed once it is made.
type carried struct {
	sent []sent
	// ways are the keys by which calls may say who sends them; one way is enough. Open calls need none.
	ways [][]Key
	open bool
}

// sent is a parameter as calls carry it.
type sent struct {
	in, name string
	// text is as it stands in the request: in a query and a cookie with its name.
	text string
	// forced has it sent in the place of what the user gives, and none not at all.
	forced, none bool
}

// same reports whether two names in places are one.
func same(in, name, otherIn, other string) bool {
	return in == otherIn && (name == other || in == InHeader && strings.EqualFold(name, other))
}

// put puts a parameter into a request that has none of its name.
func (s sent) put(r *http.Request) {
	switch {
	case s.none:
	case s.in == InHeader:
		r.Header[http.CanonicalHeaderKey(s.name)] = []string{s.text}
	case s.in == InQuery:
		r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&"+s.text, "&")
	case s.in == InCookie:
		list := append(r.Header["Cookie"], s.text)
		r.Header["Cookie"] = []string{strings.Join(list, "; ")}
	}
}

// strip takes everything of a name out of a request.
func strip(r *http.Request, in, name string) {
	switch in {
	case InHeader:
		r.Header.Del(name)
	case InQuery:
		r.URL.RawQuery = without(r.URL.RawQuery, "&", func(key string) bool {
			plain, err := url.QueryUnescape(key)
			return err == nil && (plain == name || strings.HasPrefix(plain, name+"["))
		})
	case InCookie:
		rest := without(strings.Join(r.Header["Cookie"], "; "), ";", func(key string) bool { return strings.TrimSpace(key) == name })
		if r.Header.Del("Cookie"); rest != "" {
			r.Header["Cookie"] = []string{strings.TrimSpace(rest)}
		}
	}
}

// without leaves out of a list the parts whose names are so.
func without(list, separator string, gone func(name string) bool) string {
	kept := slices.DeleteFunc(strings.Split(list, separator), func(one string) bool {
		key, _, _ := strings.Cut(one, "=")
		return gone(key)
	})
	return strings.Join(kept, separator)
}

// Key is a secret by which a call says who sends it, as the description has it.
type Key struct {
	// In and Name are where it stands: for a scheme of HTTP, in the header Authorization.
	In, Name string
	// Scheme is "bearer" or "basic"; empty where the key stands alone.
	Scheme string
}

const (
	bearer = "bearer"
	basic  = "basic"
)

// String is the key as people name it.
func (k Key) String() string {
	switch k.Scheme {
	case bearer:
		return "a bearer token"
	case basic:
		return "a user and a password"
	}
	return "a key in the " + k.In + " as " + clip(k.Name, 60)
}

// Of gives the secret that a request carries as this key: of a user and a password the password.
func (k Key) Of(r *http.Request) (secret string, there bool) {
	switch {
	case k.Scheme == basic:
		_, secret, there = r.BasicAuth()
		return secret, there
	case k.Scheme == bearer:
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return "", false
		}
		secret = strings.TrimLeft(token, " ")
	case k.In == InHeader:
		secret = r.Header.Get(k.Name)
	case k.In == InQuery:
		secret = r.URL.Query().Get(k.Name)
	case k.In == InCookie:
		if c, err := r.Cookie(k.Name); err == nil {
			secret = c.Value
		}
	}
	return secret, secret != ""
}

// put puts a secret into a request that has none.
func (k Key) put(r *http.Request, secret string) {
	s := sent{in: k.In, name: k.Name, text: secret}
	switch {
	case k.Scheme == bearer:
		s.text = "Bearer " + secret
	case k.Scheme == basic:
		s.text = "Basic " + base64.StdEncoding.EncodeToString([]byte("andon:"+secret))
	case k.In == InQuery:
		s.text = url.QueryEscape(k.Name) + "=" + secret
	case k.In == InCookie:
		s.text = k.Name + "=" + secret
	}
	s.put(r)
}

// match reads the parameters off a path, as they are written there; ok says whether it is that of the template.
func match(template, path string) (values map[string]string, ok bool) {
	values = map[string]string{}
	for template != "" {
		before, rest, found := strings.Cut(template, "{")
		if !found {
			unescaped, err := url.PathUnescape(path)
			return values, err == nil && unescaped == template
		}
		// What stands before the parameter may be escaped as one likes.
		if before != "" && !strings.HasPrefix(path, before) {
			return nil, false
		}
		path = path[len(before):]
		name, after, _ := strings.Cut(rest, "}")
		until := len(path)
		if next, _, _ := strings.Cut(after, "{"); next != "" {
			if until = strings.Index(path, next); until < 0 {
				return nil, false
			}
		} else if slash := strings.IndexByte(path, '/'); slash >= 0 {
			until = slash
		}
		if strings.Contains(path[:until], "/") {
			return nil, false
		}
		values[name], path, template = path[:until], path[until:], after
	}
	return values, path == ""
}
