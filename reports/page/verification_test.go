package page

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

func renderedVerification(t testing.TB, v summary.Verification) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteVerification(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Everything that the page tells is in its text, without a script; what the target sent is text as well.
func TestVerificationPage(t *testing.T) {
	v := reportstest.Found()
	page := renderedVerification(t, v)
	if path := os.Getenv("ANDON_TEST_PAGE"); path != "" {
		if err := os.WriteFile(path, page, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if n := bytes.Count(page, []byte("</script")); n != 2 || bytes.Contains(page, []byte("<script>alert")) {
		t.Errorf("%d scripts", n)
	}
	told := html.UnescapeString(regexp.MustCompile(`(?s)<script.*?</script>|<style.*?</style>|<[^>]*>`).ReplaceAllString(string(page), " "))
	for _, want := range []string{
		"FAIL", "16 of 32 cases did not hold.", "http://127.0.0.1:8080", "api/openapi.yaml:42", "executionId: {type: string}", "by the description", "by HTTP", "by JSON",
		"13 more found the same", "text.Full+option-13", "content text with the tier Full", "a documented success", "a refusal (4xx)", "status 202, after 12.0 ms", "tried 4 times",
		`--data-raw '{"agentId":"agent_7f3a91","input":"text.Full+option-13"}'`, "Cannot PUT", ": :error::owned", "known deviation 1", "https://example.com/issues/12", "2027-01-31",
		"9 held", "skipped: no token was given", "75 % of the description were covered", "not seen", "34 of 40 cases (cases *; not cases method.*)", "and up to 1 more: no answer", "judged by Pact",
	} {
		if !strings.Contains(told, want) && !strings.Contains(strings.ToLower(told), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if !bytes.Contains(page, []byte(`<code>method.*</code><span>by the rule <code>wrong-status, allow</code></span>`)) || !strings.Contains(told, "seen in 2 cases, nothing fails by it") {
		t.Error("the cases of a deviation do not stand apart from its rules, or what has expired is not told")
	}
	if n := strings.Count(told, "the property executionId is missing in \"call 0\""); n > 3 {
		t.Errorf("one finding is told %d times", n)
	}
	reportstest.CheckNoCommand(t, "the page", page)
	for why, text := range map[string]string{"nothing": "", "a script": "</script><script>globalThis.owned=1</script>", "an image": "<img src=x onerror=globalThis.owned=1>", "much": strings.Repeat("<b>x\x00\n", 1<<18)} {
		v := reportstest.Found()
		v.Target, v.Title, v.Description, v.Andon, v.SpecSHA256, v.Strict = text, text, text, text, text, []string{text}
		v.Verdict.Causes, v.Excerpts = []string{text}, map[int]string{42: text}
		v.Deviations = append(v.Deviations, summary.Deviation{Cases: []string{text}, Rules: []string{text}, Why: text, Ask: text, Until: text, State: text})
		v.Coverage = append(v.Coverage, summary.CoveragePart{Kind: text, Name: text, Kept: 1})
		c := &v.Checks[0]
		c.Name, c.Proves, c.Expect, c.Authority, c.Rule, c.Pointer, c.Reason, c.Answer, c.Curl, c.Verdict = text, text, text, text, text, text, text, text, text, summary.CheckBroken
		page := renderedVerification(t, v)
		if bytes.Count(page, []byte("</script")) != 2 || bytes.Contains(page, []byte("<img")) || bytes.Contains(page, []byte("<b>x")) || len(page) > 200_000 {
			t.Errorf("%s: %d bytes, or it is live", why, len(page))
		}
	}
}

// However many cases there are, the page stays one that a browser shows.
func TestVerificationPageBounded(t *testing.T) {
	v := reportstest.Found()
	one := v.Checks[0]
	for i := range 20_000 {
		one.Name = fmt.Sprintf("generated.%d", i)
		v.Checks = append(v.Checks, one)
	}
	page := renderedVerification(t, v)
	if len(page) > 4<<20 {
		t.Errorf("the page has %d bytes", len(page))
	}
	for _, want := range []string{"15032 more are in verification.json", "their calls are in verification.json"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// testVerification: wide and narrow, light and dark, nothing is cut off, nothing has an effect, and the page works.
func testVerification(t *testing.T, chromium context.Context) {
	few := reportstest.Verification(summary.CheckHeld, summary.CheckHeld)
	few.Decide("")
	for name, v := range map[string]summary.Verification{"found": reportstest.Found(), "few": few, "none": {Verdict: summary.Verdict{Status: summary.NoVerdict, ExitCode: 3}}} {
		page := renderedVerification(t, v)
		for _, width := range []int{360, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				t.Run(fmt.Sprintf("%s %d %s", name, width, scheme), func(t *testing.T) {
					t.Parallel()
					b := show(t, chromium, page, width, scheme)
					for _, open := range []bool{false, true} {
						if open {
							b.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
								_, err := chromedp.Evaluate[bool](`document.querySelectorAll("details").forEach(d => d.open = true); true`)(ctx, target)
								return chromedp.Void{}, err
							})
						}
						if wide := eval[[]string](b, overflow(width)); len(wide) > 0 {
							t.Errorf("the page is wider than the window: %q", wide)
						}
						if cut := eval[[]string](b, strings.ReplaceAll(clipped, `"details, svg, .plot, .sr, .skip"`, `".sr, .skip"`)); len(cut) > 0 {
							t.Errorf("cut off: %q", cut)
						}
						if over := eval[[]string](b, strings.Replace(collisions, `if (place.closest("details")) continue;`, "", 1)); len(over) > 0 {
							t.Errorf("one over the other: %q", over)
						}
					}
					if eval[bool](b, "globalThis.owned !== undefined") || eval[int](b, `document.querySelectorAll("img, iframe, object, embed, link, base, form, a:not([href^='#'])").length`) > 0 {
						t.Error("a text of the target's is live")
					}
					if n := eval[int](b, `document.scripts.length`); n != 2 {
						t.Errorf("%d scripts, want 2", n)
					}
					if !eval[bool](b, `!document.querySelector("#theme").hidden && document.querySelector("#theme").textContent.startsWith("Theme: ")`) {
						t.Error("the theme has no button")
					}
					b.quiet()
				})
			}
		}
	}
}
