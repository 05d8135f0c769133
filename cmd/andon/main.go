// Command andon tests one API call, POST /agents/execute: it drives a provider with load that looks like real traffic,
// holds every response against the contract, and reports latency and statuses.
//
// Exit codes: 0 all held; 1 a check failed; 2 wrong usage, scenario or description, nothing was sent; 3 no verdict is
// possible.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/build"
	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/text"
)

func main() {
	// Whoever reads along may go away (head, a closed pager, a log that is gone): writing fails then, and what was begun
	// goes on to its end. Notify, unlike Ignore, leaves other processes that are started as they are.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr))
}

// farewell is how long what was said on standard error is waited for that is not read: a terminal in Ctrl-S, a full
// pipe. Standard output is waited for as long as its reader lives, since a pager that stands still is to lose nothing.
const farewell = time.Second

// The exit codes that are not a verdict's.
const (
	usage     = 2
	noVerdict = 3
)

// exit is an error that ends the process with a code; with no error in it, it ends silently.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

// command is what all commands share.
type command struct {
	args   []string
	stdout *output
	// stderr holds nobody up, so that what nobody reads may be lost; log is standard error itself.
	stderr *live.Writer
	log    io.Writer
	spec   string
	chosen contracts.Choice // of the description
	// secrets are taken out of what is told, as are those of earlier: of other targets.
	secrets *credentials.Set
	earlier []*credentials.Set
}

// output is standard output, of which no line is a command to a runner of CI, and the first error that there was with
// it. A command may pass it over, and goes on to its verdict then: what is printed is not what was done.
type output struct {
	io.Writer
	lines text.InertWriter
	// told is what was said beside the output, which comes first on a terminal that shows both; it is waited for unless
	// it is stuck.
	told  *live.Writer
	stuck bool
	err   error
}

func newOutput(w io.Writer, told *live.Writer) *output {
	o := &output{Writer: w, told: told}
	o.lines.To = exact{o}
	return o
}

func (o *output) Write(p []byte) (int, error) { return o.lines.Write(p) }

// exact is standard output for what is printed byte for byte: documents, in which a command is written otherwise, and
// those that are commands, which have their foreign words escaped.
type exact struct{ *output }

func (o exact) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	if !o.stuck {
		o.stuck = !o.told.Await(farewell)
	}
	n, err := o.Writer.Write(p)
	o.err = err
	return n, err
}

// lost reports whether an error says no more than that standard output cannot be written.
func (o *output) lost(err error) bool { return o.err != nil && errors.Is(err, o.err) }

// execute runs andon with the given arguments and returns the exit code.
func execute(args []string, stdout, stderr io.Writer) int {
	told := live.NewWriter(stderr)
	defer told.Await(farewell)
	c := &command{args: args, stdout: newOutput(stdout, told), stderr: told, log: stderr, secrets: new(credentials.Set)}
	c.secrets.Keep(credentials.Ambient(args)...)
	root := c.root()
	root.SetArgs(args)
	root.SetOut(c.stdout)
	root.SetErr(&text.InertWriter{To: told})
	strict(root)
	err := root.Execute()
	if c.stdout.lost(err) {
		err = nil
	}
	// A reader that has gone has read what it wanted. Else a report is missing that was asked for, which spoils an exit
	// code of 0 and no other.
	if failed := c.stdout.err; failed != nil && !errors.Is(failed, syscall.EPIPE) {
		c.tell("andon: standard output cannot be written: %v", failed)
		if err == nil {
			err = exit{code: noVerdict}
		}
	}
	if err == nil {
		return 0
	}
	if said := strings.TrimRight(err.Error(), "\n"); said != "" {
		// What keeps one file from being written often keeps all of them.
		c.tell("andon: %s", strings.Join(slices.Compact(strings.Split(said, "\n")), "\n"))
	}
	var e exit
	if errors.As(err, &e) {
		return e.code
	}
	return usage
}

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "andon",
		Short: "Load-test POST /agents/execute and hold every response against its contract",
		Long: `andon drives POST /agents/execute with load that looks like real traffic, holds every
response against openapi.yaml while it does, and reports latency and statuses.

Without --target it drives its own reference provider on this machine, so that everything
can be tried without a service, a token or a network.`,
		Example: `  andon run                                    the everyday mix against the reference provider
  andon plan mixed --curl 3                    what would be sent, and the first calls to try by hand
  ANDON_TOKEN=… andon run smoke --target https://staging.example.com
  andon report reports/runs/20261124T060000Z-mixed --format markdown
  andon serve --workers 64 --queue 256         the reference provider on its own`,
		Version:       version(),
		SilenceErrors: true, SilenceUsage: true,
		Args: cobra.ArbitraryArgs,
		RunE: group,

		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return joined(misgiven(cmd)) },
	}
	root.SetVersionTemplate("andon {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if _, args, unfound := root.Find(c.args); unfound == nil {
			return flagErrors(cmd, args)
		}
		return err
	})
	root.PersistentFlags().StringVar(&c.spec, "spec", "", "OpenAPI description `file` in place of the built-in openapi.yaml")
	root.PersistentFlags().StringVar(&c.chosen.Operation, "operation", "", "`operation` of the description to call: an operationId, or 'METHOD /path' (default: the one that it marks with x-andon, or POST /agents/execute)")
	root.PersistentFlags().StringArrayVar(&c.chosen.Values, "param", nil, "`name=value` that a parameter of the call is sent with, in the place of the description's example: 'agentId=agent_1'; may be repeated")
	root.AddCommand(c.run(), c.capacity(), c.plan(), c.report(), c.compare(), c.gate(), c.baseline(), c.follow(), c.fleet(), c.doctor(), c.neutralTarget(), c.serve(), c.scenarios(), c.contracts(), c.deviations(), c.verify(), c.man())
	return root
}

// strict has cobra's own commands refuse what they do not know, which they would help with and call a success.
func strict(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, own := range root.Commands() {
		switch own.Name() {
		case "completion":
			own.Args, own.RunE = cobra.ArbitraryArgs, group
		case "help":
			own.Run, own.RunE = nil, func(_ *cobra.Command, args []string) error {
				about, rest, err := root.Find(args)
				switch {
				case err != nil:
					return err
				case len(rest) > 0:
					return group(about, rest)
				}
				return about.Help()
			}
		}
	}
}

// version is how this andon is called in records and reports.
func version() string { return build.Name() }

// group is the command of a word that stands before others: alone it helps, and a word it does not know is an error.
func group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return fmt.Errorf("unknown command %q; %s", text.Printable(args[0], 60), text.Suggest(args[0], names, cmd.CommandPath()+" --help lists the commands"))
}

// noArgs and oneArg say what a command takes.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no argument, found %q", cmd.CommandPath(), text.Printable(args[0], 60))
	}
	return nil
}

func atMostOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("%s takes one argument, found %d: %s", cmd.CommandPath(), len(args), text.Printable(strings.Join(args, " "), 100))
	}
	return nil
}

func exactlyOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("%s wants %s: %s", cmd.CommandPath(), what, cmd.UseLine())
		}
		return atMostOne(cmd, args)
	}
}

func exactlyTwo(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 2 {
			return fmt.Errorf("%s wants %s, found %d: %s", cmd.CommandPath(), what, len(args), cmd.UseLine())
		}
		return nil
	}
}

// description loads the contract: the file that --spec names, or the one that is built in.
func (c *command) description() (*contracts.Description, error) {
	if c.spec == "" {
		return asChosen(c.chosen.Proven("openapi.yaml", andon.Spec))
	}
	return asChosen(c.chosen.Open(c.spec))
}

// asChosen names the flag by which what is not in the description was chosen.
func asChosen(d *contracts.Description, err error) (*contracts.Description, error) {
	var chosen *contracts.ChoiceError
	if errors.As(err, &chosen) {
		flag := "--param"
		if chosen.Operation {
			flag = "--operation"
		}
		err = fmt.Errorf("%s: %w", flag, err)
	}
	return d, err
}

// manyFormats is the error of several formats that are to go to one output.
func manyFormats(n int) error {
	return fmt.Errorf("%d formats cannot go to one output: name a folder with --out, such as --out report", n)
}

// stepSummary adds the report to the summary of a step of GitHub Actions, if this is one. It is shown beside what was
// asked for, so that where it cannot be written the verdict still stands. It reports whether it was added.
func (c *command) stepSummary(add func(path string) error) bool {
	path := os.Getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return false
	}
	if err := add(path); err != nil {
		c.tell("the step's summary cannot be written: %v", err)
		return false
	}
	return true
}

// tell says something beside the output, in lines that fit where that is a terminal, without a secret.
func (c *command) tell(format string, args ...any) {
	_, _, width := live.Terminal(c.stderr)
	fmt.Fprintln(c.stderr, text.Message(c.redact(text.Public(fmt.Sprintf(format, args...))), width))
}

// redact takes all secrets out of a text.
func (c *command) redact(said string) string {
	for _, set := range c.earlier {
		said = set.Redact(said)
	}
	return c.secrets.Redact(said)
}

// width is how many columns the output has; 0 is any number, where it is no terminal.
func (c *command) width() int {
	_, _, width := live.Terminal(c.stdout.Writer)
	return width
}
