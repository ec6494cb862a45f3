package resource

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

var operator = Options{AllowedGitHosts: []string{"git.example.com", "git.example.org:8443", "http://10.0.0.1:3000"}}

func TestRepositoryName(t *testing.T) {
	for in, want := range map[string]string{
		"https://github.com/owner/repo":                "repo",
		"https://github.com/owner/repo.git":            "repo",
		"https://github.com/owner/repo/":               "repo",
		"https://GitHub.com/Some-Owner/my.repo_x-1":    "my.repo_x-1",
		"https://github.com/corp_user/.github":         ".github",
		"https://git.example.com/a/b":                  "b",
		"https://git.example.com/group/sub/team/b.git": "b",
		"https://git.example.org:8443/a/b":             "b",
		"http://10.0.0.1:3000/a/b":                     "b",
	} {
		if got, err := RepositoryName(in, operator); err != nil || got != want {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
}

func TestRepositoryNameRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                                        "expected https://github.com",
		"owner/repo":                              "expected https://github.com",
		"github.com/owner/repo":                   "expected https://github.com",
		"git@github.com:owner/repo.git":           "expected https://github.com",
		"ssh://git@github.com/owner/repo":         "must not hold credentials",
		"https://user:pw@github.com/owner/repo":   "must not hold credentials",
		"http://github.com/owner/repo":            "clones from no other place than github.com, git.example.com",
		"https://github.com:443/owner/repo":       "clones from no other place",
		"https://gitlab.com/owner/repo":           "clones from no other place",
		"https://github.com.evil.example/o/r":     "clones from no other place",
		"https://evil.example/github.com/r":       "clones from no other place",
		"http://git.example.com/a/b":              "clones from no other place",
		"https://git.example.org/a/b":             "clones from no other place",
		"https://10.0.0.1:3000/a/b":               "clones from no other place",
		"file:///etc/passwd":                      "expected https://github.com",
		"ext::sh -c id":                           "expected https://github.com",
		"https://github.com/owner":                "expected https://github.com/<owner>/<repo>",
		"https://github.com/":                     "expected https://github.com/<owner>/<repo>",
		"https://github.com/owner/repo/tree/main": "expected https://github.com/<owner>/<repo>",
		"https://github.com/owner/repo?x=1":       "neither query nor fragment",
		"https://github.com/owner/repo#x":         "neither query nor fragment",
		"https://github.com/owner/repo?":          "neither query nor fragment",
		"https://github.com/owner/..":             "not the name of a repository",
		"https://github.com/owner/.git":           "not the name of a repository",
		"https://github.com/owner/re po":          "escaped characters",
		"https://github.com/-owner/repo":          "not the name of an owner",
		"https://github.com/a%2fb/repo":           "escaped characters",
		"https://git.example.com/../b":            "not the name of an owner",
	} {
		if got, err := RepositoryName(in, operator); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestCheckBranch(t *testing.T) {
	for _, name := range []string{"main", "feature/x-1", "release/2026.10", "v1.0", "a@b", "ünïcode"} {
		if err := checkBranch(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{
		"", "-x", "--upload-pack=evil", "/x", "x/", "a//b", "a..b", "x.", "x.lock", "a.lock/b", ".x", "a/.x", "a b", "a~b", "a^b", "a:b",
		"a?b", "a*b", "a[b", `a\b`, "a@{b", "@", "HEAD", "a\nb", "a\x7fb", strings.Repeat("x", 256),
	} {
		if err := checkBranch(name); err == nil {
			t.Errorf("%q was accepted", name)
		}
	}
}

func TestCheckout(t *testing.T) {
	branch := func(n string) string { return `{"type":"branch","name":"` + n + `"}` }
	for _, c := range []struct{ fields, want, fault string }{
		{``, `null`, ""},
		{`,"checkout":null`, `null`, ""},
		{`,"checkout":` + branch("main"), branch("main"), ""},
		{`,"checkout":{"type":"commit","sha":"0123456789abcdef0123456789abcdef01234567"}`, `{"type":"commit","sha":"0123456789abcdef0123456789abcdef01234567"}`, ""},
		{`,"checkout":{"type":"commit","sha":"ABCDEF0"}`, `{"type":"commit","sha":"ABCDEF0"}`, ""},
		{`,"branch":"main"`, branch("main"), ""},
		{`,"branch":null`, `null`, ""},
		{`,"branch":"main","checkout":null`, branch("main"), ""},
		{`,"branch":"main","checkout":` + branch("main"), branch("main"), ""},
		{`,"branch":"main","checkout":` + branch("dev"), "", "branch: differs from `checkout`"},
		{`,"branch":"main","checkout":{"type":"commit","sha":"abcdef0"}`, "", "branch: differs from `checkout`"},
		{`,"branch":"-x"`, "", "branch: `-x` can't be"},
		{`,"branch":""`, "", "branch: `` can't be"},
		{`,"checkout":` + branch("a..b"), "", "checkout.name: `a..b` can't be"},
		{`,"checkout":{"type":"commit","sha":"main"}`, "", "checkout.sha: must be 7 to 64"},
		{`,"checkout":{"type":"commit","sha":"abcdef"}`, "", "checkout.sha: must be 7 to 64"},
		{`,"checkout":{"type":"commit"}`, "", "checkout.sha: must be 7 to 64"},
	} {
		item, err := checkOne(t, `{"type":"github_repository","url":"https://github.com/o/r"`+c.fields+`}`)
		if c.fault != "" {
			if err == nil || !strings.HasPrefix(err.Error(), "resources[0]."+c.fault) {
				t.Errorf("%s: %v, want %s", c.fields, err, c.fault)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.fields, err)
			continue
		}
		if got := string(wire.Encode(item.Checkout)); got != c.want {
			t.Errorf("%s: %s, want %s", c.fields, got, c.want)
		}
	}
}
