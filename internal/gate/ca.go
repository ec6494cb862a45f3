package gate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

const (
	caLife    = 30 * 24 * time.Hour
	leafLife  = 24 * time.Hour
	leafSpare = time.Hour // before its end a certificate isn't used any more
	skew      = time.Hour // by which clocks may differ
	maxLeaves = 1000
)

// CA signs for the hosts whose TLS the gate takes off, and one sandbox trusts
// it. Its key ends with the process, unless its sandbox is suspended: then it is
// kept with it ([CA.Export]), sealed. Nobody but the sandbox trusts it, which
// bounds the harm if it is lost. It can sign for
// servers only, and for any host, because the hosts of credentials change
// while a sandbox lives. It is safe for concurrent use.
type CA struct {
	cert *x509.Certificate
	key  crypto.Signer
	leaf crypto.Signer // the key of all certificates
	now  func() time.Time

	mu     sync.Mutex
	leaves map[policy.Host]*tls.Certificate
}

// NewCA makes a CA for a new sandbox, which must not live longer than 30 days.
func NewCA() (*CA, error) { return newCA(time.Now) }

func newCA(now func() time.Time) (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a CA: %w", err)
	}
	ca, err := caOf(key, now)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		// OpenSSL looks issuers up by name: no two sandboxes have the same.
		Subject:               pkix.Name{CommonName: "Ostler sandbox gate " + rand.Text()[:8]},
		NotBefore:             now().Add(-skew),
		NotAfter:              now().Add(caLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true, // it signs no further CAs
		KeyUsage:              x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	ca.cert, err = sign(template, template, ca.key.Public(), ca.key)
	if err != nil {
		return nil, fmt.Errorf("make a CA: %w", err)
	}
	return ca, nil
}

// caOf is a CA of a key, without its certificate.
func caOf(key crypto.Signer, now func() time.Time) (*CA, error) {
	leaf, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a CA: %w", err)
	}
	return &CA{key: key, leaf: leaf, now: now, leaves: map[policy.Host]*tls.Certificate{}}, nil
}

// PEM is the certificate, for the sandbox to trust.
func (ca *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
}

// String tells nothing of the keys.
func (ca *CA) String() string { return ca.cert.Subject.CommonName }

// certificate is one for a host, made if need be.
func (ca *CA) certificate(h policy.Host) (*tls.Certificate, error) {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	now := ca.now()
	if c := ca.leaves[h]; c != nil && now.Add(leafSpare).Before(c.Leaf.NotAfter) {
		return c, nil
	}
	template := &x509.Certificate{
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(leafLife),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if template.NotAfter.After(ca.cert.NotAfter) {
		template.NotAfter = ca.cert.NotAfter
	}
	if h.IsLiteral() {
		template.IPAddresses = []net.IP{h.Addr().AsSlice()}
	} else {
		template.DNSNames = []string{h.String()}
	}
	if len(h.String()) <= 64 { // the limit of a common name
		template.Subject.CommonName = h.String()
	}
	leaf, err := sign(template, ca.cert, ca.leaf.Public(), ca.key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate for %s: %w", h, err)
	}
	if len(ca.leaves) >= maxLeaves {
		clear(ca.leaves)
	}
	c := &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: ca.leaf, Leaf: leaf}
	ca.leaves[h] = c
	return c, nil
}

func sign(template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
