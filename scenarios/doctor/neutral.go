package doctor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/provider"
)

// neutral is the process of the neutral target.
type neutral struct {
	url   *url.URL
	cmd   *exec.Cmd
	input io.Closer
}

// untilReady is how long the target may take to say where it is.
const untilReady = 10 * time.Second

// serve starts it. It has one processor, which is all that it takes, so that it does not spread over those of the
// generator.
func serve(ctx context.Context, line []string) (*neutral, error) {
	ctx, cancel := context.WithTimeout(ctx, untilReady)
	defer cancel()
	cmd := exec.Command(line[0], line[1:]...)
	// A program that has several names goes by the one that it was called by.
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	var said strings.Builder
	cmd.Stderr = &said
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	n := &neutral{cmd: cmd, input: input}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	address, err := bufio.NewReader(output).ReadString('\n')
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		n.url, err = url.Parse(strings.TrimSpace(address))
	}
	if err != nil {
		n.end()
		return nil, errors.Join(err, errors.New(strings.TrimSpace(said.String())))
	}
	return n, nil
}

// end ends it, and gives the processor time that it took.
func (n *neutral) end() time.Duration {
	_ = n.input.Close()
	late := time.AfterFunc(untilReady, func() { _ = n.cmd.Process.Kill() })
	defer late.Stop()
	// Whatever it ended with, it is of no use any more.
	_ = n.cmd.Wait()
	return n.cmd.ProcessState.UserTime() + n.cmd.ProcessState.SystemTime()
}

// Neutral is what the process of the neutral target does: it says where it is, and serves until its input ends.
func Neutral(in io.Reader, out io.Writer, d *contracts.Description) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	if _, err := fmt.Fprintf(out, "http://%s\n", ln.Addr()); err != nil {
		return errors.Join(err, ln.Close())
	}
	return provider.ServeNeutral(ctx, ln, d)
}
