package mcp

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// A server that has no time for a call is asked again, so often and after
// pauses that a turn has time for.
func TestBusyServers(t *testing.T) {
	for name, tt := range map[string]struct {
		code  int
		after string
		times int64 // that it has no time
		tries int64
		want  string // "" if the call is made in the end
	}{
		"too many requests": {429, "0", 2, 3, ""},
		"unavailable":       {503, "0", 1, 2, ""},
		"never":             {429, "0", 100, 1 + maxBusy, "answered 429 Too Many Requests."},
		"for an hour":       {503, "3600", 100, 1, "answered 503 Service Unavailable."},
		"until a date":      {503, "Tue, 24 Nov 2026 09:00:00 GMT", 100, 1, "answered 503 Service Unavailable."},
		"before now":        {503, "-1", 100, 1, "answered 503 Service Unavailable."},
		"a proxy's failure": {503, "", 100, 1, "answered 503 Service Unavailable."},
		"another failure":   {502, "0", 100, 1, "answered 502 Bad Gateway."},
	} {
		for _, transport := range []string{"streamable", "stateless"} {
			t.Run(transport+" "+name, func(t *testing.T) {
				r := newRemote(t, transport)
				var tries atomic.Int64
				r.intercept(func(w http.ResponseWriter, req *http.Request) {
					if methodOf(req) == "tools/call" && tries.Add(1) <= tt.times {
						w.Header()["Retry-After"] = []string{tt.after}
						w.WriteHeader(tt.code)
					}
				})
				res, err := newPool(t).Call(t.Context(), "sesn_1", r.one()[0], "echo", []byte(`{"a":1}`))
				var f *Failure
				switch {
				case tt.want == "" && (err != nil || res.IsError):
					t.Errorf("got %s, %v", res.Content, err)
				case tt.want != "" && (!errors.As(err, &f) || !strings.HasSuffix(f.Message, tt.want)):
					t.Errorf("got %s, %v", res.Content, err)
				}
				if tries.Load() != tt.tries {
					t.Errorf("tried %d times", tries.Load())
				}
			})
		}
	}
}

// Nobody waits for a server after the call was given up.
func TestBusyServersAreLeft(t *testing.T) {
	r := newRemote(t, "streamable")
	ctx, cancel := context.WithCancel(t.Context())
	r.intercept(func(w http.ResponseWriter, req *http.Request) {
		if methodOf(req) == "tools/call" {
			w.Header().Set("Retry-After", "10")
			w.WriteHeader(http.StatusTooManyRequests)
			cancel()
		}
	})
	if _, err := newPool(t).Call(ctx, "sesn_1", r.one()[0], "echo", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := r.count("tools/call"); n != 1 {
		t.Errorf("called %d times", n)
	}
}
