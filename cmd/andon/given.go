package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
)

// flagErrors is what is wrong with the flags of a command line, all of it, where the reading of them has stopped at the
// first.
func flagErrors(cmd *cobra.Command, args []string) error {
	var wrong []error
	flags := cmd.Flags()
	for {
		err := flags.ParseAll(args, func(f *pflag.Flag, value string) error {
			if err := flags.Set(f.Name, value); err != nil {
				wrong = append(wrong, notTaken(f, value, err))
			}
			return nil
		})
		var unknown *pflag.NotExistError
		if !errors.As(err, &unknown) || !strings.HasPrefix(err.Error(), "unknown flag: ") {
			if err != nil {
				wrong = append(wrong, err)
			}
			break
		}
		var names []string
		flags.VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		word := "--" + unknown.GetSpecifiedName()
		wrong = append(wrong, fmt.Errorf("unknown flag %s; %s", word, text.Suggest(word, names, cmd.CommandPath()+" --help lists the flags")))
		// Nobody can say whether what follows an unknown flag is its value.
		args = args[1+slices.IndexFunc(args, func(a string) bool { return a == word || strings.HasPrefix(a, word+"=") }):]
	}
	return joined(append(wrong, misgiven(cmd)...))
}

// notTaken says what a flag takes, where it did not take a value.
func notTaken(f *pflag.Flag, value string, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		err = invalid.Unwrap()
	}
	expected, own := strings.CutPrefix(err.Error(), "want ")
	switch kind := f.Value.Type(); {
	case own:
	case kind == "bool":
		expected = "true or false, or no value at all"
	case kind == "duration":
		expected = "a duration with its unit, such as 500ms, 30s or 1h30m"
	case kind == "float64":
		expected = "a number of at least 0"
	case kind == "int":
		expected = "a whole number"
	case kind == "uint64":
		expected = fmt.Sprintf("a whole number from 0 to %d", uint64(math.MaxUint64))
	default:
		expected = strings.TrimPrefix(expected, "expected ")
	}
	return fmt.Errorf("--%s: expected %s, found %q", f.Name, expected, text.Printable(text.Public(value), 60))
}

// misgiven says which of the flags that were given have a value that they cannot have, whatever it is for. A flag that
// is empty is one: a variable that is not set, in CI say, would have the command do something else than was asked for,
// as to drive the reference provider in place of a target.
func misgiven(cmd *cobra.Command) (wrong []error) {
	// These commands print what secrets come from, which need not be on this machine.
	printed := cmd.CommandPath() == "andon plan" || cmd.CommandPath() == "andon contracts show"
	cmd.Flags().Visit(func(f *pflag.Flag) {
		given := []string{f.Value.String()}
		if list, several := f.Value.(pflag.SliceValue); several {
			given = list.GetSlice()
		}
		if textual := f.Value.Type() == "string" || strings.HasPrefix(f.Value.Type(), "string"); textual && strings.TrimSpace(strings.Join(given, "")) == "" {
			wrong = append(wrong, fmt.Errorf("--%s is given, and is empty (is a variable not set?); leave it out, or give it a value", f.Name))
			return
		}
		kind, _ := pflag.UnquoteUsage(f)
		for _, value := range given {
			err := misfit(f, kind, value)
			if err == nil && kind == "file" && f.Name != newFile && !(printed && f.Name != "spec" && f.Name != "fixtures") {
				err = noFile(f.Name, value)
			}
			if err != nil {
				wrong = append(wrong, fmt.Errorf("--%s: %w", f.Name, err))
			}
		}
	})
	return wrong
}

// newFile is the flag that names a file which is not there yet.
const newFile = "write-deviations"

// misfit says what is wrong with a value for the kind of it that the flag's help names.
func misfit(f *pflag.Flag, kind, value string) error {
	switch kind {
	case "URL":
		return noAddress(value)
	case "address", "host:port":
		host, port, err := net.SplitHostPort(value)
		if err == nil {
			_, err = net.LookupPort("tcp", port)
		}
		if err != nil || strings.ContainsAny(host, "/ ") {
			return fmt.Errorf("expected a host and a port, such as 127.0.0.1:9464, found %q", text.Printable(text.Public(value), 60))
		}
	case "scenario":
		_, _, err := scenarios.Find(value)
		var unknown *scenarios.UnknownError
		if errors.As(err, &unknown) {
			err = unknownScenario(err, value)
		}
		return err
	case "name=value", "name=text":
		// What a query has may be secret.
		if name, _, found := strings.Cut(value, "="); f.Name != "query" && (!found || strings.TrimSpace(name) == "") {
			return fmt.Errorf("expected %s, found %q", kind, text.Printable(value, 60))
		}
	}
	// Each is read for itself here, so that what is wrong with it can be told by its name.
	var asked credentials.Asked
	switch f.Name {
	case "header":
		asked.Headers = []string{value}
	case "query":
		asked.Query = []string{value}
	case "user":
		asked.User = value
	case "resolve":
		asked.Resolve = []string{value}
	default:
		return nil
	}
	_, err := asked.Plan()
	return err
}

// noAddress says why a text is no address of a server.
func noAddress(value string) error {
	u, err := url.Parse(value)
	switch {
	case err != nil:
		// The parser's message quotes the whole text, in which a password may stand.
		return errors.New("it is not a URL; expected, say, https://staging.example.com")
	case u.User != nil:
		return errors.New("it has a user name in it, which would end up in reports; take it out, and give secrets by a variable or a file")
	case u.Scheme != "http" && u.Scheme != "https":
		said := "it"
		if !strings.ContainsAny(value, "@?#") {
			said = strconv.Quote(text.Printable(value, 100))
		}
		return fmt.Errorf("%s does not start with http:// or https://; expected, say, https://staging.example.com", said)
	case u.Hostname() == "":
		return fmt.Errorf("%q names no host; expected, say, https://staging.example.com", text.Printable(text.Public(value), 100))
	case u.Fragment != "":
		return fmt.Errorf("%q has a fragment, which is never sent; leave # and what follows out", text.Printable(text.Public(value), 100))
	}
	return nil
}

// noFile says why there is no file to read behind a flag. Whether what is in it is right is told where it is read.
func noFile(flag, name string) error {
	if flag == "token-file" || flag == "webhook-secret-file" {
		// A secret may come through a pipe, which is opened once.
		info, err := os.Stat(name)
		if err == nil && info.IsDir() {
			err = fmt.Errorf("%s is a directory", text.Printable(name, 200))
		}
		return err
	}
	f, _, err := regular.Open(name)
	switch {
	case err == nil:
		return f.Close()
	case flag == "baseline" && errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no baseline %s: andon baseline add makes one of runs", text.Printable(name, 200))
	case name == "-":
		return errors.New("it wants a file, and - is none; name a file (or ./-)")
	}
	return fmt.Errorf("%w; name a file that can be read", err)
}

// joined is all that is wrong, each once.
func joined(wrong []error) error {
	var told []string
	return errors.Join(slices.DeleteFunc(wrong, func(err error) bool {
		said := err.Error()
		twice := slices.Contains(told, said)
		told = append(told, said)
		return twice
	})...)
}

func unknownScenario(unknown error, name string) error {
	return fmt.Errorf("%w; %s", unknown,
		text.Suggest(name, scenarios.Shipped(), "andon scenarios list shows those that come with andon, and a file is named by its path, as in ./my.yaml"))
}
