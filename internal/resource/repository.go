package resource

import (
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

const gitHub = "github.com"

// Names of owners and repositories on GitHub.
var (
	ownerName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)
	repoName  = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
	commitSHA = regexp.MustCompile(`^[0-9A-Fa-f]{7,64}$`)
)

func checkRepository(p *wire.GitHubRepositoryParams, opt Options) (Item, error) {
	raw, err := required(p.URL, "url", 2048)
	if err != nil {
		return Item{}, err
	}
	name, err := RepositoryName(raw, opt)
	if err != nil {
		return Item{}, fault.Under("url", err)
	}
	item := Item{Type: wire.ResourceGitHubRepository, URL: raw, MountPath: Workspace + "/" + name}
	if p.MountPath.Set && !p.MountPath.Null {
		item.MountPath = p.MountPath.Value
		if err := checkRepositoryPath(item.MountPath); err != nil {
			return Item{}, fault.Under("mount_path", err)
		}
	}
	if item.Checkout, err = checkCheckout(p); err != nil {
		return Item{}, err
	}
	if item.token, err = checkToken(p.AuthorizationToken, false); err != nil {
		return Item{}, err
	}
	return item, nil
}

// RepositoryName checks the url of a repository, https://github.com/OWNER/REPO
// or the like on a host the operator allows, and returns the name of the
// repository without ".git".
func RepositoryName(raw string, opt Options) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.Host == "" {
		return "", fault.At("", "expected https://github.com/<owner>/<repo>")
	}
	switch {
	case u.User != nil:
		return "", fault.At("", "must not hold credentials: use `authorization_token`")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fault.At("", "must have neither query nor fragment")
	case u.RawPath != "":
		return "", fault.At("", "must not have escaped characters in its path")
	}
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	name := strings.TrimSuffix(segments[len(segments)-1], ".git")
	known := u.Scheme == "https" && strings.EqualFold(u.Host, gitHub)
	switch {
	case !known && !allowedHost(u, opt):
		return "", fault.At("", "expected https://github.com/<owner>/<repo>; this server clones from no other place than %s", hosts(opt))
	case len(segments) < 2 || known && len(segments) != 2:
		return "", fault.At("", "expected https://%s/<owner>/<repo>", u.Host)
	case !repoName.MatchString(name) || name == "." || name == "..":
		return "", fault.At("", "`%s` is not the name of a repository", name)
	}
	for _, owner := range segments[:len(segments)-1] {
		if !ownerName.MatchString(owner) {
			return "", fault.At("", "`%s` is not the name of an owner", owner)
		}
	}
	return name, nil
}

func allowedHost(u *url.URL, opt Options) bool {
	for _, host := range opt.AllowedGitHosts {
		scheme := "https"
		if rest, ok := strings.CutPrefix(host, "http://"); ok {
			scheme, host = "http", rest
		}
		if u.Scheme == scheme && strings.EqualFold(u.Host, strings.TrimPrefix(host, "https://")) {
			return true
		}
	}
	return false
}

func hosts(opt Options) string {
	return strings.Join(append([]string{gitHub}, opt.AllowedGitHosts...), ", ")
}

func checkRepositoryPath(p string) error {
	if err := checkText(strings.TrimSuffix(p, "/")); err != nil {
		return err
	}
	if clean := path.Clean(p); !strings.HasPrefix(clean, Workspace+"/") {
		return fault.At("", "must lie below %s", Workspace)
	}
	return nil
}

// checkCheckout reads checkout and its short form branch; nil is the default
// branch.
func checkCheckout(p *wire.GitHubRepositoryParams) (*wire.RepositoryCheckout, error) {
	var checkout *wire.RepositoryCheckout
	if p.Checkout.Set && !p.Checkout.Null {
		checkout = &p.Checkout.Value
	}
	switch {
	case checkout == nil:
	case checkout.Branch != nil:
		if err := checkBranch(checkout.Branch.Name); err != nil {
			return nil, fault.Under("checkout.name", err)
		}
	case !commitSHA.MatchString(checkout.Commit.SHA):
		return nil, fault.At("checkout.sha", "must be 7 to 64 hexadecimal digits")
	}
	if !p.Branch.Set || p.Branch.Null {
		return checkout, nil
	}
	name := p.Branch.Value
	if err := checkBranch(name); err != nil {
		return nil, fault.Under("branch", err)
	}
	if checkout != nil && (checkout.Branch == nil || checkout.Branch.Name != name) {
		return nil, fault.At("branch", "differs from `checkout`: give one of the two")
	}
	return &wire.RepositoryCheckout{Branch: &wire.BranchCheckout{Type: "branch", Name: name}}, nil
}

// checkBranch applies git's own rules for names of branches.
func checkBranch(name string) error {
	bad := name == "" || len(name) > 255 || name == "@" || name == "HEAD" ||
		strings.HasPrefix(name, "-") || strings.HasPrefix(name, "/") ||
		strings.HasSuffix(name, "/") || strings.HasSuffix(name, ".") ||
		strings.Contains(name, "..") || strings.Contains(name, "//") || strings.Contains(name, "@{") ||
		strings.ContainsAny(name, " ~^:?*[\\") || strings.ContainsFunc(name, isControl)
	for segment := range strings.SplitSeq(name, "/") {
		bad = bad || strings.HasPrefix(segment, ".") || strings.HasSuffix(segment, ".lock")
	}
	if bad {
		return fault.At("", "`%s` can't be the name of a branch", name)
	}
	return nil
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

func checkToken(o wire.Opt[string], must bool) (string, error) {
	if !must && (!o.Set || o.Null) {
		return "", nil
	}
	token, err := required(o, "authorization_token", 4096)
	if err != nil {
		return "", err
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= 0x20 || r >= 0x7f }) {
		return "", fault.At("authorization_token", "must have visible ASCII characters only")
	}
	return token, nil
}
