package contracts

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/text"
)

// carrying gives the operation with another of what its calls carry.
func (o Operation) carrying(change func(*carried)) Operation {
	c := carried{}
	if o.carries != nil {
		c = *o.carries
	} else {
		c.ways = o.Ways()
	}
	c.sent = slices.Clone(c.sent)
	change(&c)
	o.carries = &c
	return o
}

// sends gives the operation with a parameter as it is to be sent, in the place of what was sent of it.
func (o Operation) sends(s sent) Operation {
	return o.carrying(func(c *carried) {
		c.sent = append(slices.DeleteFunc(c.sent, func(old sent) bool { return same(old.in, old.name, s.in, s.name) }), s)
	})
}

// With gives the operation with a parameter that has a text for its value, as [Parameter.Write] gives it, unless the
// user gives another.
func (o Operation) With(p *Parameter, text string) Operation {
	return o.sends(sent{in: p.In, name: p.Name, text: text})
}

// Forcing gives the operation with a parameter that has a text for its value, whatever the user gives.
func (o Operation) Forcing(p *Parameter, text string) Operation {
	return o.sends(sent{in: p.In, name: p.Name, text: text, forced: true})
}

// Without gives the operation without a parameter, whatever the user gives.
func (o Operation) Without(p *Parameter) Operation {
	return o.sends(sent{in: p.In, name: p.Name, forced: true, none: true})
}

// Sends reports whether the calls carry a parameter where the user gives none.
func (o Operation) Sends(p *Parameter) bool {
	return slices.ContainsFunc(o.sending(), func(s sent) bool { return same(s.in, s.name, p.In, p.Name) && !s.none })
}

func (o Operation) sending() []sent {
	if o.carries == nil {
		return nil
	}
	return o.carries.sent
}

// path is the operation's path with its parameters filled in, escaped.
func (o Operation) path() string {
	var b strings.Builder
	rest := o.Path
	for {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString((&url.URL{Path: before}).EscapedPath())
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(after, "}")
		filled := "{" + name + "}"
		for _, s := range o.sending() {
			if s.in == InPath && s.name == name {
				filled = s.text
			}
		}
		b.WriteString(filled)
		rest = after
	}
}

// Matches reports whether a path, as it is written in a request, is the operation's.
func (o Operation) Matches(path *url.URL) bool {
	if !strings.Contains(o.Path, "{") {
		return path.Path == o.Path
	}
	_, ok := match(o.Path, path.EscapedPath())
	return ok
}

// Carry puts into a request what the call carries besides its body: its path below that of the target, its parameters,
// and what the credentials say, which may be nil.
func (o Operation) Carry(r *http.Request, target *url.URL, with *credentials.Set) {
	u := *target
	base := strings.TrimSuffix(u.EscapedPath(), "/")
	escaped := o.path()
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/")+o.Path, ""
	if path, err := url.PathUnescape(escaped); err == nil {
		u.Path = strings.TrimSuffix(target.Path, "/") + path
	}
	if u.EscapedPath() != base+escaped {
		u.RawPath = base + escaped
	}
	r.URL = &u
	plan := with.Asks()
	for _, s := range o.sending() {
		if !s.forced && !plan.Gives(s.in, s.name) {
			s.put(r)
		}
	}
	with.Put(r, o.place(plan))
	for _, s := range o.sending() {
		if s.forced {
			strip(r, s.in, s.name)
			s.put(r)
		}
	}
}

// Lines gives what a request carries besides its body as another process is told it: its escaped path, the headers that
// not every request has, and its query.
func (o Operation) Lines(with *credentials.Set) (path string, headers http.Header, query string) {
	r := &http.Request{Header: http.Header{}}
	o.Carry(r, &url.URL{}, with)
	return r.URL.EscapedPath(), r.Header, r.URL.RawQuery
}

// CurlURL is the address that a curl line calls.
func (o Operation) CurlURL(target string, with credentials.Plan) string {
	address := strings.TrimSuffix(target, "/") + o.path()
	separator := "?"
	for _, s := range o.sending() {
		if s.in == InQuery && !s.none && (s.forced || !with.Gives(s.in, s.name)) {
			address += separator + s.text
			separator = "&"
		}
	}
	return text.ShellQuote(address)
}

// CurlCarried are the arguments of a curl line that carry the parameters, who calls, and what the user gives, with a
// space before each. Secrets stand in it as the variables, files and commands that they come from, and a token that
// nobody has named as $ANDON_TOKEN.
func (o Operation) CurlCarried(with credentials.Plan, who Caller) string {
	var line, cookies string
	for _, s := range o.sending() {
		switch {
		case s.none || !s.forced && with.Gives(s.in, s.name):
		case s.in == InHeader && s.text == "":
			line += " -H " + text.ShellQuote(s.name+";")
		case s.in == InHeader:
			line += " -H " + text.ShellQuote(s.name+": "+s.text)
		case s.in == InCookie:
			cookies += "; " + s.text
		}
	}
	gone := func(in, name string) bool {
		return slices.ContainsFunc(o.sending(), func(s sent) bool { return s.forced && same(s.in, s.name, in, name) }) ||
			slices.ContainsFunc(o.keys(), func(k Key) bool { return who.leavesOut(k) && same(k.In, k.Name, in, name) })
	}
	said, key := o.curlCaller(with, who)
	return line + said + with.Curl(strings.TrimPrefix(cookies+key, "; "), gone)
}
