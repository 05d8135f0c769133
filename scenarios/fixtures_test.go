package scenarios

import (
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/contracts/cases"
)

// Whatever a file of fixtures holds, it is read or refused, and what was read is what the description allows, and
// stands in a scenario as it stood in the file.
func FuzzFixtures(f *testing.F) {
	for _, s := range []string{
		"agentId: [a]\nfile: [f]\n", "file: {ids: [f]}", "skill: {properties: {id: {template: 's-{{seq}}'}}}", "json: {values: [{a: 1}]}", "text: {length: 20}",
		"text: [x]", "content: [x]", "file: []", "a: &a [*a]\n", "file: {from: ../x.csv, column: id}", "{}", "[]", "agentId: [1, null, {a: b}]",
	} {
		f.Add([]byte(s))
	}
	d := description(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(data), "from") {
			return // no file is read here
		}
		fixtures, err := readFixtures("fixtures.yaml", data, d, noEnv)
		if err != nil {
			return
		}
		described, err := fixtures.Describe(d)
		if err != nil {
			t.Fatal(err)
		}
		if described.SHA256() != d.SHA256() {
			t.Fatal("the description has changed")
		}
		cases.Derive(described)
		text, err := fixtures.Scenario("s.yaml", []byte("load: [{rate: 1/s, for: 1s}]\ndata: {skill: [skill_mine]}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse("s.yaml", text, d, noEnv); err != nil {
			t.Fatalf("%s\nmakes\n%s\n%v", data, text, err)
		}
	})
}

// A list is short for ids, a file of data is found from where the fixtures lie, and all that is wrong is told at once.
func TestFixturesErrors(t *testing.T) {
	d := description(t)
	_, err := readFixtures("f.yaml", []byte("fiel: [x]\nfile: x\nskill: [[a]]\ntext: [b]\nagentId: []\n"), d, noEnv)
	for _, want := range []string{`f.yaml:1:1: `, `did you mean "file"?`, "f.yaml:2:7: ", "f.yaml:3:9: expected an id", "f.yaml:4:7: a text has no id", "f.yaml:5:10: the list of values of agentId is empty", "^"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %q", err, want)
		}
	}
	for data, want := range map[string]string{
		"agentId: 5":   `f.yaml:1:10: expected the data of agentId, a list of values or a source such as {from: file.csv, column: agentId}, found "5"`,
		"agentId: ":    `expected the data of agentId, a list of values or a source such as {from: file.csv, column: agentId}, found nothing`,
		"file: x":      `f.yaml:1:7: expected the data of file, a list of values or a source such as {from: file.csv, column: id}, found "x"`,
		"file: [.nan]": `f.yaml:1:8: .nan is no number that JSON has; in quotes it is a text`,
		"text: later":  `f.yaml:1:7: expected the data of text, a mapping (key: value), found "later"`,
	} {
		if _, err := readFixtures("f.yaml", []byte(data), d, noEnv); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nlacks %q", data, err, want)
		}
	}
	f, err := readFixtures("deep/f.yaml", []byte("agentId: [a]\n"), d, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	f.data = []byte("file: {from: files.csv, column: id}\nskill: {from: /abs.csv, column: id}\n")
	text, err := f.Scenario("other/s.yaml", []byte("# kept\nload: []\ndata: {file: [old], text: {length: 3}}\n"))
	for _, want := range []string{"# kept", "from: ../deep/files.csv", "from: /abs.csv", "length: 3"} {
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%v\n%s\nlacks %q", err, text, want)
		}
	}
	if strings.Contains(string(text), "old") {
		t.Errorf("what stood there is still there:\n%s", text)
	}
}
