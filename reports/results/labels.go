package results

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	releaseName  = "release"
	maxRunLabels = 20
	maxLabelName = 64
	maxLabelText = 200
)

// ParseRunLabels reads labels that are written as name=text, and checks them as [CheckRunLabels] does.
func ParseRunLabels(list []string, release string) (map[string]string, error) {
	labels := map[string]string{}
	for _, one := range list {
		name, label, found := strings.Cut(one, "=")
		if !found {
			return nil, fmt.Errorf("expected name=text, found %.80q", one)
		}
		if _, twice := labels[name]; twice {
			return nil, fmt.Errorf("%.80q is given twice", name)
		}
		labels[name] = label
	}
	return labels, CheckRunLabels(labels, release)
}

// CheckRunLabels says what is wrong with the labels and the release that a run is to be known by. There are at most 20
// labels; a name is of ASCII letters, digits, '_', '.' and '-', and begins with a letter or '_'; a text has from 1 to
// 200 characters, all of which can be printed.
func CheckRunLabels(labels map[string]string, release string) error {
	if len(labels) > maxRunLabels {
		return fmt.Errorf("a run may have up to %d labels, found %d", maxRunLabels, len(labels))
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if !isLabelName(name) {
			return fmt.Errorf("expected a label's name of up to %d letters, digits, '_', '.' and '-' that begins with a letter or '_', found %.80q", maxLabelName, name)
		}
		if name == releaseName {
			return fmt.Errorf("a label cannot be called %s, which the release is", releaseName)
		}
		if err := checkLabelText("the label "+name, labels[name]); err != nil {
			return err
		}
	}
	if release == "" {
		return nil
	}
	return checkLabelText("the "+releaseName, release)
}

func checkLabelText(what, s string) error {
	switch {
	case s == "":
		return fmt.Errorf("%s is empty: give it a text", what)
	case !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxLabelText:
		return fmt.Errorf("%s: expected up to %d characters of UTF-8, found %.80q", what, maxLabelText, s)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%s: expected characters that can be printed, found %.80q", what, s)
		}
	}
	return nil
}

func isLabelName(s string) bool {
	if s == "" || len(s) > maxLabelName {
		return false
	}
	for i, c := range []byte(s) {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '.' && c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}
