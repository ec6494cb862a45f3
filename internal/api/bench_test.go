package api

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/wire"
)

// null is a ResponseWriter that keeps nothing.
type null struct{ h http.Header }

func (n null) Header() http.Header         { return n.h }
func (n null) Write(b []byte) (int, error) { return len(b), nil }
func (n null) WriteHeader(int)             {}

// BenchmarkEndpoint is what the layer adds to a POST of events: request id,
// credential, version, beta, reading and writing JSON. The bar is 100 µs.
func BenchmarkEndpoint(b *testing.B) {
	s := New(Deps{IDs: new(ids.Random), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Keys: StaticKeys("test-key")})
	mux := http.NewServeMux()
	mux.Handle("POST /v1/sessions/{session_id}/events", s.endpoint(route{"", func(w http.ResponseWriter, r *http.Request) error {
		var p wire.SendEvents
		if err := s.readJSON(w, r, &p); err != nil {
			return err
		}
		return s.writeJSON(w, wire.Page[string]{Data: []string{r.PathValue("session_id")}})
	}, managedAgents}))
	const body = `{"events":[{"type":"user.message","content":[{"type":"text","text":"Fix the failing test in internal/api and tell me what was wrong."}]}]}`
	header := http.Header{"Authorization": {"Bearer test-key"}, "Anthropic-Version": {"2026-10-21"}, "Anthropic-Beta": {"managed-agents-2026-04-01"},
		"Content-Type": {"application/json"}, "Content-Length": {"140"}}
	b.ReportAllocs()
	for b.Loop() {
		r, err := http.NewRequest("POST", "http://x/v1/sessions/sesn_1/events", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		r.Header = header
		mux.ServeHTTP(null{http.Header{}}, r)
	}
}
