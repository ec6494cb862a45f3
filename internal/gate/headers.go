package gate

import (
	"net/http"
	"strings"
)

// hopByHop are the fields that concern one connection and aren't passed on
// (RFC 9110 section 7.6.1); those that begin with "Proxy-" come on top.
var hopByHop = []string{"Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// stripHop removes from a header what isn't passed on: hop-by-hop fields,
// those that Connection names, and all that is addressed to proxies.
func stripHop(h http.Header) {
	for _, value := range h["Connection"] {
		for name := range strings.SplitSeq(value, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range hopByHop {
		h.Del(name)
	}
	for name := range h {
		if len(name) >= 6 && strings.EqualFold(name[:6], "proxy-") {
			delete(h, name)
		}
	}
}

// wantsWebsocket says whether a request offers to go on as a websocket.
func wantsWebsocket(r *http.Request) bool {
	return r.ProtoAtLeast(1, 1) && hasToken(r.Header["Connection"], "upgrade") && isWebsocket(r.Header)
}

func isWebsocket(h http.Header) bool {
	return len(h["Upgrade"]) == 1 && strings.EqualFold(strings.TrimSpace(h.Get("Upgrade")), "websocket")
}

func hasToken(values []string, token string) bool {
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}
