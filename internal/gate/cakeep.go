package gate

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// Blocks of an exported CA.
const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// Export is the CA with its key, for [ImportCA]. Whoever has it can be any
// server to the sandbox that trusts the CA: seal it before it is stored.
func (ca *CA) Export() (Secret, error) {
	key, err := x509.MarshalPKCS8PrivateKey(ca.key)
	if err != nil {
		return Secret{}, fmt.Errorf("export a CA: %w", err)
	}
	text := append(ca.PEM(), pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: key})...)
	return NewSecret(string(text)), nil
}

// ImportCA makes a CA of what Export gave. It fails if that isn't whole, or if
// the CA's 30 days end within a day.
func ImportCA(exported Secret) (*CA, error) { return importCA(exported, time.Now) }

func importCA(exported Secret, now func() time.Time) (*CA, error) {
	first, rest := pem.Decode([]byte(exported.Reveal()))
	second, _ := pem.Decode(rest)
	if first == nil || second == nil || first.Type != certificateBlock || second.Type != keyBlock {
		return nil, errors.New("import a CA: not a certificate and a key")
	}
	cert, err := x509.ParseCertificate(first.Bytes)
	if err != nil {
		return nil, fmt.Errorf("import a CA: %w", err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(second.Bytes)
	if err != nil {
		return nil, errors.New("import a CA: the key can't be read")
	}
	key, ok := parsed.(crypto.Signer)
	public, comparable := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !comparable || !public.Equal(key.Public()) {
		return nil, errors.New("import a CA: the key is not the certificate's")
	}
	if now().Add(leafLife).After(cert.NotAfter) {
		return nil, fmt.Errorf("import a CA: it ends at %s", cert.NotAfter.Format(time.RFC3339))
	}
	ca, err := caOf(key, now)
	if err != nil {
		return nil, err
	}
	ca.cert = cert
	return ca, nil
}
