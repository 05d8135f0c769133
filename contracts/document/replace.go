package document

import (
	"errors"

	"go.yaml.in/yaml/v4"
)

// Replace puts a text of YAML in the place of what stands behind a key of the file's root, or takes the key out where
// the text is empty. Comments beside other keys stay.
func Replace(data []byte, key, text string) ([]byte, error) {
	var file, part yaml.Node
	if err := yaml.Load(data, &file); err != nil {
		return nil, err
	}
	if file.Kind != yaml.DocumentNode || len(file.Content) != 1 || file.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("the file is no mapping (key: value)")
	}
	root := file.Content[0]
	at := 0
	for at < len(root.Content) && root.Content[at].Value != key {
		at += 2
	}
	if text == "" {
		if at < len(root.Content) {
			root.Content = append(root.Content[:at:at], root.Content[at+2:]...)
		}
		return yaml.Dump(&file)
	}
	if err := yaml.Load([]byte(text), &part); err != nil {
		return nil, err
	}
	if at < len(root.Content) {
		root.Content[at+1] = part.Content[0]
	} else {
		root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, part.Content[0])
	}
	return yaml.Dump(&file)
}
