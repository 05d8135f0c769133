package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/scenarios"
)

// upToDate holds a generated text against the file that has it, or writes it there.
func upToDate(t *testing.T, file, text string) {
	t.Helper()
	was, err := os.ReadFile(file)
	switch {
	case *update:
		err = os.WriteFile(file, []byte(text), 0o666)
	case err == nil && string(was) != text:
		t.Errorf("%s is not what the code says; make update writes it anew", file)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The reference of the commands is what they say of themselves.
func TestCommandReference(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# The commands of andon

This page is made from the commands themselves by ` + "`make update`" + `, and a test fails where it says something else.
` + "`andon COMMAND --help`" + ` says the same; ` + "`andon completion SHELL`" + ` makes a shell complete commands, flags and scenarios.

| exit code | meaning |
| --- | --- |
| 0 | all held |
| 1 | a check failed: a threshold, the contract, or callers that a change breaks |
| 2 | wrong usage, scenario or description; nothing was sent |
| 3 | no verdict is possible: the target cannot be reached, the generator fell behind, the run was interrupted or cut off |

Secrets come from the environment, a file or a command, never from a flag itself: every user of the machine can read a command line.

| variable | meaning |
| --- | --- |
| ANDON_TOKEN | the bearer token that calls carry, and that ` + "`andon serve`" + ` demands |
| ANDON_REMOTE_WRITE_AUTHORIZATION, OTEL_EXPORTER_OTLP_HEADERS | what the endpoints of monitoring systems want |
| ANDON_JOIN, ANDON_HUB_KEY | where the workers of a fleet meet, with a key, and what the hub there is made of |
| PACT_BROKER_BASE_URL, PACT_BROKER_TOKEN, PACT_BROKER_USERNAME, PACT_BROKER_PASSWORD | the Pact Broker, and who asks |
| HTTP_PROXY, HTTPS_PROXY, NO_PROXY | proxies |
| CI, NO_COLOR, TERM | whether there is a live view, and colours |
| GITHUB_STEP_SUMMARY, GITHUB_ACTIONS | the file to which a report is added under GitHub Actions, and whether annotations are printed |
`)
	var write func(*cobra.Command)
	write = func(c *cobra.Command) {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n", c.CommandPath(), c.Short)
		if c.Runnable() && !c.HasSubCommands() {
			fmt.Fprintf(&b, "\n    %s\n", c.UseLine())
		}
		if c.Long != "" {
			fmt.Fprintf(&b, "\n```text\n%s\n```\n", strings.TrimSpace(c.Long))
		}
		if c.Example != "" {
			fmt.Fprintf(&b, "\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimSpace(c.Example), "\n  ", "\n"))
		}
		writeFlags(&b, c.LocalFlags())
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				write(sub)
			}
		}
	}
	write((&command{}).root())
	upToDate(t, "README.md", b.String())
}

// writeFlags writes a table of flags, if there are any.
func writeFlags(w io.Writer, flags *pflag.FlagSet) {
	head := "\n| flag | meaning | default |\n| --- | --- | --- |\n"
	flags.VisitAll(func(f *pflag.Flag) {
		value, meaning := pflag.UnquoteUsage(f)
		standard := f.DefValue
		if standard == "false" || standard == "0" || standard == "0s" || standard == "[]" {
			standard = ""
		}
		fmt.Fprintf(w, "%s| `%s` | %s | %s |\n", head, strings.TrimSpace("--"+f.Name+" "+value), cell(meaning), cell(standard))
		head = ""
	})
}

// cell is a text in a cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "\n", " ").Replace(text)
}

// The table of keys in the scenarios' README is what the format's schema says.
func TestScenarioReference(t *testing.T) {
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	var root keyword
	if err := json.Unmarshal(scenarios.Schema(d), &root); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("\n| key | meaning | values |\n| --- | --- | --- |\n")
	root.write(&b, "")
	b.WriteString("\nA source of values:\n\n| key | meaning | values |\n| --- | --- | --- |\n")
	root.Defs["source"].write(&b, "")
	b.WriteString("\nA column of a file, for `headers` and `auth`:\n\n| key | meaning | values |\n| --- | --- | --- |\n")
	root.Defs["column"].write(&b, "")
	b.WriteString("\n")

	file := filepath.Join("..", "..", "scenarios", "README.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- keys, by make update -->\n", "<!-- end of keys -->\n"
	before, rest, begins := strings.Cut(string(text), begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		t.Fatalf("%s has no %q and %q", file, begin, end)
	}
	upToDate(t, file, before+begin+b.String()+end+after)
}

// keyword is a JSON Schema as the format of scenarios has it.
type keyword struct {
	Description      string             `json:"description"`
	Properties       map[string]keyword `json:"properties"`
	Required         []string           `json:"required"`
	Items            *keyword           `json:"items"`
	AnyOf            []keyword          `json:"anyOf"`
	Enum             []string           `json:"enum"`
	Const            string             `json:"const"`
	Default          string             `json:"default"`
	Examples         []string           `json:"examples"`
	Type             any                `json:"type"`
	Pattern          string             `json:"pattern"`
	Minimum, Maximum *json.Number
	Ref              string             `json:"$ref"`
	Defs             map[string]keyword `json:"$defs"`
}

// rootOrder is the order in which a reader wants the keys at the top.
var rootOrder = []string{"name", "description", "target", "load", "arrivals", "pacing", "mix", "data", "limits", "thresholds", "provider"}

// write writes a row for each key below a path: that of a mapping, of a list's items, or of any form that is allowed.
func (k keyword) write(w io.Writer, path string) {
	names := slices.SortedFunc(maps.Keys(k.Properties), func(a, b string) int {
		return cmp.Or(cmp.Compare(slices.Index(rootOrder, a), slices.Index(rootOrder, b)), cmp.Compare(a, b))
	})
	for _, name := range names {
		p, key := k.Properties[name], strings.TrimPrefix(path+"."+name, ".")
		meaning := cell(p.Description)
		if slices.Contains(k.Required, name) {
			meaning += " Required."
		}
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", key, meaning, p.values())
		p.write(w, key)
	}
	if k.Items != nil {
		k.Items.write(w, path+"[]")
	}
	for _, one := range k.AnyOf {
		one.write(w, path)
	}
}

// values says what may stand behind a key.
func (k keyword) values() string {
	switch {
	case k.Ref != "":
		return "a " + strings.TrimPrefix(k.Ref, "#/$defs/")
	case len(k.Enum) > 0:
		text := "`" + strings.Join(k.Enum, "`, `") + "`"
		if k.Default != "" {
			text += "; `" + k.Default + "` where it is left out"
		}
		return text
	case k.Const != "":
		return "`" + k.Const + "`"
	case len(k.Examples) > 0:
		return "`" + strings.Join(k.Examples, "`, `") + "`"
	case k.Minimum != nil && k.Maximum != nil:
		return k.Minimum.String() + " to " + k.Maximum.String()
	case k.Minimum != nil:
		return "a number from " + k.Minimum.String()
	case k.Properties != nil:
		return ""
	case k.Items != nil:
		return k.Items.values()
	case len(k.AnyOf) > 0:
		var all []string
		for _, one := range k.AnyOf {
			// Everywhere may be a variable of the environment; that is said once.
			if v := one.values(); v != "" && !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
		return strings.Join(all, ", or ")
	case k.Type == "boolean":
		return "`true`, `false`"
	}
	return ""
}

// A file of what a scenario may say is of use only if it is one.
func TestScenarioExample(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "scenarios", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "```yaml\n")
	scenario, _, found := strings.Cut(after, "```")
	dir := t.TempDir()
	for name, text := range map[string]string{"example.yaml": scenario, "files.csv": "id\nfile_1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var stdout, stderr bytes.Buffer
	if code := execute([]string{"plan", filepath.Join(dir, "example.yaml")}, &stdout, &stderr); code != 0 || !found {
		t.Errorf("andon plan ends with %d: %s", code, stderr.String())
	}
}
