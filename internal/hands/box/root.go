//go:build linux

package box

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/ostlerdev/ostler/internal/hands"
)

// builder makes a sandbox's root file system at dir, an empty directory on a
// file system of its own.
type builder struct {
	dir     string
	base    string // "/" or a root file system directory
	owner   int
	network bool // there is a network interface, and with it a name server
	apt     *Apt // nil if the system can't be written
}

// systemDirs are the directories of a system that are shown read-only when
// they are directories, and copied when they are links (merged /usr).
var systemDirs = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix"}

// hostEtc are the entries of the host's /etc that programs below /usr need.
// Nothing here names users, machines or secrets of the host.
var hostEtc = []string{
	"alternatives", "bindresvport.blacklist", "ca-certificates", "ca-certificates.conf",
	"crypto-policies", "debian_version", "fonts", "gai.conf", "host.conf", "inputrc",
	"java-8-openjdk", "java-11-openjdk", "java-17-openjdk", "java-21-openjdk", "ld.so.cache",
	"ld.so.conf", "ld.so.conf.d", "locale.alias", "locale.conf", "localtime", "lsb-release",
	"magic", "magic.mime", "mime.types", "os-release", "perl", "pki/ca-trust", "pki/tls/cert.pem",
	"pki/tls/certs", "pki/tls/openssl.cnf", "protocols", "python3", "python3.10", "python3.11",
	"python3.12", "python3.13", "python3.14", "redhat-release", "rpc", "services", "shells",
	"ssl/cert.pem", "ssl/certs", "ssl/openssl.cnf", "system-release", "terminfo", "timezone",
}

// scratchDirs are made empty, with their modes.
var scratchDirs = map[string]fs.FileMode{
	"/tmp": 0o1777, "/var/tmp": 0o1777, "/root": 0o700, "/home": 0o755, "/run": 0o755, "/run/lock": 0o1777,
	"/proc": 0o555, "/sys": 0o555, "/dev": 0o755, "/mnt": 0o755, "/media": 0o755, "/opt": 0o755, "/srv": 0o755,
	"/var/log": 0o755, "/var/cache": 0o755, "/var/lib": 0o755, "/var/spool": 0o755,
	"/run/ostler": 0o755, "/mnt/memory": 0o755,
	// An empty /tmp would make gVisor mount a tmpfs there, which is memory.
	hands.OutputFiles: 0o700,
}

// build makes the tree. What it makes belongs to owner; what it binds is
// read-only.
func (b builder) build() error {
	if err := b.system(); err != nil {
		return err
	}
	if err := b.etc(); err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(scratchDirs)) { // parents first
		if err := b.mkdir(path, scratchDirs[path]); err != nil {
			return err
		}
	}
	if b.apt != nil && b.base == "/" {
		if err := b.aptSystem(); err != nil {
			return err
		}
	}
	return errors.Join(
		b.symlink("/run", "/var/run"),
		b.symlink("/run/lock", "/var/lock"),
	)
}

// system shows the programs of the host, or everything of a root file system
// directory that isn't ours to make.
func (b builder) system() error {
	names := append(systemDirs[:len(systemDirs):len(systemDirs)], packageDirs...)
	if b.base != "/" {
		names = nil
		for _, dir := range []string{"/", "/var"} {
			entries, err := os.ReadDir(filepath.Join(b.base, dir))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("rootfs: %w", err)
			}
			for _, e := range entries {
				if path := filepath.Join(dir, e.Name()); !slices.Contains(oursAlone, path) {
					names = append(names, path)
				}
			}
		}
	}
	for _, name := range names {
		if name == dpkgDir && b.apt != nil {
			continue
		}
		if err := b.show(name); err != nil {
			return err
		}
	}
	return nil
}

// oursAlone are the entries of a root file system that are not shown.
var oursAlone = []string{"/dev", "/etc", "/mnt", "/proc", "/run", "/sys", "/tmp", "/var", "/var/lock", "/var/run", "/var/tmp"}

// packageDirs say what is installed, for package managers and those who ask.
var packageDirs = []string{dpkgDir, "/var/lib/rpm", "/var/lib/apk", "/var/lib/pacman"}

// show puts an entry of the base at the same path: a link as a link, anything
// else as a read-only mount. What the base doesn't have, or what this user may
// not read there, is left out.
func (b builder) show(path string) error {
	source := filepath.Join(b.base, path)
	info, err := os.Lstat(source)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(source)
		if err != nil {
			return err
		}
		return b.symlink(target, path)
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil
	}
	// What others may not read is not for the sandbox either, even if the
	// server could.
	if need := fs.FileMode(0o004); info.Mode().Perm()&need == 0 {
		return nil
	}
	if err := b.parents(path); err != nil {
		return err
	}
	return Bind(source, filepath.Join(b.dir, path), true)
}

// parents makes the directories above a path. None of them may be a link, which
// would lead elsewhere on the host: the error is ENOTDIR then.
func (b builder) parents(path string) error {
	dir := filepath.Dir(path)
	if dir == "/" {
		return nil
	}
	if err := b.mkdir(dir, 0o755); err != nil {
		return err
	}
	info, err := os.Lstat(filepath.Join(b.dir, dir))
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: dir, Err: unix.ENOTDIR}
	}
	return err
}

// mkdir makes a directory and its parents. What is there already, such as a
// part of a root file system, stays as it is.
func (b builder) mkdir(path string, mode fs.FileMode) error {
	if err := b.parents(path); err != nil {
		return err
	}
	full := filepath.Join(b.dir, path)
	if _, err := os.Lstat(full); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Mkdir(full, 0o755); err != nil {
		return err
	}
	if err := b.own(full); err != nil {
		return err
	}
	return unix.Chmod(full, uint32(mode)) // os.Chmod has another idea of the sticky bit
}

func (b builder) symlink(target, path string) error {
	full := filepath.Join(b.dir, path)
	if _, err := os.Lstat(full); err == nil {
		return nil
	}
	if err := b.parents(path); err != nil {
		return err
	}
	if err := os.Symlink(target, full); err != nil {
		return err
	}
	return b.own(full)
}

func (b builder) file(path, content string) error {
	full := filepath.Join(b.dir, path)
	if err := b.parents(path); err != nil {
		return err
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		return err
	}
	return b.own(full)
}

func (b builder) own(full string) error {
	if b.owner == 0 {
		return nil
	}
	return os.Lchown(full, b.owner, b.owner)
}

// etc makes /etc: the chosen entries of the host, or all entries of a root file
// system directory, and our own files over them. The users of a root file
// system are its own.
func (b builder) etc() error {
	if err := b.mkdir("/etc", 0o755); err != nil {
		return err
	}
	names := hostEtc
	own := Etc(b.network)
	if b.base != "/" {
		entries, err := os.ReadDir(filepath.Join(b.base, "etc"))
		if err != nil {
			return fmt.Errorf("rootfs: %w", err)
		}
		names = nil
		for _, e := range entries {
			names = append(names, e.Name())
			if e.Name() == "passwd" || e.Name() == "group" || e.Name() == "nsswitch.conf" {
				delete(own, e.Name())
			}
		}
	}
	for _, name := range names {
		if _, mine := own[name]; mine {
			continue
		}
		if err := b.show("/etc/" + name); err != nil {
			return err
		}
	}
	for name, content := range own {
		if err := b.file("/etc/"+name, content); err != nil {
			return err
		}
	}
	return b.symlink("/proc/self/mounts", "/etc/mtab")
}
