package clone

import (
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/provision/setup"
)

// What git, GitHub and GitLab say, by what is told of it.
func TestExplain(t *testing.T) {
	for said, kind := range map[string]string{
		"fatal: could not read Username for 'https://github.com': terminal prompts disabled":                       KindAuthentication,
		"remote: Invalid username or token.\nfatal: Authentication failed for 'https://github.com/o/r/'":           KindAuthentication,
		"remote: HTTP Basic: Access denied.\nfatal: Authentication failed for 'https://gitlab.test/o/r.git/'":      KindAuthentication,
		"fatal: unable to access 'https://x/': The requested URL returned error: 401":                              KindAuthentication,
		"remote: Write access to repository not granted.\nfatal: unable to access 'https://x/': error: 403":        KindForbidden,
		"fatal: unable to access 'https://github.com/o/r/': The requested URL returned error: 403":                 KindForbidden,
		"ERROR: Permission to o/r.git denied to somebody.":                                                         KindForbidden,
		"remote: Repository not found.\nfatal: repository 'https://github.com/o/r/' not found":                     KindNotFound,
		"fatal: unable to access 'https://x/': The requested URL returned error: 404":                              KindNotFound,
		"fatal: Remote branch none not found in upstream origin":                                                   KindCheckout,
		"fatal: unable to access 'https://x/': CONNECT tunnel failed, response 403":                                KindClone,
		"fatal: unable to access 'https://x/': Received HTTP code 403 from proxy after CONNECT":                    KindClone,
		"fatal: unable to access 'https://x/': Could not resolve host: x":                                          KindClone,
		"fatal: unable to access 'https://x/': The requested URL returned error: 502":                              KindClone,
		"error: RPC failed; curl 92 HTTP/2 stream 5 was not closed cleanly\nfatal: early EOF":                      KindClone,
		"fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none CRLfile: none": KindClone,
		"": KindClone,
	} {
		r := Repository{URL: "https://x/o/r"}
		e := explain(r, setup.Result{Code: 10, Output: said}, time.Minute)
		if e.Kind != kind || !strings.HasPrefix(e.Message, "repository https://x/o/r: ") || !strings.HasSuffix(e.Message, said) {
			t.Errorf("%q: %s, %q", said, e.Kind, e.Message)
		}
		if e := explain(r, setup.Result{Code: exitCheckout, Output: said}, time.Minute); e.Kind != KindCheckout {
			t.Errorf("%q at the checkout: %s", said, e.Kind)
		}
	}
	if e := explain(Repository{URL: "u"}, setup.Result{Code: 124, TimedOut: true, Output: "error: 403"}, time.Minute); e.Kind != KindClone || !strings.Contains(e.Message, "longer than 1m0s") {
		t.Errorf("%+v", e)
	}
	if e := explain(Repository{URL: "u"}, setup.Result{Code: 10, Output: "fatal: write error: No space left on device"}, time.Minute); !strings.Contains(e.Message, "larger than the disk") {
		t.Errorf("%+v", e)
	}
}
