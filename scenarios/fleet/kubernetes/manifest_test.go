package kubernetes

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/text"
)

var update = flag.Bool("update", false, "write the documents in testdata anew")

func address(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// usual is a manifest as the command makes it.
func usual(t testing.TB) Manifest {
	return Manifest{
		Head: []string{"2 workers", "", "more"}, Name: "andon-mixed", Image: "andon:1", Workers: 2, Cores: 2, Memory: "1Gi",
		Hub: []string{"fleet", "run", "/plan/mixed.yaml"}, Worker: []string{"fleet", "worker"},
		Files:  map[string][]byte{"mixed.yaml": []byte("load: [{rate: 10/s, for: 1s}]\n"), "openapi.yaml": []byte("openapi: 3.1.0\n")},
		Target: address(t, "https://staging.example.com/api"), Calls: 200, Lasts: time.Minute,
	}
}

// largest has the longest names and the largest figures that are taken, and everything that may be left out.
func largest(t testing.TB) Manifest {
	m := usual(t)
	m.Name = strings.Repeat("a", maxName-2) + "-1"
	m.Namespace = strings.Repeat("n", 63)
	m.Image = "images.example.com:5000/tools/andon:v1.2.3@sha256:" + strings.Repeat("0", 64)
	m.Workers, m.Calls, m.Lasts = maxWorkers, 1e12, 365*24*time.Hour
	m.Environment = strings.Repeat("e", 63) + ".b"
	m.Networks = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")}
	m.Cores, m.Memory = maxCores, "999999Gi"
	m.Files = map[string][]byte{"big.csv": bytes.Repeat([]byte("x"), 1000), strings.Repeat("d", 200) + "/deep/file.csv": {}, "binary": {0, 255, 10}}
	return m
}

// The words that readers of YAML have taken for something else, and those that can be hard to write.
type odd struct {
	Args  []string
	Files map[string]string
}

func oddWords(t testing.TB) (words odd) {
	data, err := os.ReadFile("testdata/odd.json")
	if err == nil {
		err = json.Unmarshal(data, &words)
	}
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// The documents in testdata are what andon writes, and what Kubernetes' own code has taken, which is too large to be
// built for each test: make manifest-check asks it, and notes it in accepted.txt.
func TestDocuments(t *testing.T) {
	words, odd, inside := oddWords(t), usual(t), usual(t)
	odd.Hub, odd.Worker, odd.Files = words.Args, words.Args, map[string][]byte{}
	for name, data := range words.Files {
		odd.Files[name] = []byte(data)
	}
	odd.Target = address(t, "http://[2001:db8::1]:8080")
	inside.Target, inside.Files = address(t, "http://agents.staging.svc.cluster.local"), nil
	for name, m := range map[string]Manifest{"usual": usual(t), "largest": largest(t), "odd": odd, "inside": inside} {
		t.Run(name, func(t *testing.T) {
			got, err := m.YAML()
			if err != nil {
				t.Fatal(err)
			}
			same(t, name, got)
		})
	}
	t.Run("secret", func(t *testing.T) {
		if _, err := Secret("Andon", "a b", "", ""); err == nil || strings.Count(err.Error(), "\n") != 1 {
			t.Errorf("%v, want two faults", err)
		}
		got, err := Secret("andon-mixed", "load", "andon-mixed-hub:4222#00#SU", "andonhub1-00")
		if err != nil {
			t.Fatal(err)
		}
		same(t, "secret", got)
	})
}

func same(t *testing.T, name string, got []byte) {
	t.Helper()
	if text.Inert(string(got)) != string(got) {
		t.Error("a runner of CI finds a command in the documents")
	}
	file := filepath.Join("testdata", name+".yaml")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	accepted, err := os.ReadFile("testdata/accepted.txt")
	if sum := fmt.Sprintf("%x  %s\n", sha256.Sum256(got), filepath.Base(file)); err != nil || !*update && !strings.Contains(string(accepted), sum) {
		t.Errorf("%s was not held against Kubernetes (%v); run make manifest-check", file, err)
	}
	if want, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s (%v) is not what is written:\n%s", file, err, got)
	}
}

// Whatever stands in the files and on the command lines is read back as it was, and the same manifest gives the same
// bytes.
func TestReadBack(t *testing.T) {
	isPlain := func(s string) bool { return plain(s) && !strings.HasPrefix(s, "..") }
	rapid.Check(t, func(rt *rapid.T) {
		m := usual(t)
		m.Files = map[string][]byte{
			"a.yaml": []byte(rapid.OneOf(rapid.String(), rapid.StringMatching(`([ \n]{0,2}(::|##\[|a))*`)).Draw(rt, "text")),
			rapid.StringMatching(`[ -.0-~]{1,9}`).Filter(isPlain).Draw(rt, "name"): rapid.SliceOf(rapid.Byte()).Draw(rt, "bytes"),
		}
		m.Hub = rapid.SliceOf(rapid.StringMatching(`[ -~]{0,20}`).Filter(isPlain)).Draw(rt, "hub")
		if err := m.Check(); err != nil {
			rt.Fatal(err)
		}
		written, err := write(new(bytes.Buffer), list{m.plan(), m.hub()})
		if err != nil {
			rt.Fatal(err)
		}
		if inert := text.Inert(string(written)); inert != string(written) {
			rt.Fatalf("a runner of CI finds a command in\n%s", written)
		}
		if again, _ := write(new(bytes.Buffer), list{m.plan(), m.hub()}); !bytes.Equal(written, again) {
			rt.Fatal("two manifests of one run differ")
		}
		var docs []map[string]any
		if err := yaml.Load(written, &docs, yaml.WithAllDocuments()); err != nil {
			rt.Fatal(err)
		}
		items := member(docs[1], "spec", "template", "spec", "volumes").([]any)[1]
		for _, item := range member(items, "configMap", "items").([]any) {
			name, key := member(item, "path").(string), member(item, "key").(string)
			var found []byte
			if s, ok := member(docs[0], "data", key).(string); ok {
				found = []byte(s)
			} else {
				encoded, _ := member(docs[0], "binaryData", key).(string)
				found, _ = base64.StdEncoding.DecodeString(encoded)
			}
			if want, known := m.Files[name]; !known || !bytes.Equal(found, want) {
				rt.Fatalf("%s is %q, want %q, in\n%s", name, found, m.Files[name], written)
			}
		}
		container := member(docs[1], "spec", "template", "spec", "containers").([]any)[0].(map[string]any)
		var args []string
		for _, a := range container["args"].([]any) {
			args = append(args, a.(string))
		}
		if !slices.Equal(args, m.Hub) {
			rt.Fatalf("%q, want %q", args, m.Hub)
		}
	})
}

func member(of any, path ...string) any {
	for _, name := range path {
		inside, _ := of.(map[string]any)
		of = inside[name]
	}
	return of
}

// What Kubernetes would not take, and what could not work there, is told before.
func TestCheck(t *testing.T) {
	for want, spoil := range map[string]func(*Manifest){
		"the name of the run: expected at most 51":                                        func(m *Manifest) { m.Name = strings.Repeat("a", maxName+1) },
		`is a letter and the last no -, found ""`:                                         func(m *Manifest) { m.Name = "" },
		`is a letter and the last no -, found "1`:                                         func(m *Manifest) { m.Name = "1run" },
		`is a letter and the last no -, found "Ru`:                                        func(m *Manifest) { m.Name = "Run" },
		`is a letter and the last no -, found "ru`:                                        func(m *Manifest) { m.Name = "run-" },
		"the namespace: ":                                                                 func(m *Manifest) { m.Namespace = "load test" },
		"the image: expected the name of an image whose entry point is andon, found none": func(m *Manifest) { m.Image = "" },
		"the image: expected the name of an image, found":                                 func(m *Manifest) { m.Image = "andon 1" },
		"the workers: expected 1 to 10000, found 0":                                       func(m *Manifest) { m.Workers = 0 },
		"the workers: expected 1 to 10000, found 10001":                                   func(m *Manifest) { m.Workers = maxWorkers + 1 },
		"the workers: 201 of them share 200 calls":                                        func(m *Manifest) { m.Workers = 201 },
		"the Secret of the environment: ":                                                 func(m *Manifest) { m.Environment = "a..b" },
		"the cores of a worker: ":                                                         func(m *Manifest) { m.Cores = 0 },
		`such as 1Gi, found "1.5G"`:                                                       func(m *Manifest) { m.Memory = "1.5G" },
		"the run may last":                                                                func(m *Manifest) { m.Lasts = 400 * 24 * time.Hour },
		"a command line: ":                                                                func(m *Manifest) { m.Hub = []string{"a\x1b[2J"} },
		"the target: expected its URL":                                                    func(m *Manifest) { m.Target = nil },
		"127.0.0.1:80 is each pod itself":                                                 func(m *Manifest) { m.Target = address(t, "http://127.0.0.1:80") },
		"the target: localhost is each":                                                   func(m *Manifest) { m.Target = address(t, "http://localhost/") },
		"the target: [::1] is each":                                                       func(m *Manifest) { m.Target = address(t, "http://[::1]/") },
		"the target: expected a port":                                                     func(m *Manifest) { m.Target = address(t, "http://a.example:70000/") },
		"the networks of the target: ": func(m *Manifest) {
			m.Networks = []netip.Prefix{netip.MustParsePrefix("10.1.2.3/16")}
		},
		`the file "../secret.csv": `:                              func(m *Manifest) { m.Files["../secret.csv"] = nil },
		`the file "..data": `:                                     func(m *Manifest) { m.Files["..data"] = nil },
		`the file "/etc/passwd": `:                                func(m *Manifest) { m.Files["/etc/passwd"] = nil },
		"expected at most 1.05 MB, which is what a ConfigMap hol": func(m *Manifest) { m.Files["d.csv"] = make([]byte, maxFiles) },
	} {
		m := usual(t)
		spoil(&m)
		out, err := m.YAML()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || out != nil {
			t.Errorf("%v, want %q", err, want)
		}
	}
	err := Manifest{}.Check()
	for _, want := range []string{"name", "image", "workers", "cores", "memory", "target"} {
		if !strings.Contains(err.Error(), "the "+want) {
			t.Errorf("%q does not tell of the %s", err, want)
		}
	}
}

// A worker may reach the target, and as little else as can be said of it.
func TestTargetPeers(t *testing.T) {
	for target, want := range map[string]string{
		"https://staging.example.com":     `{"ports":[{"port":443,"protocol":"TCP"}]}`,
		"http://staging.example.com:8080": `{"ports":[{"port":8080,"protocol":"TCP"}]}`,
		"http://10.0.0.7":                 `{"ports":[{"port":80,"protocol":"TCP"}],"to":[{"ipBlock":{"cidr":"10.0.0.7/32"}}]}`,
		"http://[2001:db8::1]:81":         `{"ports":[{"port":81,"protocol":"TCP"}],"to":[{"ipBlock":{"cidr":"2001:db8::1/128"}}]}`,
		"http://[::ffff:10.0.0.7]":        `{"ports":[{"port":80,"protocol":"TCP"}],"to":[{"ipBlock":{"cidr":"10.0.0.7/32"}}]}`,
		"http://agents:8080":              `{"to":[{"podSelector":{}}]}`,
		"http://agents.test.svc:8080":     `{"to":[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"test"}}}]}`,
		"http://a.test.svc.cluster.local": `{"to":[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"test"}}}]}`,
	} {
		m := usual(t)
		m.Target = address(t, target)
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
		rules := m.workerPolicy()["spec"].(object)["egress"].(list)
		if got, _ := json.Marshal(rules[2]); string(got) != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
	}
	m := usual(t)
	m.Networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	if got, _ := json.Marshal(m.targetPeers()); string(got) != `[{"ipBlock":{"cidr":"10.0.0.0/8"}}]` {
		t.Errorf("%s", got)
	}
}

func TestNameOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := NameOf(rapid.StringMatching(`[A-Za-z0-9_.-]{1,64}`).Draw(t, "scenario"))
		if found := (Manifest{Name: name}).checkNames(); len(found) > 0 {
			t.Fatalf("%s: %v", name, found)
		}
	})
	if got := NameOf("Peak_2.late"); got != "andon-peak-2-late" {
		t.Error(got)
	}
}
