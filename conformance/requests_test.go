package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"

	"github.com/ostlerdev/ostler/conformance/gov2"
	"github.com/ostlerdev/ostler/internal/contract"
)

// byChoice are refusals that are right on this server and that would hide what
// stands beside them: the request is tried again without the member.
var byChoice = map[string]string{
	"multiagent": "a roster names agents that exist",
	"budget":     "a budget needs list prices of the model",
	"scope":      "an API key has no account",
	"vault_ids":  "the API reserves them in an update",
}

// neverRight are refusals that say the server does not know a described form.
// Other refusals are about values: the ids and texts of a sample mean nothing.
var neverRight = regexp.MustCompile(`unknown field|\bexpected\b|is not one of|field required|malformed|more than once`)

// TestDescribedRequests sends every request body that the description allows,
// made up with every variant of every union, and wants each decoded: a server
// that refuses unknown members must know all members there are.
func TestDescribedRequests(t *testing.T) {
	d, err := contract.DescriptionV2()
	if err != nil {
		t.Fatal(err)
	}
	client := gov2.NewClient(server.URL, server.Key)
	var unserved []string
	sent := 0
	for _, route := range d.RequestRoutes() {
		method, path, _ := strings.Cut(route, " ")
		if _, ok := contract.RouteOf(method, path); !ok {
			continue
		}
		t.Run(route, func(t *testing.T) {
			for _, s := range d.Requests(route) {
				var body any
				if err := json.Unmarshal(s.Body(), &body); err != nil {
					t.Fatal(err)
				}
				ids := newWorld(t, client)
				status, message := post(t, ids.path(path), ids.fill(body))
				if status == http.StatusNotFound && strings.HasPrefix(message, "no endpoint") {
					unserved = append(unserved, route)
					t.Skip("not served")
				}
				sent++
				judge(t, status, message, ids.path(path), body)
			}
		})
	}
	passed(fmt.Sprintf("described request bodies (%d routes not served)", len(unserved)), sent)
	server.Breaches() // answers to made-up requests are judged by other tests
}

// judge accepts success and refusals of values.
func judge(t *testing.T, status int, message, path string, body any) {
	t.Helper()
	if status == http.StatusOK {
		return
	}
	member, _, _ := strings.Cut(message, ":")
	if obj, ok := body.(map[string]any); ok && byChoice[member] != "" && obj[member] != nil {
		delete(obj, member)
		status, message = post(t, path, body)
		judge(t, status, message, path, body)
		return
	}
	if status >= 500 || neverRight.MatchString(message) {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("%d %s\n%s", status, message, raw)
	}
}

func post(t *testing.T, path string, body any) (status int, message string) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, server.URL+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{
		"x-api-key": server.Key, "anthropic-version": "2026-10-21", "Content-Type": "application/json",
		"anthropic-beta": "managed-agents-2026-04-01,agent-memory-2026-07-22,dreaming-2026-04-21,mcp-tunnels-2026-06-22,webhooks-2026-10-07",
	} {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var e struct{ Error struct{ Message string } }
	if err := json.NewDecoder(res.Body).Decode(&e); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, e.Error.Message
}

// world is one of each object that a made-up request can be about.
type world struct{ agent, environment, session, file string }

// newWorld makes the objects anew, so that no request sees another's traces.
func newWorld(t *testing.T, c *anthropic.Client) world {
	t.Helper()
	ctx := context.Background()
	agent, err := c.Beta.Agents.New(ctx, anthropic.BetaAgentNewParams{Name: "w", Model: anthropic.BetaManagedAgentsModelConfigParams{ID: "claude-opus-5-5"}})
	if err != nil {
		t.Fatal(err)
	}
	env, err := c.Beta.Environments.New(ctx, anthropic.BetaEnvironmentNewParams{Name: "world of " + agent.ID})
	if err != nil {
		t.Fatal(err)
	}
	session, err := c.Beta.Sessions.New(ctx, anthropic.BetaSessionNewParams{
		Agent: anthropic.BetaSessionNewParamsAgentUnion{OfString: anthropic.String(agent.ID)}, EnvironmentID: env.ID,
	})
	if err != nil {
		t.Fatal(err)
	}
	file, err := c.Beta.Files.Upload(ctx, anthropic.BetaFileUploadParams{File: anthropic.File(strings.NewReader("x"), "x.txt", "text/plain")})
	if err != nil {
		t.Fatal(err)
	}
	return world{agent.ID, env.ID, session.ID, file.ID}
}

var pathID = regexp.MustCompile(`\{(\w+)\}`)

func (w world) path(route string) string {
	return pathID.ReplaceAllStringFunc(route, func(m string) string {
		switch m {
		case "{agent_id}":
			return w.agent
		case "{environment_id}":
			return w.environment
		case "{session_id}":
			return w.session
		}
		return strings.Trim(m, "{}") + "_01nothing"
	})
}

// fill puts ids and addresses where a body asks for them, at any depth.
func (w world) fill(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v["type"] == "redacted" { // a client has no redacted content to give
			return map[string]any{"type": "text", "text": "x"}
		}
		for name, member := range v {
			text := w.text(name, v["type"])
			if _, ok := member.(string); ok && text != "" {
				v[name] = text
			} else {
				v[name] = w.fill(member)
			}
		}
	case []any:
		for i := range v {
			v[i] = w.fill(v[i])
		}
	}
	return v
}

// text is what makes sense for a member of an object of a type, "" if the
// sample's text does.
func (w world) text(member string, typ any) string {
	switch {
	case member == "agent" || member == "id" && typ == "agent":
		return w.agent
	case member == "environment_id":
		return w.environment
	case member == "file_id":
		return w.file
	case member == "media_type" && typ == "base64":
		return "image/png"
	case member == "url" && typ == "github_repository":
		return "https://github.com/example/example"
	case strings.HasSuffix(member, "url"):
		return "https://example.com/x"
	}
	return ""
}
