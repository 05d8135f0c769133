package kubernetes

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// plan has the plan's files, under names that a ConfigMap takes; those of the folders are in the hub's volume.
func (m Manifest) plan() object {
	doc := m.document("v1", "ConfigMap", "plan", nil)
	doc["immutable"] = true
	texts, others := object{}, map[string][]byte{}
	for i, name := range sorted(m.Files) {
		if data := m.Files[name]; utf8.Valid(data) && !bytes.ContainsFunc(data, unwritten) {
			texts[key(i)] = string(data)
		} else {
			others[key(i)] = data
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
	for i, name := range sorted(m.Files) {
		items = append(items, object{"key": key(i), "path": name})
	}
	return items
}

func key(i int) string { return fmt.Sprintf("file-%d", i) }
