package clone

import (
	"fmt"
	"regexp"
	"time"

	"github.com/ostlerdev/ostler/internal/provision/setup"
)

// Kinds of errors (Managed Agents API: events, session.error).
const (
	KindAuthentication = "repository_authentication_error"
	KindForbidden      = "repository_forbidden_error"
	KindNotFound       = "repository_not_found_error"
	KindCheckout       = "repository_checkout_error"
	KindClone          = "repository_clone_error"
)

// Error is why there is no clone.
type Error struct {
	Kind    string
	URL     string
	Message string // names the repository
}

func (e *Error) Error() string { return e.Message }

// signs are what git says, by what it means; the first that is found counts.
var signs = []struct {
	kind string
	said *regexp.Regexp
}{
	{KindCheckout, regexp.MustCompile(`(?i)remote branch .* not found`)},
	// Of the gate, not of the git host.
	{KindClone, regexp.MustCompile(`(?i)CONNECT tunnel failed|from proxy after CONNECT`)},
	{KindAuthentication, regexp.MustCompile(`(?i)authentication failed|could not read (username|password)|invalid (username|credentials)|error: 401`)},
	{KindForbidden, regexp.MustCompile(`(?i)error: 403|permission to .* denied|access denied|you do not have permission`)},
	{KindNotFound, regexp.MustCompile(`(?i)repository .*not found|error: 404|does not appear to be a git repository`)},
}

// full is what git says when a file of its can't grow.
var full = regexp.MustCompile(`(?i)invalid index-pack output|no space left|file too large|died of signal 25`)

var what = map[string]string{
	KindAuthentication: "the git host did not accept the credentials",
	KindForbidden:      "the git host did not allow access with these credentials",
	KindNotFound:       "there is no such repository, or not for these credentials",
	KindCheckout:       "the branch or commit could not be checked out",
	KindClone:          "it could not be cloned",
}

// exitCheckout is how clone.sh ends if the checkout failed.
const exitCheckout = 11

// explain turns the end of clone.sh into an error.
func explain(r Repository, res setup.Result, limit time.Duration) *Error {
	e := &Error{Kind: KindClone, URL: r.URL}
	said := setup.Last(res.Output, 6, 1000)
	switch {
	case res.TimedOut:
		said = fmt.Sprintf("it took longer than %s", limit)
	case res.Code == exitCheckout:
		e.Kind = KindCheckout
	default:
		for _, s := range signs {
			if s.said.MatchString(res.Output) {
				e.Kind = s.kind
				break
			}
		}
	}
	if e.Kind == KindClone && full.MatchString(res.Output) {
		said += "; it may be larger than the disk of a sandbox"
	}
	e.Message = fmt.Sprintf("repository %s: %s", r.URL, what[e.Kind])
	if said != "" {
		e.Message += ": " + said
	}
	return e
}
