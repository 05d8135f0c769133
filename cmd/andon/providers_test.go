package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
)

const (
	// ordinaryProviders is where those in JavaScript are, and ordinaryToken what all of them take.
	ordinaryProviders = "../../.ci/providers"
	ordinaryToken     = "token-of-ordinary-providers"
)

// ordinary is a provider as people write it, in which nobody planted a flaw: what it does against the contract are the
// habits of what it is written with. The lists name cases that must be refused, without the ending of their names.
type ordinary struct {
	name string
	// breaches are against openapi.yaml itself; the others against what JSON and HTTP say besides, and what openapi.yaml
	// assumes.
	breaches, json, http, assumption string
}

// The habits that several have. A method that is not there is a 404 to routers that choose by path and method at once.
const (
	wrongMethod = "method.GET method.PUT method.PATCH method.DELETE"
	looseJSON   = "body.not-utf-8 body.key-twice"
)

var ordinaryInNode = []ordinary{
	{
		// Express' reader takes an empty body for {}, though the description requires one. What it cannot read it refuses in
		// HTML.
		"express-ajv", "body.empty", looseJSON, wrongMethod,
		`body.null body.boolean body.number body.string body.cut-off body.trailing-comma body.trailing-text body.single-quotes
			body.not-a-number body.in-quotes body.comment body.line-break`,
	},
	{
		// The same reader; the validator's own 405 has no Allow.
		"express-openapi-validator", "body.empty", looseJSON, wrongMethod, "",
	},
	{
		// Fastify has ajv turn one type into another: numbers and true into texts, null into "" or false, and 1 and "true"
		// into true.
		"fastify", `agentId.null agentId.boolean agentId.number text.text.null text.text.boolean text.text.number
			file.id.null file.id.boolean file.id.number skill.id.null skill.id.boolean skill.id.number archiveSessionFiles.null
			archiveSessionFiles.one archiveSessionFiles.in-quotes`,
		looseJSON, wrongMethod, "",
	},
	{
		// IsOptional lets null pass as well, an array among the items is looked at item by item, and null among them makes
		// class-transformer fail. A body of another media type comes out as undefined or a form, and neither misses anything.
		"nestjs", `body.empty agentId.null content.null content.item.array content.item.null content.second-item.null
			content.item-before-another.null archiveSessionFiles.null summarySchema.null kaizenVersion.null`,
		looseJSON, wrongMethod + " content-type.text content-type.xml content-type.form", "",
	},
}

// encoding/json lets null pass wherever it stands, and takes names in any case; a decoder reads the first value of a
// body and no further. The media type interests nobody.
var ordinaryInGo = ordinary{
	"net/http", `body.null agentId.null content.null archiveSessionFiles.null summarySchema.null kaizenVersion.null
		text.case-of-text file.case-of-id skill.case-of-id json.case-of-data`,
	looseJSON + " body.trailing-text", "content-type.text content-type.xml content-type.form", "",
}

// Ordinary providers fail for what they do against the description, and for nothing else.
func TestOrdinaryProviderInGo(t *testing.T) {
	t.Setenv("ANDON_TOKEN", ordinaryToken)
	s := httptest.NewServer(goProvider())
	defer s.Close()
	ordinaryInGo.hold(t, s.URL)
}

func TestOrdinaryProvidersInNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(ordinaryProviders, "node_modules"))
	}
	if err != nil {
		if os.Getenv("ANDON_TEST_TOOLS") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Setenv("ANDON_TOKEN", ordinaryToken)
	for _, o := range ordinaryInNode {
		t.Run(o.name, func(t *testing.T) { o.hold(t, o.start(t, node)) })
	}
}

// start runs the provider until the test ends, and gives its address.
func (o ordinary) start(t *testing.T, node string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, node, filepath.Join(ordinaryProviders, o.name+".cjs"))
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(stdout).ReadString('\n')
	t.Cleanup(func() {
		defer cancel()
		if err := errors.Join(stdin.Close(), cmd.Wait()); err != nil {
			t.Errorf("%v: %s", err, stderr.String())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(address)
}

// hold verifies the provider, which does all that is known of it and nothing else: the description decides, and the
// rest as is asked for.
func (o ordinary) hold(t *testing.T, target string) {
	for _, c := range []struct {
		flags          []string
		broken, advice string
	}{
		{nil, o.breaches, o.json + " " + o.http + " " + o.assumption},
		{[]string{"--strict", "json"}, o.breaches + " " + o.json, o.http + " " + o.assumption},
		{[]string{"--strict", "all"}, o.breaches + " " + o.json + " " + o.http + " " + o.assumption, ""},
	} {
		v, code, said := verifyOrdinary(t, target, c.flags...)
		if code != 1 || v.Accepted == 0 {
			t.Errorf("%s: exit code %d: %s", c.flags, code, said)
		}
		checkCases(t, v, summary.CheckBroken, c.broken)
		checkCases(t, v, summary.CheckAdvice, c.advice)
	}
	o.holdWritten(t, target)
}

// holdWritten verifies the provider with what is known of it written down: as it was written, after its time, and
// together with what no longer occurs.
func (o ordinary) holdWritten(t *testing.T, target string) {
	file := filepath.Join(t.TempDir(), "deviations.yaml")
	if _, code, said := verifyOrdinary(t, target, "--write-deviations", file); code != 1 {
		t.Errorf("while deviations are written, exit code %d: %s", code, said)
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	filled := regexp.MustCompile(`why: .*`).ReplaceAllString(string(written), "why: a habit of "+o.name)
	with := func(text string, flags ...string) (summary.Verification, int, string) {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return verifyOrdinary(t, target, append(flags, "--deviations", file)...)
	}
	v, code, said := with(filled)
	if code != 0 {
		t.Errorf("with what is known, exit code %d: %s", code, said)
	}
	checkCases(t, v, summary.CheckWaived, o.breaches)
	checkDeviations(t, v, summary.DeviationWaived)

	v, code, said = with(regexp.MustCompile(`until: .*`).ReplaceAllString(filled, "until: 2026-01-31"))
	if code != 1 {
		t.Errorf("with what has expired, exit code %d: %s", code, said)
	}
	checkCases(t, v, summary.CheckBroken, o.breaches)
	checkDeviations(t, v, summary.DeviationExpired)

	// Every provider asks for the token.
	mended := "\n  - cases: [token.missing.negative]\n    why: mended since\n    until: " + time.Now().AddDate(0, 1, 0).Format(time.DateOnly) + "\n"
	for code, flags := range [][]string{{}, {"--strict", "deviations"}} {
		v, got, said := with(strings.TrimRight(filled, "\n")+mended, flags...)
		last := v.Deviations[len(v.Deviations)-1]
		if last.State != summary.DeviationGone || got != code {
			t.Errorf("%s with what no longer occurs: %s, exit code %d: %s%s", flags, last.State, got, v.Verdict.Causes, said)
		}
	}
}

// verifyOrdinary verifies a target, and gives what came of it and what was said.
func verifyOrdinary(t *testing.T, target string, flags ...string) (v summary.Verification, code int, said string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args := []string{"verify", "--target", target, "--engine", "description", "--rate", "max", "--format", "json"}
	code = plainly(t, append(args, flags...), &stdout, &stderr)
	if err := json.Unmarshal(stdout.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s%s", err, stdout.String(), stderr.String())
	}
	return v, code, stderr.String()
}

// checkCases checks that exactly these cases came to a verdict.
func checkCases(t *testing.T, v summary.Verification, verdict, negative string) {
	t.Helper()
	want := strings.Fields(negative)
	for _, c := range v.Checks {
		name := strings.TrimSuffix(c.Name, ".negative")
		i := slices.Index(want, name)
		switch {
		case i >= 0 && c.Verdict == verdict:
			want = slices.Delete(want, i, i+1)
		case i >= 0 || c.Verdict == verdict:
			t.Errorf("%s is %s by %s, with status %d: %s", c.Name, c.Verdict, c.Authority, c.Status, c.Reason)
		}
	}
	if len(want) > 0 {
		t.Errorf("not %s: %s", verdict, want)
	}
}

// goProvider is the call as many write it with net/http and encoding/json: the body is decoded into structs, and what
// is in them is looked at afterwards.
func goProvider() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /agents/execute", func(w http.ResponseWriter, r *http.Request) {
		refuse := func(status int, why string) { writeJSON(w, status, map[string]string{"error": why}) }
		if r.Header.Get("Authorization") != "Bearer "+ordinaryToken {
			refuse(http.StatusUnauthorized, "the API key is missing or unknown")
			return
		}
		var req goRequest
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&req); err != nil {
			refuse(http.StatusBadRequest, err.Error())
			return
		}
		if err := req.validate(); err != nil {
			refuse(http.StatusUnprocessableEntity, err.Error())
			return
		}
		writeJSON(w, http.StatusOK, map[string]string{"sessionId": rand.Text(), "executionId": rand.Text(), "status": "running"})
	})
	return mux
}

type goRequest struct {
	AgentID             string         `json:"agentId"`
	Content             []goItem       `json:"content"`
	ArchiveSessionFiles bool           `json:"archiveSessionFiles"`
	SummarySchema       map[string]any `json:"summarySchema"`
	KaizenVersion       *string        `json:"kaizenVersion"`
}

type goItem struct {
	Type string         `json:"type"`
	Text *string        `json:"text"`
	ID   *string        `json:"id"`
	Data map[string]any `json:"data"`
}

func (r goRequest) validate() error {
	if v := r.KaizenVersion; v != nil && *v != "Full" && *v != "Lite" {
		return errors.New("kaizenVersion must be Full or Lite")
	}
	for _, item := range r.Content {
		switch item.Type {
		case "text":
			if item.Text == nil {
				return errors.New("text is missing")
			}
		case "file", "skill":
			if item.ID == nil {
				return errors.New("id is missing")
			}
		case "json":
			if item.Data == nil {
				return errors.New("data is missing")
			}
		default:
			return errors.New("type must be text, file, skill or json")
		}
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// checkDeviations checks that there are deviations, and that all are in that state.
func checkDeviations(t *testing.T, v summary.Verification, state string) {
	t.Helper()
	if len(v.Deviations) == 0 {
		t.Error("no deviations")
	}
	for _, d := range v.Deviations {
		if d.State != state {
			t.Errorf("%s %s is %s, want %s", d.Cases, d.Rules, d.State, state)
		}
	}
}
