package kubernetes

import (
	"bytes"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v4"
)

// Objects are written with their keys in order, so that they are the same each time.
type (
	object = map[string]any
	list   = []any
)

// Secret is the document of the Secret that the pods of a run know each other by: how workers join the hub, and the key
// by which the hub is known.
func Secret(name, namespace, join, hubKey string) ([]byte, error) {
	m := Manifest{Name: name, Namespace: namespace}
	if err := errors.Join(m.checkNames()...); err != nil {
		return nil, err
	}
	doc := m.document("v1", "Secret", "join", nil)
	doc["immutable"] = true
	doc["type"] = "Opaque"
	doc["stringData"] = object{Join: join, HubKey: hubKey}
	return write(new(bytes.Buffer), list{doc})
}

func write(out *bytes.Buffer, docs list) ([]byte, error) {
	text, err := yaml.Dump(docs, yaml.WithAllDocuments(), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, fmt.Errorf("the manifest cannot be written: %w", err)
	}
	out.Write(text)
	return out.Bytes(), nil
}

// document is one object of the run, by its part of it.
func (m Manifest) document(version, kind, part string, spec object) object {
	meta := object{"name": m.Name + "-" + part, "labels": m.labels(part)}
	if m.Namespace != "" {
		meta["namespace"] = m.Namespace
	}
	doc := object{"apiVersion": version, "kind": kind, "metadata": meta}
	if spec != nil {
		doc["spec"] = spec
	}
	return doc
}

func (m Manifest) labels(part string) object {
	return object{"app.kubernetes.io/name": "andon", "app.kubernetes.io/instance": m.Name, "app.kubernetes.io/component": part}
}

// pods selects those of a part.
func (m Manifest) pods(part string) object { return object{"matchLabels": m.labels(part)} }
