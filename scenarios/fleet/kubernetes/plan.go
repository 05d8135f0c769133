package kubernetes

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/reports/text"
)

// plan has the plan's files, under names that a ConfigMap takes; in the hub's volume they have their own.
func (m Manifest) plan() object {
	doc := m.document("v1", "ConfigMap", "plan", nil)
	doc["immutable"] = true
	texts, others := object{}, object{}
	for key, name := range m.keys() {
		data := m.Files[name]
		// What a runner of CI would take for a command is not written as it is.
		if utf8.Valid(data) && !bytes.ContainsFunc(data, unwritten) && text.Inert(string(data)) == string(data) {
			texts[key] = string(data)
		} else {
			others[key] = base64.StdEncoding.EncodeToString(data)
		}
	}
	if len(texts) > 0 {
		doc["data"] = texts
	}
	if len(others) > 0 {
		doc["binaryData"] = others
	}
	return doc
}

// unwritten reports whether YAML has no character as it is.
func unwritten(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == utf8.RuneError }

// planItems are the names of the plan's files in the volume.
func (m Manifest) planItems() (items list) {
	keys := m.keys()
	for _, key := range sorted(keys) {
		items = append(items, object{"key": key, "path": keys[key]})
	}
	return items
}

// aKey is what an entry of a ConfigMap may be called, two dots at its beginning aside.
var aKey = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[-._a-zA-Z0-9]{1,200}$`) })

// keys gives the plan's files by the names of their entries: their own where that may be one.
func (m Manifest) keys() map[string]string {
	keys := map[string]string{}
	for i, name := range sorted(m.Files) {
		if !aKey().MatchString(name) || strings.HasPrefix(name, ".") {
			// No file's own name begins so.
			keys[fmt.Sprintf(".file-%d", i)] = name
		} else {
			keys[name] = name
		}
	}
	return keys
}
