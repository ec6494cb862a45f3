package modeltest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// signer signs thinking as the service does: whoever alters it is found out.
type signer struct{ key []byte }

func (s signer) sign(kind, text, bound string) string {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(kind + "\x00" + bound + "\x00" + text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

func (s signer) valid(kind, text, bound, signature string) bool {
	return hmac.Equal([]byte(s.sign(kind, text, bound)), []byte(signature))
}
