package box

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/ostlerdev/ostler/internal/hands"
)

// The limits of a sandbox whose spec leaves them out.
const (
	DefaultMemory    = 8 << 30
	DefaultProcesses = 1024
	DefaultDisk      = 10 << 30
)

func withDefaults(l hands.Limits) hands.Limits {
	if l.Memory == 0 {
		l.Memory = DefaultMemory
	}
	if l.Processes == 0 {
		l.Processes = DefaultProcesses
	}
	if l.Disk == 0 {
		l.Disk = DefaultDisk
	}
	if l.FileSize == 0 {
		l.FileSize = l.Disk
	}
	return l
}

// reserved are the first parts of paths at which nothing may be mounted.
var reserved = map[string]bool{
	"": true, "bin": true, "dev": true, "etc": true, "lib": true, "lib32": true, "lib64": true, "libx32": true,
	"proc": true, "run": true, "sbin": true, "sys": true, "usr": true, "var": true,
}

// validate refuses specs that would reach outside of what they may name.
func validate(spec hands.Spec) error {
	name, ok := strings.CutPrefix(spec.ID, "sbx_")
	if !ok || len(name) != 24 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return fmt.Errorf("sandbox id %q is not sbx_ and 24 lower-case letters or digits", spec.ID)
	}
	if !cleanAbs(spec.Dir) || spec.Dir == "/" {
		return fmt.Errorf("sandbox directory %q is not a clean absolute path", spec.Dir)
	}
	for _, m := range spec.Mounts {
		if !cleanAbs(m.Path) || !cleanAbs(m.Source) {
			return fmt.Errorf("mount %q at %q: not clean absolute paths", m.Source, m.Path)
		}
		if top, _, _ := strings.Cut(m.Path[1:], "/"); reserved[top] {
			return fmt.Errorf("mount %q at %q: the system's directories are not for mounts", m.Source, m.Path)
		}
	}
	if err := validateLayers(spec.Layers); err != nil {
		return err
	}
	if err := validateTrust(spec); err != nil {
		return err
	}
	for name, value := range environment(spec) {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			return fmt.Errorf("%q can't be an environment variable", name)
		}
	}
	return nil
}

func validateLayers(layers []hands.Layer) error {
	for _, l := range layers {
		if l.Tree == "" && l.System == "" {
			return errors.New("a layer of nothing")
		}
		for _, path := range []string{l.Tree, l.Path, l.System} {
			if path != "" && !cleanAbs(path) {
				return fmt.Errorf("layer %q: not a clean absolute path", path)
			}
		}
		if top, _, _ := strings.Cut(strings.TrimPrefix(l.Path, "/"), "/"); l.Tree != "" && reserved[top] {
			return fmt.Errorf("layer at %q: the system's directories are not for mounts", l.Path)
		}
		for _, dir := range l.Bin {
			if !cleanAbs(dir) || strings.Contains(dir, ":") {
				return fmt.Errorf("layer: %q can't be in PATH", dir)
			}
		}
	}
	return nil
}

// environment is what a spec and its layers add to the environment.
func environment(spec hands.Spec) map[string]string {
	env := map[string]string{}
	if len(spec.TrustedCA) > 0 {
		maps.Copy(env, trustVariables)
	}
	var bin []string
	for i := len(spec.Layers) - 1; i >= 0; i-- {
		maps.Copy(env, spec.Layers[i].Env)
	}
	maps.Copy(env, spec.Env)
	for _, l := range spec.Layers {
		bin = append(bin, l.Bin...)
	}
	if len(bin) > 0 {
		path, ok := env["PATH"]
		if !ok {
			path = hands.SystemPath
		}
		env["PATH"] = strings.Join(append(bin, path), ":")
	}
	return env
}

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

// cleanAbs says whether path is absolute and has no detours.
func cleanAbs(path string) bool {
	return filepath.IsAbs(path) && filepath.Clean(path) == path && !strings.Contains(path, "\x00")
}
