// Package contracts reads the description of a call and judges by it. In the order in which it does so:
//
//  1. [Load] reads the description, an OpenAPI document, and refuses what it cannot honour.
//  2. The [Operation] is the call that the description is read for: its path, its method, and the names of the
//     properties to which andon gives a meaning.
//  3. The fields, tiers and content types say what a request consists of; [Description.AppendBody] and
//     [Operation.NewRequest] build one from a [Call]. It is the only place where requests are built.
//  4. [Description.ReadRequest] and [Description.JudgeResponse] hold a request or a response against the description,
//     and name the first [Violation]. A fast path takes the bodies that nearly every response has.
//  5. [Description.Doubt] asks kin-openapi for a second opinion. It reads the description by itself, where its words
//     mean to it what they mean to andon.
//  6. [Diff] says what changed between two descriptions, and whether it breaks callers.
//
// The description (openapi.yaml, or another given by the user) is the only source of shapes: tiers, content types and
// properties are read from it and never named in Go, apart from the names in [DefaultOperation]. The tree of its
// schemas is package schema's; what the description implies for a provider is package cases'.
package contracts

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/contracts/bundle"
	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// Description is the contract of the call: what may be sent and what may come back. It is safe for concurrent use.
type Description struct {
	name      string
	source    []byte
	document  *schema.Document
	written   *schema.Document // without a difference between what is sent and what comes back
	second    func() (crosscheck, error)
	sends     string // the media type of a request, as the description writes it
	compiler  *jsonschema.Compiler
	sha256    string
	operation Operation
	following Following
	at        []string // where the operation stands in the document
	methods   []string // those of the operation's path
	tokens    tokenUse
	takes     []string // the media types that a request may have, without parameters
	unsent    []string // those of them that andon does not send, as the description writes them
	// bodyOptional requests may come without a body.
	bodyOptional bool
	validator    *jsonschema.Schema
	bodyAt       []string // where the request's schema stands in the document
	parameters   []*Parameter
	choice       Choice
	body         *schema.Node
	fields       []schema.Member // the request's properties
	tiers        []string
	content      []ContentType
	responses    []*Response
	byStatus     map[string]*Response // by status, upper case
	headerNames  []string             // the headers of answers that are to be judged
	fixtures     []Fixture            // those that stand in the place of examples
}

// maxDescription bounds a description, in bytes.
const maxDescription = 8 << 20

// Load reads a description, as YAML or JSON. The name is the file's, for messages. The description must be a valid
// OpenAPI document of version 3.0, 3.1 or 3.2, in one file, that describes the call with a JSON body; see [Operation]
// for how it says which call that is. [Open] reads one in several files.
func Load(name string, data []byte) (*Description, error) { return Choice{}.Load(name, data) }

// Load reads a description as the function [Load] does, for what is chosen of it.
func (c Choice) Load(name string, data []byte) (*Description, error) {
	return c.loadFrom(name, data, nil, false)
}

// Proven reads a description as Load does that is held to be valid already, such as the one that is built in, with
// examples that conform, in half the time: kin-openapi reads it when its opinion is first asked for, unless another
// operation is chosen.
func (c Choice) Proven(name string, data []byte) (*Description, error) {
	return c.loadFrom(name, data, nil, c.Operation == "")
}

func (c Choice) loadFrom(name string, data []byte, files fs.FS, proven bool) (*Description, error) {
	d := &Description{name: name, choice: c}
	if err := d.load(data, files, proven); err != nil {
		return nil, told(name, d.document, err)
	}
	return d, nil
}

func (d *Description) load(data []byte, files fs.FS, proven bool) (err error) {
	if len(data) > maxDescription {
		return fmt.Errorf("the description has %d bytes, more than the 8 MiB that andon reads", len(data))
	}
	if d.document, d.source, err = bundle.Read(filepath.Base(d.name), data, files); err != nil {
		return err
	}
	sum := sha256.Sum256(d.source)
	d.sha256 = hex.EncodeToString(sum[:])
	extended, err := d.readOperation()
	if err != nil {
		return err
	}
	misnamed := d.operation.readNames(extended)
	d.written = d.document
	if marksOneWay(d.document.Root) {
		d.written = &schema.Document{Root: d.document.Root.Clone(), Files: d.document.Files, Unread: d.document.Unread}
		oneWay(d.document, d.operation)
	}
	found := newAudit(d.document, d.operation, d.choice.Operation != "")
	d.tokens = found.call.tokens
	if d.following = found.following(d.operation); len(found.parts) > 0 {
		return errors.Join(misnamed, &unhonouredError{file: d.name, document: d.document, parts: found.parts})
	}
	if misnamed != nil {
		return misnamed
	}
	if d.compiler, err = newCompiler(d.document.Root); err != nil {
		return err
	}
	called := d.operation
	d.second = sync.OnceValues(func() (crosscheck, error) { return newCrosscheck(d.document, called) })
	// Of what both refuse, what andon itself says is the nearer to what was written.
	if err := errors.Join(d.readRequest(proven), d.readResponses(found.heads)); err != nil {
		return err
	}
	if !proven {
		if _, err := d.second(); err != nil {
			return invalid(d.document, err)
		}
	}
	return errors.Join(d.checkNames(), d.readCarried(found))
}

// readCarried reads what calls carry besides their bodies.
func (d *Description) readCarried(found *audit) error {
	if err := errors.Join(d.readParameters(found.call.parameters), d.readParameters(found.followed.parameters)); err != nil {
		return err
	}
	d.parameters = found.call.parameters
	if !found.call.usual() {
		d.operation.carries = found.call.carried()
	}
	if err := d.fillFollowing(found.followed.parameters); err != nil {
		return err
	}
	return d.settle()
}

// compile makes a validator of the schema at a pointer into the document.
func (d *Description) compile(pointer []string) (*jsonschema.Schema, error) {
	return d.compiler.Compile(documentURL + "#" + jsontext.Pointer(pointer...))
}

// Operation is the call that the description is read for.
func (d *Description) Operation() Operation { return d.operation }

// Following is the operation that tells what became of an execution: the one that the description marks, or else that
// of [DefaultFollowing], which it need not contain.
func (d *Description) Following() Following { return d.following }

// Methods are the HTTP methods that the operation's path has in the description.
func (d *Description) Methods() []string { return d.methods }

// BodyRequired reports whether every call must have a body.
func (d *Description) BodyRequired() bool { return !d.bodyOptional }

// Takes reports whether the description has a request of a media type, which is given without parameters.
func (d *Description) Takes(media string) bool {
	major, _, _ := strings.Cut(media, "/")
	return slices.ContainsFunc(d.takes, func(r string) bool { return r == media || r == major+"/*" || r == "*/*" })
}

// Unsent are the media types that a request may have, and that andon sends none of.
func (d *Description) Unsent() []string { return d.unsent }

// Name is the file of the description, as it was named on loading.
func (d *Description) Name() string { return d.name }

// Line is where the operation stands in the text.
func (d *Description) Line() int { return d.node().Line }

// Where is the file, the line in it, and the text of that file, of a line of the description: the lines of its files
// are counted on from one to the next.
func (d *Description) Where(line int) (file string, at int, text []byte) {
	f, at := d.document.Where(line)
	if f == nil {
		return d.name, at, d.document.Files[0].Text
	}
	return fileBeside(d.name, f.Name), at, f.Text
}

// Source is the text of the description as it was read, and of one in several files a text that means the same.
func (d *Description) Source() []byte { return d.source }

// SHA256 is the hash of the source, in hex.
func (d *Description) SHA256() string { return d.sha256 }

// Document is the tree of the description's schemas.
func (d *Description) Document() *schema.Document { return d.document }

// RequestSchema is the schema of the request's body.
func (d *Description) RequestSchema() *schema.Node { return d.body }

// Tiers are the values that choose a model tier, in the description's order.
func (d *Description) Tiers() []string { return d.tiers }

// NoTier is what calls that name none of these tiers are called: default, or no-tier where a tier is called that.
func NoTier(tiers []string) string {
	name := "default"
	for prefix := "no-tier"; slices.Contains(tiers, name); prefix = "no-" + prefix {
		name = prefix
	}
	return name
}

// LeastItems is the least number of content items that a call may have.
func (d *Description) LeastItems() int {
	for _, f := range d.fields {
		if f.Name == d.operation.Content {
			if n, ok := d.unlessNull(f.Schema).At("minItems").Number(); ok && n > 0 && n < 1<<20 {
				return int(n)
			}
		}
	}
	return 0
}

// ContentTypes are the kinds of content items, in the description's order.
func (d *Description) ContentTypes() []ContentType { return d.content }

// Fields are the request's properties besides the tier and the content, in the description's order.
func (d *Description) Fields() []Property {
	var out []Property
	for _, f := range d.fields {
		if f.Name != d.operation.Tier && f.Name != d.operation.Content {
			out = append(out, newProperty(f))
		}
	}
	return out
}

// Members are all of the request's properties, in the description's order.
func (d *Description) Members() []schema.Member { return d.fields }

// Responses lists what the description says of the statuses, in its order.
func (d *Description) Responses() []*Response { return d.responses }

// ResponseFor is what the description says of a status: of it alone, of its class, or of all others; nil if nothing.
func (d *Description) ResponseFor(status int) *Response {
	if status < 100 || status > 999 {
		return nil
	}
	if r := d.byStatus[statusText(status)]; r != nil {
		return r
	}
	if r := d.byStatus[strconv.Itoa(status/100)+"XX"]; r != nil {
		return r
	}
	return d.byStatus["DEFAULT"]
}

// Success is the lowest status of a success that the description has, and what it says of it: 200 where it describes
// successes as a class or by default.
func (d *Description) Success() (int, *Response) {
	best := 0
	for _, r := range d.responses {
		n, err := strconv.Atoi(r.Status)
		switch {
		case err == nil && n/100 == 2 && (best == 0 || n < best):
			best = n
		case strings.EqualFold(r.Status, "2XX"):
			best = 200
		}
	}
	if best == 0 && d.byStatus["DEFAULT"] != nil {
		best = 200
	}
	return best, d.ResponseFor(best)
}

// RefusalsDescribed reports whether the description says anything of how calls are refused.
func (d *Description) RefusalsDescribed() bool {
	return slices.ContainsFunc(d.responses, func(r *Response) bool {
		return strings.HasPrefix(r.Status, "4") || strings.EqualFold(r.Status, "default")
	})
}

func (d *Description) documented() []string {
	var out []string
	for _, r := range d.responses {
		out = append(out, strings.ToLower(r.Status))
	}
	slices.Sort(out)
	return out
}
