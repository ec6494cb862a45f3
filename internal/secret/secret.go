// Package secret keeps secrets encrypted at rest.
//
// Each secret is sealed with a data key of its own, and the data key with the
// key-encryption key of the server (AES-256-GCM both times). A sealed secret
// is bound to what it belongs to: it opens with the same associated data only,
// so that a row copied to another place in the database opens nothing. Whoever
// has the database without the key file learns the length of secrets and no
// more; whoever loses the key file loses the secrets. Rotate replaces the key.
//
// The package imports nothing of the program.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
)

// Errors of Unseal.
var (
	// ErrOtherKey says that a secret was sealed with another key file.
	ErrOtherKey = errors.New("the secret was sealed with another key")
	// ErrDamaged says that a sealed text is not what Seal wrote, or belongs to
	// other associated data.
	ErrDamaged = errors.New("the sealed secret is damaged or belongs elsewhere")
)

// A sealed secret is, in base64url without padding:
//
//	version   1 byte, 1
//	key id    4 bytes: which key-encryption key
//	nonce     12 bytes, of the wrapped data key
//	data key  32 bytes and a tag of 16
//	nonce     12 bytes, of the secret
//	secret    its length and a tag of 16
//
// The associated data of both seals is the version, the key id and the
// caller's, with a letter that tells the two seals apart.
const (
	version = 1
	keyLen  = 32
	idLen   = 4
	nonce   = 12
	tag     = 16
	head    = 1 + idLen
	wrapped = nonce + keyLen + tag
	minimum = head + wrapped + nonce + tag
)

// Box seals with one key-encryption key and unseals with that and others. It
// is safe for concurrent use.
type Box struct{ keys []kek } // the first seals

// kek is a key-encryption key.
type kek struct {
	aead cipher.AEAD
	id   [idLen]byte
}

// New makes a Box that seals with key, and unseals what was sealed with key or
// with one of others. A key has 32 bytes.
func New(key []byte, others ...[]byte) (*Box, error) {
	b := &Box{}
	for _, key := range append([][]byte{key}, others...) {
		if len(key) != keyLen {
			return nil, fmt.Errorf("a key has %d bytes, not %d", keyLen, len(key))
		}
		a, err := aead(key)
		if err != nil {
			return nil, err
		}
		k := kek{aead: a}
		sum := sha256.Sum256(append([]byte("ostler key id\x00"), key...))
		copy(k.id[:], sum[:])
		b.keys = append(b.keys, k)
	}
	return b, nil
}

// Seal encrypts plain. aad names what the secret belongs to and is needed to
// open it again; it isn't kept. Two seals of one text differ.
func (b *Box) Seal(plain, aad string) (string, error) {
	key := make([]byte, keyLen)
	rand.Read(key) // never fails: crypto/rand panics instead
	dek, err := aead(key)
	if err != nil {
		return "", err
	}
	k := b.keys[0]
	out := make([]byte, 0, minimum+len(plain))
	out = append(append(out, version), k.id[:]...)
	out = seal(k.aead, out, key, k.aad('k', aad))
	out = seal(dek, out, []byte(plain), k.aad('s', aad))
	return base64.RawURLEncoding.EncodeToString(out), nil
}

// Unseal decrypts what Seal wrote with the same aad. Its error wraps
// ErrOtherKey or ErrDamaged.
func (b *Box) Unseal(sealed, aad string) (string, error) {
	in, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || len(in) < minimum || in[0] != version {
		return "", ErrDamaged
	}
	i := slices.IndexFunc(b.keys, func(k kek) bool { return k.id == [idLen]byte(in[1:head]) })
	if i < 0 {
		return "", ErrOtherKey
	}
	k := b.keys[i]
	key, err := open(k.aead, in[head:head+wrapped], k.aad('k', aad))
	if err != nil {
		return "", err
	}
	dek, err := aead(key)
	if err != nil {
		return "", err
	}
	plain, err := open(dek, in[head+wrapped:], k.aad('s', aad))
	return string(plain), err
}

func (k kek) aad(kind byte, aad string) []byte {
	out := append([]byte{version}, k.id[:]...)
	return append(append(out, kind), aad...)
}

func seal(a cipher.AEAD, out, plain, aad []byte) []byte {
	n := make([]byte, nonce)
	rand.Read(n) // never fails: crypto/rand panics instead
	return a.Seal(append(out, n...), n, plain, aad)
}

func open(a cipher.AEAD, in, aad []byte) ([]byte, error) {
	plain, err := a.Open(nil, in[:nonce], in[nonce:], aad)
	if err != nil {
		return nil, ErrDamaged
	}
	return plain, nil
}

func aead(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
