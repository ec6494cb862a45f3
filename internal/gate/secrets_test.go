package gate

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate/dial"
	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// The names of the two servers that most tests of credentials have, with a
// third that no credential covers.
const (
	plainHost  = "plain.example.com"
	secureHost = "api.example.com"
	otherHost  = "other.example.com"
)

// arrival is a request as a server got it.
type arrival struct {
	*http.Request
	body string
}

// backend is the two servers. What arrives is told in order.
type backend struct {
	names    dial.Names
	roots    *x509.CertPool // of the secure one
	arrivals chan arrival
}

func startBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{arrivals: make(chan arrival, 1000)}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the request was cut off
		}
		b.arrivals <- arrival{r, string(body)}
		_, _ = io.WriteString(w, "ok")
	})
	open, tls := httptest.NewServer(handler), httptest.NewUnstartedServer(handler)
	tls.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections that weren't needed
	tls.StartTLS()
	t.Cleanup(open.Close)
	t.Cleanup(tls.Close)
	b.names = names(t, open.Listener.Addr(), plainHost)
	maps.Copy(b.names, names(t, tls.Listener.Addr(), secureHost, otherHost))
	b.roots = x509.NewCertPool()
	b.roots.AddCert(tls.Certificate())
	return b
}

// arrival waits for the next request.
func (b *backend) arrival(t *testing.T) arrival {
	t.Helper()
	select {
	case a := <-b.arrivals:
		return a
	case <-t.Context().Done():
		t.Fatal("nothing arrived")
		return arrival{}
	}
}

// none checks that nothing arrived.
func (b *backend) none(t *testing.T) {
	t.Helper()
	select {
	case a := <-b.arrivals:
		t.Errorf("this arrived: %s %s %v %q", a.Method, a.URL, a.Header, a.body)
	default:
	}
}

func newTestCA(t *testing.T) *CA {
	t.Helper()
	ca, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// startSecrets opens a port for a sandbox with credentials, which trusts the
// gate's CA and the backend's.
func (b *backend) startSecrets(t *testing.T, pol policy.Policy, secrets Secrets, change func(*Config)) (*setup, *http.Client) {
	t.Helper()
	ca := newTestCA(t)
	s := startSession(t, Session{ID: "sesn_test", Policy: pol, Secrets: secrets, CA: ca}, b.names, func(c *Config) {
		c.Roots = b.roots
		if change != nil {
			change(c)
		}
	})
	trusted := b.roots.Clone()
	trusted.AppendCertsFromPEM(ca.PEM())
	return s, s.client(trusted)
}

// fixed are Secrets that never change.
func fixed(g Grants) Secrets {
	return func(context.Context) (Grants, error) { return g, nil }
}

// value looks up a value that is there.
func value(v string) func(context.Context) (Secret, error) {
	return func(context.Context) (Secret, error) { return NewSecret(v), nil }
}

// credential is a Substitution for everything.
func credential(id, placeholder, v string) Substitution {
	return Substitution{
		CredentialID: id, Placeholder: placeholder, Hosts: policy.Unrestricted(), Header: true, Body: true, Value: value(v),
	}
}

func basicAuth(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }

// sending is a request to be made.
type sending struct {
	method, path string
	header       http.Header
	body         string
	chunked      bool
}

func (m sending) do(t *testing.T, client *http.Client, base string) *http.Response {
	t.Helper()
	var r io.Reader = strings.NewReader(m.body)
	if m.chunked {
		r = io.MultiReader(r)
	}
	method := m.method
	if method == "" {
		method = "POST"
	}
	req, err := http.NewRequestWithContext(t.Context(), method, base+m.path, r)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range m.header {
		req.Header[name] = values
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

const (
	ph1    = "CMA_PLACEHOLDER_one1"
	ph12   = "CMA_PLACEHOLDER_one12"
	ph2    = "CMA_PLACEHOLDER_two2"
	secret = "s3cr3t"
	long   = "another and much longer secret, with \"quotes\" and a ü"
)

// Where credentials are put and where they aren't, over HTTP and HTTPS, under
// both kinds of networking.
func TestSubstitution(t *testing.T) {
	b := startBackend(t)
	one, twelve, two := credential("vcrd_1", ph1, secret), credential("vcrd_12", ph12, long), credential("vcrd_2", ph2, "")
	headerOnly, bodyOnly, nowhere, elsewhere := one, one, one, one
	headerOnly.Body = false
	bodyOnly.Header = false
	nowhere.Header, nowhere.Body = false, false
	elsewhere.Hosts = limited(t, "elsewhere.test", "*.api.example.com", "*.plain.example.com")
	here := one
	here.Hosts = limited(t, "*.example.com")

	for _, c := range []struct {
		name   string
		grants []Substitution
		send   sending
		header http.Header // in part
		path   string
		body   string
		uses   []Use
	}{
		{
			name: "both", grants: []Substitution{one},
			send:   sending{header: http.Header{"X-Key": {"Bearer " + ph1}}, body: "key=" + ph1},
			header: http.Header{"X-Key": {"Bearer s3cr3t"}}, body: "key=s3cr3t",
			uses: []Use{{"vcrd_1", PlaceHeader, 1}, {"vcrd_1", PlaceBody, 1}},
		},
		{
			name: "header only", grants: []Substitution{headerOnly},
			send:   sending{header: http.Header{"X-Key": {ph1}}, body: ph1},
			header: http.Header{"X-Key": {"s3cr3t"}}, body: ph1, uses: []Use{{"vcrd_1", PlaceHeader, 1}},
		},
		{
			name: "body only", grants: []Substitution{bodyOnly},
			send:   sending{header: http.Header{"X-Key": {ph1}, "Authorization": {basicAuth("u:" + ph1)}}, body: ph1},
			header: http.Header{"X-Key": {ph1}, "Authorization": {basicAuth("u:" + ph1)}}, body: "s3cr3t", uses: []Use{{"vcrd_1", PlaceBody, 1}},
		},
		{
			name: "nowhere", grants: []Substitution{nowhere},
			send:   sending{header: http.Header{"X-Key": {ph1}}, body: ph1},
			header: http.Header{"X-Key": {ph1}}, body: ph1,
		},
		{
			name: "for another host", grants: []Substitution{elsewhere},
			send:   sending{header: http.Header{"X-Key": {ph1}}, body: ph1},
			header: http.Header{"X-Key": {ph1}}, body: ph1,
		},
		{
			name: "for hosts like this", grants: []Substitution{here},
			send:   sending{header: http.Header{"X-Key": {ph1}}, body: ph1},
			header: http.Header{"X-Key": {"s3cr3t"}}, body: "s3cr3t",
			uses: []Use{{"vcrd_1", PlaceHeader, 1}, {"vcrd_1", PlaceBody, 1}},
		},
		{
			name: "every field and occurrence", grants: []Substitution{one},
			send: sending{header: http.Header{
				"X-Key": {ph1 + "," + ph1, "no", ph1}, "Cookie": {"a=" + ph1}, "User-Agent": {"x/" + ph1}, "Content-Type": {"text/" + ph1},
			}},
			header: http.Header{
				"X-Key": {"s3cr3t,s3cr3t", "no", "s3cr3t"}, "Cookie": {"a=s3cr3t"}, "User-Agent": {"x/s3cr3t"}, "Content-Type": {"text/s3cr3t"},
			},
			uses: []Use{{"vcrd_1", PlaceHeader, 6}},
		},
		{
			name: "names and path", grants: []Substitution{one},
			send:   sending{path: "/p/" + ph1 + "?q=" + ph1, header: http.Header{"X-" + ph1: {"v"}}},
			header: http.Header{http.CanonicalHeaderKey("X-" + ph1): {"v"}}, path: "/p/" + ph1 + "?q=" + ph1,
		},
		{
			name: "Basic", grants: []Substitution{one},
			send:   sending{header: http.Header{"Authorization": {basicAuth("x-token:" + ph1)}}},
			header: http.Header{"Authorization": {basicAuth("x-token:s3cr3t")}}, uses: []Use{{"vcrd_1", PlaceHeader, 1}},
		},
		{
			name: "Basic without padding", grants: []Substitution{one},
			send:   sending{header: http.Header{"Authorization": {"basic  " + strings.TrimRight(basicAuth("ab:" + ph1)[6:], "=")}}},
			header: http.Header{"Authorization": {"b" + basicAuth("ab:s3cr3t")[1:]}}, uses: []Use{{"vcrd_1", PlaceHeader, 1}},
		},
		{
			name: "Basic of others", grants: []Substitution{one},
			send:   sending{header: http.Header{"Authorization": {"Basic dTpw"}, "X-Auth": {basicAuth("u:" + ph1)}}},
			header: http.Header{"Authorization": {"Basic dTpw"}, "X-Auth": {basicAuth("u:" + ph1)}},
		},
		{
			name: "Basic whole", grants: []Substitution{credential("vcrd_1", ph1, "dTpw")},
			send:   sending{header: http.Header{"Authorization": {"Basic " + ph1}}},
			header: http.Header{"Authorization": {"Basic dTpw"}}, uses: []Use{{"vcrd_1", PlaceHeader, 1}},
		},
		{
			name: "one begins with another", grants: []Substitution{one, twelve},
			send:   sending{header: http.Header{"X-Key": {ph1 + " " + ph12 + " " + ph1 + "3"}}, body: ph12 + ph1 + ph12},
			header: http.Header{"X-Key": {"s3cr3t " + long + " s3cr3t3"}}, body: long + secret + long,
			uses: []Use{{"vcrd_1", PlaceHeader, 2}, {"vcrd_12", PlaceHeader, 1}, {"vcrd_1", PlaceBody, 1}, {"vcrd_12", PlaceBody, 2}},
		},
		{
			name: "part of one that doesn't apply", grants: []Substitution{one, {CredentialID: "vcrd_12", Placeholder: ph12, Hosts: elsewhere.Hosts, Header: true, Body: true}},
			send:   sending{header: http.Header{"X-Key": {ph12}}, body: ph12},
			header: http.Header{"X-Key": {ph12}}, body: ph12,
		},
		{
			name: "placeholder twice", grants: []Substitution{elsewhere, one, credential("vcrd_9", ph1, "wrong")},
			send: sending{body: ph1}, body: "s3cr3t", uses: []Use{{"vcrd_1", PlaceBody, 1}},
		},
		{
			name: "what was put in", grants: []Substitution{credential("vcrd_1", ph1, ph2), credential("vcrd_2", ph2, ph1)},
			send: sending{header: http.Header{"X-Key": {ph1 + ph2}}, body: ph1}, header: http.Header{"X-Key": {ph2 + ph1}}, body: ph2,
			uses: []Use{{"vcrd_1", PlaceHeader, 1}, {"vcrd_2", PlaceHeader, 1}, {"vcrd_1", PlaceBody, 1}},
		},
		{
			name: "empty value", grants: []Substitution{two},
			send: sending{header: http.Header{"X-Key": {ph2}}, body: ph2}, header: http.Header{"X-Key": {""}},
			uses: []Use{{"vcrd_2", PlaceHeader, 1}, {"vcrd_2", PlaceBody, 1}},
		},
		{
			name: "chunked", grants: []Substitution{one, twelve},
			send: sending{body: "a" + ph12 + "b" + ph1, chunked: true}, body: "a" + long + "bs3cr3t",
			uses: []Use{{"vcrd_1", PlaceBody, 1}, {"vcrd_12", PlaceBody, 1}},
		},
		{
			name: "compressed", grants: []Substitution{one},
			send: sending{header: http.Header{"Content-Encoding": {"identity, gzip"}}, body: ph1}, body: ph1,
		},
		{
			name: "not compressed", grants: []Substitution{one},
			send: sending{header: http.Header{"Content-Encoding": {"identity"}}, body: ph1}, body: "s3cr3t",
			uses: []Use{{"vcrd_1", PlaceBody, 1}},
		},
		{
			name: "TRACE", grants: []Substitution{one},
			send: sending{method: "TRACE", header: http.Header{"X-Key": {ph1}}}, header: http.Header{"X-Key": {ph1}},
		},
		{
			name: "TRACK", grants: []Substitution{one},
			send: sending{method: "TRACK", header: http.Header{"X-Key": {ph1}}, body: ph1}, header: http.Header{"X-Key": {ph1}}, body: ph1,
		},
		{
			name: "GET with a body", grants: []Substitution{one},
			send: sending{method: "GET", body: ph1}, body: "s3cr3t", uses: []Use{{"vcrd_1", PlaceBody, 1}},
		},
		{
			name: "line breaks in a body", grants: []Substitution{credential("vcrd_1", ph1, "-----BEGIN\r\nKEY-----\n")},
			send: sending{body: "[" + ph1 + "]"}, body: "[-----BEGIN\r\nKEY-----\n]", uses: []Use{{"vcrd_1", PlaceBody, 1}},
		},
	} {
		for _, host := range []string{"http://" + plainHost, "https://" + secureHost} {
			for net, pol := range map[string]policy.Policy{"limited": limited(t, plainHost, secureHost), "unrestricted": policy.Unrestricted()} {
				t.Run(c.name+" "+host+" "+net, func(t *testing.T) {
					s, client := b.startSecrets(t, pol, fixed(Grants{Substitutions: c.grants}), nil)
					resp := c.send.do(t, client, host)
					if got := body(t, resp); resp.StatusCode != 200 || got != "ok" {
						t.Fatalf("%s %q", resp.Status, got)
					}
					a := b.arrival(t)
					path := c.path
					if path == "" {
						path = "/"
					}
					if a.body != c.body || a.RequestURI != path || a.Host != strings.TrimPrefix(strings.TrimPrefix(host, "https://"), "http://") {
						t.Errorf("arrived at %s%s: %q", a.Host, a.RequestURI, a.body)
					}
					for name, values := range c.header {
						if !slices.Equal(a.Header[name], values) {
							t.Errorf("%s: %q", name, a.Header[name])
						}
					}
					if want := int64(len(c.body)); c.send.chunked && want > 0 {
						if a.ContentLength != -1 {
							t.Errorf("Content-Length %d", a.ContentLength)
						}
					} else if a.ContentLength != want {
						t.Errorf("Content-Length %d, want %d", a.ContentLength, want)
					}
					client.CloseIdleConnections()
					r := s.record()
					if r.Kind == KindTunnel && r.Up == 0 { // else it went through as it was
						r = s.record()
					}
					if !slices.Equal(r.Credentials, c.uses) || r.Verdict != Allowed {
						t.Errorf("record %+v, want uses %v", r, c.uses)
					}
				})
			}
		}
	}
}

// The credentials are those of the moment of the request, on one connection.
func TestRotation(t *testing.T) {
	b := startBackend(t)
	now := "first"
	gone := false
	secrets := func(context.Context) (Grants, error) {
		if gone {
			return Grants{}, nil
		}
		return Grants{Substitutions: []Substitution{credential("vcrd_1", ph1, now)}}, nil
	}
	_, client := b.startSecrets(t, policy.Unrestricted(), secrets, nil)
	for _, step := range []func() string{
		func() string { return "first" },
		func() string { now = "second"; return "second" },
		func() string { gone = true; return ph1 },
	} {
		want := step()
		for _, host := range []string{"http://" + plainHost, "https://" + secureHost} {
			body(t, sending{header: http.Header{"X-Key": {ph1}}, body: ph1}.do(t, client, host))
			if a := b.arrival(t); a.Header.Get("X-Key") != want || a.body != want {
				t.Errorf("%s: %q and %q, want %q", host, a.Header.Get("X-Key"), a.body, want)
			}
		}
	}
}

// Without a value nothing is sent, and the text says what is wrong but not
// what the lookup said, which is for the operator.
func TestNoValue(t *testing.T) {
	b := startBackend(t)
	broken := errors.New("the key file was lost")
	noValue := credential("vcrd_1", ph1, "")
	noValue.Value = func(context.Context) (Secret, error) { return Secret{}, broken }
	noValue.Hosts = limited(t, plainHost, secureHost)
	evil := func(v string) Substitution { return credential("vcrd_1", ph1, v) }
	repo := Injection{CredentialID: "vcrd_1", PathPrefix: "/o/r", Header: noValue.Value}
	var err error
	if repo.Host, err = policy.ParseHost(secureHost); err != nil {
		t.Fatal(err)
	}
	badRepo := repo
	badRepo.Header = value("Basic x\r\nX-More: y")
	for _, c := range []struct {
		name    string
		secrets Secrets
		send    sending
		text    string
		err     error
		plain   bool // happens over HTTP too
	}{
		{"list", func(context.Context) (Grants, error) { return Grants{}, broken }, sending{}, "the credentials of this session could not be looked up; nothing was sent", broken, true},
		{"header", fixed(Grants{Substitutions: []Substitution{noValue}}), sending{header: http.Header{"X-Key": {ph1}}}, "the value of the credential vcrd_1 could not be looked up; nothing was sent", broken, true},
		{"body", fixed(Grants{Substitutions: []Substitution{noValue}}), sending{body: "x" + ph1}, "vcrd_1 could not be looked up", broken, true},
		{"chunked body, even without it", fixed(Grants{Substitutions: []Substitution{noValue}}), sending{body: "x", chunked: true}, "vcrd_1 could not be looked up", broken, true},
		{"no placeholder", fixed(Grants{Substitutions: []Substitution{credential("vcrd_1", "", "v")}}), sending{}, "has no placeholder", nil, true},
		{"line feed", fixed(Grants{Substitutions: []Substitution{evil("v\nX-More: y")}}), sending{header: http.Header{"X-Key": {ph1}}}, "vcrd_1 can't be put into a header", nil, true},
		{"carriage return", fixed(Grants{Substitutions: []Substitution{evil("v\r")}}), sending{header: http.Header{"X-Key": {ph1}}}, "can't be put into a header", nil, true},
		{"NUL", fixed(Grants{Substitutions: []Substitution{evil("\x00")}}), sending{header: http.Header{"X-Key": {ph1}}}, "can't be put into a header", nil, true},
		{"line feed in Basic", fixed(Grants{Substitutions: []Substitution{evil("v\n")}}), sending{header: http.Header{"Authorization": {basicAuth("u:" + ph1)}}}, "can't be put into a header", nil, true},
		{"too long", fixed(Grants{Substitutions: []Substitution{evil(strings.Repeat("x", maxInserted/2))}}), sending{header: http.Header{"X-Key": {ph1 + ph1}}}, "too long", nil, true},
		{"injection", fixed(Grants{Injections: []Injection{repo}}), sending{path: "/o/r"}, "vcrd_1 could not be looked up", broken, false},
		{"injected line break", fixed(Grants{Injections: []Injection{badRepo}}), sending{path: "/o/r"}, "can't be put into a header", nil, false},
	} {
		for _, host := range []string{plainHost, secureHost} {
			if host == plainHost && !c.plain || host == secureHost && c.name == "list" {
				continue // over HTTPS the tunnel is refused already: see below
			}
			t.Run(c.name+" "+host, func(t *testing.T) {
				s, client := b.startSecrets(t, policy.Unrestricted(), c.secrets, nil)
				base := "https://" + host
				if host == plainHost {
					base = "http://" + host
				}
				resp := c.send.do(t, client, base)
				got := body(t, resp)
				if resp.StatusCode != http.StatusBadGateway || !strings.Contains(got, c.text) || strings.Contains(got, broken.Error()) {
					t.Errorf("%s %q", resp.Status, got)
				}
				r := s.record()
				if r.Kind == KindTunnel {
					r = s.record()
				}
				if r.Verdict != Failed || r.Reason != ReasonSecret || c.err != nil && !errors.Is(r.Err, c.err) || r.Credentials != nil {
					t.Errorf("record %+v", r)
				}
				b.none(t)
			})
		}
	}
	s, client := b.startSecrets(t, policy.Unrestricted(), func(context.Context) (Grants, error) { return Grants{}, broken }, nil)
	if resp, err := client.Get("https://" + secureHost + "/"); err == nil || !strings.Contains(err.Error(), "Bad Gateway (egress gate: credential)") {
		t.Errorf("a tunnel without credentials: %v, %v", resp, err)
	}
	if r := s.record(); r.Kind != KindTunnel || r.Verdict != Failed || r.Reason != ReasonSecret || !errors.Is(r.Err, broken) {
		t.Errorf("record %+v", r)
	}
	// What isn't there is no obstacle where it isn't needed.
	_, client = b.startSecrets(t, policy.Unrestricted(), fixed(Grants{Substitutions: []Substitution{noValue}}), nil)
	for _, send := range []sending{{header: http.Header{"X-Key": {"none"}}, body: "none"}, {method: "GET"}} {
		body(t, send.do(t, client, "http://"+plainHost))
		b.arrival(t)
	}
}

func TestSecretIsRedacted(t *testing.T) {
	s := NewSecret("t0ken")
	inside := struct {
		Name   string
		hidden Secret
		Open   *Secret
		Sub    []Substitution
	}{"n", s, &s, []Substitution{{Value: func(context.Context) (Secret, error) { return s, nil }}}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		for _, what := range []any{s, &s, inside, &inside, []Secret{s}, map[string]Secret{"k": s}, GitAuthorization(s), fmt.Errorf("e: %v", s)} {
			got := fmt.Sprintf(format, what)
			if strings.Contains(got, "t0ken") || strings.Contains(got, fmt.Sprintf("%x", "t0ken")) || strings.Contains(got, "dDBrZW4") {
				t.Errorf("%s of %T shows %s", format, what, got)
			}
		}
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("m", "secret", s, "in", []Secret{s}, "of", map[string]any{"k": &s})
	encoded, err := json.Marshal(struct{ A, B any }{s, []*Secret{&s}})
	if err != nil || string(encoded) != `{"A":"[secret]","B":["[secret]"]}` || strings.Contains(logged.String(), "t0ken") {
		t.Errorf("%s, %v, %s", encoded, err, logged.String())
	}
	if s.Reveal() != "t0ken" || (Secret{}).Reveal() != "" {
		t.Error("a Secret can't be revealed")
	}
	if got := GitAuthorization(s).Reveal(); got != basicAuth("x-access-token:t0ken") {
		t.Errorf("git gets %q", got)
	}
}

func TestNewPlaceholder(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		p := NewPlaceholder()
		if len(p) != len("CMA_PLACEHOLDER_")+32 || !strings.HasPrefix(p, "CMA_PLACEHOLDER_") || seen[p] ||
			strings.Trim(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567_") != "" {
			t.Errorf("%q", p)
		}
		seen[p] = true
	}
}
