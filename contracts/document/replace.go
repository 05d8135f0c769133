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

// Merge puts the members of another file's root into the mapping behind a key, in the place of those of the same name.
// Each text behind a key in it goes through edit, which may be nil.
func Merge(data []byte, key string, other []byte, edit func(key, text string) string) ([]byte, error) {
	var file, part yaml.Node
	if err := errors.Join(yaml.Load(data, &file), yaml.Load(other, &part)); err != nil {
		return nil, err
	}
	for _, f := range []*yaml.Node{&file, &part} {
		if f.Kind != yaml.DocumentNode || len(f.Content) != 1 || f.Content[0].Kind != yaml.MappingNode {
			return nil, errors.New("the file is no mapping (key: value)")
		}
	}
	into := member(file.Content[0], key)
	if into.Kind == yaml.AliasNode {
		// What is written elsewhere stays as it is for whoever else names it.
		copied := *into.Alias
		copied.Anchor, copied.Content = "", nil
		for _, n := range into.Alias.Content {
			part := *n
			copied.Content = append(copied.Content, &part)
		}
		*into = copied
	}
	if into.Kind != yaml.MappingNode {
		*into = yaml.Node{Kind: yaml.MappingNode}
	}
	from := part.Content[0].Content
	for i := 0; i+1 < len(from); i += 2 {
		if edit != nil {
			editTexts(from[i+1], edit)
		}
		*member(into, from[i].Value) = *from[i+1]
	}
	return yaml.Dump(&file)
}

// member is what stands behind a key of a mapping; it is added where the key is missing.
func member(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	value := &yaml.Node{}
	mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
	return value
}

func editTexts(n *yaml.Node, edit func(key, text string) string) {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && c.Kind == yaml.ScalarNode {
			c.Value = edit(n.Content[i-1].Value, c.Value)
		}
		editTexts(c, edit)
	}
}
