package gate

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

func parseHost(t *testing.T, s string) policy.Host {
	t.Helper()
	h, err := policy.ParseHost(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestCertificates(t *testing.T) {
	ca, other := newTestCA(t), newTestCA(t)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca.PEM()) {
		t.Fatal("no PEM")
	}
	longName := strings.Repeat("a.", 60) + "example.com"
	for _, name := range []string{"api.example.com", "API.example.com.", "under_score.example.com", longName, "203.0.113.9", "2001:db8::7", "bücher.example"} {
		h := parseHost(t, name)
		c, err := ca.certificate(h)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for host, ok := range map[string]bool{h.String(): true, "www." + h.String(): false, "example.com": false, "203.0.113.8": false} {
			_, err := c.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: host, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
			if (err == nil) != ok {
				t.Errorf("%s for %s: %v", name, host, err)
			}
		}
		if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err == nil {
			t.Errorf("%s: serves as a client's", name)
		}
		if c.Leaf.IsCA || c.Leaf.NotAfter.After(ca.cert.NotAfter) {
			t.Errorf("%s: %+v", name, c.Leaf)
		}
		if again, err := ca.certificate(h); err != nil || again != c {
			t.Errorf("%s: made twice (%v)", name, err)
		}
	}
	foreign, err := other.certificate(parseHost(t, "api.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := foreign.Leaf.Verify(x509.VerifyOptions{Roots: pool}); err == nil {
		t.Error("another sandbox's certificate is accepted")
	}
	if ca.cert.Subject.String() == other.cert.Subject.String() {
		t.Error("two CAs of one name")
	}
	if life := ca.cert.NotAfter.Sub(ca.cert.NotBefore); life > 31*24*time.Hour {
		t.Errorf("the CA lives for %s", life)
	}
	if got := fmt.Sprintf("%v %+v", ca, Session{CA: ca}); strings.Contains(got, "key") || !strings.Contains(got, "Ostler sandbox gate") {
		t.Errorf("a CA prints as %s", got)
	}
}

// A certificate is made anew before it ends, and none outlives its CA.
func TestCertificateRenewal(t *testing.T) {
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	ca, err := newCA(func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	h := parseHost(t, "api.example.com")
	made := 0
	var last *x509.Certificate
	for ; now.Before(ca.cert.NotAfter); now = now.Add(30 * time.Minute) {
		c, err := ca.certificate(h)
		if err != nil {
			t.Fatal(err)
		}
		if c.Leaf.NotAfter.Before(now) || c.Leaf.NotBefore.After(now) || c.Leaf.NotAfter.After(ca.cert.NotAfter) {
			t.Fatalf("at %s it is valid from %s to %s", now, c.Leaf.NotBefore, c.Leaf.NotAfter)
		}
		if c.Leaf != last {
			made, last = made+1, c.Leaf
		}
	}
	if made < 30 || made > 40 {
		t.Errorf("%d certificates were made in 30 days", made)
	}
}

func TestCertificatesAreBounded(t *testing.T) {
	ca := newTestCA(t)
	for i := range maxLeaves + 10 {
		if _, err := ca.certificate(parseHost(t, fmt.Sprintf("h%d.example.com", i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(ca.leaves); n > maxLeaves {
		t.Errorf("%d certificates are kept", n)
	}
}

// OpenSSL at its strictest, which newer Pythons use, finds nothing wrong.
func TestCertificatesInOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip(err)
	}
	ca := newTestCA(t)
	for _, name := range []string{"api.example.com", "203.0.113.9"} {
		c, err := ca.certificate(parseHost(t, name))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		caFile, leafFile := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "leaf.pem")
		leaf := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Leaf.Raw})
		for path, text := range map[string][]byte{caFile: ca.PEM(), leafFile: leaf} {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		option := "-verify_hostname"
		if c.Leaf.IPAddresses != nil {
			option = "-verify_ip"
		}
		out, err := exec.CommandContext(t.Context(), "openssl", "verify", "-x509_strict", "-purpose", "sslserver",
			"-CAfile", caFile, option, name, leafFile).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}
