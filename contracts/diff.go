package contracts

import (
	"cmp"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	oasload "github.com/oasdiff/oasdiff/load"

	"github.com/kaizenautomation/andon/contracts/bundle"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// Diff lists the differences from an older description to a newer one, the most severe first. Calls are further bodies
// of requests to hold against both.
//
// It goes by oasdiff's rules, and holds calls that the older description allows against the newer, and answers that the
// newer allows against the older. What these show is breaking, whatever the rules say; and what the rules say of
// how a schema is written is not breaking where they show nothing.
func Diff(older, newer *Description, calls [][]byte) ([]Change, error) {
	changes, err := byRules(older, newer)
	if err != nil {
		return nil, err
	}
	found := slices.Concat(narrowed(older, newer, calls).explain(changes), widened(older, newer).explain(changes),
		carriedOtherwise(older, newer, changes), headersOtherwise(older, newer, changes), changes)
	rank := []Severity{Breaking, Risky, Harmless}
	slices.SortStableFunc(found, func(x, y Change) int {
		return cmp.Compare(slices.Index(rank, x.Severity), slices.Index(rank, y.Severity))
	})
	return found, nil
}

// DiffUnread lists what breaks callers in a newer document that andon does not take for a description: a call that is
// gone, say, or a media type. It goes by those rules of oasdiff alone that are not about schemas; the operation is that
// of the older description.
func DiffUnread(older *Description, name string) ([]Change, error) {
	var document *schema.Document
	err := reading(name, func(data []byte, files fs.FS) (err error) {
		document, _, err = bundle.Read(filepath.Base(name), data, files)
		return err
	})
	if err != nil {
		return nil, err
	}
	changes, err := byRules(older, &Description{document: document, written: document, operation: older.operation})
	about := func(c Change) bool {
		schemas := requestRules().MatchString(c.ID) || responseRules().MatchString(c.ID)
		return c.Severity == Breaking && (!schemas || strings.HasSuffix(c.ID, "media-type-removed"))
	}
	return slices.DeleteFunc(changes, func(c Change) bool { return !about(c) }), err
}

// byRules are the changes that oasdiff's rules tell, of descriptions in which the same is written alike.
func byRules(older, newer *Description) (changes []Change, err error) {
	plain := alike(older.written)
	other := alike(newer.written)
	schemesAlike(plain, other)
	before, err := comparable(plain, "the older description")
	if err != nil {
		return nil, err
	}
	after, err := comparable(other, "the newer description")
	if err != nil {
		return nil, err
	}
	found, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), before, after)
	if err != nil {
		return nil, fmt.Errorf("the descriptions cannot be compared: %w", err)
	}
	say := checker.NewDefaultLocalizer()
	for _, c := range checker.CheckBackwardCompatibilityUntilLevel(checker.NewConfig(checker.GetAllChecks()), found, sources, checker.INFO) {
		change := Change{
			ID: c.GetId(), Text: c.GetUncolorizedText(say), Operation: strings.TrimSpace(c.GetOperation() + " " + c.GetPath()),
			Severity: map[checker.Level]Severity{checker.ERR: Breaking, checker.WARN: Risky, checker.INFO: Harmless}[c.GetLevel()],
		}
		if strings.HasPrefix(change.ID, "api-") || change.Operation != older.operation.String() {
			change.Text = strings.TrimPrefix(change.Operation+": "+change.Text, ": ")
		}
		change.Line = lineOf(newer.document.Root, c.GetOperation(), c.GetPath(), change.ID)
		changes = append(changes, change)
	}
	return changes, nil
}

// lineOf is where a document speaks of what a rule is about: of a call's security, its body, its parameters or its
// answers, or else of the call, or of where it was to be.
func lineOf(root *schema.Node, method, path, id string) (line int) {
	op := root.At("paths", path, strings.ToLower(method))
	about := []*schema.Node{root, root.At("paths"), root.At("paths", path), op}
	switch {
	case strings.Contains(id, "security"):
		about = append(about, root.At("components", "securitySchemes"), root.At("security"), op.At("security"))
	case strings.Contains(id, "response"):
		about = append(about, op.At("responses"))
	case strings.Contains(id, "parameter"):
		about = append(about, op.At("parameters"))
	case strings.Contains(id, "request"):
		about = append(about, op.At("requestBody"))
	}
	for _, n := range about {
		if n != nil {
			line = n.Line
		}
	}
	return line
}

// comparable is a description as oasdiff takes it.
func comparable(root *schema.Node, name string) (*oasload.SpecInfo, error) {
	doc, err := secondReading(root)
	return &oasload.SpecInfo{Url: name, Spec: doc}, err
}
