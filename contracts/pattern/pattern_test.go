package pattern

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// probes are patterns with a text, and whether ECMAScript finds the one in the other.
var probes = []struct {
	pattern, text string
	match         bool
}{
	{`^a$`, "a\n", false}, {`^a.b$`, "a\rb", false}, {`^a.b$`, "a\u2028b", false}, {`^.$`, "\U0001f600", true},
	{`^\s$`, "\u00a0", true}, {`^\s$`, "\ufeff", true}, {`^\S$`, "\u00a0", false}, {`^\S$`, "x", true}, {`^[\S]$`, "\u2003", false},
	{`^[^\s]$`, "\u00a0", false}, {`^[\S\s]$`, "\u00a0", true}, {`^\w$`, "é", false}, {`^\d$`, "٣", false}, {`^[^]$`, "\n", true}, {`^[]$`, "x", false},
	{`^\u0041$`, "A", true}, {`^[^\u0000-\u001f]+$`, "a b", true}, {`^[^\u0000-\u001f]+$`, "a\tb", false},
	{`^\u{1F600}$`, "\U0001f600", true}, {`^\ud83d\ude00$`, "\U0001f600", true}, {`^[\ud83d\ude00-\ud83d\ude0f]$`, "\U0001f605", true},
	{`^(?!bad).+$`, "good", true}, {`^(?!bad).+$`, "bad", false}, {`^(?=.*[A-Z])(?=.*\d).{8,}$`, "Abcdefg1", true}, {`^(?=.*[A-Z])(?=.*\d).{8,}$`, "abcdefg1", false},
	{`(?<=a)b`, "ab", true}, {`(?<=a)b`, "cb", false}, {`(?<!a)b`, "ab", false}, {`^(?<year>\d{4})-\k<year>$`, "2020-2020", true}, {`^(a|b)\1$`, "ab", false},
	{`^\cA$`, "\x01", true}, {`^[\w-]+$`, "a-b", true}, {`^\/x$`, "/x", true}, {`^[\b]$`, "\b", true}, {`^[[a]$`, "[", true}, {`^\x41\0$`, "A\x00", true},
	{`^\p{L}+$`, "é", true}, {`^\P{L}$`, "1", true}, {`^[\p{Lu}\d]+$`, "É1", true}, {`^\p{Script=Greek}$`, "α", true}, {`^\p{Uppercase_Letter}$`, "a", false},
	{`^a{2,1001}$`, "aa", true}, {`^(?:a|b)*?c$`, "abc", true}, {`\bfoo\B`, "foot", true},
	{`\b(?=.)`, "é", false}, {`(?=.)a.b`, "a\u2028b", false}, {`(?=.)[.]`, ".", true}, {`(?=.)[.]`, "x", false},
}

// A pattern means what it means to ECMAScript.
func TestMatch(t *testing.T) {
	for _, c := range probes {
		p, err := Compile(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if found, err := p.Match(c.text); found != c.match || err != nil || p.String() != c.pattern {
			t.Errorf("%s in %q: %v, %v", c.pattern, c.text, found, err)
		}
	}
	for _, no := range []string{`(`, `[a`, `a**`, `\p{Nothing}`, `(?<a`, `*`} {
		if _, err := Compile(no); err == nil {
			t.Errorf("%s is read", no)
		}
	}
}

// Node.js finds what andon finds.
func TestMatchAsNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no Node.js")
	}
	var list [][2]string
	for _, c := range probes {
		list = append(list, [2]string{c.pattern, c.text})
	}
	input, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "-e", `let s="";process.stdin.on("data",d=>s+=d).on("end",()=>console.log(JSON.stringify(JSON.parse(s).map(([p,t])=>new RegExp(p,"u").test(t)))))`)
	cmd.Stdin = strings.NewReader(string(input))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []bool
	if err := json.Unmarshal(out, &found); err != nil || len(found) != len(probes) {
		t.Fatal(err, len(found))
	}
	for i, c := range probes {
		if found[i] != c.match {
			t.Errorf("%s in %q: Node.js says %v", c.pattern, c.text, found[i])
		}
	}
}

// What Go can say it says alike: both ways of matching agree, whatever the text.
func TestBothWaysAgree(t *testing.T) {
	pieces := []string{`a`, `.`, `\s`, `\S`, `\d`, `\w`, `\W`, `[a-c]`, `[^a\s]`, `[\S1]`, `(a|b)`, `(?:ab)?`, `\u0041`, `\.`, `\-`, `x*`, `[^]`, `\b`, `^`, `$`, `a{1,2}`}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 5).Draw(t, "pattern"), "")
		one, err := Compile(text)
		other, err2 := Compile(`(?=)` + text) // it looks ahead for nothing
		if err != nil || err2 != nil {
			t.Fatalf("%s: %v, %v", text, err, err2)
		}
		if one.linear == nil || other.trying == nil {
			t.Fatalf("%s is matched otherwise than meant", text)
		}
		in := rapid.StringOf(rapid.SampledFrom([]rune("ab1 A.-xé\n\r\t\u00a0"))).Draw(t, "text")
		a, err := one.Match(in)
		b, err2 := other.Match(in)
		if a != b || err != nil || err2 != nil {
			t.Fatalf("%s in %q: %v and %v, %v %v", text, in, a, b, err, err2)
		}
	})
}

// No text keeps the matching busy for ever.
func TestBoundedTime(t *testing.T) {
	p, err := Compile(`^(?!x)(a+)+$`)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := p.Match(strings.Repeat("a", 40) + "!"); err == nil || !strings.Contains(err.Error(), "could not be matched within") {
		t.Error(err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	linear, err := Compile(`^(a+)+$`)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := linear.Match(strings.Repeat("a", 4000) + "!"); found || err != nil {
		t.Error(found, err)
	}
}

func FuzzCompile(f *testing.F) {
	for _, c := range probes {
		f.Add(c.pattern, c.text)
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 200 || len(text) > 200 {
			return
		}
		if p, err := Compile(pattern); err == nil {
			_, _ = p.Match(text)
			Approximations(pattern)
		}
	})
}
