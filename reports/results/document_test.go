package results

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// list is a document of a list.
type list struct {
	Schema string `json:"schema"`
	List   []int  `json:"list"`
}

func listDocument() Document[list] {
	return Document[list]{
		File: "list.json", Schema: "andon.list/1", Name: "the list", Kind: "list", Most: 1 << 10,
		Listed: func(l *list) { l.List = Listed(l.List) },
		Wrong: func(l *list) string {
			if len(l.List) > 3 {
				return "/list: expected 3 at most"
			}
			return ""
		},
	}
}

// What is damaged is told with its place, and nothing of it is given; what another version wrote is not called damaged.
func TestDocument(t *testing.T) {
	d, dir := listDocument(), t.TempDir()
	path := filepath.Join(dir, d.File)
	if _, err := d.Read(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	empty := list{Schema: d.Schema}
	if err := d.Write(dir, empty); err != nil {
		t.Fatal(err)
	}
	if l, err := d.Read(dir); err != nil || l.List == nil || empty.List != nil {
		t.Errorf("it reads back as %v, %v", l, err)
	}
	var b bytes.Buffer
	if err := d.Encode(&b, list{Schema: d.Schema, List: []int{4711}}); err != nil {
		t.Fatal(err)
	}
	whole := b.String()
	const damaged = "the list is damaged: "
	for name, c := range map[string]struct{ text, want string }{
		"cut":             {whole[:len(whole)/2], damaged + path + ":3: unexpected EOF"},
		"changed":         {strings.Replace(whole, "4711", "4712", 1), damaged + path + ": it has changed since it was written"},
		"seal changed":    {strings.Replace(whole, "crc32c", "crc32d", 1), damaged + path + `:7: json: unknown field "crc32d"`},
		"nothing":         {"", damaged + path + ":1: EOF"},
		"null":            {"null", damaged + path + ": /schema: expected"},
		"another version": {`{"schema": "andon.list/2", "found": 1}`, path + `: expected "schema": "andon.list/1", found "andon.list/2"; another version of andon wrote it, or it is of no list`},
		"no schema":       {`{"list": []}`, damaged + path + `: /schema: expected "andon.list/1", found nothing`},
		"a field more":    {`{"schema": "andon.list/1", "lost": 1}`, damaged + path + `:1: json: unknown field "lost"`},
		"another type":    {"{\"schema\": \"andon.list/1\",\n\"list\": 1}", damaged + path + ":2: json: cannot unmarshal"},
		"more behind":     {`{"schema": "andon.list/1"}{}`, damaged + path + ":1: there is more behind the document"},
		"what cannot be":  {`{"schema": "andon.list/1", "list": [1, 2, 3, 4]}`, damaged + path + ": /list: expected 3 at most"},
		"too large":       {strings.Repeat(" ", 1<<10) + whole, path + " is larger than 1 KiB"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		if l, err := d.Read(dir); err == nil || !strings.HasPrefix(err.Error(), c.want) || l.Schema != "" || l.List != nil {
			t.Errorf("%s: %v, %v, want %q", name, l, err, c.want)
		}
	}
}

// A word that is none of those there are is told with what was meant, perhaps.
func TestUnknownWord(t *testing.T) {
	if why := UnknownWord("/a", "yse", "yes", "no"); why != `/a: unknown word "yse"; did you mean "yes"? another version of andon may have written it` {
		t.Error(why)
	}
	if why := UnknownWord("/a", "no", "yes", "no"); why != "" {
		t.Error(why)
	}
}
