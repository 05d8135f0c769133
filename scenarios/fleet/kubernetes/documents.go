package kubernetes

import (
	"bytes"
	"fmt"
	"strings"
)

// YAML gives the documents. The error is that of [Manifest.Check].
func (m Manifest) YAML() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, line := range m.Head {
		fmt.Fprintln(&out, strings.TrimRight("# "+line, " "))
	}
	docs := list{m.plan(), m.disk(), m.service(), m.hubPolicy(), m.workerPolicy(), m.hub(), m.workers()}
	return write(&out, docs)
}
