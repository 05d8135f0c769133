// Command andon-sbom writes the bill of materials of one binary. It is made by cyclonedx-gomod of what the linker has
// recorded in the binary, and is completed here: by the version, and by what is to be said of andon's own licence.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// licence is what stands where a licence would. Whoever owns andon has chosen none, and nobody else may.
const licence = "none has been chosen: all rights are reserved by the owner of the repository"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "andon-sbom:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: andon-sbom BINARY DOCUMENT VERSION")
	}
	var complaint bytes.Buffer
	tool := exec.Command("cyclonedx-gomod", "bin", "-json", "-noserial", "-notimestamp", "-std", "-version", "v"+args[2], args[0])
	tool.Stderr = &complaint
	text, err := tool.Output()
	if err != nil {
		return fmt.Errorf("cyclonedx-gomod: %w: %s", err, &complaint)
	}
	text, err = complete(text)
	if err != nil {
		return err
	}
	return os.WriteFile(args[1], text, 0o644)
}

// complete adds the licence, and takes out the checksums of cyclonedx-gomod's own program, which tell where it was built.
func complete(text []byte) ([]byte, error) {
	var document map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&document); err != nil {
		return nil, fmt.Errorf("what cyclonedx-gomod wrote: %w", err)
	}
	about, _ := document["metadata"].(map[string]any)
	andon, ok := about["component"].(map[string]any)
	if !ok {
		return nil, errors.New("what cyclonedx-gomod wrote has no /metadata/component")
	}
	andon["licenses"] = []any{map[string]any{"license": map[string]any{"name": licence}}}
	for _, key := range []string{"serialNumber", "timestamp"} {
		if document[key] != nil || about[key] != nil {
			return nil, fmt.Errorf("what cyclonedx-gomod wrote has a %s, which differs each time", key)
		}
	}
	if tools, ok := about["tools"].([]any); ok {
		for _, t := range tools {
			if tool, ok := t.(map[string]any); ok {
				delete(tool, "hashes")
			}
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(document)
	return b.Bytes(), err
}
