package gate

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"

	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/scenarios/fleet"
)

//go:embed init.yaml
var begin []byte

// Init writes a gate to begin with to a new file. The error is fs.ErrExist where there is one.
func Init(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if _, err = f.Write(begin); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

type object = map[string]any

// Schema is a JSON Schema (draft 2020-12) of gates: editors complete keys and values by it. Whether the files that a
// gate names are there, [Prepare] alone knows.
func Schema() []byte {
	text := func(description string, examples ...string) object {
		o := object{"type": "string", "pattern": `\S`, "description": description}
		if len(examples) > 0 {
			o["examples"] = examples
		}
		return o
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
	const rate, share, length = `^[0-9.eE+]+ */ *[smh]$`, `^[0-9.eE+-]+ *%$`, `^([0-9.]+(ns|us|µs|ms|s|m|h))+$`
	scenario := text("A scenario that comes with andon, or its file beside the gate's.", "mixed", "./peak.yaml")
	ofLoad := text("The scenario whose runs these are; that of the part load where it is left out.", "mixed")
	parts := object{
		"description": closed("Whether the description breaks those who call.", []string{"base"}, object{"base": text("The file of the last released description.", "released/openapi.yaml")}),
		"verify": closed("Whether the target keeps every case of the contract.", nil, object{
			"strict": object{"type": "array", "items": object{"enum": append(verify.Everything(), "all")}, "description": "What decides besides the description."},
			"rate":   object{"type": "string", "pattern": `^max$|` + rate, "description": "Most calls a second, or max; 10/s where it is left out."},
		}),
		"load": closed("Whether the target meets the thresholds of a scenario.", []string{"scenario"}, object{"scenario": scenario}),
		"compare": closed("Whether runs became worse than those of a baseline, or the target than another one.", nil, object{
			"scenario": ofLoad, "baseline": text("The file of the baseline.", "mixed.baseline"),
			"against":       text("What the target is compared with in the place of a baseline, both met in turn: a name in the file of targets, or a URL.", "deployed"),
			"runs":          count(100, "How many runs are made; the load's own is one of them."),
			"tolerance":     text("By how much figures may become worse.", "p99=10%,errors=0.5pp"),
			"failOnUnknown": object{"type": "boolean", "description": "Whether it fails where nothing can be told."},
		}),
		"capacity": closed("Whether the target takes the rate that is needed.", []string{"need"}, object{
			"scenario": ofLoad,
			"need":     object{"type": "string", "pattern": rate, "description": "The rate that the target has to take.", "examples": []string{"120/s"}},
			"headroom": object{"type": "string", "pattern": share, "description": "The share above it that it has to take as well.", "examples": []string{"20%"}},
			"calls":    count(100_000_000, "The most calls of the part."),
			"time":     object{"type": "string", "pattern": length, "description": "The most time of the part.", "examples": []string{"5m"}},
		}),
	}
	parts["compare"].(object)["oneOf"] = []any{object{"required": []string{"baseline"}}, object{"required": []string{"against"}, "not": object{"required": []string{"runs"}}}}
	keys := object{
		"target":     text("A name in the file of targets, or a URL. A production target has to be typed out where the gate is started, too.", "staging"),
		"targets":    text("The file of targets, beside this one.", "targets.yaml"),
		"deviations": text("A file of known deviations from the contract.", "known.yaml"),
		"fleet":      count(fleet.MostWorkers, "How many workers (andon fleet worker) send the calls of load, compare and capacity; without it this machine does."),
	}
	var any []object
	for _, name := range []string{"description", "verify", "load", "compare", "capacity"} {
		keys[name] = parts[name]
		any = append(any, object{"required": []string{name}})
	}
	root := closed("What a release has to hold before it ships.", nil, keys)
	root["$schema"], root["title"], root["anyOf"] = "https://json-schema.org/draft/2020-12/schema", "A gate of andon", any
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	// Maps, strings and numbers cannot fail to encode.
	_ = e.Encode(root)
	return b.Bytes()
}
