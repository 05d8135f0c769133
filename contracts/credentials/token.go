package credentials

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kaizenautomation/andon/reports/regular"
)

const (
	// patience is how long a command may take, and somebody who writes a secret into a pipe.
	patience = 30 * time.Second
	// maxSecret is how long a secret may be, in bytes.
	maxSecret = 64 << 10
	// renewEvery is how often a fresh token is asked for at most: a target that answers everything with 401 is not to
	// have a command started with each call.
	renewEvery = 5 * time.Second
)

// token is a bearer token that may be read again.
type token struct {
	from Value
	// kept is told of each token that is read, before it is used.
	kept    func(string)
	current atomic.Pointer[string]

	// reading is held while the token is read; the rest is guarded by it.
	reading sync.Mutex
	asked   time.Time
	seen    stamp
}

// stamp is by what a file that has changed is known.
type stamp struct {
	at   time.Time
	size int64
}

// errTooSoon says that a fresh token was asked for a moment ago.
var errTooSoon = errors.New("a fresh token was asked for a moment ago")

// renew reads the token again, unless another one than the stale one is there already. It fails where the token cannot
// change, and where the same one comes again.
func (t *token) renew(ctx context.Context, stale string) error {
	t.reading.Lock()
	defer t.reading.Unlock()
	if *t.current.Load() != stale {
		return nil
	}
	if !t.renewable() {
		return errors.New("the token comes from where it does not change, so that there is no fresh one")
	}
	if !t.asked.IsZero() && time.Since(t.asked) < renewEvery {
		return errTooSoon
	}
	t.asked = time.Now()
	if err := t.read(ctx); err != nil {
		return err
	}
	if *t.current.Load() == stale {
		return errors.New("the token is still the one that was turned away")
	}
	return nil
}

// renewable reports whether the token may be another one when it is read again. A pipe is read once.
func (t *token) renewable() bool {
	for _, p := range t.from.pieces {
		switch p.kind {
		case byCommand:
			return true
		case byFile:
			if info, err := os.Stat(p.text); err == nil && info.Mode().IsRegular() {
				return true
			}
		}
	}
	return false
}

// changed reports whether the token's file is another one than when it was read.
func (t *token) changed() bool {
	t.reading.Lock()
	defer t.reading.Unlock()
	now := t.look()
	return now != stamp{} && now != t.seen
}

// look gives the stamp of the token's file; the zero stamp where there is none.
func (t *token) look() (s stamp) {
	for _, p := range t.from.pieces {
		if info, err := os.Stat(p.text); p.kind == byFile && err == nil && info.Mode().IsRegular() {
			s = stamp{info.ModTime(), info.Size()}
		}
	}
	return s
}

// read reads the token. What is read is kept out of everything from before it is used.
func (t *token) read(ctx context.Context) error {
	seen := t.look()
	text, secrets, err := t.from.resolve(ctx, "token")
	if err != nil {
		return err
	}
	if err := checkToken(text, t.from.names()); err != nil {
		return err
	}
	for _, s := range append(secrets, text) {
		t.kept(s)
	}
	t.current.Store(&text)
	t.seen = seen
	return nil
}

// checkToken says what is wrong with a bearer token; from names where it is from.
func checkToken(token, from string) error {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("the token in %s has a character that no bearer token has (a space, a line break or one outside ASCII)", from)
	}
	return nil
}

// names says where a value comes from.
func (v Value) names() string {
	var from []string
	for _, p := range v.pieces {
		switch p.kind {
		case byEnv, byFile:
			from = append(from, p.text)
		case byCommand:
			from = append(from, "the output of the command `"+p.text+"`")
		case byColumn:
			from = append(from, "the column "+p.text)
		}
	}
	return strings.Join(from, " and ")
}

// resolve puts in what the references lead to, and lists that besides; what says what it is.
func (v Value) resolve(ctx context.Context, what string) (text string, secrets []string, err error) {
	for _, p := range v.pieces {
		found := p.text
		switch p.kind {
		case byEnv:
			var given bool
			if found, given = os.LookupEnv(p.text); !given || found == "" {
				return "", nil, fmt.Errorf("the variable %s is not set, or empty", p.text)
			}
		case byFile:
			data, err := readPipe(p.text, patience)
			if err != nil {
				return "", nil, fmt.Errorf("the %s cannot be read: %w", what, err)
			}
			if found = strings.TrimRight(string(data), "\r\n"); found == "" {
				return "", nil, fmt.Errorf("the %s file %s is empty", what, p.text)
			}
		case byCommand:
			if found, err = output(ctx, p.text); err != nil {
				return "", nil, err
			}
		}
		if p.kind != literal {
			secrets = append(secrets, found)
		}
		text += found
	}
	return text, secrets, nil
}

// LookUp gives what a text says once its references are looked up. Nothing keeps it out of what is written: that is
// its user's to do.
func LookUp(ctx context.Context, text string) (string, error) {
	v, err := ParseValue(text)
	if err != nil {
		return "", err
	}
	found, _, err := v.resolve(ctx, "secret")
	return found, err
}

// readPipe reads a file that may be a pipe, so that what gives a secret out need not write it to a disk. One that
// nobody writes to is not waited at for ever.
func readPipe(name string, wait time.Duration) ([]byte, error) {
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
		data, err := regular.Limited(f, name, maxSecret)
		done <- read{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-time.After(wait):
		return nil, fmt.Errorf("nobody has written %s to its end within %s", name, wait)
	}
}

// output is what a command prints, without the line break at its end. An error names the command, and never what it
// printed.
func output(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	shell, flag := "sh", "-c"
	if runtime.GOOS == "windows" {
		shell, flag = "cmd", "/C"
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, shell, flag, command)
	bounded := &limited{to: &out, left: maxSecret}
	cmd.Stdout = bounded
	// What the command starts may hold its output open.
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var ended *exec.ExitError
	text := strings.TrimRight(out.String(), "\r\n")
	switch {
	case bounded.left < 0:
		return "", fmt.Errorf("the command `%s` printed more than %d bytes; expected the secret alone", command, maxSecret)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", fmt.Errorf("the command `%s` did not end within %s", command, patience)
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &ended):
		return "", fmt.Errorf("the command `%s` ended with exit code %d; expected 0, and the secret on its output", command, ended.ExitCode())
	case err != nil:
		return "", fmt.Errorf("the command `%s` failed: %w", command, err)
	case text == "":
		return "", fmt.Errorf("the command `%s` printed nothing; expected the secret on its output", command)
	}
	return text, nil
}

// limited takes so many bytes.
type limited struct {
	to   io.Writer
	left int
}

// Write implements io.Writer.
func (l *limited) Write(b []byte) (int, error) {
	if l.left -= len(b); l.left < 0 {
		return 0, io.ErrShortWrite
	}
	return l.to.Write(b)
}
