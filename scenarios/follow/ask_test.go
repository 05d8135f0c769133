package follow

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/wiretest"
)

func asks(t *testing.T, target string, operation contracts.Following, id string) answer {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	k := newAsker(Config{Target: u, Credentials: credentials.Bearer("tok"), Timeout: 2 * time.Second, Following: scenarios.Following{Operation: operation}}, 2)
	defer k.transport.CloseIdleConnections()
	began := time.Now()
	return k.ask(t.Context(), results.Execution{ID: id}, func() time.Duration { return time.Since(began) })
}

// Polls are what the operation says, with what calls carry, whatever an id looks like.
func TestAsk(t *testing.T) {
	var method, path, body, token string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		method, path, body, token = r.Method, r.URL.EscapedPath(), string(text), r.Header.Get("Authorization")
		if strings.HasPrefix(r.URL.Path, "/base/v1/") {
			fmt.Fprint(w, `{"state":"done","run":{"id":"x"}}`)
			return
		}
		fmt.Fprint(w, `{"execution":{"id":"e/1","status":"InProgress","sessionId":"s","startTime":"2026-01-02T03:04:05Z"}}`)
	}))
	defer s.Close()
	a := asks(t, s.URL+"/base", contracts.DefaultFollowing(), `e"1`)
	var sent map[string]string
	if err := json.Unmarshal([]byte(body), &sent); err != nil || sent["id"] != `e"1` || method != "POST" || path != "/base/executions/get" || token != "Bearer tok" {
		t.Errorf("%s %s %s, %q: %v", method, path, body, token, err)
	}
	if want := (contracts.Told{State: "InProgress", Meaning: contracts.MeansRunning, Session: "s", Same: "e/1"}); a.failed != "" || a.told != want || a.whole < a.asked {
		t.Errorf("%+v", a)
	}
	other := contracts.Following{
		Method: "GET", Path: "/v1/runs/{id}", State: "/state", Same: "/run/id",
		Waiting: []string{"queued"}, Running: []string{"active"}, Completed: []string{"done"}, Failed: []string{"error"},
	}
	a = asks(t, s.URL+"/base", other, "../e /?1")
	if method != "GET" || path != "/base/v1/runs/..%2Fe%20%2F%3F1" || body != "" || a.told.Meaning != contracts.MeansCompleted || a.told.Same != "x" {
		t.Errorf("%s %s %q: %+v", method, path, body, a)
	}
}

// No server hangs a poll, or has it read more than it may.
func TestAskHostileServers(t *testing.T) {
	for _, h := range wiretest.Hostiles() {
		if h.HTTP2 {
			continue
		}
		t.Run(h.Name, func(t *testing.T) {
			t.Parallel()
			if a := asks(t, h.Serve(t).String(), contracts.DefaultFollowing(), "e"); a.failed == "" {
				t.Errorf("%+v", a)
			}
		})
	}
}
