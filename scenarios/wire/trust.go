package wire

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/kaizenautomation/andon/reports/regular"
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
		pem, err := regular.Read(authority, maxPEM)
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
		pair, err := readPair(certificate, key)
		if err != nil {
			return nil, fmt.Errorf("the certificate %s with the key %s: %w", certificate, key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func readPair(certificate, key string) (tls.Certificate, error) {
	public, err := regular.Read(certificate, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	private, err := regular.Read(key, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(public, private)
}
