package gate

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

func exported(t *testing.T, ca *CA) Secret {
	t.Helper()
	s, err := ca.Export()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Who trusts a CA trusts it after an export and import, too.
func TestAnImportedCASigns(t *testing.T) {
	before, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	after, err := ImportCA(exported(t, before))
	if err != nil {
		t.Fatal(err)
	}
	host, err := policy.ParseHost("api.example.com")
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := after.certificate(host)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(before.PEM())
	if _, err := leaf.Leaf.Verify(x509.VerifyOptions{DNSName: "api.example.com", Roots: roots}); err != nil {
		t.Error(err)
	}
	if string(after.PEM()) != string(before.PEM()) {
		t.Error("another certificate")
	}
}

func TestImportRefuses(t *testing.T) {
	old, err := newCA(func() time.Time { return time.Now().Add(-caLife + leafLife/2) })
	if err != nil {
		t.Fatal(err)
	}
	one, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	two, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	whole := exported(t, one).Reveal()
	for name, c := range map[string][2]string{
		"too old":       {exported(t, old).Reveal(), "it ends at"},
		"nothing":       {"", "not a certificate and a key"},
		"no key":        {string(one.PEM()), "not a certificate and a key"},
		"half":          {whole[:len(whole)/2], "not a certificate and a key"},
		"another's key": {string(two.PEM()) + strings.TrimPrefix(whole, string(one.PEM())), "not the certificate's"},
	} {
		if _, err := ImportCA(NewSecret(c[0])); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
