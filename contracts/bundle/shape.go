package bundle

import (
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// The kinds of objects of OpenAPI in which others stand that may be referred to.
const (
	aDocument   = "document"
	components  = "components"
	aPathItem   = "path item"
	anOperation = "operation"
	aCallback   = "callback"
	aParameter  = "parameter" // or a header
	aBody       = "request body"
	aResponse   = "response"
	aMedia      = "media type"
	anEncoding  = "encoding"
	aSchema     = "schema"
	anExample   = "example"
	aLink       = "link"
	aScheme     = "security scheme"
	aHeader     = "header"
)

// shelf is where components of a kind stand.
func shelf(kind string) string {
	return map[string]string{aPathItem: "pathItems", aCallback: "callbacks", aParameter: "parameters", aBody: "requestBodies", aResponse: "responses",
		aSchema: "schemas", anExample: "examples", aLink: "links", aScheme: "securitySchemes", aHeader: "headers"}[kind]
}

// below says of a kind of objects what kind stands under a key: in it, and whether in a list or by names.
func below(kind, key string) (child string, many bool) {
	switch kind {
	case aDocument:
		return map[string]string{"paths": aPathItem, "webhooks": aPathItem, "components": components}[key], key != "components"
	case components:
		for _, child := range []string{aPathItem, aCallback, aParameter, aBody, aResponse, aSchema, anExample, aLink, aScheme, aHeader} {
			if shelf(child) == key {
				return child, true
			}
		}
	case aPathItem:
		switch key {
		case "parameters":
			return aParameter, true
		case "additionalOperations":
			return anOperation, true
		case "get", "put", "post", "delete", "options", "head", "patch", "trace", "query":
			return anOperation, false
		}
	case anOperation:
		return map[string]string{"parameters": aParameter, "requestBody": aBody, "responses": aResponse, "callbacks": aCallback}[key], key != "requestBody"
	case aBody, aResponse:
		return map[string]string{"content": aMedia, "headers": aHeader, "links": aLink}[key], true
	case aParameter, aHeader:
		return map[string]string{"schema": aSchema, "content": aMedia, "examples": anExample}[key], key != "schema"
	case aMedia:
		return map[string]string{"schema": aSchema, "itemSchema": aSchema, "examples": anExample, "encoding": anEncoding}[key], key != "schema" && key != "itemSchema"
	case anEncoding:
		return map[string]string{"headers": aHeader}[key], true
	case aSchema:
		switch {
		case slices.Contains(strings.Fields("items additionalProperties not if then else contains propertyNames unevaluatedItems unevaluatedProperties contentSchema"), key):
			return aSchema, false
		case slices.Contains(strings.Fields("allOf anyOf oneOf prefixItems properties patternProperties dependentSchemas $defs definitions"), key):
			return aSchema, true
		}
	}
	return "", false
}

// each visits what stands in an object of a kind, in the order of the document. What is visited may be replaced.
func each(n *schema.Node, kind string, visit func(child string, at **schema.Node)) {
	one := func(child string, parent *schema.Node, key string) {
		at := parent.Fields[key]
		visit(child, &at)
		parent.Fields[key] = at
	}
	for _, key := range n.Names() {
		if kind == aCallback {
			one(aPathItem, n, key)
			continue
		}
		child, many := below(kind, key)
		switch at := n.Fields[key]; {
		case child == "":
		case !many:
			one(child, n, key)
		case at.IsList:
			for i := range at.List {
				visit(child, &at.List[i])
			}
		default:
			for _, name := range at.Names() {
				one(child, at, name)
			}
		}
	}
}
