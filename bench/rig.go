package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/model"
	"github.com/ostlerdev/ostler/internal/modeltest"
	"github.com/ostlerdev/ostler/internal/server"
)

// rig is a server in this process with a model that answers at once, and a
// plain HTTP client.
type rig struct {
	server *server.Server
	front  *http.Server
	model  *modeltest.Instant
	url    string
	http   *http.Client
	dir    string
	agent  string
	env    string
	// resources are those of new sessions.
	resources []string
}

func newRig(ctx context.Context, latency time.Duration, replies ...modeltest.Reply) (*rig, error) {
	return newRigWith(ctx, func(*server.Config) {}, latency, replies...)
}

// newRigWith is newRig with a server that change has changed.
func newRigWith(ctx context.Context, change func(*server.Config), latency time.Duration, replies ...modeltest.Reply) (*rig, error) {
	r := &rig{http: newHTTP()}
	var err error
	if r.dir, err = os.MkdirTemp("", "ostler-bench-"); err != nil {
		return nil, err
	}
	if r.model, err = modeltest.StartInstant(latency, replies...); err != nil {
		return nil, err
	}
	c := server.Config{DataDir: r.dir, APIKey: "bench",
		Model: model.Config{BaseURL: r.model.URL, APIKey: "k"}, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	change(&c)
	if r.server, err = server.Open(ctx, c); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r.url = "http://" + listener.Addr().String()
	r.front = api.NewHTTPServer(r.server.Handler())
	go r.front.Serve(listener) // ends with close
	return r, r.prepare(ctx)
}

// prepare makes the environment and the agent of all sessions.
func (r *rig) prepare(ctx context.Context) (err error) {
	if r.env, err = r.create(ctx, "/v1/environments", `{"name":"bench"}`); err != nil {
		return err
	}
	r.agent, err = r.create(ctx, "/v1/agents", `{"name":"bench","model":"claude-opus-5-5","tools":[{"type":"agent_toolset_20260401"}]}`)
	return err
}

func newHTTP() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true}}
}

func (r *rig) close() error {
	r.http.CloseIdleConnections()
	return errors.Join(r.front.Close(), r.server.Close(), r.model.Close(), os.RemoveAll(r.dir))
}

func (r *rig) request(ctx context.Context, method, path, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("x-api-key", "bench")
	req.Header.Set("anthropic-version", "2026-10-21")
	req.Header.Set("anthropic-beta", "managed-agents-2026-04-01")
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.http.Do(req)
	if err == nil && resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body) // for the message only
		resp.Body.Close()
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	return resp, err
}

// call makes a request and returns its body.
func (r *rig) call(ctx context.Context, method, path, body string) ([]byte, error) {
	resp, err := r.request(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

func (r *rig) create(ctx context.Context, path, body string) (string, error) {
	b, err := r.call(ctx, "POST", path, body)
	if err != nil {
		return "", err
	}
	var v struct{ ID string }
	return v.ID, json.Unmarshal(b, &v)
}

func (r *rig) session(ctx context.Context) (string, error) {
	return r.create(ctx, "/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q,"resources":[%s]}`, r.agent, r.env, strings.Join(r.resources, ",")))
}

// stream is an open event stream.
type stream struct {
	body  io.ReadCloser
	lines *bufio.Reader
}

func (r *rig) stream(ctx context.Context, session string) (*stream, error) {
	resp, err := r.request(ctx, "GET", "/v1/sessions/"+session+"/events/stream", "")
	if err != nil {
		return nil, err
	}
	return &stream{resp.Body, bufio.NewReaderSize(resp.Body, 4096)}, nil
}

// until reads to an event of a type.
func (s *stream) until(typ string) error {
	want := []byte("event: " + typ + "\n")
	for {
		line, err := s.lines.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if bytes.Equal(line, want) {
			return nil
		}
	}
}

const hello = `{"events":[{"type":"user.message","content":[{"type":"text","text":"hello"}]}]}`

// turn sends a message and waits until the session is idle again.
func (r *rig) turn(ctx context.Context, session string, s *stream) (time.Duration, error) {
	start := time.Now()
	if _, err := r.call(ctx, "POST", "/v1/sessions/"+session+"/events", hello); err != nil {
		return 0, err
	}
	err := s.until("session.status_idle")
	return time.Since(start), err
}

// spread prints the median, the 95th and the 99th percentile.
func spread(name string, times []time.Duration) {
	slices.Sort(times)
	at := func(p int) time.Duration {
		return times[min(len(times)-1, len(times)*p/100)].Round(10 * time.Microsecond)
	}
	fmt.Printf("%-34s p50 %-9v p95 %-9v p99 %-9v (n=%d)\n", name, at(50), at(95), at(99), len(times))
}
