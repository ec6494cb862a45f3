package dial

import (
	"net/http"
	"time"
)

// Transport is an HTTP transport over the guarded dialer, for requests that
// the server makes on an agent's word. It takes no proxy from the environment,
// which would dial in the guard's place. Redirects are requests like any other
// and pass the same check. The caller sets further fields before the first use
// and calls CloseIdleConnections when done.
func (d *Dialer) Transport() *http.Transport {
	return &http.Transport{
		DialContext:           d.DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConns:          100,
		ForceAttemptHTTP2:     true,
	}
}
