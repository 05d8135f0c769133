package wire

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
)

// maxPEM is how much of a file with certificates is read.
const maxPEM = 8 << 20

// ReadTLS reads from PEM files whom an https target is to be trusted by, in place of the system's authorities, and what
// it is shown: a certificate and its key, which may be in one file. Each may be left out; without any, the config is
// nil.
func ReadTLS(authority, certificate, key string) (*tls.Config, error) {
	if authority == "" && certificate == "" {
		return nil, nil
	}
	c := &tls.Config{}
	if authority != "" {
		pem, err := readFile(authority, maxPEM)
		if err != nil {
			return nil, fmt.Errorf("the authority's certificate cannot be read: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate in it; expected PEM, which begins with -----BEGIN CERTIFICATE-----", authority)
		}
	}
	if certificate != "" {
		if key == "" {
			key = certificate
		}
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, fmt.Errorf("the certificate %s with the key %s: %w", certificate, key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// readFile reads a file of the user's, which has at most so many bytes.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d KiB", name, limit>>10)
	}
	return data, err
}
