//go:build unix

package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
)

// elsewhere are the commands of documents that are run elsewhere, or cannot be, by their first words. A command that is
// neither here nor andon's fails the test until somebody decides what holds it.
var elsewhere = map[string]string{
	"make":         "TestDocumentedPlaces finds the target in the Makefile",
	"go":           "make release-check installs andon as a module",
	"schemathesis": "another project's, which nothing here installs; the line of andon beside it is run",
	"kubectl":      "there is no cluster; make manifest-check holds what is applied, and behind a pipe a stand-in reads it",
}

// beside are first words of lines that are run: of the shell, and of programs that stand there in a pipe or a wrapper.
var beside = []string{"andon", "export", "$EDITOR", "ssh", "echo"}

// notCommands are the fences, and the first words of indented blocks, with something else in them than commands.
var (
	otherFences = []string{"", "text", "js", "dockerfile"}
	otherBlocks = []string{"jobs:", "pyarrow.ipc.open_stream(\"hits.arrow\").read_pandas()", "operation:", "x-andon-following:", "openapi.yaml"}
)

// stood is what stands here for what documents leave open, or have on another machine. All else of a line is run as it
// is written: the hosts in it are reached by their names, through a proxy that the environment names.
func stood(here string) *strings.Replacer {
	return strings.NewReplacer(
		"--target …", "--target https://staging.example.com", "--image …", "--image images.example.com/andon:1.2",
		"reports/runs/…", "reports/runs/20261124T060000Z-mixed", "ANDON_TOKEN=…", "ANDON_TOKEN=$STAGING_TOKEN", "ANDON_JOIN=…", "ANDON_JOIN=$(cat $JOIN)",
		"report DIR", "report run", "/tmp/fleet", "fleet", "${{ matrix.shard }}/4", "0/1", "s${{ matrix.shard }}", "s0",
		// Nobody scrapes.
		"--metrics-linger 1m", "--metrics-linger 1s",
		// The time of day at which it was written is over.
		"--start-at 16:30:00Z", "--start-at $SOON", "--start-at ${{ needs.start.outputs.at }}", "--start-at $SOON",
		// There are no eight machines.
		"--workers 8 --target https", "--workers 2 --target https", "--fleet 8", "--fleet 2", "--fleet 4", "--fleet 2",
		// What this machine does not have, and ports that others may have on it.
		"10.0.0.5:4222", "127.0.0.1:0", "127.0.0.1:9464", "127.0.0.1:0", "andon serve", "andon serve --listen 127.0.0.1:0",
		"127.0.0.1:8080", here, "127.0.0.1:8765", here, "127.0.0.1:9090", here, "127.0.0.1:4318", here,
	)
}

// commandLine is one that stands in a document.
type commandLine struct {
	document string
	number   int
	text     string
}

func (l commandLine) String() string { return fmt.Sprintf("%s:%d: %s", l.document, l.number, l.text) }

// inWorkflow finds commands in what other systems are told to run.
var inWorkflow = regexp.MustCompile(`(?m)^\s*- ((?:andon|go) .*)|\bsh '([^']*)'|\brun: (andon .*)`)

// commandLines are those of a document, but for the examples that TestWorkedExamples runs.
func commandLines(name, text string) (lines []commandLine, wrong []error) {
	fenced, fence, block := false, "", ""
	for i, said := range strings.Split(text, "\n") {
		at := commandLine{document: name, number: i + 1}
		if rest, ok := strings.CutPrefix(said, "```"); ok {
			fenced, fence, block = !fenced, rest, ""
			known := slices.Contains(otherFences, fence) || slices.Contains([]string{"sh", "yaml", "groovy"}, fence) || fence == "console" && slices.Contains(worked, name)
			if fenced && !known {
				wrong = append(wrong, fmt.Errorf("%v```%s: nothing here runs what is in it", at, fence))
			}
			continue
		}
		indented := strings.HasPrefix(said, "    ")
		if !fenced && !indented {
			block = ""
			continue
		}
		if found := inWorkflow.FindStringSubmatch(said); found != nil && (!fenced || fence == "yaml" || fence == "groovy") {
			at.text = strings.TrimSuffix(strings.TrimSpace(found[1]+found[2]+found[3]), "}]")
			lines = append(lines, at)
			continue
		}
		// What is indented in the reference is how a command is used.
		if words := strings.Fields(said); len(words) == 0 || fenced && fence != "sh" || !fenced && name == "cmd/andon/README.md" {
			continue
		} else if block == "" && !fenced {
			block = words[0]
		}
		if slices.Contains(otherBlocks, block) {
			continue
		}
		// A note stands behind three spaces.
		at.text, _, _ = strings.Cut(strings.TrimSpace(said), "   ")
		lines = append(lines, at)
	}
	return lines, wrong
}

// variables stand before a command.
var variables = regexp.MustCompile(`^(\w+=(\$\([^)]*\)|\S*) +)*`)

// program is the first word that is no variable.
func (l commandLine) program() string {
	word, _, _ := strings.Cut(variables.ReplaceAllString(l.text, ""), " ")
	return word
}

func (l commandLine) worker() bool { return strings.Contains(l.text, "andon fleet worker") }
func (l commandLine) hub() bool {
	return strings.Contains(l.text, "andon fleet run") || strings.Contains(l.text, "--fleet ")
}

// outing is a line, with the line for the workers that it waits for.
type outing struct {
	commandLine
	workers string
}

// outings are the lines that are run here, each once.
func outings(lines []commandLine) (out []outing, wrong []error) {
	const join, alone = "ANDON_JOIN=$(cat $JOIN) andon fleet worker --allow staging.example.com", "andon fleet run peak.yaml --workers 2 --target https://staging.example.com --out run"
	known := map[string]bool{}
	for i, l := range lines {
		program := l.program()
		// With a token it is the same one: all have it.
		same := strings.TrimPrefix(l.text, "ANDON_TOKEN=… ")
		if elsewhere[program] != "" || known[same] {
			continue
		}
		known[same] = true
		if !slices.Contains(beside, program) {
			wrong = append(wrong, fmt.Errorf("%v: nothing here runs %s, and nothing says why", l, program))
			continue
		}
		o := outing{commandLine: l}
		follows := func(at int) bool { return at >= 0 && at < len(lines) && lines[at].document == l.document }
		switch {
		case l.worker() && follows(i-1) && lines[i-1].hub():
			continue // the one before runs it
		case l.worker():
			o.text, o.workers = alone, l.text
		case l.hub() && follows(i+1) && lines[i+1].worker():
			o.workers = lines[i+1].text
		case l.hub():
			o.workers = join
		}
		out = append(out, o)
	}
	return out, wrong
}

// Every command line of the documents is run as it is written. What goes on for longer is interrupted, as by Ctrl-C,
// as soon as its hosts have been called; TestWorkedExamples has others run to their ends.
func TestCommandLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	texts := documents(t)
	var lines []commandLine
	var wrong []error
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if name == "scenarios/attack/README.md" {
			continue // make bench-peers writes there what it has run
		}
		found, unknown := commandLines(name, texts[name])
		lines, wrong = append(lines, found...), append(wrong, unknown...)
	}
	out, unknown := outings(lines)
	for _, err := range append(wrong, unknown...) {
		t.Error(err)
	}
	if len(out) < 100 {
		t.Errorf("only %d lines were found", len(out))
	}
	slots, ended := make(chan bool, 8), make(chan error)
	for i, o := range out {
		go func() {
			slots <- true
			defer func() { <-slots }()
			ended <- w.run(i, o, readExample(t, texts[o.document]).files)
		}()
	}
	for range out {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// A line of which nobody has said what runs it is told, and so is a fence.
func TestCommandLinesAreKnown(t *testing.T) {
	lines, wrong := commandLines("README.md", "As in\n\n    other --flag\n    A=b andon run   # a note\n\n```ruby\nx\n```\n\n```yaml\n  script:\n    - andon gate\n```\n")
	out, unknown := outings(lines)
	said := errors.Join(append(wrong, unknown...)...)
	if len(out) != 2 || out[0].text != "A=b andon run" || out[1].text != "andon gate" || said == nil ||
		!strings.Contains(said.Error(), "README.md:3: other --flag: nothing here runs other") || !strings.Contains(said.Error(), "README.md:6: ```ruby") {
		t.Errorf("found %v: %v", out, said)
	}
}

// files are what the lines name, beside what stands in their documents.
func (w *world) files() map[string]string {
	spec := string(andon.Spec)
	team := strings.NewReplacer("  /agents/execute:\n", "  /teams/{team}/execute:\n    parameters: [{name: team, in: path, required: true, schema: {type: string}, example: red}]\n",
		"operationId: executeAgent", "operationId: startRun").Replace(spec)
	gate := "target: staging\nverify: {rate: 100/s}\nload: {scenario: ./peak.yaml}\n"
	return map[string]string{
		"openapi.yaml": spec, "candidate.yaml": spec, "released.yaml": spec, "team.yaml": team, "gate.yaml": gate, "release.yaml": gate,
		"my.yaml":   "name: mixed\nload: [{rate: 50/s, for: 80ms}]\nlimits: {lag: 10s}\n",
		"peak.yaml": "name: peak\nload: [{rate: 40/s, for: 50s}]\nlimits: {lag: 10s}\nthresholds: [p95(latency) < 5s]\n",
		"targets.yaml": "targets:\n  staging: {url: 'https://staging.example.com', token: '{env:STAGING_TOKEN}', caps: {rate: 500/s}}\n" +
			"  prod: {url: 'https://prod.example.com', token: '{env:STAGING_TOKEN}', production: true}\n",
		"known.yaml":   "deviations: [{rules: [undocumented-status], why: 'the gateway answers 418', until: " + time.Now().AddDate(0, 1, 0).Format(time.DateOnly) + "}]\n",
		"staging.yaml": "agentId: [agent_1]\n", "token": w.token, "body.json": "{}",
	}
}

// prepared is what the lines find that others have left: runs, baselines, a search that was interrupted, and a fleet's
// run of which one worker's part is missing.
const prepared = `set -e
for n in 1 2 3 4 5 6; do andon run my.yaml --target http://$HERE --seed $n --out n/$n >n$n.log 2>&1 & done
for n in 0 1 2 3; do andon run my.yaml --target http://$HERE --shard $n/4 --start-at $SOON --out s$n >s$n.log 2>&1 & done
andon run my.yaml --target http://$HERE --follow --out run >run.log 2>&1 &
timeout -s INT 3 andon capacity ./peak.yaml --target https://staging.example.com --out search >search.log 2>&1 &
andon fleet run my.yaml --workers 2 --target http://$HERE --out fleet >fleet.log 2>&1 &
until [ -s fleet/join ]; do sleep 0.1; done
for n in 0 1; do ANDON_JOIN=$(cat fleet/join) andon fleet worker --spool spool >w$n.log 2>&1 & done
wait
mkdir -p reports/runs runs/candidate nightly worker-3/reports/runs
cp -r run reports/runs/20261124T060000Z-mixed
cp -r run reports/runs/candidate
mv search reports/runs/20261126T060000Z-capacity-peak
mv fleet/s1 worker-3/reports/runs/x-s3
for n in 1 2 3; do
	cp -r n/$n base-$n; cp -r n/$((n+3)) new-$n; cp -r n/$n nightly/$n; cp -r n/$((n+3)) runs/candidate/$n
done
cp -r n/1 reports/runs/old; cp -r n/4 reports/runs/new; cp -r n/1 machine-1; cp -r n/2 machine-2; cp -r n/4 candidate
andon baseline add mixed.baseline nightly >baseline.log
cp mixed.baseline released.baseline
`

// otherEnds are lines that end otherwise than with 0, with what they say then.
var otherEnds = []struct {
	line, says string
	code       int
}{
	{"--fail-on-unknown", "CANNOT TELL", 1},
	{"andon compare ", "CANNOT TELL", 3},                            // runs of a blink
	{"andon verify --deviations known.yaml", "no longer occurs", 1}, // at the reference provider
	{"fleet collect ", "hard 1", 3},
	{"--from-broker", "make pact-build builds it", 3},                                  // TestPact has it verify
	{"--baseline mixed.baseline", "the runs cannot be held against mixed.baseline", 2}, // which is of shorter runs here
}
