// Package bundle makes one document of a description: of one in several files, and in the words of OpenAPI 3.1 of one
// that is written in those of 3.0.
package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// Read reads the text of a description, and the files to which it refers. These lie in the description's folder or
// below: nothing else is read, and no address is asked. The name is the description's own among them. Files may be nil,
// where there is no such folder.
//
// The text that it gives means the same in one file: what was read, if it is in one.
func Read(name string, text []byte, files fs.FS) (d *schema.Document, whole []byte, err error) {
	root, err := schema.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	version, err := versionOf(root)
	if err != nil {
		return nil, nil, err
	}
	d, whole = &schema.Document{Root: root}, text
	r := newReader(d, name, text, files)
	r.document()
	if err := r.failed(); err != nil {
		return nil, nil, err
	}
	if len(d.Files) > 1 {
		var indented bytes.Buffer
		if err := json.Indent(&indented, root.AppendJSON(nil), "", "  "); err != nil {
			return nil, nil, fmt.Errorf("the description cannot be written as one file: %w", err)
		}
		whole = append(indented.Bytes(), '\n')
	}
	if version == "3.0" {
		modernize(root)
	}
	return d, whole, nil
}

// versionOf is the version of OpenAPI that a description is written in: 3.0, 3.1 or 3.2.
func versionOf(root *schema.Node) (string, error) {
	const expected = "expected an OpenAPI 3.0, 3.1 or 3.2 document, such as openapi: 3.1.0; found "
	n := root.At("openapi")
	switch {
	case root.Fields == nil:
		return "", schema.Wrong(root, expected+"no object")
	case n == nil && root.At("swagger") != nil:
		return "", &schema.Problem{At: root.At("swagger"), Pointer: []string{"swagger"}, Message: fmt.Sprintf(expected+"swagger: %q, which converters make OpenAPI of", clip(root.At("swagger").Text()))}
	case n == nil:
		return "", schema.Wrong(root, expected+"no openapi")
	}
	for _, version := range []string{"3.0", "3.1", "3.2"} {
		if strings.HasPrefix(n.Text(), version+".") {
			return version, nil
		}
	}
	return "", &schema.Problem{At: n, Pointer: []string{"openapi"}, Message: fmt.Sprintf(expected+"openapi: %s", clip(string(n.AppendJSON(nil))))}
}

func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}
