package layers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
)

// format changes when what layers look like does.
const format = 2

// key names the layer of an environment's packages.
func (s *Store) key(w Want) (string, error) {
	body, err := json.Marshal(struct {
		Format      int
		Environment string
		Lists       []List
		Driver      string
		Base        []string
		Registries  Registries
	}{format, w.Environment, w.Lists, s.cfg.Driver, s.system(), s.cfg.Registries})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16]), nil
}

// marks are files by which a base system is told from another one, or from
// itself after an upgrade: its release, what its package manager knows, and
// the programs for which packages are made.
var marks = []string{
	"/etc/os-release", "/usr/lib/os-release", "/var/lib/dpkg/status", "/var/lib/rpm/rpmdb.sqlite", "/lib/apk/db/installed",
	"/usr/bin/python3", "/usr/bin/node", "/usr/bin/npm", "/usr/bin/ruby", "/usr/bin/gem", "/usr/bin/cargo",
	"/usr/local/bin/python3", "/usr/local/bin/node", "/usr/local/bin/ruby", "/usr/local/go/VERSION", "/usr/bin/go",
}

// system describes the base system.
func (s *Store) system() []string {
	out := []string{s.cfg.Rootfs}
	for _, path := range marks {
		at := filepath.Join(s.cfg.Rootfs, path)
		link, err := os.Readlink(at)
		if err != nil {
			link = "" // not a link, or not there
		}
		info, err := os.Stat(at)
		if err != nil {
			out = append(out, path+" "+link)
			continue
		}
		out = append(out, path+" "+link+" "+strconv.FormatInt(info.Size(), 10)+" "+strconv.FormatInt(info.ModTime().UnixNano(), 10))
	}
	return out
}
