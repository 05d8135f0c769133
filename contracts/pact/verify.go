//go:build pact

package pact

import (
	"net/http"
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
	return provider.NewVerifier().VerifyProvider(t, provider.VerifyRequest{
		ProviderBaseURL: r.Target, Provider: Provider, PactFiles: []string{r.PactFile}, DisableColoredOutput: true,
		StateHandlers: models.StateHandlers{
			"": nothing, AgentExists: nothing, FileUploaded: nothing, SkillExists: nothing,
			TokenRequired: func(setup bool, _ models.ProviderState) (models.ProviderStateResponse, error) {
				bare = setup
				return nil, nil
			},
		},
		RequestFilter: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				// A token that is added everywhere would repair the calls that are about its absence.
				switch {
				case bare, r.Token == "":
					request.Header.Del("Authorization")
				default:
					request.Header.Set("Authorization", "Bearer "+r.Token)
				}
				next.ServeHTTP(w, request)
			})
		},
	})
}
