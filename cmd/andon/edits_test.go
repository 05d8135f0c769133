package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
)

// specEdits are changes that the API may see one day: what becomes what.
var specEdits = map[string][]string{
	"a required text":    {atRequest, atRequest + "      required: [agentId]\n"},
	"a required number":  {atRequest, atRequest + "      required: [priority]\n", atFields, "      properties:\n        priority: {type: integer, minimum: 3, maximum: 5}\n        agentId:\n          description: The agent to run."},
	"a required choice":  {atRequest, atRequest + "      required: [lane]\n", atFields, "      properties:\n        lane: {type: string, enum: [fast, slow]}\n        agentId:\n          description: The agent to run."},
	"a required tier":    {atRequest, atRequest + "      required: [kaizenVersion]\n"},
	"required content":   {atRequest, atRequest + "      required: [content]\n"},
	"a tier renamed":     {"        tier: kaizenVersion\n", "        tier: modelTier\n", "        kaizenVersion:\n          description", "        modelTier:\n          description", "kaizenVersion: Full", "modelTier: Full", "kaizenVersion: Lite", "modelTier: Lite"},
	"a tier gone":        {"        kaizenVersion:\n          description", "        modelTier:\n          description"},
	"another kind":       {"propertyName: type", "propertyName: kind", "required: [type, ", "required: [kind, ", "        type:\n          description: Marks", "        kind:\n          description: Marks", "- type: text\n", "- kind: text\n", "- type: file\n", "- kind: file\n", "- type: skill\n", "- kind: skill\n", "- type: json\n", "- kind: json\n"},
	"202":                {"        '200':\n", "        '202':\n"},
	"a fourth property":  {"required: [sessionId, executionId, status]\n      properties:\n", "required: [sessionId, executionId, status, queue]\n      properties:\n        queue: {type: integer, minimum: 3}\n"},
	"states":             {"          description: The state of the run at the time of the answer. Its possible values are not documented.\n          type: string\n          examples: [running]\n", "          type: string\n          enum: [queued, started]\n"},
	"at least two items": {"            - []\n", "", "          items:\n            $ref: '#/components/schemas/ContentItem'\n", "          minItems: 2\n          maxItems: 3\n          items:\n            $ref: '#/components/schemas/ContentItem'\n", "            - - type: text\n                text: Summarize the open support tickets of this week.\n", "            - - {type: text, text: a}\n              - {type: text, text: b}\n"},
	"one item at most":   {"          items:\n            $ref: '#/components/schemas/ContentItem'\n", "          maxItems: 1\n          items:\n            $ref: '#/components/schemas/ContentItem'\n"},
	"parts of a form":    {"        required: true\n        content:\n", "        required: true\n        content:\n          multipart/form-data: {schema: {type: object, properties: {file: {type: string, format: binary}}}}\n"},
	"a closed request":   {atRequest, atRequest + "      additionalProperties: false\n"},
	"older OpenAPI":      {"openapi: 3.1.0", "openapi: 3.0.3"},
}

const (
	atRequest = "      description: What to run. No property is required; an empty object is a valid request.\n      type: object\n"
	atFields  = "      properties:\n        agentId:\n          description: The agent to run."
)

// edited is the description with a change in it.
func edited(t *testing.T, name string) string {
	t.Helper()
	text, pairs := string(andon.Spec), specEdits[name]
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("openapi.yaml has no %q", pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// Whatever of these the description says, every command goes by it: what is derived, sent, served, judged and compared.
func TestSpecEdits(t *testing.T) {
	const load = "load: [{rate: 100/s, for: 100ms}]\nlimits: {lag: 60s}\nprovider: {latency: 0s}\n"
	for name := range specEdits {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(file, text string) string {
				path := filepath.Join(dir, file)
				if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
				return path
			}
			before, spec, scenario := write("before.yaml", string(andon.Spec)), write("spec.yaml", edited(t, name)), write("load.yaml", load)
			target := served(t, spec)
			for _, args := range [][]string{
				{"contracts", "list", "--spec", spec}, {"contracts", "show", "content.object.negative", "--curl", "--spec", spec},
				{"verify", "--engine", "description", "--generated", "20", "--spec", spec}, {"plan", scenario, "--curl", "2", "--spec", spec},
				{"run", scenario, "--plain", "--out", filepath.Join(dir, "run"), "--spec", spec},
				{"verify", "--scenario", scenario, "--engine", "description", "--spec", spec}, {"contracts", "diff", before, spec},
				{"run", scenario, "--plain", "--out", filepath.Join(dir, "served"), "--spec", spec, "--target", target},
			} {
				var out, told bytes.Buffer
				code := plainly(t, args, &out, &told)
				want := 0
				if args[1] == "diff" && strings.Contains(out.String(), "breaking") {
					want = 1
				}
				if name == "parts of a form" && args[1] == "--engine" && !strings.Contains(out.String(), "further media types") {
					t.Errorf("the coverage says nothing of the form:\n%s", out.String())
				}
				if code != want {
					t.Errorf("andon %s: exit code %d, want %d\n%s\n%.3000s", strings.Join(args, " "), code, want, told.String(), out.String())
				}
			}
		})
	}
}

// served is where andon serve is reached, which goes by a description until the test ends.
func served(t *testing.T, spec string) (target string) {
	t.Helper()
	said, told := io.Pipe()
	server := begin(t, told, io.Discard, "serve", "--listen", "127.0.0.1:0", "--spec", spec)
	t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt)
		if code := ended(t, server); code != 0 {
			t.Errorf("andon serve: exit code %d", code)
		}
	})
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if at := strings.Index(lines.Text(), "http://"); at >= 0 {
			go func() { _, _ = io.Copy(io.Discard, said) }()
			target, _, _ = strings.Cut(lines.Text()[at:], "/agents")
			return target
		}
	}
	t.Fatalf("andon serve says no address: %v", lines.Err())
	return ""
}
