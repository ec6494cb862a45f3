package modeltest

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// maxBody is the service's limit for a request body, in bytes.
const maxBody = 32 << 20

// Server is the double. It is safe for concurrent use.
type Server struct {
	URL string // base URL, once started

	opts   options
	signer signer
	http   *httptest.Server

	mu       sync.Mutex
	queue    []Reply
	fn       func(Request) Reply
	requests []Request
	refused  []Refused
	long     []Request
	issued   map[string]bool   // block types that replies brought in by Raw
	thoughts map[string]string // tool_use id → signature of the thinking before it
	cache    map[string]bool   // digests of prompt prefixes that were marked
	serial   int
	models   string
}

// Refused is a request that broke a rule.
type Refused struct {
	Request Request
	Status  int
	Message string
}

type options struct {
	key             string
	flagConsecutive bool
	bindThinking    bool
	allowRefusals   bool
	limits          func(model string) Limits
}

// Option changes how strict the double is.
type Option func(*options)

// WithKey makes the double refuse every other API key.
func WithKey(key string) Option { return func(o *options) { o.key = key } }

// FlagConsecutive refuses two messages of the same role in a row, which the
// service merges.
func FlagConsecutive() Option { return func(o *options) { o.flagConsecutive = true } }

// BindThinking ties thinking blocks to all that came before them, as the
// newest models do: a client that changes its system prompt, tools or earlier
// messages can't send them back.
func BindThinking() Option { return func(o *options) { o.bindThinking = true } }

// AllowRefusals keeps refused requests from failing the test.
func AllowRefusals() Option { return func(o *options) { o.allowRefusals = true } }

// WithLimits says what models can do; KnownLimits by default.
func WithLimits(f func(model string) Limits) Option { return func(o *options) { o.limits = f } }

// NewServer makes a double that is not started; it is an http.Handler.
func NewServer(opts ...Option) *Server {
	s := &Server{
		issued: map[string]bool{}, thoughts: map[string]string{}, cache: map[string]bool{},
		signer: signer{key: []byte(rand.Text())},
	}
	s.opts.limits = KnownLimits
	for _, o := range opts {
		o(&s.opts)
	}
	return s
}

// New starts a double that is closed when the test ends. The test fails if a
// request was refused or found no reply.
func New(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s := NewServer(opts...)
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	t.Cleanup(func() {
		s.http.CloseClientConnections()
		s.http.Close()
		if s.opts.allowRefusals {
			return
		}
		for _, r := range s.Refused() {
			t.Errorf("modeltest: refused with %d: %s", r.Status, r.Message)
		}
	})
	return s
}

// Queue adds replies for the next requests.
func (s *Server) Queue(replies ...Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, replies...)
}

// Func answers requests that find the queue empty. It may be called by several
// requests at once.
func (s *Server) Func(f func(Request) Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fn = f
}

// Requests are those that were accepted so far, in order of arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Refused are the requests that broke a rule.
func (s *Server) Refused() []Refused {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Refused(nil), s.refused...)
}

// TooLong are the requests that had more tokens than Limits.Input. They are not
// among Refused: only the service knows how many tokens a text has.
func (s *Server) TooLong() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.long...)
}

// Left is how many queued replies nobody has asked for.
func (s *Server) Left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue)
}

// ServeModels sets the body of GET /v1/models, which is 404 otherwise.
func (s *Server) ServeModels(body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.models = body
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	id := s.nextID("req_")
	w.Header().Set("request-id", id)
	if hr.URL.Path == "/v1/models" && hr.Method == http.MethodGet {
		s.serveModels(w, id)
		return
	}
	body, err := io.ReadAll(io.LimitReader(hr.Body, maxBody+1))
	if err != nil {
		return // the client is gone
	}
	req := Request{Header: hr.Header.Clone(), Raw: body, Peer: hr.RemoteAddr}
	if err := s.accept(hr, &req); err != nil {
		s.refuse(w, id, req, err)
		return
	}
	if err := s.checkLength(&req); err != nil {
		writeError(w, id, err, "")
		return
	}
	rep, ok := s.reply(req)
	if !ok {
		s.refuse(w, id, req, &apiError{500, "api_error", "modeltest: no reply is queued for this request"})
		return
	}
	s.answer(w, hr, id, req, rep)
}

// accept decodes and checks a request.
func (s *Server) accept(hr *http.Request, req *Request) error {
	if hr.URL.Path != "/v1/messages" {
		return &apiError{404, "not_found_error", "Not found"}
	}
	if hr.Method != http.MethodPost {
		return &apiError{405, "invalid_request_error", "Method Not Allowed"}
	}
	if err := checkHeaders(hr, s.opts.key); err != nil {
		return err
	}
	if len(req.Raw) > maxBody {
		return &apiError{413, "request_too_large", "Request exceeds the maximum size"}
	}
	if err := json.Unmarshal(req.Raw, req); err != nil {
		return invalid("The request body is not valid JSON: %v", err)
	}
	return s.check(req)
}

func (s *Server) reply(req Request) (Reply, bool) {
	s.mu.Lock()
	s.requests = append(s.requests, req)
	if len(s.queue) > 0 {
		r := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		return r, true
	}
	fn := s.fn
	s.mu.Unlock()
	if fn == nil {
		return Reply{}, false
	}
	return fn(req), true
}

func (s *Server) serveModels(w http.ResponseWriter, id string) {
	s.mu.Lock()
	body := s.models
	s.mu.Unlock()
	if body == "" {
		writeError(w, id, &apiError{404, "not_found_error", "Not found"}, "")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	write(w, []byte(body))
}

func (s *Server) nextID(prefix string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	return fmt.Sprintf("%s%022d", prefix, s.serial)
}

func (s *Server) refuse(w http.ResponseWriter, id string, req Request, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = &apiError{400, "invalid_request_error", err.Error()}
	}
	s.mu.Lock()
	s.refused = append(s.refused, Refused{Request: req, Status: e.status, Message: e.message})
	s.mu.Unlock()
	writeError(w, id, e, "")
}
