package wire

import (
	"fmt"
	"strings"
)

// ReadToken reads a bearer token from a file, which may end with a line break.
func ReadToken(name string) (string, error) {
	data, err := readFile(name, 64<<10)
	if err != nil {
		return "", fmt.Errorf("the token cannot be read: %w", err)
	}
	token := strings.TrimRight(string(data), "\r\n")
	if token == "" {
		return "", fmt.Errorf("the token file %s is empty", name)
	}
	if err := CheckToken(token, name); err != nil {
		return "", err
	}
	return token, nil
}

// CheckToken says what is wrong with a bearer token; from names where it is from.
func CheckToken(token, from string) error {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("the token in %s has a character that no bearer token has (a space, a line break or one outside ASCII)", from)
	}
	return nil
}
