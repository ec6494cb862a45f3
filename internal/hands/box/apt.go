//go:build linux

package box

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Apt says that programs inside may write to the system, so that apt and dpkg
// can work there.
type Apt struct {
	// Sources are the lines of a sources.list in place of what is found out
	// from the host's, or "". A root file system directory has its own.
	Sources string `json:"sources"`
}

// aptConf is how apt is set up besides its defaults. Nobody answers dpkg's
// questions, and what it writes doesn't outlive the sandbox, so that there is
// no need to wait for the disk.
const aptConf = `Acquire::Languages "none";
Dpkg::Use-Pty "0";
DPkg::Options:: "--force-confdef";
DPkg::Options:: "--force-confold";
DPkg::Options:: "--force-confmiss";
DPkg::Options:: "--force-unsafe-io";
`

// debconf is where answers to the questions of packages are kept.
const debconf = `Config: configdb
Templates: templatedb

Name: configdb
Driver: File
Mode: 600
Filename: /var/cache/debconf/config.dat

Name: templatedb
Driver: File
Mode: 644
Filename: /var/cache/debconf/templates.dat
`

// dpkgState are the entries of dpkg's state that are shown. Left out are locks,
// which are closed to everybody but the host's root, overrides, which name
// accounts of the host, and what is there for a moment only.
var dpkgState = []string{"alternatives", "arch", "available", "cmethopt", "diversions", "info", "parts", "status", "updates"}

const dpkgDir = "/var/lib/dpkg"

// aptSystem makes what apt and dpkg need of the host's system.
func (b builder) aptSystem() error {
	if err := b.dpkg(); err != nil {
		return err
	}
	files, err := b.apt.etc()
	if err != nil || len(files) == 0 {
		return err
	}
	for _, name := range aptKeys {
		if err := b.show("/etc/apt/" + name); err != nil {
			return err
		}
	}
	for _, dir := range aptDirs {
		if err := b.mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	for name, text := range files {
		if err := b.file("/etc/"+name, text); err != nil {
			return err
		}
	}
	return nil
}

// dpkg shows dpkg's state entry by entry, so that its directories can be
// written by who is root inside.
func (b builder) dpkg() error {
	entries, err := os.ReadDir(dpkgDir + "/triggers")
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no dpkg
	}
	if err != nil {
		return err
	}
	if err := b.mkdir(dpkgDir+"/triggers", 0o755); err != nil {
		return err
	}
	names := dpkgState
	for _, e := range entries {
		if e.Name() != "Lock" && !strings.HasSuffix(e.Name(), ".new") {
			names = append(names[:len(names):len(names)], "triggers/"+e.Name())
		}
	}
	for _, name := range names {
		if err := b.show(filepath.Join(dpkgDir, name)); err != nil {
			return err
		}
	}
	return nil
}

// etc is apt's configuration for the host's system, by name below /etc, or
// nothing if that has no apt.
func (a Apt) etc() (map[string]string, error) {
	if _, err := os.Stat("/usr/bin/apt-get"); err != nil {
		return nil, nil
	}
	files := map[string]string{"apt/apt.conf.d/ostler.conf": aptConf, "debconf.conf": debconf}
	if a.Sources != "" {
		files["apt/sources.list"] = a.Sources + "\n"
		return files, nil
	}
	found := false
	for _, pattern := range []string{"sources.list", "sources.list.d/*.list", "sources.list.d/*.sources"} {
		names, err := filepath.Glob("/etc/apt/" + pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := readPublic(name)
			if err != nil {
				return nil, err
			}
			if text, err = publicSources(name, text); err != nil {
				return nil, err
			}
			if text != "" {
				files[name[len("/etc/"):]], found = text, true
			}
		}
	}
	if !found {
		files[OwnSources] = distributionSources(os.DirFS("/"), runtime.GOARCH)
	}
	return files, nil
}

// readPublic reads a file that everybody may read; others are empty.
func readPublic(path string) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!info.Mode().IsRegular() || info.Mode().Perm()&0o004 == 0) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	body, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrPermission) {
		return "", nil // below a directory that is closed
	}
	return string(body), err
}

// aptKeys are the public keys that apt trusts.
var aptKeys = []string{"keyrings", "trusted.gpg", "trusted.gpg.d"}

// aptDirs are where apt and debconf keep what they get.
var aptDirs = []string{"/var/lib/apt/lists/partial", "/var/cache/apt/archives/partial", "/var/cache/debconf", "/var/log/apt", "/etc/apt/preferences.d", "/etc/apt/auth.conf.d"}

// aptClosed are files and directories of a root file system in which only its
// own root may write, whom nobody is inside.
var aptClosed = []string{
	"/var/lib/dpkg/lock", "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/triggers/Lock", "/var/lib/apt/daily_lock",
	"/var/lib/apt/lists/lock", "/var/lib/apt/lists/partial", "/var/cache/apt/archives/lock", "/var/cache/apt/archives/partial",
	"/var/cache/debconf/passwords.dat",
}

// openApt puts empty files and directories of root's inside over those that
// are closed to it. They are made below empty.
func (p Plan) openApt(root, empty string) error {
	if p.Apt == nil || p.Rootfs == "" {
		return nil
	}
	b := builder{dir: root, owner: p.Owner}
	for i, path := range aptClosed {
		place, err := inRoot(root, path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		target, source := filepath.Join(root, place), filepath.Join(empty, strconv.Itoa(i))
		info, err := os.Lstat(target)
		switch {
		case err != nil:
			return err
		case info.IsDir():
			err = os.MkdirAll(source, 0o755)
		case info.Mode().IsRegular():
			err = touch(source)
		default:
			continue
		}
		if err := errors.Join(err, b.own(source), Bind(source, target, false)); err != nil {
			return err
		}
	}
	return nil
}
