// Package contracts loads the description of POST /agents/execute, derives from it what a request looks like, and judges
// whether a request or a response conforms.
//
// The description (openapi.yaml, or another given by the user) is the only source of shapes: tiers, content types and
// properties are read from it and never named in Go, apart from the few property names that carry a meaning of their own.
package contracts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The operation that andon exists for, and the properties to which it gives a meaning.
const (
	path   = "/agents/execute"
	method = "POST"

	tierProperty      = "kaizenVersion"
	contentProperty   = "content"
	agentProperty     = "agentId"
	executionProperty = "executionId"
	sessionProperty   = "sessionId"
)

// Description is the contract of the call: what may be sent and what may come back. It is safe for concurrent use.
type Description struct {
	source   []byte
	second   second
	root     *node
	sha256   string
	tiers    []string
	request  *jsonschema.Schema
	body     *node      // the request's schema, resolved
	fields   []property // its properties
	content  []ContentType
	disc     string // the property that tells content types apart
	statuses map[string]*response
	cases    []Case
	leftOut  int
	invalid  [][]byte
}

// response is what the description says of one status.
type response struct {
	// assumed responses are marked x-assumption in the description: they are held to little.
	assumed bool
	types   []string // media types, lower case
	schemas map[string]*jsonschema.Schema
	// ordinary takes most bodies of type application/json of a success; nil where there is no short cut.
	ordinary *ordinary
}

// ContentType is one kind of content item.
type ContentType struct {
	// Name is the value of the item's discriminator: "text".
	Name string
	// Properties are what an item of the type holds besides its discriminator, in the description's order.
	Properties []Property
}

// Property is a member of a request or of a content item.
type Property struct {
	Name     string
	Required bool
	// Type is its JSON type: "string", "object", "boolean", …; empty where the description leaves it open.
	Type   string
	schema *node
}

// Load reads a description, as YAML or JSON. The name is the file's, for messages. The description must be a valid
// OpenAPI document of version 3.1, in one file, that describes POST /agents/execute with a JSON body.
func Load(name string, data []byte) (*Description, error) {
	d, err := load(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

func load(data []byte) (*Description, error) {
	if len(data) > 8<<20 {
		return nil, fmt.Errorf("the description has %d bytes, more than the 8 MiB that andon reads", len(data))
	}
	root, err := parseTree(data)
	if err != nil {
		return nil, err
	}
	if v := root.at("openapi").text(); !strings.HasPrefix(v, "3.1.") {
		return nil, fmt.Errorf("expected an OpenAPI 3.1 document (openapi: 3.1.0), found openapi: %q", v)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("not a readable OpenAPI document: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("not a valid OpenAPI document: %w", err)
	}
	sum := sha256.Sum256(data)
	d := &Description{source: data, root: root, sha256: hex.EncodeToString(sum[:])}
	op := root.at("paths", path, strings.ToLower(method))
	if op == nil {
		return nil, fmt.Errorf("the description has no %s %s, the call that andon is for", method, path)
	}
	if item := doc.Paths.Find(path); item != nil {
		d.second = second{doc, item.Post}
	}
	if err := d.readRequest(op); err != nil {
		return nil, err
	}
	if err := d.readResponses(op); err != nil {
		return nil, err
	}
	d.deriveCases()
	return d, nil
}

const documentURL = "description.json"

// compile makes a validator of the schema at a pointer into the document.
func (d *Description) compile(pointer ...string) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(documentURL, d.root.value()); err != nil {
		return nil, err
	}
	var at strings.Builder
	at.WriteString(documentURL + "#")
	for _, part := range pointer {
		at.WriteString("/" + pointerEscape(part))
	}
	return c.Compile(at.String())
}

func pointerEscape(part string) string {
	return strings.ReplaceAll(strings.ReplaceAll(part, "~", "~0"), "/", "~1")
}

func (d *Description) readRequest(op *node) error {
	at := []string{"paths", path, strings.ToLower(method), "requestBody"}
	body := op.at("requestBody")
	if ref := body.at("$ref"); ref != nil {
		at = strings.Split(strings.TrimPrefix(ref.text(), "#/"), "/")
		var err error
		if body, err = d.pointer(ref.text()); err != nil {
			return err
		}
	}
	media := body.at("content", "application/json", "schema")
	if media == nil {
		return fmt.Errorf("%s %s has no request body of type application/json with a schema", method, path)
	}
	var err error
	if d.request, err = d.compile(append(at, "content", "application/json", "schema")...); err != nil {
		return fmt.Errorf("the request's schema does not compile: %w", err)
	}
	if d.body, err = d.resolve(media); err != nil {
		return err
	}
	if d.fields, err = d.members(d.body); err != nil {
		return err
	}
	for _, f := range d.fields {
		switch f.name {
		case tierProperty:
			d.tiers = f.schema.at("enum").texts()
			if c := f.schema.at("const").text(); c != "" {
				d.tiers = []string{c}
			}
		case contentProperty:
			if err := d.readContent(f.schema); err != nil {
				return err
			}
		}
	}
	return nil
}

// readContent reads the kinds of content items: the branches of the item schema's oneOf (or anyOf), each named by the
// constant of its discriminator.
func (d *Description) readContent(schema *node) error {
	if schema.at("items") == nil {
		return fmt.Errorf("line %d: `%s` has no items", schema.line, contentProperty)
	}
	items, err := d.resolve(schema.at("items"))
	if err != nil {
		return err
	}
	d.disc = "type"
	if p := items.at("discriminator", "propertyName").text(); p != "" {
		d.disc = p
	}
	branches := items.at("oneOf")
	if branches == nil {
		branches = items.at("anyOf")
	}
	if branches == nil {
		branches = &node{isList: true, list: []*node{items}}
	}
	for _, b := range branches.list {
		props, err := d.members(b)
		if err != nil {
			return err
		}
		ct := ContentType{}
		for _, p := range props {
			if p.name != d.disc {
				ct.Properties = append(ct.Properties, newProperty(p))
				continue
			}
			ct.Name = p.schema.at("const").text()
			if e := p.schema.at("enum").texts(); ct.Name == "" && len(e) == 1 {
				ct.Name = e[0]
			}
		}
		if ct.Name == "" {
			return fmt.Errorf("line %d: a kind of content item has no constant `%s`: give the property a `const`", b.line, d.disc)
		}
		for _, other := range d.content {
			if other.Name == ct.Name {
				return fmt.Errorf("line %d: two kinds of content items are called %q", b.line, ct.Name)
			}
		}
		d.content = append(d.content, ct)
	}
	return nil
}

func newProperty(p property) Property {
	out := Property{Name: p.name, Required: p.required, schema: p.schema}
	if t := p.schema.types(); len(t) > 0 {
		out.Type = t[0]
	}
	return out
}

func (d *Description) readResponses(op *node) error {
	all := op.at("responses")
	if all == nil {
		return fmt.Errorf("%s %s describes no responses", method, path)
	}
	d.statuses = map[string]*response{}
	for _, status := range all.keys {
		at := []string{"paths", path, strings.ToLower(method), "responses", status}
		n := all.fields[status]
		if ref := n.at("$ref"); ref != nil {
			at = strings.Split(strings.TrimPrefix(ref.text(), "#/"), "/")
			var err error
			if n, err = d.pointer(ref.text()); err != nil {
				return err
			}
		}
		r := &response{schemas: map[string]*jsonschema.Schema{}}
		for _, marked := range []*node{all.fields[status], n} {
			if a := marked.at("x-assumption"); a != nil && a.scalar == true {
				r.assumed = true
			}
		}
		if content := n.at("content"); content != nil {
			for _, media := range content.keys {
				name := strings.ToLower(media)
				r.types = append(r.types, name)
				if content.fields[media].at("schema") == nil || !isJSON(name) {
					continue
				}
				s, err := d.compile(append(at, "content", media, "schema")...)
				if err != nil {
					return fmt.Errorf("the schema of response %s does not compile: %w", status, err)
				}
				r.schemas[name] = s
				if name == "application/json" && status[0] == '2' && !r.assumed {
					r.ordinary = d.ordinary(content.fields[media].at("schema"))
				}
			}
		}
		d.statuses[strings.ToUpper(status)] = r
	}
	return nil
}

// Path is where the call lives below the target's base URL.
func (d *Description) Path() string { return path }

// Method is the call's HTTP method.
func (d *Description) Method() string { return method }

// SHA256 is the hash of the description as it was read, in hex.
func (d *Description) SHA256() string { return d.sha256 }

// Source is the description as it was read. Whoever is given it must not change it.
func (d *Description) Source() []byte { return d.source }

// Tiers are the values that choose a model tier, in the description's order.
func (d *Description) Tiers() []string { return d.tiers }

// ContentTypes are the kinds of content items, in the description's order.
func (d *Description) ContentTypes() []ContentType { return d.content }

// Fields are the request's properties besides the tier and the content, in the description's order.
func (d *Description) Fields() []Property {
	var out []Property
	for _, f := range d.fields {
		if f.name != tierProperty && f.name != contentProperty {
			out = append(out, newProperty(f))
		}
	}
	return out
}
