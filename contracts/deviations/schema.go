package deviations

import (
	"bytes"
	"encoding/json"
	"strings"
)

type object = map[string]any

// Schema is a JSON Schema (draft 2020-12) of files of known deviations: editors complete keys, and the names of rules,
// by it. Which cases there are, [Parse] alone knows.
func Schema(rules []string) []byte {
	patterns := func(of string, examples ...any) object {
		return object{
			"type": "array", "minItems": 1, "items": object{"type": "string", "minLength": 1, "examples": examples},
			"description": "Patterns of " + of + ", in which * stands for anything.",
		}
	}
	entry := object{
		"type": "object", "additionalProperties": false, "required": []string{"why", "until"},
		"description": "A breach of the contract that is known and accepted for a time.",
		"anyOf":       []object{{"required": []string{"cases"}}, {"required": []string{"rules"}}},
		"properties": object{
			"cases": patterns("the ids of cases, as andon contracts list shows them; with rules, both have to match", "body.key-twice.negative", "content-type.*"),
			"rules": patterns("rules: "+strings.Join(rules, ", "), "undocumented-status"),
			"why": object{
				"type": "string", "description": "Why it is accepted, for whoever reads the report.",
				"pattern": `\S`, "not": object{"pattern": `^\s*[Tt][Oo][Dd][Oo]`},
			},
			"ask":   object{"type": "string", "pattern": `\S`, "description": "Whom to ask: a link, a ticket, a name."},
			"until": object{"type": "string", "pattern": `^\d{4}-\d{2}-\d{2}$`, "description": "The last day on which it is accepted, in UTC.", "examples": []string{"2027-01-31"}},
		},
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	// Maps, strings and numbers cannot fail to encode.
	_ = e.Encode(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Known deviations of a target from its contract", "type": "object", "additionalProperties": false,
		"required":   []string{"deviations"},
		"properties": object{"deviations": object{"type": "array", "items": entry, "description": "The known deviations. Of those that are about one breach, the first that has not expired counts."}},
	})
	return b.Bytes()
}
