package mcp

import (
	"net/http"
	"strconv"
	"time"
)

const (
	// maxBusy is how often a request is sent again to a server that has no
	// time: calls side by side meet limits that calls one by one don't.
	maxBusy = 3
	// busyTime is the pause before that if the server names none, and
	// maxPause the longest one that is waited for.
	busyTime = time.Second
	maxPause = 10 * time.Second
)

// busy tells whether a server had no time for a request, which it then has not
// begun, and after which pause it may have.
func busy(res *http.Response) (pause time.Duration, ok bool) {
	after := res.Header.Get("Retry-After")
	switch {
	case res.StatusCode == http.StatusTooManyRequests:
	case res.StatusCode == http.StatusServiceUnavailable && after != "": // else it may be a proxy whose server broke off
	default:
		return 0, false
	}
	pause = busyTime
	if after != "" {
		n, err := strconv.Atoi(after)
		if err != nil || n < 0 {
			return 0, false
		}
		pause = time.Duration(min(n, 3600)) * time.Second
	}
	return pause, pause <= maxPause
}

// patient sends a request, and again while the server has no time for it.
func (g *guard) patient(req *http.Request, x *exchange, own bool) (token string, res *http.Response, err error) {
	for n := 0; ; n++ {
		token, res, err = g.send(req, x, own, "")
		if err != nil || !x.shared || n == maxBusy {
			return token, res, err
		}
		pause, ok := busy(res)
		if !ok {
			return token, res, nil
		}
		other, ok := g.again(req)
		if !ok {
			return token, res, nil
		}
		closeBody(res)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-req.Context().Done():
			timer.Stop()
			return token, nil, req.Context().Err()
		}
		req = other
	}
}
