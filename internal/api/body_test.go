package api_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/apitest"
)

const goodAgent = `{"name":"a","model":"claude-opus-5-5"}`

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestBodies(t *testing.T) {
	s := apitest.Start(t)
	large := `{"name":"` + strings.Repeat("a", 32<<20) + `"}`
	for _, c := range []struct {
		name, body string
		headers    []string
		status     int
		message    string
		code       string
	}{
		{"JSON", goodAgent, nil, 200, "", ""},
		{"no type", goodAgent, []string{"Content-Type:"}, 200, "", ""},
		{"other case and parameters", goodAgent, []string{"Content-Type: Application/JSON; charset=UTF-8"}, 200, "", ""},
		{"a kind of JSON", goodAgent, []string{"Content-Type: application/merge-patch+json"}, 200, "", ""},
		{"a form", goodAgent, []string{"Content-Type: application/x-www-form-urlencoded"}, 415, "the body must be of content type application/json", ""},
		{"no sense", goodAgent, []string{"Content-Type: ;;"}, 415, "the body must be of content type application/json", ""},
		{"ASCII", goodAgent, []string{"Content-Type: application/json; charset=us-ascii"}, 200, "", ""},
		{"UTF-16", goodAgent, []string{"Content-Type: application/json; charset=utf-16"}, 400, "the charset utf-16 is not supported", "unsupported_charset"},
		{"bytes that are no UTF-8", "{\"name\":\"\xe9\",\"model\":\"m\"}", nil, 400, "name: malformed JSON", ""},
		{"gzip", gzipped(t, goodAgent), []string{"Content-Encoding: gzip"}, 200, "", ""},
		{"identity", goodAgent, []string{"Content-Encoding: identity"}, 200, "", ""},
		{"brotli", goodAgent, []string{"Content-Encoding: br"}, 400, "the content encoding br is not supported", "request_body_encoding_unsupported"},
		{"gzip that isn't", goodAgent, []string{"Content-Encoding: gzip"}, 400, "the body is not what its content encoding says", "request_body_encoding_invalid"},
		{"gzip cut off", gzipped(t, goodAgent)[:30], []string{"Content-Encoding: gzip"}, 400, "the body is not what its content encoding says", "request_body_encoding_invalid"},
		{"gzip bomb", gzipped(t, large), []string{"Content-Encoding: gzip"}, 413, "the body is larger than", "request_body_too_large_after_decoding"},
		{"deep", strings.Repeat("[", 20_000), nil, 400, "", ""},
		{"text after it", goodAgent + " {}", nil, 400, "malformed JSON", ""},
		{"null", " null\n", nil, 400, "expected an object", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.Call("POST", "/v1/agents", c.body, c.headers...)
			if c.status == 200 {
				if a.Status != 200 {
					t.Errorf("%d: %s", a.Status, a.Body)
				}
				return
			}
			typ := map[int]string{400: "invalid_request_error", 413: "request_too_large", 415: "invalid_request_error"}[c.status]
			a.Refused(t, c.status, typ, c.message)
			if code, _ := a.Error(t).Details["error_code"].(string); code != c.code {
				t.Errorf("code %q, want %q", code, c.code)
			}
		})
	}
}

func TestLatin1(t *testing.T) {
	s := apitest.Start(t)
	a := apitest.JSON[struct{ Name string }](t, s.Call("POST", "/v1/agents", "{\"name\":\"caf\xe9\",\"model\":\"claude-opus-5-5\"}", "Content-Type: application/json; charset=ISO-8859-1"))
	if a.Name != "café" {
		t.Errorf("name %q", a.Name)
	}
}

// send writes a request by hand and reads the answer.
func send(t *testing.T, s *apitest.Server, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

const head = "POST /v1/agents HTTP/1.1\r\nHost: x\r\nx-api-key: test-key\r\nanthropic-beta: managed-agents-2026-04-01\r\nContent-Type: application/json\r\n"

// A body that is announced too large is refused before it is sent.
func TestLargeBodyIsRefusedAtOnce(t *testing.T) {
	s := apitest.Start(t)
	if res := send(t, s, fmt.Sprintf(head+"Content-Length: %d\r\n\r\n", 32<<20+1)); res.StatusCode != 413 {
		t.Errorf("status %d", res.StatusCode)
	}
}

// A body of unknown length is refused at the limit, without waiting for its
// end.
func TestEndlessBody(t *testing.T) {
	s := apitest.Start(t)
	res := send(t, s, fmt.Sprintf(head+"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s", 64<<20, strings.Repeat(" ", 32<<20+1)))
	if res.StatusCode != 413 || !res.Close {
		t.Errorf("status %d, close %v", res.StatusCode, res.Close)
	}
}

func TestSlowBody(t *testing.T) {
	s := apitest.Start(t, func(d *api.Deps) { d.BodyTimeout = 1 })
	res := send(t, s, head+"Content-Length: 100\r\n\r\n{")
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 400 || !strings.Contains(string(b), `"error_code":"request_body_timeout"`) {
		t.Errorf("%d %s, %v", res.StatusCode, b, err)
	}
}

// A connection whose request had no body to read is not held to its deadline.
func TestConnectionsAreUsedAgain(t *testing.T) {
	s := apitest.Start(t)
	for range 3 {
		s.Call("POST", "/v1/agents", goodAgent)
		s.Call("POST", "/v1/agents/"+agent1+"/archive", "")
	}
	if a := s.Call("GET", "/v1/agents", ""); a.Status != 200 {
		t.Errorf("%d", a.Status)
	}
}
