package contract

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const session = "/v1/sessions/sesn_1"

// goodEvent is an event all judges accept.
const goodEvent = `{"id":"sevt_1","type":"session.status_running","processed_at":"2026-11-24T09:00:00.000001Z"}`

func frame(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }

func TestTransport(t *testing.T) {
	const (
		tombstone = `{"id":"sesn_1","type":"session_deleted"}`
		notFound  = `{"type":"error","error":{"type":"not_found_error","message":"Session not found."},"request_id":"req_1"}`
		ping      = "event: ping\ndata: {\"type\":\"ping\"}\n\n"
	)
	for name, tt := range map[string]struct {
		method, path string
		status       int
		contentType  string
		body         string
		beta         string
		want         []string // parts of the reports, in order; none means silence
	}{
		"good answer":          {method: "DELETE", path: session, body: tombstone},
		"bad answer":           {method: "DELETE", path: session, body: `{"id":"sesn_1","type":"deleted"}`, want: []string{"sdk v2: type"}},
		"unknown path":         {method: "GET", path: "/v1/nothing", body: `{}`, want: []string{"no SDK calls GET /v1/nothing"}},
		"created":              {method: "DELETE", path: session, status: 201, body: tombstone, want: []string{"status 201, the API answers 200"}},
		"no content type":      {method: "DELETE", path: session, contentType: "text/plain", body: tombstone, want: []string{`content type "text/plain"`}},
		"good refusal":         {method: "GET", path: session, status: 404, body: notFound},
		"type of other status": {method: "GET", path: session, status: 400, body: notFound, want: []string{"does not go with status 400"}},
		"refusal as text":      {method: "GET", path: session, status: 404, contentType: "text/plain", body: "not found", want: []string{`content type "text/plain"`, "no error envelope"}},
		"outside the API":      {method: "GET", path: "/healthz", contentType: "text/plain", body: "ok"},
		"raw bytes":            {method: "GET", path: "/v1/files/file_1/content", contentType: "image/png", body: "\x89PNG"},
		"old dialect":          {method: "GET", path: "/v1/files", body: `{"data":[],"has_more":false}`, beta: "a, files-api-2025-04-14"},
		"good stream":          {method: "GET", path: session + "/events/stream", contentType: "text/event-stream", body: frame("session.status_running", goodEvent) + ping + frame("session.status_running", goodEvent)},
		"bad second event": {method: "GET", path: session + "/events/stream", contentType: "text/event-stream",
			body: frame("session.status_running", goodEvent) + frame("agent.message", `{"type":"agent.message","id":"sevt_2","content":"text","processed_at":null}`),
			want: []string{"content: a string, but the SDK has an array"}},
		"unknown event": {method: "GET", path: session + "/events/stream", contentType: "text/event-stream", body: frame("agent.sneeze", `{"type":"agent.sneeze","id":"sevt_2"}`),
			want: []string{"is no variant of"}},
		"list event on a stream only": {method: "GET", path: session + "/events", body: `{"data":[{"type":"event_start","event":{"type":"agent.message","id":"sevt_1"}}],"next_page":null}`,
			want: []string{"is no variant of"}},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if tt.contentType == "" {
					tt.contentType = "application/json"
				}
				w.Header().Set("Content-Type", tt.contentType)
				w.Header().Set("request-id", "req_1")
				w.WriteHeader(max(tt.status, 200))
				io.WriteString(w, tt.body)
			}))
			defer srv.Close()
			var reports []string
			client := &http.Client{Transport: &Transport{Report: func(err error) { reports = append(reports, err.Error()) }}}
			req, err := http.NewRequest(tt.method, srv.URL+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("anthropic-beta", tt.beta)
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			got, err := io.ReadAll(res.Body)
			if err != nil || string(got) != tt.body {
				t.Fatalf("the client read %q, %v", got, err)
			}
			if len(reports) != len(tt.want) {
				t.Fatalf("%d reports, want %d: %q", len(reports), len(tt.want), reports)
			}
			for i, want := range tt.want {
				if !strings.Contains(reports[i], want) {
					t.Errorf("report %q lacks %q", reports[i], want)
				}
			}
		})
	}
}

func TestTransportCounts(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("request-id", "req_1")
		switch r.URL.Path {
		case session:
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"id":"sesn_1","type":"session_deleted"}`)
		default:
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, frame("session.status_running", goodEvent)+frame("session.status_running", goodEvent))
		}
	}))
	defer srv.Close()
	tr := &Transport{Report: func(err error) { t.Error(err) }}
	for _, req := range []struct{ method, path string }{{"DELETE", session}, {"GET", session + "/events/stream"}} {
		r, err := http.NewRequest(req.method, srv.URL+req.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := (&http.Client{Transport: tr}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	if bodies, events, failures := tr.Counts(); bodies != 1 || events != 2 || failures != 0 {
		t.Errorf("counted %d bodies, %d events, %d failures", bodies, events, failures)
	}
}
