package contracts

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/text"
)

// Parameters are what a call carries besides its body, in the description's order: those of the operation first.
func (d *Description) Parameters() []*Parameter { return d.parameters }

// readParameters makes the validators of parameters.
func (d *Description) readParameters(list []*Parameter) error {
	for _, p := range list {
		p.document = d.document
		if p.Schema != nil {
			var err error
			if p.validator, err = d.compile(p.schemaAt); err != nil {
				return uncompiled(d.document, err, p.schemaAt)
			}
		}
	}
	return nil
}

// PlainOf is what a parameter is sent with where nobody says otherwise; ok is false where nothing is known.
func (d *Description) PlainOf(p *Parameter) (text string, ok bool) { return p.plain() }

// Choice is what was chosen of the description when it was loaded, with the values that were given since.
func (d *Description) Choice() Choice { return d.choice }

// JudgeParameters holds what a request carries besides its body against the description. The path is the operation's.
func (d *Description) JudgeParameters(r *http.Request) *Violation {
	var inPath map[string]string
	for _, p := range d.parameters {
		var violation *Violation
		switch p.In {
		case InPath:
			if inPath == nil {
				inPath, _ = match(d.operation.Path, r.URL.EscapedPath())
			}
			violation = p.Judge(inPath[p.Name])
		case InQuery:
			violation = p.judgeQuery(r.URL.RawQuery)
		case InHeader:
			if values, there := r.Header[http.CanonicalHeaderKey(p.Name)]; there {
				violation = p.Judge(strings.Join(values, ","))
			} else {
				violation = p.missing()
			}
		case InCookie:
			if c, err := r.Cookie(p.Name); err == nil {
				violation = p.Judge(p.Name + "=" + c.Value)
			} else {
				violation = p.missing()
			}
		}
		if violation != nil {
			return violation
		}
	}
	return nil
}

// JudgeGiven holds what calls carry besides their bodies against the description: what the user gives, as far as no
// secret is in it, and the rest as it is sent.
func (d *Description) JudgeGiven(with credentials.Plan) *Violation {
	for _, p := range d.parameters {
		if !with.Gives(p.In, p.Name) {
			if !d.operation.Sends(p) && p.Required {
				return p.missing()
			}
			continue
		}
		texts, public := with.Public(p.In, p.Name)
		if !public {
			continue
		}
		text := strings.Join(texts, ",")
		switch p.In {
		case InQuery:
			var list []string
			for _, one := range texts {
				list = append(list, url.QueryEscape(p.Name)+"="+url.QueryEscape(one))
			}
			text = strings.Join(list, "&")
		case InCookie:
			r := &http.Request{Header: http.Header{"Cookie": texts}}
			if c, err := r.Cookie(p.Name); err == nil {
				text = p.Name + "=" + c.Value
			}
		}
		if violation := p.Judge(text); violation != nil {
			return violation
		}
	}
	return nil
}

// settle has the call carry its parameters: what is given, or else what the description has for them.
func (d *Description) settle() error {
	for _, p := range d.parameters {
		if !p.Required {
			continue
		}
		if value, ok := p.plain(); ok {
			d.operation = d.operation.With(p, value)
		}
	}
	var wrong []error
	given := d.choice.Values
	d.choice.Values = nil
	for _, one := range given {
		name, value, found := strings.Cut(one, "=")
		if !found {
			wrong = append(wrong, &ChoiceError{false, fmt.Errorf("a parameter wants a name, = and a value, such as agentId=agent_1, found %s", quote(clip(one, 60)))})
			continue
		}
		out, err := d.WithValue(name, value)
		if err != nil {
			wrong = append(wrong, &ChoiceError{false, err})
			continue
		}
		*d = *out
	}
	return errors.Join(wrong...)
}

// WithValue gives the description with a value for a parameter of the call, which stays as it is if it was given
// before. A list or an object is given as JSON. Where several places have the name, the place stands before it:
// query:version.
func (d *Description) WithValue(name, value string) (*Description, error) {
	p, err := d.parameter(name)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(d.choice.Values, func(one string) bool {
		before, _, _ := strings.Cut(one, "=")
		other, err := d.parameter(before)
		return err == nil && other == p
	}) {
		return d, nil
	}
	written, violation := p.given(value)
	if violation != nil {
		return nil, fmt.Errorf("the description forbids this value: %s", violation.Message)
	}
	out := *d
	out.choice.Values = append(slices.Clone(d.choice.Values), name+"="+value)
	out.operation = d.operation.With(p, written)
	return &out, nil
}

// parameter finds a parameter by its name.
func (d *Description) parameter(name string) (*Parameter, error) {
	var found []*Parameter
	var names []string
	for _, p := range d.parameters {
		names = append(names, p.Name)
		in, bare, placed := strings.Cut(name, ":")
		if same(p.In, p.Name, p.In, name) || placed && same(p.In, p.Name, in, bare) {
			found = append(found, p)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, fmt.Errorf("the call has the parameter %s in the %s and in the %s; say which, as in %s:%s", quote(clip(name, 60)), found[0].In, found[1].In, found[0].In, clip(name, 60))
	case len(names) == 0:
		return nil, fmt.Errorf("%s has no parameters, and so none called %s; leave it out", d.operation, quote(clip(name, 60)))
	}
	return nil, fmt.Errorf("%s has no parameter %s; %s", d.operation, quote(clip(name, 60)), text.Suggest(name, names, "it has "+strings.Join(names, ", ")))
}

// Unfilled says which parameters of the call have no value that could be sent, each with its place in the description;
// nil where all have one.
func (d *Description) Unfilled() error {
	var list []error
	for _, p := range d.parameters {
		if p.Required && !d.operation.Sends(p) {
			list = append(list, told(d.name, d.document, p.unfilled("give it one, or write an example")))
		}
	}
	return errors.Join(list...)
}

// fillFollowing has the operation that is followed carry its parameters.
func (d *Description) fillFollowing(list []*Parameter) error {
	o := Operation{carries: d.following.carries}
	list = slices.DeleteFunc(list, func(p *Parameter) bool { return !p.Required })
	for _, p := range list {
		value, ok := p.plain()
		if !ok {
			return p.unfilled("write an example")
		}
		o = o.With(p, value)
	}
	d.following.carries = o.carries
	return nil
}
