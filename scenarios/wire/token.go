package wire

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/regular"
)

// tokenWait is how long somebody may take to write a token into a pipe.
const tokenWait = 30 * time.Second

// ReadToken reads a bearer token from a file, which may end with a line break. Unlike other files it may be a pipe, so
// that what gives the token out need not write it to a disk.
func ReadToken(name string) (string, error) {
	data, err := readPipe(name, 64<<10, tokenWait)
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

// readPipe reads a file that may be a pipe. One that nobody writes to is not waited at for ever.
func readPipe(name string, limit int64, wait time.Duration) ([]byte, error) {
	type read struct {
		data []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		f, err := os.Open(name)
		if err != nil {
			done <- read{nil, err}
			return
		}
		defer f.Close()
		data, err := regular.Limited(f, name, limit)
		done <- read{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-time.After(wait):
		return nil, fmt.Errorf("nobody has written %s to its end within %s", name, wait)
	}
}

// CheckToken says what is wrong with a bearer token; from names where it is from.
func CheckToken(token, from string) error {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("the token in %s has a character that no bearer token has (a space, a line break or one outside ASCII)", from)
	}
	return nil
}
