package gate

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

func TestInjectionMatches(t *testing.T) {
	host := parseHost(t, "git.example.com")
	in := GitInjections("vcrd_1", host, "owner/repo", value("tok"))
	match := func(host, port, path string) bool {
		to, refused := parseTarget(host, port)
		if refused != nil {
			t.Fatal(refused)
		}
		return in[0].matches(to, path) || in[1].matches(to, path)
	}
	for path, want := range map[string]bool{
		"/owner/repo":                                true,
		"/owner/repo/":                               true,
		"/owner/repo.git":                            true,
		"/owner/repo/info/refs":                      true,
		"/owner/repo.git/info/refs":                  true,
		"/owner/repo.git/git-upload-pack":            true,
		"/owner/repo.git/git-receive-pack":           true,
		"/owner/repo.git/info/lfs/objects/batch":     true,
		"/owner/repo/archive/refs/heads/main.tar.gz": true,

		"/": false, "": false, "/owner": false, "/owner/repos": false, "/owner/repo.gitx": false, "/owner/repo.git.git": false,
		"/Owner/repo": false, "/other/owner/repo": false, "/owner/repo2/info/refs": false, "owner/repo": false,
		"/owner/repo/../other/info/refs": false, "/owner/repo/..": false, "/owner/repo/./x": false, "/owner/repo//x": false,
		"/owner/repo/%2e%2e/other": false, "/owner/repo/..%2fother": false, "/owner/repo\\..\\other": false, "/owner/repo/..;/other": false,
		"/owner/repo/%2E%2E/other": false, "/owner%2Frepo": false, "//owner/repo": false, "/owner/repo/\x00": false, "/owner/repo/ü": false,
		"/owner/repo?x": false, "/owner/repo#x": false,
	} {
		if got := match("git.example.com", "443", path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
	for target, want := range map[[2]string]bool{
		{"GIT.example.com.", "443"}: true, {"git.example.com", "8443"}: false, {"www.git.example.com", "443"}: false, {"example.com", "443"}: false,
	} {
		if got := match(target[0], target[1], "/owner/repo"); got != want {
			t.Errorf("%v: %v", target, got)
		}
	}
	for _, name := range []string{"owner/repo.git", "/owner/repo/", "/owner/repo.git/"} {
		if got := GitInjections("", host, name, nil); got[0].PathPrefix != "/owner/repo" || got[1].PathPrefix != "/owner/repo.git" {
			t.Errorf("%q: %s and %s", name, got[0].PathPrefix, got[1].PathPrefix)
		}
	}
	for _, prefix := range []string{"", "/", "owner"} {
		to := target{host, 443}
		if (Injection{Host: host, PathPrefix: prefix}).matches(to, "/owner/repo") {
			t.Errorf("the prefix %q matches", prefix)
		}
	}
}

// The field is added to https requests for the repository that have none.
func TestInjection(t *testing.T) {
	b := startBackend(t)
	grants := Grants{Substitutions: []Substitution{credential("vcrd_1", ph1, secret)}}
	for _, h := range []string{secureHost, plainHost} {
		grants.Injections = append(grants.Injections, GitInjections("vcrd_o", parseHost(t, h), "o/r", value("owner"))...)
		grants.Injections = append(grants.Injections, Injection{CredentialID: "vcrd_deep", Host: parseHost(t, h), PathPrefix: "/o/r/deep", Header: value("Bearer deep")})
	}
	for _, c := range []struct {
		name, url string
		method    string
		sent      []string
		want      string
		use       string
	}{
		{name: "repository", url: "https://" + secureHost + "/o/r.git/info/refs?service=git-upload-pack", want: basicAuth("x-access-token:owner"), use: "vcrd_o"},
		{name: "the longest path", url: "https://" + secureHost + "/o/r/deep/x", want: "Bearer deep", use: "vcrd_deep"},
		{name: "one of its own", url: "https://" + secureHost + "/o/r", sent: []string{"Bearer mine"}, want: "Bearer mine"},
		{name: "an empty one of its own", url: "https://" + secureHost + "/o/r", sent: []string{""}},
		{name: "a placeholder", url: "https://" + secureHost + "/o/r", sent: []string{"Bearer " + ph1}, want: "Bearer s3cr3t", use: "vcrd_1"},
		{name: "another repository", url: "https://" + secureHost + "/o/r2"},
		{name: "a detour", url: "https://" + secureHost + "/o/r/%2e%2e/r2"},
		{name: "another host", url: "https://" + otherHost + "/o/r"},
		{name: "plain HTTP", url: "http://" + plainHost + "/o/r"},
		{name: "TRACE", url: "https://" + secureHost + "/o/r", method: "TRACE"},
	} {
		s, client := b.startSecrets(t, policy.Unrestricted(), fixed(grants), nil)
		m := sending{method: c.method, header: http.Header{}}
		if c.sent != nil {
			m.header["Authorization"] = c.sent
		}
		resp := m.do(t, client, c.url)
		if got := body(t, resp); got != "ok" {
			t.Errorf("%s: %s %q", c.name, resp.Status, got)
		}
		if a := b.arrival(t); a.Header.Get("Authorization") != c.want || a.RequestURI != c.url[strings.Index(c.url, ".com")+4:] {
			t.Errorf("%s: arrived %s with %q", c.name, a.RequestURI, a.Header["Authorization"])
		}
		client.CloseIdleConnections()
		r := s.record()
		if r.Kind == KindTunnel && r.Up == 0 {
			r = s.record()
		}
		if c.use == "" && r.Credentials != nil || c.use != "" && (len(r.Credentials) != 1 || r.Credentials[0].CredentialID != c.use) {
			t.Errorf("%s: record %+v", c.name, r)
		}
	}
}
