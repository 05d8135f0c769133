package main

import (
	"crypto/tls"
	"errors"

	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon/scenarios/wire"
)

// tlsFlags say whom an https target is trusted by, and what it is shown.
type tlsFlags struct{ authority, cert, key string }

func (f *tlsFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.authority, "cacert", "", "`file` with the certificates of authorities to trust, in place of the system's (PEM)")
	flags.StringVar(&f.cert, "cert", "", "`file` with the certificate that the target asks of its clients (PEM)")
	flags.StringVar(&f.key, "key", "", "`file` with the key of --cert (PEM; default: the file of --cert)")
}

// config reads the files; nil where nothing is given.
func (f *tlsFlags) config() (*tls.Config, error) {
	if f.key != "" && f.cert == "" {
		return nil, errors.New("--key wants --cert: a key alone identifies nobody")
	}
	return wire.ReadTLS(f.authority, f.cert, f.key)
}
