package scenarios

import (
	"bytes"
	"encoding/json"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/provider"
)

type object = map[string]any

// Schema is a JSON Schema (draft 2020-12) of the scenario format, in the words of a description: editors complete keys
// and values by it. It says what a file looks like; sums, names and files of data are checked by [Parse] alone.
func Schema(d *contracts.Description) []byte {
	s := schema{d}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	// Maps, strings and numbers cannot fail to encode.
	_ = e.Encode(s.root())
	return b.Bytes()
}

type schema struct{ d *contracts.Description }

// orVariable admits a reference to the environment wherever a text is read.
const orVariable = `|.*\$\{.*`

func text(description string) object { return object{"type": "string", "description": description} }

func pattern(p, description string, examples ...string) object {
	return object{"type": "string", "pattern": "^(?:" + p + orVariable + ")$", "description": description, "examples": examples}
}

func rate(description string) object {
	return pattern(`[0-9.eE+]+ */ *[smh]`, description+", with its unit: 100/s, 90/m, 20/h.", "100/s")
}

func length(description string) object {
	return pattern(`([0-9.]+(ns|us|µs|ms|s|m|h))+|0`, description+", with its unit: 500ms, 30s, 1h30m.", "30s")
}

func share(description string) object {
	return pattern(`[0-9.eE+-]+ *%`, description+", as a percentage: 10%.", "10%")
}

func integer(description string, lo, hi uint64) object {
	return object{"description": description, "anyOf": []any{
		object{"type": "integer", "minimum": lo, "maximum": hi}, object{"type": "string", "pattern": `^(?:[0-9_]+` + orVariable + `)$`},
	}}
}

func boolean(description string) object {
	return object{"description": description, "anyOf": []any{object{"type": "boolean"}, object{"type": "string", "pattern": `\$\{`}}}
}

func weight(description string) object {
	return object{"description": description, "anyOf": []any{object{"type": "number", "minimum": 0}, object{"type": "string", "pattern": `\$\{`}}}
}

func closed(description string, required []string, properties object) object {
	o := object{"type": "object", "description": description, "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

func (s schema) root() object {
	root := closed("What andon sends, and when.", []string{"load"}, object{
		"name":        pattern(`[A-Za-z0-9._-]{1,64}`, "Names the scenario in reports and run directories; the file's name where it is left out.", "mixed"),
		"description": text("What the scenario is for."),
		"target":      text("The provider's base URL. Anything but loopback must be named when a run is started, too."),
		"load": object{
			"type": "array", "minItems": 1, "maxItems": maxPhases, "items": s.phase(),
			"description": "The phases, one after the other: either all open (a rate) or all closed (callers).",
		},
		"arrivals": object{
			"enum": []string{"constant", "poisson"}, "default": "constant",
			"description": "Whether calls come at even distances, or at random as independent users do.",
		},
		"pacing": pattern(`[0-9.]+(ns|us|µs|ms)`, "How much later than due calls may leave, 5ms at most, so that several leave together, sooner where many do. What "+
			"they leave later is in their lag and their latency. That takes less of a processor. Left out: each leaves when it is due.", "1ms"),
		"mix":        s.mix(),
		"data":       s.data(),
		"parameters": s.parameters(),
		"headers": object{
			"type": "object", "additionalProperties": object{"anyOf": []any{object{"type": "string"}, object{"$ref": "#/$defs/column"}}},
			"description": "Headers that every call carries. A secret is given by reference: {env:NAME}, {file:PATH} or {command:…}, or as a column: {from: tenants.csv, column: token}.",
		},
		"auth":     authSchema(),
		"limits":   s.limits(),
		"follow":   object{"anyOf": []any{boolean("Whether executions are followed to their end."), s.follow()}, "description": "How it is found out what becomes of executions. Left out: it is not."},
		"baseline": text("The file of the baseline that thresholds refer to, found from the scenario's folder: andon baseline add makes one."),
		"thresholds": object{
			"type": "array", "items": s.threshold(), "description": "The conditions that decide the verdict.",
		},
		"provider": s.provider(),
	})
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "andon scenario"
	root["$defs"] = object{"source": sourceSchema(), "column": columnSchema("A text of the row that the call is of.")}
	return root
}

func (s schema) phase() object {
	p := closed("A phase: one of rate, ramp, steps, sine, spike, callers, and how long.", []string{"for"}, object{
		"name":   pattern(`[A-Za-z0-9._-]{1,64}`, "Names the phase in reports and thresholds.", "burst"),
		"for":    length("How long the phase lasts"),
		"warmup": boolean("A warm-up is sent and shown, and left out of figures and thresholds."),
		"rate":   rate("A constant rate"),
		"ramp": closed("A rate that changes evenly.", []string{"from", "to"}, object{
			"from": rate("The rate at the start"), "to": rate("The rate at the end"),
		}),
		"steps": closed("A rate that changes in steps of equal length, each of which is a phase of its own in reports: climb@100/s, of climb.", []string{"from", "to", "by"}, object{
			"from": rate("The first rate"), "to": rate("The last rate"), "by": rate("The difference between steps"),
		}),
		"sine": closed("A rate that swings around a mean, beginning at the mean and rising.", []string{"mean", "amplitude", "period"}, object{
			"mean": rate("The mean rate"), "amplitude": rate("How far the rate swings, at most the mean"), "period": length("The length of one swing"),
		}),
		"spike": closed("A base rate with one burst; before, burst and after are phases of their own in reports: spike@50/s, spike@1000/s, spike@50/s-2.", []string{"base", "peak", "at", "width"}, object{
			"base": rate("The rate before and after"), "peak": rate("The rate within the burst"),
			"at": length("When the burst begins, from the phase's start"), "width": length("How long the burst lasts"),
		}),
		"callers": integer("A closed loop: so many callers, each of whom sends when the last call is answered.", 1, maxCallers),
	})
	var one []any
	for _, k := range shapeKeys {
		one = append(one, object{"required": []string{k}})
	}
	p["oneOf"] = one
	return p
}

func (s schema) mix() object {
	tiers := object{}
	noTier := contracts.NoTier(s.d.Tiers())
	for _, t := range s.d.Tiers() {
		tiers[t] = weight("The weight of calls with the tier " + t + ".")
	}
	tiers[noTier] = weight("The weight of calls that leave the tier out.")
	var types []string
	for _, t := range s.d.ContentTypes() {
		types = append(types, t.Name)
	}
	properties := object{
		"tier": closed("Weights by tier. Left out: every tier of the description alike.", nil, tiers),
		"content": object{
			"type":        "array",
			"description": "Weighted content signatures. Left out: every content type alone, as often as the least number of items asks, alike.",
			"items": closed("A signature and its weight.", []string{"items"}, object{
				"weight": weight("The signature's weight; 1 where it is left out."),
				"items": object{
					"description": "The types of the items, in order; [] for an empty list, none to leave the field out.",
					"anyOf": []any{
						object{"type": "array", "maxItems": maxItems, "items": object{"anyOf": []any{
							object{"enum": types}, object{"type": "string", "pattern": `\$\{`},
						}}},
						object{"const": noContent},
					},
				},
			}),
		},
		"invalid": share("The share of calls that break the contract, and must be refused"),
	}
	for _, f := range s.d.Fields() {
		properties[f.Name] = share("The share of calls with " + f.Name)
	}
	return closed("What the calls carry.", nil, properties)
}

func sourceSchema() object {
	return closed("Where values come from: one of length, ids, values, from, template, keys.", nil, object{
		"length": object{
			"description": "The length of generated texts, in characters: a number, or a distribution.",
			"anyOf": []any{
				integer("A constant length.", 0, maxText),
				closed("A lognormal distribution.", []string{"median", "p99"}, object{
					"median": integer("Half of the texts are longer.", 1, maxText), "p99": integer("One text in a hundred is longer.", 1, maxText),
				}),
				closed("A uniform distribution.", []string{"min", "max"}, object{
					"min": integer("The least length.", 0, maxText), "max": integer("The greatest length.", 0, maxText),
				}),
			},
		},
		"ids":      object{"type": "array", "minItems": 1, "items": object{"type": []string{"string", "number"}}, "description": "Texts, of which each call takes one at random."},
		"values":   object{"type": "array", "minItems": 1, "description": "Values of any type, of which each call takes one at random."},
		"from":     text("A .csv or .jsonl file, found from the scenario's folder, of which each call takes a row at random. What a call takes from one file comes from one row, item by item. Blanks, null, booleans, lists and objects are no texts and are refused with their line."),
		"column":   text("The column of the file."),
		"template": text("A text with {{seq}} (the call's number), {{uuid}} and {{column}} of the file."),
		"keys":     integer("How many members a generated object has.", 0, 1000),
		"depth":    integer("How many levels it has.", 1, maxLevels),
	})
}

func (s schema) data() object {
	properties := object{}
	ids := object{"type": "array", "minItems": 1, "description": "Short for {ids: [...]}: values of which each call takes one at random."}
	for _, t := range s.d.ContentTypes() {
		byProperty := object{}
		for _, p := range t.Properties {
			byProperty[p.Name] = object{"$ref": "#/$defs/source"}
		}
		properties[t.Name] = object{"description": "The values of " + t.Name + " items.", "anyOf": []any{
			object{"$ref": "#/$defs/source"}, ids,
			closed("One source for each property.", []string{"properties"}, object{"properties": closed("The properties.", nil, byProperty)}),
		}}
	}
	for _, f := range s.d.Fields() {
		if _, taken := properties[f.Name]; !taken {
			properties[f.Name] = object{"description": "The values of " + f.Name + ".", "anyOf": []any{object{"$ref": "#/$defs/source"}, ids}}
		}
	}
	return closed("Where values come from. Left out: values generated from the description.", nil, properties)
}

func (s schema) limits() object {
	return closed("What a run may use.", nil, object{
		"timeout":  length("How long a call may take, and how long it may wait for a free slot; 30s where it is left out"),
		"inFlight": integer("The most calls in flight; 1000 where it is left out.", 1, maxInFlight),
		"calls":    integer("The most calls in all; 100000 where it is left out.", 1, maxCalls),
		"lag": length("How late 1 call in 100 may leave, 1m at most, before the run is generator-limited, where that is andon's own fault, or " +
			"target-limited; 10ms where it is left out"),
		"warm": integer("How many connections are set up before the first call, inFlight of them at most. 0 where it is left out: each is set up "+
			"when a call needs it, and the time is part of that call's.", 0, maxInFlight),
		"memory": pattern(`[0-9]+ *(MB|GB)`, "How much memory the answers under way may take together, from 16MB on, beyond a few kilobytes for each; "+
			"where they would take more, andon gives up the largest. 256MB where it is left out.", "256MB"),
	})
}

func (s schema) follow() object {
	usual := contracts.DefaultFollowing()
	pointer := func(example, what string) object {
		return pattern(`|/.*`, "The JSON pointer to "+what+".", example)
	}
	list := func(what string) object {
		return object{"type": "array", "items": object{"type": []string{"string", "number", "boolean"}}, "description": "The states of executions that " + what + "."}
	}
	return closed("How executions are followed; what is left out is as the description has it, or the API's public pages.", nil, object{
		"operation": pattern(`(GET|POST) /[^?#%]*`, "The operation that tells the state of one. {id} stands for its id.", "POST /executions/get", "GET /v1/runs/{id}"),
		"id":        pointer(usual.ID, "the id in what is sent, where the path has none"),
		"state":     pointer(usual.State, "the state in the answer, and in a webhook"),
		"session":   pointer(usual.Session, "its session; empty where it is not told, as with the others"),
		"began":     pointer(usual.Began, "when it began, by the provider's clock"),
		"ended":     pointer("/execution/endTime", "when it ended, by the provider's clock"),
		"same":      pointer(usual.Same, "the id that was asked about, in the answer and in a webhook"),
		"states": closed("What the states mean.", nil, object{
			"waiting": list("have not begun"), "running": list("have begun"), "completed": list("ended well"), "failed": list("ended, and not well"),
		}),
		"sample": share("The share of executions that is followed from when they are accepted on; all are asked about once after the last call. 100% where it is left out"),
		"for":    length("How long they are followed after the last call; 10m where it is left out"),
		"polls":  rate("How many polls there may be, beside the calls; 50/s where it is left out"),
		"within": share("How wide the bounds of a completion may be, of the median; 5% where it is left out"),
	})
}

func (s schema) threshold() object {
	expr := object{
		"type":        "string",
		"description": "A condition: p99(latency) < 800ms, rate(errors){tier=Lite} < 0.1%, count(violations) == 0; with a window, it must hold in each of all that slide over the run: p99(latency, 30s) < 800ms. A limit can be so many times what a baseline has: p99(latency) < 1.1 × baseline (or x, or *). Where executions are followed, of what became of them too: p95(completion) < 60s, count(lost) == 0.",
		"examples":    []string{"p99(latency) < 800ms", "p99(latency, 30s) < 800ms", "p99(latency) < 1.1 × baseline", "rate(errors) < 0.1%", "count(violations) == 0", "rate(sent) >= 99%", "rate(answered) >= 45/s", "p95(completion){tier=Lite} < 60s", "backlog(growth) <= 0/s"},
	}
	return object{"anyOf": []any{expr, closed("A condition that may end the run.", []string{"expr"}, object{
		"expr":  expr,
		"abort": boolean("End the run as soon as the condition is broken; one with a window, as soon as a window that is over cannot be saved by the calls under way."),
		"after": length("How much of the run must have passed before it is ended"),
	})}}
}

func (s schema) provider() object {
	latency := pattern(`.+`, "A service time: 20ms, constant(20ms), uniform(10ms, 50ms), lognormal(400ms, 0.4) by median and sigma.",
		"20ms", "uniform(10ms, 50ms)", "lognormal(400ms, 0.4)")
	tiers, pools := object{}, object{}
	for _, t := range append(append([]string{}, s.d.Tiers()...), contracts.NoTier(s.d.Tiers())) {
		tiers[t], pools[t] = latency, integer("How many calls of the tier "+t+" are served at a time.", 1, 1_000_000)
	}
	faults := object{
		"above": rate("The shares strike only while valid calls come, over the last 10 seconds, at more than this rate"),
		"slowBody": closed("Bodies that trickle.", []string{"share", "for"}, object{
			"share": share("The share of calls"), "for": length("How long a body takes"),
		}),
		"stall": closed("One freeze of the whole provider.", []string{"at", "for"}, object{
			"at": length("When it begins, from the first call on"), "for": length("How long it lasts"),
		}),
	}
	for _, name := range provider.ShareNames() {
		faults[name] = share("The share of valid calls with the fault " + name)
	}
	return closed("The embedded provider, which is called where no target is given.", nil, object{
		"workers":    integer("How many calls are served at a time; 0 is any number.", 0, 1_000_000),
		"queue":      integer("How many calls wait for a worker, or for one of each pool, before others are refused with 429.", 0, 1_000_000),
		"pools":      closed("Workers by tier, in place of workers, which all tiers share. A tier that is left out shares those of the calls without a tier, and these, where they are left out, those of the first tier that has some.", nil, pools),
		"latency":    object{"anyOf": []any{latency, closed("Service times by tier.", nil, tiers)}},
		"faults":     closed("How the provider misbehaves.", nil, faults),
		"executions": s.executions(latency, tiers),
		"webhooks":   webhooksSchema(),
	})
}

// executions describes how what is accepted is run, with times as the latencies are written.
func (s schema) executions(time object, tiers object) object {
	order := object{}
	for t := range tiers {
		order[t] = weight("The share of the tier " + t + "; 1 where it is left out.")
	}
	properties := object{
		"workers": integer("How many run at a time; 0 is any number.", 0, 1_000_000),
		"queue":   integer("How many wait for a worker before calls are refused with 429.", 0, 1_000_000),
		"time": object{"description": "How long one runs: one distribution, or one for each tier.",
			"anyOf": []any{time, closed("Times by tier.", nil, tiers)}},
		"order": object{"description": "Which one begins next: fifo, or the tiers' shares of those that begin while several wait, as in {Full: 1, Lite: 3}.",
			"anyOf": []any{object{"enum": []any{byOrder}}, closed("Shares by tier.", nil, order)}},
	}
	for name, what := range map[string]string{
		"failed": "fail", "lost": "are lost: unknown to the provider from the start, or from the middle of their time", "stuck": "are said to be running for good",
	} {
		properties[name] = share("The share of those that " + what)
	}
	return closed("How what is accepted is run. Left out: nothing is, and nothing tells what became of it.", nil, properties)
}

// webhooksSchema describes the webhooks for editors.
func webhooksSchema() object {
	properties := object{
		"url":    text("Where they go; andon's own place for them where it is left out."),
		"secret": object{"type": "string", "pattern": `\{(env|file):|\$\{`, "description": "What they are signed with, by reference.", "examples": []string{"{env:WEBHOOK_SECRET}"}},
		"late": closed("Webhooks that come late.", []string{"share", "for"}, object{
			"share": share("The share of webhooks"), "for": length("How late they come"),
		}),
	}
	for name, what := range map[string]string{
		"twice": "sent twice", "never": "never sent", "wrongSignature": "signed with another secret", "oldTimestamp": "dated an hour back",
		"unknownId": "sent for an execution that there is not",
	} {
		properties[name] = share("The share of those that are " + what)
	}
	return closed("Webhooks about executions that have ended.", nil, properties)
}

// columnSchema describes a column that each call takes what it carries of.
func columnSchema(description string) object {
	return closed(description, []string{"from", "column"}, object{
		"from":   text("A .csv or .jsonl file, found from the scenario's folder, the same one for all that headers and auth take. Each call is of one row of it, its body too; the run directory does not keep the columns."),
		"column": text("The column of the file."),
	})
}

// authSchema describes auth for editors.
func authSchema() object {
	const byReference = ", by reference: {env:NAME}, {file:PATH} or {command:…}; or a column: {from: tenants.csv, column: token}."
	reference := object{"type": "string", "pattern": `\{(env|file|command):|\$\{`}
	column := object{"$ref": "#/$defs/column"}
	secret := func(what string) object {
		return object{"anyOf": []any{reference, column}, "description": what + byReference, "examples": []string{"{env:STAGING_SECRET}"}}
	}
	return closed("How calls say who sends them. Without it, and where no flag says it, the bearer token is that of ANDON_TOKEN.", nil, object{
		"bearer": object{"description": "A bearer token, or the column that has one for each tenant: {from: tenants.csv, column: token}.", "anyOf": []any{
			closed("A token.", []string{"token"}, object{"token": secret("The token")}), column,
		}},
		"basic": closed("A name and a password for the Basic scheme, as gateways ask for them.", []string{"username", "password"}, object{
			"username": object{"anyOf": []any{object{"type": "string"}, column}, "description": "The name, written out, by reference or as a column."}, "password": secret("The password"),
		}),
		"apiKey": closed("A key.", []string{"in", "name", "value"}, object{
			"in": object{"enum": []string{"header", "query", "cookie"}, "description": "Where the key goes."}, "name": text("What it is called there."), "value": secret("The key"),
		}),
	})
}

// parameters are what the call carries besides its body, by their names.
func (s schema) parameters() object {
	properties := object{}
	for _, p := range s.d.Parameters() {
		properties[p.Name] = object{"description": "The value of " + p.String() + "."}
	}
	o := closed("What parameters of the call are sent with, in the place of the description's examples. A list or an object is written as one.", nil, properties)
	o["additionalProperties"] = true
	return o
}
