//go:build pact

package pact

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pact-foundation/pact-go/v2/log"
	"github.com/pact-foundation/pact-go/v2/models"
	"github.com/pact-foundation/pact-go/v2/provider"
)

// Verify holds a target against a pact by Pact's own verifier, which prints its report to the standard output; see
// [ParseReport]. It can be used once in a process. The library wants a *testing.T.
func Verify(t *testing.T, r Request) error {
	// Without a level the report is lost among what the library has to say of itself. It can be set once.
	_ = log.SetLogLevel("ERROR")
	nothing := func(bool, models.ProviderState) (models.ProviderStateResponse, error) { return nil, nil }
	bare := false
	trust, err := r.Trust.Read()
	if err != nil {
		return err
	}
	return provider.NewVerifier().VerifyProvider(t, provider.VerifyRequest{
		ProviderBaseURL: r.Target, Provider: Provider, PactFiles: []string{r.PactFile}, DisableColoredOutput: true,
		CustomTLSConfig: trust,
		StateHandlers: models.StateHandlers{
			"": nothing, AgentExists: nothing, FileUploaded: nothing, SkillExists: nothing,
			TokenRequired: func(setup bool, _ models.ProviderState) (models.ProviderStateResponse, error) {
				bare = setup
				return nil, nil
			},
		},
		RequestFilter: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				for name, values := range r.Headers {
					request.Header[name] = values
				}
				// A token that is added everywhere would repair the calls that are about its absence.
				if bare || r.Headers["Authorization"] == nil {
					request.Header.Del("Authorization")
				}
				if r.Query != "" {
					request.URL.RawQuery = strings.TrimPrefix(request.URL.RawQuery+"&"+r.Query, "&")
				}
				next.ServeHTTP(w, request)
			})
		},
	})
}
