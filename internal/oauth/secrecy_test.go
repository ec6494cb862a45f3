package oauth

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/oauth/oauthtest"
	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// After refreshes of all kinds no token can be read in the log or in the files
// of the database.
func TestTokensStaySecret(t *testing.T) {
	r := newRig(t, time.Hour, &oauthtest.Server{Auth: wire.TypeClientSecretPost, Fail: func(w http.ResponseWriter, n int) bool {
		if n == 2 {
			http.Error(w, "", http.StatusServiceUnavailable)
		}
		return n == 2
	}})
	n := r.node()
	secrets := []string{r.access, r.refresh, oauthtest.ClientSecret}
	for range 4 { // fresh, failed, fresh, gone
		r.advance(2 * time.Hour)
		r.token(n, "")
		_, open := r.stored()
		secrets = append(secrets, open[vault.AccessToken], open[vault.RefreshToken])
		if len(r.server.Requests()) == 3 {
			r.server.Revoke()
		}
	}
	r.asked(4)
	text := r.log.String()
	files, err := filepath.Glob(filepath.Join(r.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text += string(b)
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%q can be read", secret)
		}
	}
	for _, public := range []string{"answered 503", "invalid_grant", credential, oauthtest.ClientID} {
		if !strings.Contains(text, public) {
			t.Errorf("the test doesn't look where %q is", public)
		}
	}
}
