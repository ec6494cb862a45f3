package api

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// maxBody bounds a JSON body, also after decoding (Managed Agents API:
// conventions).
const maxBody = 32 << 20

// readJSON reads a JSON body into v.
func (s *Server) readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	charset, err := checkContentType(r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(s.BodyTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	if charset == "iso-8859-1" {
		body = fromLatin1(body)
	}
	if err := control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if string(bytes.TrimSpace(body)) == "null" { // which would decode into anything
		return fault.At("", "expected an object")
	}
	return wire.Decode(body, v)
}

// checkContentType wants JSON and answers its charset, in lower case. A body
// without a type is taken for JSON.
func checkContentType(header string) (charset string, err error) {
	if header == "" || header == "application/json" {
		return "", nil
	}
	typ, params, err := mime.ParseMediaType(header)
	if err != nil || typ != "application/json" && !strings.HasSuffix(typ, "+json") {
		return "", fault.New(fault.BadMediaType, "the body must be of content type application/json, not %s", header)
	}
	switch charset = strings.ToLower(params["charset"]); charset {
	case "", "utf-8", "utf8", "iso-8859-1", "us-ascii":
		return charset, nil
	}
	return "", fault.At("", "the charset %s is not supported, send UTF-8", params["charset"]).WithCode("unsupported_charset")
}

// fromLatin1 is text of ISO-8859-1, whose bytes are code points, as UTF-8.
func fromLatin1(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/8)
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBody {
		return nil, fault.New(fault.TooLarge, "the body is larger than %d bytes", maxBody)
	}
	if a, ok := w.(*answer); ok {
		w = a.ResponseWriter // which closes the connection at the limit
	}
	var src io.Reader = http.MaxBytesReader(w, r.Body, maxBody)
	encoded := false
	switch enc := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); enc {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, bodyError(err, true)
		}
		defer z.Close()
		src, encoded = z, true
	default:
		return nil, fault.At("", "the content encoding %s is not supported", enc).WithCode("request_body_encoding_unsupported")
	}
	body, err := io.ReadAll(io.LimitReader(src, maxBody+1))
	if err != nil {
		return nil, bodyError(err, encoded)
	}
	if len(body) > maxBody {
		return nil, fault.New(fault.TooLarge, "the body is larger than %d bytes", maxBody).WithCode("request_body_too_large_after_decoding")
	}
	return body, nil
}

func bodyError(err error, encoded bool) error {
	var large *http.MaxBytesError
	var slow net.Error
	switch {
	case errors.As(err, &large):
		return fault.New(fault.TooLarge, "the body is larger than %d bytes", maxBody)
	case errors.As(err, &slow) && slow.Timeout():
		return fault.At("", "the body did not arrive in time").WithCode("request_body_timeout")
	case encoded:
		return fault.At("", "the body is not what its content encoding says").WithCode("request_body_encoding_invalid")
	}
	return fault.At("", "the body could not be read: %v", err)
}

// writeJSON answers with v.
func (s *Server) writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Write(wire.Encode(v)) // nobody to tell if the client is gone
	return nil
}
