package box

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
)

// Files inside a sandbox that trusts an authority of its own. Both are
// read-only.
const (
	InsideCA     = "/run/ostler/trust/ca.pem"     // that authority alone
	InsideBundle = "/run/ostler/trust/bundle.pem" // it and the system's
)

// trustVariables tell programs where to find whom they trust. Those that
// replace what a program trusts by itself get the whole bundle, those that add
// to it the one authority.
var trustVariables = map[string]string{
	"SSL_CERT_FILE":       InsideBundle, // OpenSSL, Go, Ruby, rustls and others
	"CURL_CA_BUNDLE":      InsideBundle,
	"REQUESTS_CA_BUNDLE":  InsideBundle, // Python's requests, and pip
	"AWS_CA_BUNDLE":       InsideBundle,
	"GIT_SSL_CAINFO":      InsideBundle,
	"NODE_EXTRA_CA_CERTS": InsideCA,
	"DENO_CERT":           InsideCA,
}

// systemBundles are where systems keep whom they trust in one file.
var systemBundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Arch, Alpine
	"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // the same, newer
	"/etc/ssl/ca-bundle.pem",                            // openSUSE
	"/etc/pki/tls/cacert.pem",                           // OpenELEC
	"/etc/ssl/cert.pem",                                 // Alpine, and OpenSSL's own
	"/usr/lib/ssl/cert.pem",                             // Debian's OpenSSL
}

// validateTrust refuses a TrustedCA that programs inside would stumble over.
func validateTrust(spec hands.Spec) error {
	for rest := spec.TrustedCA; len(bytes.TrimSpace(rest)) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			return errors.New("the trusted CA is not a list of PEM certificates")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("the trusted CA: %w", err)
		}
	}
	return nil
}

// trust makes the sandbox trust the plan's authority: its certificate is added
// to a copy of the system's bundle, and that is seen in place of each of the
// system's files.
func (p Plan) trust(at func(string) string) error {
	if len(p.TrustedCA) == 0 {
		return nil
	}
	root := at(RootDir)
	system, places, err := findBundles(root)
	if err == nil && system == nil {
		system, _, err = findBundles("/") // better than none at all
	}
	if err != nil {
		return fmt.Errorf("trusted CA: %w", err)
	}
	if len(system) > 0 && !bytes.HasSuffix(system, []byte("\n")) {
		system = append(system, '\n')
	}
	ca, bundle := at("/box/trust/ca.pem"), at("/box/trust/bundle.pem")
	if err := os.MkdirAll(filepath.Dir(ca), 0o755); err != nil {
		return err
	}
	for path, text := range map[string][]byte{ca: p.TrustedCA, bundle: append(system, p.TrustedCA...)} {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	if err := (builder{dir: root, owner: p.Owner}).mkdir(filepath.Dir(InsideCA), 0o755); err != nil {
		return err
	}
	if err := Bind(ca, root+InsideCA, true); err != nil {
		return err
	}
	for _, place := range append(places, InsideBundle) {
		if err := Bind(bundle, root+place, true); err != nil {
			return err
		}
	}
	if len(places) > 0 {
		return nil
	}
	// Where there is no bundle there may be a directory that can't be written;
	// then the variables must do.
	if err := Bind(bundle, root+systemBundles[0], true); err != nil && !errors.Is(err, unix.EROFS) {
		return err
	}
	return nil
}

// findBundles finds the bundles of the system below root: what the first says,
// and where all of them are, without links.
func findBundles(root string) (text []byte, places []string, err error) {
	for _, path := range systemBundles {
		place, err := inRoot(root, path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || slices.Contains(places, place) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		info, err := os.Lstat(filepath.Join(root, place))
		if err != nil {
			return nil, nil, err
		}
		if !info.Mode().IsRegular() {
			continue
		}
		if text == nil {
			if text, err = os.ReadFile(filepath.Join(root, place)); err != nil {
				return nil, nil, err
			}
		}
		places = append(places, place)
	}
	return text, places, nil
}

// inRoot follows the links of a path as a process would whose root is root.
// What it returns begins with "/" and has no links. The error wraps
// fs.ErrNotExist if nothing is there.
func inRoot(root, path string) (string, error) {
	at := "/"
	rest := strings.Split(path, "/")
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		next := filepath.Join(at, part)
		target, err := os.Readlink(filepath.Join(root, next))
		if errors.Is(err, unix.EINVAL) { // there, and no link
			at = next
			continue
		}
		if err != nil {
			return "", err
		}
		if links++; links > 40 {
			return "", &fs.PathError{Op: "open", Path: path, Err: unix.ELOOP}
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return at, nil
}
