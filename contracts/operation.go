package contracts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/schema"
	"github.com/kaizenautomation/andon/reports/text"
)

// Operation is the call that a description is read for, and the names of the properties to which andon gives a meaning.
//
// The operation of a description that carries x-andon is the one. Without any it is that of [DefaultOperation]. The
// keys of x-andon are those of the properties below; a property that is not named there has its default name, and need
// not exist.
type Operation struct {
	// Method and Path say where the call lives below the target's base URL.
	Method string
	Path   string
	// Tier and Content are properties of the request: the model tier, and the list of content items.
	Tier    string
	Content string
	// AgentID is the property of the request that names the agent.
	AgentID string
	// ExecutionID and SessionID are properties of the response: what a success has started.
	ExecutionID string
	SessionID   string
}

// DefaultOperation is the call of a description that does not say another, with the names that its properties have.
func DefaultOperation() Operation {
	return Operation{
		Method: "POST", Path: "/agents/execute",
		Tier: "kaizenVersion", Content: "content", AgentID: "agentId", ExecutionID: "executionId", SessionID: "sessionId",
	}
}

// String is the call as people write it: POST /agents/execute.
func (o Operation) String() string { return o.Method + " " + o.Path }

// extension is what an operation object carries to say that it is the one, and how its properties are called.
const extension = "x-andon"

// named are the properties that the extension can name, by its keys.
func (o *Operation) named() (keys []string, names map[string]*string) {
	names = map[string]*string{
		"tier": &o.Tier, "content": &o.Content, "agentId": &o.AgentID, "executionId": &o.ExecutionID, "sessionId": &o.SessionID,
	}
	return []string{"tier", "content", "agentId", "executionId", "sessionId"}, names
}

// httpMethods are the operations that a path can have, as the description writes them.
var httpMethods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// readOperation finds the operation, and the names of its properties.
func (d *Description) readOperation() error {
	paths := d.document.Root.At("paths")
	var known, marked []string
	var at *schema.Node
	o := DefaultOperation()
	for _, path := range paths.Names() {
		item := paths.At(path)
		if x := item.At(extension); x != nil {
			return fmt.Errorf("line %d: %s belongs to an operation, such as post, not to the path %s", x.Line, extension, path)
		}
		for _, method := range httpMethods {
			op := item.At(method)
			if op == nil {
				continue
			}
			call := strings.ToUpper(method) + " " + path
			known = append(known, call)
			if x := op.At(extension); x != nil {
				marked, at = append(marked, call), x
				o.Method, o.Path = strings.ToUpper(method), path
			}
		}
	}
	switch {
	case len(marked) > 1:
		return fmt.Errorf("line %d: %s stands at %s; one operation can be the one that is tested", at.Line, extension, strings.Join(marked, " and at "))
	case len(marked) == 0 && !slices.Contains(known, o.String()):
		return fmt.Errorf("the description has no %s and no operation with %s, which would say that it is the one; it has %s",
			o, extension, cmp.Or(clip(strings.Join(known, ", "), 300), "no operation at all"))
	case strings.Contains(o.Path, "{"):
		return fmt.Errorf("the path %s has parameters, which andon cannot fill", o.Path)
	}
	d.operation = o
	for _, method := range httpMethods {
		if paths.At(o.Path, method) != nil {
			d.methods = append(d.methods, strings.ToUpper(method))
		}
	}
	return d.operation.readNames(at)
}

// readNames reads the extension, which may be missing.
func (o *Operation) readNames(x *schema.Node) error {
	if x == nil {
		return nil
	}
	if x.Fields == nil {
		return fmt.Errorf("line %d: %s: expected names of properties, such as {tier: %s}; {} keeps all default names", x.Line, extension, o.Tier)
	}
	keys, names := o.named()
	for _, key := range x.Keys {
		value := x.Fields[key]
		name := names[key]
		if name == nil {
			hint := "expected one of " + strings.Join(keys, ", ")
			if near := text.Nearest(key, keys); near != "" {
				hint = "did you mean " + near + "?"
			}
			return fmt.Errorf("line %d: %s: nothing is called %s; %s", value.Line, extension, quote(clip(key, 60)), hint)
		}
		if value.Text() == "" {
			return fmt.Errorf("line %d: %s: %s: expected the name of a property, as a text", value.Line, extension, key)
		}
		*name = value.Text()
	}
	for _, pair := range [][2]string{{"tier", "content"}, {"tier", "agentId"}, {"content", "agentId"}, {"executionId", "sessionId"}} {
		if *names[pair[0]] == *names[pair[1]] {
			return fmt.Errorf("line %d: %s: %s and %s are both called %s", x.Line, extension, pair[0], pair[1], quote(*names[pair[0]]))
		}
	}
	return nil
}

// checkNames holds the names in the extension against the properties that there are.
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
	for _, key := range x.Keys {
		place, known := "request", request
		if key == "executionId" || key == "sessionId" {
			place, known = "response of a success", response
		}
		if name := x.Fields[key].Text(); !known[name] {
			return fmt.Errorf("line %d: %s: %s: the %s has no property %s", x.Fields[key].Line, extension, key, place, quote(clip(name, 60)))
		}
	}
	return nil
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

// maxBranches is how deep choices between choices are followed.
const maxBranches = 8

// node is the operation's object in the description.
func (d *Description) node() *schema.Node {
	return d.document.Root.At("paths", d.operation.Path, strings.ToLower(d.operation.Method))
}

// pointer is where the operation's object stands.
func (d *Description) pointer() []string {
	return []string{"paths", d.operation.Path, strings.ToLower(d.operation.Method)}
}
