package box

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate"
	"github.com/ostlerdev/ostler/internal/hands"
)

// tree makes a root file system of files ("path": "text") and links ("path":
// "-> target").
func tree(t *testing.T, entries map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range entries {
		full := filepath.Join(root, path)
		err := os.MkdirAll(filepath.Dir(full), 0o755)
		if err == nil {
			if target, link := strings.CutPrefix(text, "-> "); link {
				err = os.Symlink(target, full)
			} else {
				err = os.WriteFile(full, []byte(text), 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestFindBundles(t *testing.T) {
	for name, c := range map[string]struct {
		entries map[string]string
		text    string
		places  []string
	}{
		"none":   {map[string]string{"/etc/passwd": "x"}, "", nil},
		"Debian": {map[string]string{"/etc/ssl/certs/ca-certificates.crt": "D", "/usr/lib/ssl/cert.pem": "-> /etc/ssl/certs/ca-certificates.crt"}, "D", []string{"/etc/ssl/certs/ca-certificates.crt"}},
		"Fedora": {map[string]string{
			"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem": "F",
			"/etc/pki/tls/certs/ca-bundle.crt":                  "-> /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
			"/etc/pki/tls/cert.pem":                             "-> certs/ca-bundle.crt",
			"/etc/ssl/certs":                                    "-> ../pki/tls/certs",
			"/etc/ssl/cert.pem":                                 "-> /etc/pki/tls/certs/../cert.pem",
		}, "F", []string{"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"}},
		"two":            {map[string]string{"/etc/ssl/cert.pem": "second", "/etc/ssl/certs/ca-certificates.crt": "first"}, "first", []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"}},
		"a directory":    {map[string]string{"/etc/ssl/cert.pem/x": "x"}, "", nil},
		"a broken link":  {map[string]string{"/etc/ssl/cert.pem": "-> /nowhere"}, "", nil},
		"a file between": {map[string]string{"/etc/ssl": "x"}, "", nil},
		"out of it":      {map[string]string{"/etc/ssl/cert.pem": "-> ../../../../../../etc/passwd", "/etc/passwd": "inside"}, "inside", []string{"/etc/passwd"}},
	} {
		text, places, err := FindBundles(tree(t, c.entries))
		if string(text) != c.text || !slices.Equal(places, c.places) || err != nil {
			t.Errorf("%s: %q at %v, %v", name, text, places, err)
		}
	}
	if _, _, err := FindBundles(tree(t, map[string]string{"/etc/ssl/cert.pem": "-> cert.pem"})); err == nil {
		t.Error("a link to itself is followed")
	}
}

func TestInRoot(t *testing.T) {
	root := tree(t, map[string]string{"/a/b/f": "x", "/l": "-> a/b", "/a/up": "-> ../l/f", "/abs": "-> /a", "/out": "-> /../../a/b/../b"})
	for path, want := range map[string]string{
		"/": "/", "/a/b/f": "/a/b/f", "/l/f": "/a/b/f", "/a/up": "/a/b/f", "/abs/b": "/a/b", "/out/f": "/a/b/f", "/a//./b/../b/f": "/a/b/f", "/../..": "/",
	} {
		if got, err := inRoot(root, path); got != want || err != nil {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	for _, path := range []string{"/x", "/a/x/f", "/l/x"} {
		if got, err := inRoot(root, path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}

func TestTrustedCA(t *testing.T) {
	ca, err := gate.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	two := append(ca.PEM(), ca.PEM()...)
	for _, text := range []string{"", "\n", string(ca.PEM()), string(two), string(two) + "\n\n"} {
		if err := validateTrust(hands.Spec{TrustedCA: []byte(text)}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"x", string(two) + "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if err := validateTrust(hands.Spec{TrustedCA: []byte(text)}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	env := environment(hands.Spec{TrustedCA: ca.PEM(), Env: map[string]string{"SSL_CERT_FILE": "/own", "A": "b"}})
	if env["SSL_CERT_FILE"] != "/own" || env["A"] != "b" || env["CURL_CA_BUNDLE"] != InsideBundle || env["NODE_EXTRA_CA_CERTS"] != InsideCA ||
		env["REQUESTS_CA_BUNDLE"] != InsideBundle || env["GIT_SSL_CAINFO"] != InsideBundle {
		t.Errorf("environment %v", env)
	}
	if env := environment(hands.Spec{}); len(env) != 0 {
		t.Errorf("environment %v without a CA", env)
	}
}
