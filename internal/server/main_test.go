package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/hands/roles"
	"github.com/ostlerdev/ostler/internal/model"
)

// The test binary is also a server of its own, to be killed.
const (
	serveData  = "OSTLER_TEST_SERVE"
	serveModel = "OSTLER_TEST_MODEL"
	serveIdle  = "OSTLER_TEST_SUSPEND_AFTER" // if set
)

func TestMain(m *testing.M) {
	roles.Dispatch()
	if dir := os.Getenv(serveData); dir != "" {
		if err := serveForever(dir, os.Getenv(serveModel)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func config(dir, modelURL string) Config {
	return Config{DataDir: dir, APIKey: "key", Model: model.Config{BaseURL: modelURL, APIKey: "key"},
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
}

func serveForever(dir, modelURL string) error {
	c := config(dir, modelURL)
	if idle := os.Getenv(serveIdle); idle != "" {
		var err error
		if c.SuspendAfter, err = time.ParseDuration(idle); err != nil {
			return err
		}
	}
	s, err := Open(context.Background(), c)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String())
	return api.NewHTTPServer(s.Handler()).Serve(l)
}

// process is a server in a process of its own, or in this one.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd // nil in this process
	url   string
	close func()
}

// serveHere serves in this process until the test ends or close is called.
func serveHere(t *testing.T, c Config) *process {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(s.Handler())
	p := &process{t: t, url: front.URL, close: sync.OnceFunc(func() {
		front.CloseClientConnections()
		front.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})}
	t.Cleanup(p.close)
	return p
}

func start(t *testing.T, dir, modelURL string, env ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(append(os.Environ(), serveData+"="+dir, serveModel+"="+modelURL), env...)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: cmd}
	t.Cleanup(p.kill)
	buf := make([]byte, 200)
	n, err := out.Read(buf)
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	p.url = strings.TrimSpace(string(buf[:n]))
	return p
}

// kill is kill -9.
func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		p.cmd.Process.Kill()
		p.cmd.Wait() // it was killed
	}
}

func (p *process) call(method, path, body string) []byte {
	p.t.Helper()
	req, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("x-api-key", "key")
	req.Header.Set("anthropic-beta", "managed-agents-2026-04-01")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %s: %s %s %v", method, path, resp.Status, b, err)
	}
	return b
}

func (p *process) create(path, body string) string {
	p.t.Helper()
	var v struct{ ID string }
	if err := json.Unmarshal(p.call("POST", path, body), &v); err != nil {
		p.t.Fatal(err)
	}
	return v.ID
}

// session makes an agent with all tools, an environment and a session.
func (p *process) session() string {
	p.t.Helper()
	env := p.create("/v1/environments", `{"name":"test"}`)
	agent := p.create("/v1/agents", `{"name":"test","model":"claude-opus-5-5","tools":[{"type":"agent_toolset_20260401"}]}`)
	return p.create("/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q}`, agent, env))
}

func (p *process) say(session, text string) {
	p.t.Helper()
	p.call("POST", "/v1/sessions/"+session+"/events", fmt.Sprintf(`{"events":[{"type":"user.message","content":[{"type":"text","text":%q}]}]}`, text))
}

// event is what the tests look at.
type event struct {
	ID        string
	Type      string
	ToolUseID string `json:"tool_use_id"`
	StartID   string `json:"model_request_start_id"`
	IsError   bool   `json:"is_error"`
	Content   []struct{ Text string }
	Error     struct {
		Type  string
		URL   string                `json:"repository_url"`
		Retry struct{ Type string } `json:"retry_status"`
	}
}

func (p *process) events(session string) []event {
	p.t.Helper()
	var v struct{ Data []event }
	if err := json.Unmarshal(p.call("GET", "/v1/sessions/"+session+"/events?limit=1000", ""), &v); err != nil {
		p.t.Fatal(err)
	}
	return v.Data
}

// idle waits until the session is idle and returns its log.
func (p *process) idle(session string) []event {
	p.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		var v struct{ Status string }
		if err := json.Unmarshal(p.call("GET", "/v1/sessions/"+session, ""), &v); err != nil {
			p.t.Fatal(err)
		}
		if v.Status == "idle" {
			return p.events(session)
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the session is %s: %+v", v.Status, p.events(session))
		}
		<-time.After(5 * time.Millisecond)
	}
}

// checkLog checks what holds for every log at rest: nothing is doubled, every
// span and every call is closed once.
func checkLog(t *testing.T, log []event) {
	t.Helper()
	seen, spans, calls := map[string]bool{}, map[string]int{}, map[string]int{}
	for _, e := range log {
		if seen[e.ID] {
			t.Errorf("event %s is there twice", e.ID)
		}
		seen[e.ID] = true
		switch e.Type {
		case "span.model_request_start":
			spans[e.ID]++
		case "span.model_request_end":
			spans[e.StartID]--
		case "agent.tool_use":
			calls[e.ID]++
		case "agent.tool_result":
			calls[e.ToolUseID]--
		}
	}
	for id, n := range spans {
		if n != 0 {
			t.Errorf("span %s: %+d", id, n)
		}
	}
	for id, n := range calls {
		if n != 0 {
			t.Errorf("call %s: %+d", id, n)
		}
	}
	if last := log[len(log)-1].Type; last != "session.status_idle" {
		t.Errorf("the log ends with %s", last)
	}
}

func count(log []event, typ string) (n int) {
	for _, e := range log {
		if e.Type == typ {
			n++
		}
	}
	return n
}
