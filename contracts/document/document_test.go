package document

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func noEnv(string) (string, bool) { return "", false }

// Whatever is wrong is reported at its place, all of it at once and in the file's order.
func TestEveryProblemAtOnce(t *testing.T) {
	d, root, ok := Parse("a.yaml", "it needs `a:`", []byte("rate: 5\nlength: soon\nshare: 120%\ntypo: 1\nsure: maybe\ncalls: {from: 1, from: 2}\n"), noEnv)
	if !ok {
		t.Fatal(d.Err())
	}
	keys, _ := root.Object("the file", "rate", "length", "share", "type", "sure", "calls")
	keys["sure"].Boolean("it")
	keys["rate"].Rate("the rate")
	keys["length"].Duration("the length")
	keys["share"].Share("the share")
	keys["calls"].Members("the calls")
	var invalid *InvalidError
	if !errors.As(d.Err(), &invalid) || d.Problems() != len(invalid.Problems) {
		t.Fatal(d.Err())
	}
	var said []string
	for _, line := range strings.Split(invalid.Error(), "\n") {
		if strings.HasPrefix(line, "a.yaml") {
			said = append(said, line)
		}
	}
	for i, want := range []string{
		"a.yaml:1:7: expected the rate with its unit, such as 5/s or 5/m", "a.yaml:2:9: expected the length, a duration", "a.yaml:3:8: expected the share",
		`a.yaml:4:1: unknown key "typo" in the file; did you mean "type"?`, "a.yaml:5:7: expected it, true or false", `a.yaml:6:18: the key "from" stands here twice`,
	} {
		if i >= len(said) || !strings.HasPrefix(said[i], want) {
			t.Errorf("problem %d of %q, want %q", i, said, want)
		}
	}
	if !strings.Contains(invalid.Error(), "\n    share: 120%\n           ^^^^") {
		t.Errorf("the text at fault is not underlined:\n%s", invalid)
	}
}

func TestValuesAreRead(t *testing.T) {
	_, root, ok := Parse("a.yaml", "it needs `a:`", []byte("a: 90/m\nb: 1h30m\nc: 2.5%\nd: 10_000\ne: {x: [1, 'y', null]}\nf: &f text\ng: *f\n"), noEnv)
	if !ok {
		t.Fatal("the file cannot be read")
	}
	at := func(key string) Value {
		v, there := root.Member(key)
		if !there {
			t.Fatalf("there is no %s", key)
		}
		return v
	}
	rate, _ := at("a").Rate("a")
	length, _ := at("b").Duration("b")
	share, _ := at("c").Share("c")
	n, _ := at("d").Integer("d", 1, 20_000)
	value, _ := at("e").JSON()
	alias, _ := at("g").Text("g")
	if rate != 1.5 || length != 90*time.Minute || share != 0.025 || n != 10_000 || string(value) != `{"x":[1,"y",null]}` || alias != "text" {
		t.Errorf("%v, %v, %v, %v, %s, %s", rate, length, share, n, value, alias)
	}
	if _, there := root.Member("h"); there {
		t.Error("a key is there that is not")
	}
}

// Values mean what YAML 1.2 says, and what is written as a number keeps its digits; where a text is wanted, any scalar
// is one as it is written.
func TestNothingIsChangedInSilence(t *testing.T) {
	env := func(name string) (string, bool) {
		v, set := map[string]string{"NUMBER": "0777", "EMPTY": "", "LARGE": "1e400"}[name]
		return v, set
	}
	for _, c := range []struct{ yaml, want string }{
		{"{zip: 01234, mode: 0777, version: 1_000, bits: 0b11, octal: 0o17, hex: 0xff}", `{"bits":"0b11","hex":255,"mode":777,"octal":15,"version":"1_000","zip":1234}`},
		{"[Null, NULL, null, ~, nULL]", `[null,null,null,null,"nULL"]`},
		{"[True, FALSE, yes, No, on, y]", `[true,false,"yes","No","on","y"]`},
		{"[123456789012345678901234, -9007199254740993, 1.10, 1e3, .5, 1e-400]", `[123456789012345678901234,-9007199254740993,1.10,1e3,0.5,1e-400]`},
		{`["0777", '~', "true", !!str 0777, !!str null]`, `["0777","~","true","0777","null"]`},
		{"[|-\n  0777\n]", ""},
		{"[2026-11-25, 1:30:00, <<, =]", `["2026-11-25","1:30:00","<<","="]`},
		{"{0777: a, ~: b, true: c}", `{"0777":"a","true":"c","~":"b"}`},
		{"- ${NUMBER}\n- '${NUMBER}'\n- ${EMPTY}\n- x${EMPTY}", `[777,"0777","","x"]`},
		{"[1e400]", ""}, {"[.inf]", ""}, {"[.NaN]", ""}, {"- ${LARGE}", ""}, {"[!!int '5']", ""}, {"[!!binary aGk=]", ""}, {"[!mine x]", ""}, {"[!!float 5]", ""},
	} {
		d, root, ok := Parse("a.yaml", "it needs `a:`", []byte(c.yaml), env)
		if !ok {
			if c.want != "" {
				t.Errorf("%s: %v", c.yaml, d.Err())
			}
			continue
		}
		got, ok := root.JSON()
		if string(got) != c.want || ok != (c.want != "") || ok != (d.Err() == nil) {
			t.Errorf("%s is %s, %v; want %s", c.yaml, got, d.Err(), c.want)
		}
	}
	_, root, _ := Parse("a.yaml", "it needs `a:`", []byte("[0777, 1_000, 0b11, True, 1.10, 123456789012345678901234, 1e400, !!str Null, yes]"), noEnv)
	list, _ := root.List("it")
	var texts []string
	for _, v := range list {
		s, _ := v.Text("a text")
		texts = append(texts, s)
	}
	if got := strings.Join(texts, " "); got != "0777 1_000 0b11 True 1.10 123456789012345678901234 1e400 Null yes" {
		t.Errorf("the texts are %s", got)
	}
	// Where something else is wanted, it has the value that it has in YAML 1.2, or is an error.
	d, root, _ := Parse("a.yaml", "it needs `a:`", []byte("{n: 0777, yes: True, none: NULL, weight: 0x1p4, rate: 0x1p4/s, sure: yes}"), noEnv)
	at := func(key string) Value { v, _ := root.Member(key); return v }
	if n, _ := at("n").Integer("n", 0, 1000); n != 777 || !at("yes").Boolean("yes") || d.Problems() != 0 {
		t.Errorf("0777 is %d: %v", n, d.Err())
	}
	at("none").Text("a text")
	at("weight").Weight("a weight")
	at("rate").Rate("a rate")
	at("sure").Boolean("sure")
	if d.Problems() != 4 {
		t.Errorf("expected four problems, found %v", d.Err())
	}
}

// Another part is put in, and the rest means what it meant.
// What is hidden stands in no problem, and where the problem is can still be seen.
func TestHide(t *testing.T) {
	for text, want := range map[string]string{
		"a: {b: hush, c: 1}":                     "a: {b: ****, c: *}",
		"a: {b: \"hush\", c: 1}":                 "a: {b: ******, c: *}",
		"a: {b: \"h\\x75sh\", c: 1}":             "a: {b: " + strings.Repeat("*", len(`"h\x75sh", c: 1}`)),
		"a:\n  b: hush\n  c: 1":                  "  c: *",
		"a:\n  b: [x, [hush]]\n  c: 1":           "  c: *",
		"a:\n  b: >-\n    hush\n  c: 1":          "  c: *",
		"a:\n  b: |\n    hush\n    hush\n  c: 1": "  c: *",
	} {
		d, root, ok := Parse("a.yaml", "", []byte(text), noEnv)
		if !ok {
			t.Fatal(d.Err())
		}
		a, _ := root.Member("a")
		a.Hide()
		for _, key := range []string{"b", "c"} {
			v, _ := a.Member(key)
			v.Fail("it is wrong")
		}
		if said := d.Err().Error(); !strings.Contains(said, "\n    "+want+"\n") || strings.Count(said, "^") == 0 || strings.Contains(said, "sh") {
			t.Errorf("%s: %s\nwant %s", text, said, want)
		}
	}
}

func TestReplace(t *testing.T) {
	const file = "# why\nname: a # here\nload:\n  - {rate: 1/s}\n  - {rate: 2/s}\nlast: {x: 1}\n"
	for _, c := range []struct{ file, key, text, want string }{
		{file, "load", "- {rate: 9/s}\n", `{"last":{"x":1},"load":[{"rate":"9/s"}],"name":"a"}`},
		{file, "load", "", `{"last":{"x":1},"name":"a"}`},
		{file, "none", "", `{"last":{"x":1},"load":[{"rate":"1/s"},{"rate":"2/s"}],"name":"a"}`},
		{file, "new", "7", `{"last":{"x":1},"load":[{"rate":"1/s"},{"rate":"2/s"}],"name":"a","new":7}`},
		{"{name: a, load: [1]}", "load", "[2, 3]", `{"load":[2,3],"name":"a"}`},
	} {
		changed, err := Replace([]byte(c.file), c.key, c.text)
		if err != nil {
			t.Error(err)
			continue
		}
		d, root, ok := Parse("b.yaml", "it needs `a:`", changed, noEnv)
		if !ok {
			t.Errorf("%s: %v", changed, d.Err())
			continue
		}
		if got, _ := root.JSON(); string(got) != c.want {
			t.Errorf("%s\nis %s, want %s", changed, got, c.want)
		}
		if strings.Contains(c.file, "# why") && (!strings.Contains(string(changed), "# why") || !strings.Contains(string(changed), "# here")) {
			t.Errorf("the comments are gone:\n%s", changed)
		}
	}
	for _, file := range []string{"", "- a\n", "a: [", "a: &x 1\nb: *y\n"} {
		if changed, err := Replace([]byte(file), "a", "1"); err == nil {
			t.Errorf("%q became %q", file, changed)
		}
	}
}
