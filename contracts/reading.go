package contracts

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/schema"
	"github.com/kaizenautomation/andon/reports/text"
)

// readOperation finds the operation, and what extends it, which may be missing.
func (d *Description) readOperation() (extended *schema.Node, err error) {
	paths := d.document.Root.At("paths")
	var known, marked []string
	var all []namedOperation
	var at *schema.Node
	o := DefaultOperation()
	for _, path := range paths.Names() {
		item, err := d.document.Resolve(paths.At(path))
		if err != nil {
			return nil, err
		}
		if x := item.At(extension); x != nil {
			return nil, schema.Wrong(x, "%s belongs to an operation, such as post, not to the path %s", extension, path)
		}
		for _, method := range httpMethods {
			op := item.At(method)
			if op == nil {
				continue
			}
			call := strings.ToUpper(method) + " " + path
			known = append(known, call)
			all = append(all, namedOperation{op.At("operationId").Text(), strings.ToUpper(method), path})
			if x := op.At(extension); x != nil {
				marked, at = append(marked, call), x
				o.Method, o.Path = strings.ToUpper(method), path
			}
		}
	}
	if d.choice.Operation != "" {
		if o.Method, o.Path, err = d.choice.find(all); err != nil {
			return nil, err
		}
		marked, at = nil, nil
	}
	switch {
	case d.choice.Operation != "":
	case len(marked) > 1:
		return nil, schema.Wrong(at, "%s stands at %s; one operation can be the one that is tested, so take it out of the others", extension, strings.Join(marked, " and at "))
	case len(marked) == 0 && !slices.Contains(known, o.String()):
		return nil, schema.Wrong(cmp.Or(paths, d.document.Root), "the description has no %s and no operation with %s, which would say that it is the one; it has %s",
			o, extension, cmp.Or(clip(strings.Join(known, ", "), 300), "no operation at all"))
	}
	d.operation = o
	item, place, err := d.follow(paths.At(o.Path), []string{"paths", o.Path})
	if err != nil {
		return nil, err
	}
	d.at = below(place, strings.ToLower(o.Method))
	for _, method := range httpMethods {
		if item.At(method) != nil {
			d.methods = append(d.methods, strings.ToUpper(method))
		}
	}
	if d.choice.Operation != "" {
		at = d.node().At(extension)
	}
	return at, nil
}

// node is the operation's object in the description.
func (d *Description) node() *schema.Node { return d.document.Root.At(d.at...) }

// follow gives what stands at a place of the document, through references, and where that is.
func (d *Description) follow(n *schema.Node, at []string) (*schema.Node, []string, error) {
	for n.At("$ref") != nil {
		if _, err := d.document.Resolve(n); err != nil {
			return nil, nil, err
		}
		var err error
		if n, at, err = step(d.document, n.At("$ref").Text()); err != nil {
			return nil, nil, err
		}
	}
	return n, at, nil
}

func (d *Description) readRequest(proven bool) error {
	body, at, err := d.follow(d.node().At("requestBody"), below(d.at, "requestBody"))
	if err != nil {
		return err
	}
	name := requestType(body)
	if name == "" {
		return schema.Wrong(d.node(), "%s has no request body of type application/json with a schema; describe one under requestBody", d.operation)
	}
	d.sends = name
	required := body.At("required")
	d.bodyOptional = required == nil || required.Scalar != true
	for _, other := range body.At("content").Names() {
		d.takes = append(d.takes, ranges(other)...)
		if other != name {
			d.unsent = append(d.unsent, other)
		}
	}
	d.bodyAt = below(at, "content", name, "schema")
	if d.validator, err = d.compile(d.bodyAt); err != nil {
		return uncompiled(d.document, err, d.bodyAt)
	}
	if !proven {
		d.exemplars(d.document.Root.At(d.bodyAt...), d.bodyAt, map[*schema.Node]bool{})
	}
	return d.readFields()
}

// readFields reads what the request consists of.
func (d *Description) readFields() error {
	var err error
	if d.body, err = d.document.Resolve(d.document.Root.At(d.bodyAt...)); err != nil {
		return err
	}
	if d.fields, err = d.document.Members(d.body); err != nil {
		return err
	}
	d.tiers, d.content = nil, nil
	for _, f := range d.fields {
		switch f.Name {
		case d.operation.Tier:
			s := d.unlessNull(f.Schema)
			d.tiers = s.At("enum").Texts()
			if c := s.At("const").Text(); c != "" {
				d.tiers = []string{c}
			}
		case d.operation.Content:
			if err := d.readContent(d.unlessNull(f.Schema)); err != nil {
				return err
			}
		}
	}
	return nil
}

// unlessNull is the one branch of a schema besides null: what may be left out is written so by frameworks.
func (d *Description) unlessNull(s *schema.Node) *schema.Node {
	var found []*schema.Node
	for _, b := range schema.Branches(s) {
		if b, err := d.document.Resolve(b); err == nil && !slices.Equal(b.Types(), []string{"null"}) {
			found = append(found, b)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return s
}

// readContent reads the kinds of content items: the branches of the item schema's oneOf (or anyOf), each named by the
// constant of its discriminator.
func (d *Description) readContent(list *schema.Node) error {
	if list.At("items") == nil {
		return schema.Wrong(list, "`%s` has no items; expected a schema of the list's items", d.operation.Content)
	}
	items, err := d.document.Resolve(list.At("items"))
	if err != nil {
		return err
	}
	disc := "type"
	if p := items.At("discriminator", "propertyName").Text(); p != "" {
		disc = p
	}
	d.document.Discriminator = disc
	branches := items.At("oneOf")
	if branches == nil {
		branches = items.At("anyOf")
	}
	if branches == nil {
		branches = &schema.Node{IsList: true, List: []*schema.Node{items}}
	}
	var wrong []error
	for _, b := range branches.List {
		props, err := d.document.Members(b)
		if err != nil {
			return err
		}
		ct := ContentType{}
		for _, p := range props {
			if p.Name != disc {
				ct.Properties = append(ct.Properties, newProperty(p))
				continue
			}
			if e := p.Schema.At("enum"); p.Schema.At("const") == nil && len(e.Items()) == 1 {
				p.Schema.Set("const", e.List[0]) // it means the same, and is where kinds are told apart by
			}
			ct.Name = p.Schema.At("const").Text()
		}
		if ct.Name == "" {
			wrong = append(wrong, schema.Wrong(b, "a kind of content item has no constant `%s`: give the property a `const`", disc))
			continue
		}
		for _, other := range d.content {
			if other.Name == ct.Name {
				wrong = append(wrong, schema.Wrong(b, "two kinds of content items are called %q; give each a `const` of its own", ct.Name))
			}
		}
		d.content = append(d.content, ct)
	}
	return errors.Join(wrong...)
}

func (d *Description) readResponses(heads map[*schema.Node][]*Header) error {
	all := d.node().At("responses")
	if all == nil {
		return schema.Wrong(d.node(), "%s describes no responses; describe them under responses", d.operation)
	}
	d.byStatus = map[string]*Response{}
	for _, status := range all.Keys {
		if strings.HasPrefix(status, "x-") {
			continue
		}
		n, at, err := d.follow(all.Fields[status], below(d.at, "responses", status))
		if err != nil {
			return err
		}
		r := &Response{Status: status}
		for _, marked := range []*schema.Node{all.Fields[status], n} {
			if a := marked.At("x-assumption"); a != nil && a.Scalar == true {
				r.Assumed = true
			}
		}
		if err := d.readMedia(r, n.At("content"), below(at, "content")); err != nil {
			return err
		}
		r.Headers = heads[n]
		if err := d.readHeaders(r.Headers); err != nil {
			return err
		}
		d.responses = append(d.responses, r)
		d.byStatus[strings.ToUpper(status)] = r
	}
	if status, _ := d.Success(); status == 0 {
		return schema.Wrong(all, "%s describes no success; expected a response with a status from 200 to 299, 2XX or default", d.operation)
	}
	return nil
}

func (d *Description) readMedia(r *Response, content *schema.Node, at []string) error {
	for _, name := range content.Names() {
		m := Media{Name: name, Schema: content.At(name, "schema"), ranges: ranges(name)}
		if m.Schema != nil && slices.ContainsFunc(m.ranges, mayBeJSON) {
			var err error
			if m.validator, err = d.compile(below(at, name, "schema")); err != nil {
				return uncompiled(d.document, err, below(at, name, "schema"))
			}
			if name == jsonType && strings.HasPrefix(r.Status, "2") && !r.Assumed {
				r.fast = newFastPath(d.document, d.operation, m.Schema)
			}
		}
		r.Media = append(r.Media, m)
	}
	return nil
}

// checkNames holds the names in the extension against the properties that there are. One that a property has without
// it need not exist, as if it were not written.
func (d *Description) checkNames() error {
	x := d.node().At(extension)
	if x == nil {
		return nil
	}
	request := map[string]bool{}
	for _, f := range d.fields {
		request[f.Name] = true
	}
	response := map[string]bool{}
	for _, r := range d.responses {
		for _, m := range r.Media {
			if r.success() {
				d.gather(m.Schema, response, 0)
			}
		}
	}
	usual := DefaultOperation()
	_, names := usual.named()
	var wrong []error
	for _, key := range x.Keys {
		place, known := "request", request
		if key == "executionId" || key == "sessionId" {
			place, known = "response of a success", response
		}
		if name := x.Fields[key].Text(); !known[name] && name != *names[key] {
			wrong = append(wrong, schema.Wrong(x.Fields[key], "%s: %s: the %s has no property %s; %s", extension, key, place, quote(clip(name, 60)), text.Suggest(name, slices.Sorted(maps.Keys(known)), "name one that it has")))
		}
	}
	return errors.Join(wrong...)
}

// gather collects the names of an object's properties, whichever branch of a choice they belong to.
func (d *Description) gather(s *schema.Node, names map[string]bool, depth int) {
	s, err := d.document.Resolve(s)
	if err != nil || s == nil || depth > maxBranches {
		return
	}
	members, _ := d.document.Members(s)
	for _, m := range members {
		names[m.Name] = true
	}
	for _, b := range schema.Branches(s) {
		d.gather(b, names, depth+1)
	}
}
