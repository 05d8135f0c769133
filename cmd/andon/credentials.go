package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

const (
	// tokenUse is the help of --token-file.
	tokenUse = "`file` or pipe that holds the bearer token, in place of the variable ANDON_TOKEN; a file is read again when it changes"
	// credentialsHelp says how secrets are given, in the help of the commands that send.
	credentialsHelp = `A secret is never written on the command line, which every user of the machine can read: the bearer
token comes from ANDON_TOKEN, --token-file or --token-command, and a secret header, password or key
from the variable, file or command that {env:NAME}, {file:PATH} or {command:…} names. Secrets are
taken out of everything that is printed or written, in encodings too. A token from a file or a command
is asked for again when the target answers 401.`
)

// credentialFlags say what calls carry besides their bodies, and how to connect.
type credentialFlags struct{ credentials.Asked }

func (f *credentialFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.TokenFile, "token-file", "", tokenUse)
	flags.StringVar(&f.TokenCommand, "token-command", "", "`command` that prints the bearer token, run by sh -c and again when the target answers 401")
	flags.StringArrayVar(&f.Headers, "header", nil, "`'Name: value'` that every call carries; a secret by reference: 'X-Org-Id: {env:ORG}'; may be repeated")
	flags.StringArrayVar(&f.Query, "query", nil, "`name=value` in the query of every call: 'api_key={env:KEY}'; may be repeated")
	flags.StringVar(&f.User, "user", "", "`name:password` for the Basic scheme, the password by reference: 'ci:{env:PASSWORD}'")
	flags.StringVar(&f.Authority, "cacert", "", "`file` with the certificates of authorities to trust, in place of the system's (PEM)")
	flags.StringVar(&f.Certificate, "cert", "", "`file` with the certificate that the target asks of its clients (PEM)")
	flags.StringVar(&f.Key, "key", "", "`file` with the key of --cert (PEM; default: the file of --cert)")
	flags.BoolVar(&f.Insecure, "insecure", false, "take any certificate of the target; every report says so")
	flags.StringArrayVar(&f.Resolve, "resolve", nil, "`host:port:address` to call in place of what the name servers say; may be repeated")
}

// open looks the secrets up: those that the flags ask for, in the place of what a scenario asks for by the same name.
func (f *credentialFlags) open(c *command, scenario credentials.Asked) (*credentials.Set, error) {
	plan, err := f.Over(scenario).Plan()
	if err != nil {
		return nil, err
	}
	if plan.Insecure() {
		c.tell("warning: the target's certificate is not checked (--insecure): anybody in between can read the secrets and answer in its place")
	}
	set, err := plan.Open(context.Background())
	if err != nil {
		return nil, err
	}
	set.Keep(credentials.Ambient(c.args)...)
	c.secrets, c.earlier = set, append(c.earlier, c.secrets)
	return set, nil
}

// demanded is the token that andon serve asks for.
func demanded(file string) (string, error) {
	plan, err := credentials.Asked{TokenFile: file}.Plan()
	if err != nil {
		return "", err
	}
	set, err := plan.Open(context.Background())
	return set.Token(), err
}

// webhookSecret is what webhooks are signed with: a file's, or else the variable's. It is empty where neither is named.
func webhookSecret(file string) (string, error) {
	from := "{env:ANDON_WEBHOOK_SECRET}"
	switch {
	case strings.ContainsAny(file, "{}"):
		return "", errors.New("--webhook-secret-file: a file whose name has braces cannot be named")
	case file != "":
		from = "{file:" + file + "}"
	case os.Getenv("ANDON_WEBHOOK_SECRET") == "":
		return "", nil
	}
	secret, err := credentials.LookUp(context.Background(), from)
	if err != nil {
		err = fmt.Errorf("the secret of webhooks: %w", err)
	}
	return secret, err
}

// trusted says which flag helps where a certificate is not trusted.
func trusted(err error) error {
	var untrusted *wire.UntrustedError
	if errors.As(err, &untrusted) {
		err = fmt.Errorf("%w; --cacert takes its file", err)
	}
	return err
}
