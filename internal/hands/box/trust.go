//go:build linux

package box

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// systemBundles are where systems keep whom they trust in one file.
var systemBundles = []string{
	SystemBundle,                       // Debian, Ubuntu, Arch, Alpine
	"/etc/pki/tls/certs/ca-bundle.crt", // Fedora, RHEL
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // the same, newer
	"/etc/ssl/ca-bundle.pem",                            // openSUSE
	"/etc/pki/tls/cacert.pem",                           // OpenELEC
	"/etc/ssl/cert.pem",                                 // Alpine, and OpenSSL's own
	"/usr/lib/ssl/cert.pem",                             // Debian's OpenSSL
}

// trust makes the sandbox trust the plan's authority: its certificate is added
// to a copy of the system's bundle, and that is seen in place of each of the
// system's files.
func (p Plan) trust(at func(string) string) error {
	if len(p.TrustedCA) == 0 {
		return nil
	}
	root := at(RootDir)
	system, places, err := FindBundles(root)
	if err == nil && system == nil {
		system, _, err = FindBundles("/") // better than none at all
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
	b := builder{dir: root, owner: p.Owner}
	if err := b.parents(InsideCA); err != nil {
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
	// Where there is no bundle there may be a directory that can't be written,
	// or a link to nowhere; then the variables must do.
	if err = b.parents(SystemBundle); err == nil {
		err = Bind(bundle, root+SystemBundle, true)
	}
	if errors.Is(err, unix.EROFS) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		err = nil
	}
	return err
}

// FindBundles finds the files that hold whom the system below root trusts: what
// the first says, and where all of them are, without links.
func FindBundles(root string) (text []byte, places []string, err error) {
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
