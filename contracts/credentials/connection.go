package credentials

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/text"
)

// Connection says whom an https target is trusted by and what it is shown, by the names of PEM files, and where a name
// leads. Its zero value is what the system trusts, no certificate, and what the name servers say.
type Connection struct {
	// Authority has the certificates to trust in place of the system's; Certificate, and Key if that is another file,
	// are what the target is shown.
	Authority, Certificate, Key string
	// Insecure takes any certificate.
	Insecure bool
	// Resolve are lines in curl's grammar: "host:port:address", with more addresses after commas.
	Resolve []string
}

// maxPEM is how much of a file with certificates is read.
const maxPEM = 8 << 20

// check says what does not go together.
func (c Connection) check() (wrong []error) {
	if c.Key != "" && c.Certificate == "" {
		wrong = append(wrong, errors.New("a key wants its certificate: a key alone identifies nobody"))
	}
	if c.Insecure && c.Authority != "" {
		wrong = append(wrong, errors.New("an authority's certificate is of no use where any certificate is taken; leave one of the two out"))
	}
	return wrong
}

// addresses reads Resolve.
func (c Connection) addresses() (map[string][]netip.Addr, error) {
	var all map[string][]netip.Addr
	var wrong []error
	for _, line := range c.Resolve {
		host, rest, _ := strings.Cut(line, ":")
		port, list, found := strings.Cut(rest, ":")
		if n, err := strconv.Atoi(port); !found || host == "" || err != nil || n < 1 || n > 65535 {
			wrong = append(wrong, fmt.Errorf("%q leads nowhere; expected host:port:address, such as staging.example.com:443:10.0.0.7", line))
			continue
		}
		at := net.JoinHostPort(strings.ToLower(host), port)
		for text := range strings.SplitSeq(list, ",") {
			text = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "["), "]")
			address, err := netip.ParseAddr(text)
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%q has no address after the port; expected one such as 10.0.0.7 or [2001:db8::7], found %q", line, text))
				continue
			}
			if all == nil {
				all = map[string][]netip.Addr{}
			}
			if !slices.Contains(all[at], address.Unmap()) {
				all[at] = append(all[at], address.Unmap())
			}
		}
	}
	return all, errors.Join(wrong...)
}

// Read reads the files; nil where nothing is given.
func (c Connection) Read() (*tls.Config, error) {
	if c.Authority == "" && c.Certificate == "" && !c.Insecure {
		return nil, nil
	}
	t := &tls.Config{InsecureSkipVerify: c.Insecure}
	if c.Authority != "" {
		pem, err := regular.Read(c.Authority, maxPEM)
		if err != nil {
			return nil, fmt.Errorf("the authority's certificate cannot be read: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate in it; expected PEM, which begins with -----BEGIN CERTIFICATE-----", c.Authority)
		}
	}
	if c.Certificate != "" {
		key := c.Key
		if key == "" {
			key = c.Certificate
		}
		pair, err := readPair(c.Certificate, key)
		if err != nil {
			return nil, fmt.Errorf("the certificate %s with the key %s: %w", c.Certificate, key, err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
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

// curl gives the arguments of a curl line.
func (c Connection) curl() (line string) {
	add := func(option, value string) {
		if value != "" {
			line += " --" + option + " " + text.ShellQuote(value)
		}
	}
	add("cacert", c.Authority)
	add("cert", c.Certificate)
	add("key", c.Key)
	if c.Insecure {
		line += " -k"
	}
	for _, r := range c.Resolve {
		add("resolve", r)
	}
	return line
}
