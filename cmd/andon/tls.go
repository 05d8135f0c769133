package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/spf13/pflag"
)

// tlsFlags say whom an https target is trusted by, and what it is shown.
type tlsFlags struct{ authority, cert, key string }

func (f *tlsFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.authority, "cacert", "", "`file` with the certificates of authorities to trust, in place of the system's (PEM)")
	flags.StringVar(&f.cert, "cert", "", "`file` with the certificate that the target asks of its clients (PEM)")
	flags.StringVar(&f.key, "key", "", "`file` with the key of --cert (PEM; default: the file of --cert)")
}

// config reads what an https target is trusted by and shown; nil where nothing is given.
func (f tlsFlags) config() (*tls.Config, error) {
	authority, cert, key := f.authority, f.cert, f.key
	if key != "" && cert == "" {
		return nil, errors.New("--key wants --cert: a key alone identifies nobody")
	}
	if authority == "" && cert == "" {
		return nil, nil
	}
	c := &tls.Config{}
	if authority != "" {
		pem, err := readBounded(authority, 8<<20)
		if err != nil {
			return nil, fmt.Errorf("--cacert: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--cacert: %s has no certificate in it; expected PEM, which begins with -----BEGIN CERTIFICATE-----", authority)
		}
	}
	if cert != "" {
		if key == "" {
			key = cert
		}
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("--cert %s with --key %s: %w", cert, key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
