package contracts

import (
	"errors"
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

	carries *carried // what calls carry besides their bodies; nil is a bearer token that they need, and nothing else
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

// httpMethods are the operations that a path can have, as the description writes them.
var httpMethods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// extension is what an operation object carries to say that it is the one, and how its properties are called.
const extension = "x-andon"

// named are the properties that the extension can name, by its keys.
func (o *Operation) named() (keys []string, names map[string]*string) {
	names = map[string]*string{
		"tier": &o.Tier, "content": &o.Content, "agentId": &o.AgentID, "executionId": &o.ExecutionID, "sessionId": &o.SessionID,
	}
	return []string{"tier", "content", "agentId", "executionId", "sessionId"}, names
}

// readNames reads the extension, which may be missing.
func (o *Operation) readNames(x *schema.Node) error {
	if x == nil {
		return nil
	}
	if x.Fields == nil {
		return schema.Wrong(x, "%s: expected names of properties, such as {tier: %s}; {} keeps all default names", extension, o.Tier)
	}
	keys, names := o.named()
	var wrong []error
	for _, key := range x.Keys {
		value := x.Fields[key]
		name := names[key]
		if name == nil {
			hint := "expected one of " + strings.Join(keys, ", ")
			if near := text.Nearest(key, keys); near != "" {
				hint = "did you mean " + near + "?"
			}
			wrong = append(wrong, schema.Wrong(value, "%s: nothing is called %s; %s", extension, quote(clip(key, 60)), hint))
			continue
		}
		if value.Text() == "" {
			wrong = append(wrong, schema.Wrong(value, "%s: %s: expected the name of a property, as a text, found %s", extension, key, clip(string(value.AppendJSON(nil)), 60)))
			continue
		}
		*name = value.Text()
	}
	for _, pair := range [][2]string{{"tier", "content"}, {"tier", "agentId"}, {"content", "agentId"}, {"executionId", "sessionId"}} {
		if *names[pair[0]] == *names[pair[1]] {
			wrong = append(wrong, schema.Wrong(x, "%s: %s and %s are both called %s; expected two properties", extension, pair[0], pair[1], quote(*names[pair[0]])))
		}
	}
	return errors.Join(wrong...)
}
