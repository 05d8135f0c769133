package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

const (
	// maxText bounds the text of a description, in bytes, with all its files, and maxFiles their number.
	maxText  = 8 << 20
	maxFiles = 2000
	// maxPlaced bounds what is put into one document, in nodes.
	maxPlaced = 400_000
	// maxDeep bounds how deep objects stand in one another, as schema.Parse does.
	maxDeep = jsontext.MaxDepth
)

// reader puts what stands in other files where the document's own references lead to it.
type reader struct {
	d     *schema.Document
	name  string
	files fs.FS
	// trees are the files that were read, by their path from the description's folder: nil where one was not.
	trees map[string]*schema.Node
	why   map[string]error
	// placed are the references to what was put into the document, by the kind, the file and the pointer.
	placed map[target]string
	// within are the path items that are being put in place.
	within map[target]bool
	bytes  int
	nodes  int
	depth  int
	errs   []string
}

// target is something in another file.
type target struct{ kind, file, pointer string }

// own is the path of the description itself.
const own = ""

func newReader(d *schema.Document, name string, text []byte, files fs.FS) *reader {
	d.Files, d.Unread = []schema.File{{Text: text}}, map[string]string{}
	return &reader{d: d, name: name, files: files, trees: map[string]*schema.Node{own: d.Root}, why: map[string]error{}, placed: map[target]string{}, within: map[target]bool{}, bytes: len(text)}
}

// document goes through the description. A component that is nothing but a reference to another file is where that
// stands from then on.
func (r *reader) document() {
	all := r.d.Root.At("components")
	var claimed []func()
	for _, key := range all.Names() {
		kind, _ := below(components, key)
		for _, name := range all.Fields[key].Names() {
			shelf := all.Fields[key]
			ref := shelf.Fields[name].At("$ref")
			if kind == "" || len(shelf.Fields[name].Keys) != 1 || ref.Text() == "" || strings.HasPrefix(ref.Text(), "#") {
				continue
			}
			file, pointer, err := r.locate(own, ref.Text())
			at := target{kind, file, pointer}
			if _, taken := r.placed[at]; err != nil || file == own || taken {
				continue
			}
			found, err := r.find(file, pointer)
			if err != nil || !r.afford(found) {
				continue
			}
			r.placed[at] = "#" + jsontext.Pointer("components", key, name)
			claimed = append(claimed, func() {
				copied := found.Clone()
				r.walk(&copied, kind, file)
				shelf.Fields[name] = copied
			})
		}
	}
	for _, fill := range claimed {
		fill()
	}
	root := r.d.Root
	r.walk(&root, aDocument, own)
}

// walk goes through an object that stands in a file, and has its references lead into the document.
func (r *reader) walk(at **schema.Node, kind, file string) {
	n := *at
	if n == nil || n.Fields == nil || r.depth > maxDeep {
		return
	}
	r.depth++
	defer func() { r.depth-- }()
	if ref := n.At("$ref"); ref != nil && ref.Text() != "" && !r.walked(ref, file) {
		r.reference(at, kind, file)
		if n = *at; n.At("$ref") == nil {
			return // it was put in place of the reference, and has been gone through
		}
	}
	if kind == aSchema {
		mapping := n.At("discriminator", "mapping")
		for _, name := range mapping.Names() {
			r.mapped(mapping.Fields[name], file)
		}
	}
	each(n, kind, func(child string, at **schema.Node) { r.walk(at, child, file) })
}

// walked reports whether a reference is one within the description itself, or was put there.
func (r *reader) walked(ref *schema.Node, file string) bool {
	return file == own && strings.HasPrefix(ref.Text(), "#")
}

// reference has a reference lead into the document, with what it leads to. A path item takes the place of the reference
// to it, since OpenAPI 3.0 has no other place for one.
func (r *reader) reference(at **schema.Node, kind, from string) {
	n := *at
	ref := n.At("$ref")
	text := ref.Text()
	if r.d.Unread[text] != "" && from == own {
		return
	}
	file, pointer, err := r.locate(from, text)
	if err != nil {
		r.unread(ref, text, err)
		return
	}
	if file == own {
		ref.Scalar = "#" + pointer
		return
	}
	found, err := r.find(file, pointer)
	if err != nil {
		r.unread(ref, file+"#"+pointer, err)
		return
	}
	to := target{kind, file, pointer}
	switch {
	case kind != aPathItem || len(n.Keys) > 1:
		ref.Scalar = r.place(to, found)
	case r.within[to]:
		r.unread(ref, file+"#"+pointer, fmt.Errorf("the reference %.100q leads back to itself", text))
	case r.afford(found):
		r.within[to] = true
		*at = found.Clone()
		r.walk(at, kind, file)
		delete(r.within, to)
	}
}

// mapped has a value of a discriminator's mapping lead into the document, if it names a file.
func (r *reader) mapped(n *schema.Node, from string) {
	text := n.Text()
	if from == own && strings.HasPrefix(text, "#") || !strings.ContainsAny(text, "#./") {
		return
	}
	file, pointer, err := r.locate(from, text)
	if err != nil {
		return
	}
	if file == own {
		n.Scalar = "#" + pointer
	} else if found, err := r.find(file, pointer); err == nil {
		n.Scalar = r.place(target{aSchema, file, pointer}, found)
	}
}

// unread notes why a reference is not followed. Whether that matters is up to whoever reads what it leads to.
func (r *reader) unread(ref *schema.Node, text string, err error) {
	if text == "" || strings.HasPrefix(text, "#") {
		text = "./" + text
	}
	ref.Scalar = text
	r.d.Unread[text] = err.Error()
}

// locate splits a reference into a file, by its path from the description's folder, and a pointer.
func (r *reader) locate(from, ref string) (file, pointer string, err error) {
	u, err := url.Parse(ref)
	switch {
	case err != nil:
		return "", "", fmt.Errorf("the reference %.100q cannot be read", ref)
	case u.Scheme != "" || u.Host != "":
		return "", "", fmt.Errorf("the reference %.100q is an address, and andon fetches nothing to read a description; keep a copy beside the description", ref)
	case u.Fragment != "" && !strings.HasPrefix(u.Fragment, "/"):
		return "", "", fmt.Errorf("the reference %.100q is to a name, and not to a place, such as #/components/schemas/…; refer to the place", ref)
	}
	if u.Path == "" {
		return from, u.Fragment, nil
	}
	if r.files == nil {
		return "", "", fmt.Errorf("the reference %.100q does not start with #/; there are no files beside this text, so bundle the description into one", ref)
	}
	file = path.Join(path.Dir("./"+from), u.Path)
	if strings.HasPrefix(u.Path, "/") || !fs.ValidPath(file) {
		return "", "", fmt.Errorf("the reference %.100q leads out of the description's folder, and andon reads nothing there; begin with a description in the folder above, or keep a copy", ref)
	}
	if file == r.name {
		file = own
	}
	return file, u.Fragment, nil
}

// find is what stands at a pointer of a file.
func (r *reader) find(file, pointer string) (*schema.Node, error) {
	root, err := r.tree(file)
	if err != nil {
		return nil, err
	}
	if pointer == "" {
		return root, nil
	}
	n, err := (&schema.Document{Root: root}).Pointer("#" + pointer)
	if err != nil {
		return nil, fmt.Errorf("%s has nothing at #%.200s", file, pointer)
	}
	return n, nil
}

// tree reads a file, once.
func (r *reader) tree(file string) (*schema.Node, error) {
	if root := r.trees[file]; root != nil {
		return root, nil
	}
	if r.why[file] == nil {
		root, err := r.read(file)
		if err == nil {
			r.trees[file] = root
			return root, nil
		}
		r.why[file] = err
	}
	return nil, r.why[file]
}

func (r *reader) read(file string) (*schema.Node, error) {
	if len(r.d.Files) >= maxFiles {
		return nil, fmt.Errorf("the description has more than %d files", maxFiles)
	}
	f, err := r.files.Open(file)
	if err != nil {
		return nil, plain(file, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s cannot be read: it is no file", file)
	}
	text, err := io.ReadAll(io.LimitReader(f, int64(maxText-r.bytes+1)))
	if err != nil {
		return nil, plain(file, err)
	}
	if r.bytes += len(text); r.bytes > maxText {
		return nil, errors.New("the description has more than the 8 MiB that andon reads, with all its files")
	}
	root, err := schema.Parse(text)
	if err != nil {
		return nil, errors.New(file + ":" + strings.ReplaceAll(err.Error(), "\n", "; "+file+":"))
	}
	last := r.d.Files[len(r.d.Files)-1]
	first := last.First + bytes.Count(last.Text, []byte("\n")) + 1
	root.Shift(first)
	r.d.Files = append(r.d.Files, schema.File{Name: file, First: first, Text: text})
	return root, nil
}

// plain is the error of a file without the folders above it.
func plain(file string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("%s cannot be read: %w", file, err)
}

// place puts what stands in another file among the components, once, and gives the reference to it.
func (r *reader) place(at target, found *schema.Node) string {
	if ref, is := r.placed[at]; is {
		return ref
	}
	key := shelf(at.kind)
	if key == "" {
		// Nothing of this kind is referred to, by OpenAPI.
		return at.file + "#" + at.pointer
	}
	shelf := member(member(r.d.Root, "components"), key)
	name := nameOf(at)
	for i, base := 2, name; shelf.Fields[name] != nil; i++ {
		name = base + "-" + strconv.Itoa(i)
	}
	ref := "#" + jsontext.Pointer("components", key, name)
	r.placed[at] = ref
	shelf.Keys = append(shelf.Keys, name)
	shelf.Fields[name] = &schema.Node{Fields: map[string]*schema.Node{}, Line: found.Line, Column: found.Column}
	if !r.afford(found) {
		return ref
	}
	copied := found.Clone()
	r.walk(&copied, at.kind, at.file)
	shelf.Fields[name] = copied
	return ref
}

// afford reports whether there is room for a copy of a tree.
func (r *reader) afford(n *schema.Node) bool {
	before := r.nodes
	var count func(n *schema.Node)
	count = func(n *schema.Node) {
		if r.nodes++; r.nodes > maxPlaced {
			return
		}
		for _, f := range n.Fields {
			count(f)
		}
		for _, x := range n.List {
			count(x)
		}
	}
	if count(n); r.nodes > maxPlaced && before <= maxPlaced {
		r.errs = append(r.errs, "the description is too large, with all that its files refer to")
	}
	return r.nodes <= maxPlaced
}

func (r *reader) failed() error {
	if len(r.errs) > 0 {
		return errors.New(strings.Join(r.errs, "\n"))
	}
	return nil
}

// member is an object's member, which is an object, and made if it is missing.
func member(n *schema.Node, key string) *schema.Node {
	if m := n.Fields[key]; m != nil && m.Fields != nil {
		return m
	}
	if n.Fields[key] == nil {
		n.Keys = append(n.Keys, key)
	}
	m := &schema.Node{Fields: map[string]*schema.Node{}, Line: n.Line, Column: n.Column}
	n.Fields[key] = m
	return m
}

// nameOf is what a component is called that stood in another file: by the last step to it, or else by the file.
func nameOf(at target) string {
	name := strings.TrimSuffix(path.Base(at.file), path.Ext(at.file))
	if steps := jsontext.Steps(at.pointer); len(steps) > 0 {
		name = steps[len(steps)-1]
	}
	if name = unnamed.ReplaceAllString(name, "_"); name == "" {
		return "part"
	}
	return name
}

// unnamed is what the name of a component does not have, by OpenAPI.
var unnamed = regexp.MustCompile(`[^a-zA-Z0-9._-]`)
