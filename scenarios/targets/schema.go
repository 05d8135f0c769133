package targets

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/kaizenautomation/andon/contracts"
)

type object = map[string]any

// Schema is a JSON Schema (draft 2020-12) of files of targets, by the tiers of a description: editors complete keys and
// values by it.
func Schema(d *contracts.Description) []byte {
	text := func(description string, examples ...string) object {
		o := object{"type": "string", "pattern": `\S`, "description": description}
		if len(examples) > 0 {
			o["examples"] = examples
		}
		return o
	}
	texts := func(description string) object {
		return object{"type": "object", "additionalProperties": object{"type": "string"}, "description": description}
	}
	closed := func(description string, required []string, properties object) object {
		o := object{"type": "object", "description": description, "additionalProperties": false, "properties": properties}
		if len(required) > 0 {
			o["required"] = required
		}
		return o
	}
	count := func(most int, description string) object {
		return object{"description": description, "anyOf": []any{object{"type": "integer", "minimum": 1, "maximum": most}, object{"type": "string", "pattern": `^[0-9_]+$`}}}
	}
	amount := func(description string) object {
		return object{"type": "number", "exclusiveMinimum": 0, "maximum": 1e12, "description": description}
	}
	prices := object{}
	for _, tier := range append(slices.Clone(d.Tiers()), contracts.NoTier(d.Tiers())) {
		prices[tier] = object{"type": "number", "minimum": 0, "maximum": 1e12, "description": "What a run of this tier costs."}
	}
	tiers := closed("What a run costs by its tier. One that is left out costs as much as the dearest.", nil, prices)
	tiers["minProperties"] = 1
	target := closed("Where calls may go.", []string{"url"}, object{
		"url":      text("The base URL.", "https://staging.example.com"),
		"token":    text("Where the bearer token comes from: {env:NAME}, {file:PATH} or {command:…}.", "{env:STAGING_TOKEN}"),
		"user":     text("A name, and where its password comes from.", "ci:{env:PASSWORD}"),
		"headers":  texts("Headers of every call; a secret by reference."),
		"query":    texts("Parameters in the query of every call; a secret by reference."),
		"fixtures": text("A file of values that exist there, beside this one.", "staging-fixtures.yaml"),
		"caps": closed("The most that calls may come to.", nil, object{
			"rate":        object{"type": "string", "pattern": `^[0-9.eE+]+ */ *[smh]$`, "description": "The highest rate of calls.", "examples": []string{"50/s"}},
			"inFlight":    count(1_000_000, "The most calls in flight."),
			"runsPerGate": count(1_000_000_000, "The most runs that a gate may start."),
			"runsPerDay":  count(1_000_000_000, "The most runs that gates may start in a day, in UTC."),
			"costPerGate": amount("The most that a gate may cost."),
			"costPerDay":  amount("The most that gates may cost in a day, in UTC."),
		}),
		"cost": closed("What runs cost.", []string{"unit", "tiers"}, object{
			"unit":  object{"type": "string", "pattern": `\S`, "maxLength": 20, "description": "What cost is counted in.", "examples": []string{"EUR", "credits"}},
			"tiers": tiers,
		}),
		"production": object{"type": "boolean", "description": "It serves people: its name has to be typed out to call it. " + production + " does in any case."},
	})
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	// Maps, strings and numbers cannot fail to encode.
	_ = e.Encode(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Targets of andon", "type": "object", "additionalProperties": false, "required": []string{"targets"},
		"properties": object{"targets": object{
			"type": "object", "minProperties": 1, "additionalProperties": target, "description": "The targets by their names.",
			"propertyNames": object{"pattern": aName().String()},
		}},
	})
	return b.Bytes()
}
