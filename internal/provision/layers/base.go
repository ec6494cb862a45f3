package layers

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ostlerdev/ostler/internal/hands/box"
)

// baseDir holds what setup sandboxes get so that apt works in them, and what
// shows whether anything can be laid over the system.
const baseDir = "base.partial"

// makeBase makes the layer that tells apt in setup sandboxes where it gets its
// packages, as the operator says or as the host does. A root file system
// directory has its own sources.
func (s *Store) makeBase() error {
	dir := s.dirOf(baseDir)
	s.base.System, s.probe = filepath.Join(dir, "apt"), filepath.Join(dir, "probe")
	etc := filepath.Join(s.base.System, "etc")
	for _, d := range []string{
		filepath.Join(etc, "apt/apt.conf.d"), filepath.Join(etc, "apt/preferences.d"), filepath.Join(etc, "apt/sources.list.d"),
		filepath.Join(s.probe, "usr"), // which is a mount in every sandbox
	} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	if s.cfg.Rootfs == "" {
		if err := baseUsers(etc); err != nil {
			return err
		}
	}
	if sources := s.cfg.Registries[apt]; sources != "" {
		return os.WriteFile(filepath.Join(etc, "apt/sources.list"), []byte(sources+"\n"), 0o644)
	}
	if s.cfg.Rootfs != "" {
		return nil
	}
	// The host's sources, whole, in place of what sandboxes have of them.
	if err := os.WriteFile(filepath.Join(etc, box.OwnSources), nil, 0o644); err != nil {
		return err
	}
	for _, pattern := range []string{
		"sources.list", "sources.list.d/*.list", "sources.list.d/*.sources", "preferences", "preferences.d/*",
		"trusted.gpg", "trusted.gpg.d/*", "keyrings/*",
	} {
		files, err := filepath.Glob(filepath.Join(aptConfig, pattern))
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := s.copyConfig(aptConfig, strings.TrimPrefix(file, aptConfig+"/"), filepath.Join(etc, "apt")); err != nil {
				return err
			}
		}
	}
	return nil
}

const aptConfig = "/etc/apt"

// copyConfig copies a file of apt's configuration that everybody may read and
// that holds no password.
func (s *Store) copyConfig(from, name, to string) error {
	file := filepath.Join(from, name)
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o004 == 0 {
		return nil // gone, or not for everybody
	}
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if strings.HasPrefix(name, "sources.list") {
		for _, word := range strings.Fields(string(body)) {
			if u, err := url.Parse(word); err == nil && u.User != nil {
				return nil
			}
		}
		s.hosts = append(s.hosts, sourceHosts(string(body))...)
	}
	target := filepath.Join(to, name)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, body, 0o644)
}

// firstHuman is the first id of an account that isn't the system's own.
const firstHuman = 1000

// baseUsers makes the accounts that the packages of the host's system count
// on: its own system accounts. Nobody's name is among them, and no password.
func baseUsers(etc string) error {
	for _, name := range []string{"passwd", "group"} {
		body, err := os.ReadFile(filepath.Join("/etc", name))
		if err != nil {
			return fmt.Errorf("the host's accounts: %w", err)
		}
		var out strings.Builder
		for line := range strings.Lines(string(body)) {
			f := strings.Split(strings.TrimSuffix(line, "\n"), ":")
			if len(f) < 4 {
				continue
			}
			id, err := strconv.Atoi(f[2])
			if err != nil || id >= firstHuman && id != 65534 {
				continue
			}
			f[1] = "x"
			if name == "group" {
				f[3] = "" // members may be people
			}
			out.WriteString(strings.Join(f, ":") + "\n")
		}
		if err := os.WriteFile(filepath.Join(etc, name), []byte(out.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}
