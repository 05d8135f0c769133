package credentials

import (
	"net/url"
	"os"
	"strings"
)

// Ambient lists the secrets that the environment holds and a command line should not: a token, what a broker, an
// endpoint and a proxy want to see, and what stands in an address for nobody else to read.
func Ambient(args []string) (secrets []string) {
	for _, name := range []string{tokenVariable, "PACT_BROKER_TOKEN", "PACT_BROKER_PASSWORD", "ANDON_REMOTE_WRITE_AUTHORIZATION"} {
		secrets = append(secrets, authorization(os.Getenv(name))...)
	}
	for pair := range strings.SplitSeq(os.Getenv("OTEL_EXPORTER_OTLP_HEADERS"), ",") {
		name, value, found := strings.Cut(pair, "=")
		if decoded, err := url.PathUnescape(strings.TrimSpace(value)); found && err == nil && private(name, decoded) {
			secrets = append(secrets, authorization(decoded)...)
		}
	}
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "PACT_BROKER_BASE_URL"} {
		secrets = append(secrets, within(os.Getenv(name))...)
	}
	for _, arg := range args {
		if strings.Contains(arg, "://") {
			secrets = append(secrets, within(arg)...)
		}
	}
	return secrets
}

// authorization is a value of the header Authorization, and what stands in it behind the scheme.
func authorization(value string) []string {
	if _, behind, found := strings.Cut(value, " "); found {
		return []string{value, strings.TrimSpace(behind)}
	}
	return []string{value}
}

// within lists what is secret in an address: a password, and values of the query.
func within(address string) (secrets []string) {
	if _, behind, found := strings.Cut(address, "://"); found {
		address = behind
	}
	before, query, _ := strings.Cut(address, "?")
	if at := strings.LastIndexByte(before, '@'); at >= 0 {
		if _, password, found := strings.Cut(before[:at], ":"); found {
			secrets = append(secrets, password)
			if decoded, err := url.PathUnescape(password); err == nil {
				secrets = append(secrets, decoded)
			}
		}
	}
	query, _, _ = strings.Cut(query, "#")
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(value); err == nil && private(name, decoded) {
			secrets = append(secrets, value, decoded)
		}
	}
	return secrets
}

// private reports whether a value is a secret by its name, or looks like one: a word that tells rooms, teams or formats
// apart is in many a text.
func private(name, value string) bool {
	return sensitive(strings.TrimSpace(name)) || len(value) >= 12 && strings.ContainsAny(value, "0123456789")
}
