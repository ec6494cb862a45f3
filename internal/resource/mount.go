package resource

import (
	"path"
	"strings"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Directories of a sandbox (Managed Agents API: files and sessions).
const (
	Uploads   = "/mnt/session/uploads" // where the bytes of mounted files lie
	Workspace = "/workspace"           // where repositories lie
)

// maxPath is the longest mount path, in bytes. A path below Uploads must still
// be a path for the kernel.
const maxPath = 4000

// Spot is where a mounted file lies in a sandbox.
type Spot struct {
	// Rel is the place of the bytes below Uploads: clean, relative, no "..".
	Rel string
	// Link is the absolute path of a symbolic link to them; "" if the mount
	// path lies below Uploads.
	Link string
}

// Target is the absolute path of the bytes.
func (s Spot) Target() string { return Uploads + "/" + s.Rel }

// Place says where the file of a mount path lies:
//
//	mount path                  bytes                        link
//	/mnt/session/uploads/a/b    /mnt/session/uploads/a/b
//	a/b                         /mnt/session/uploads/a/b
//	/in/b                       /mnt/session/uploads/in/b    /in/b
//
// It refuses "..", directories of the system and of the API, and what can't be
// the name of a file.
func Place(mountPath string) (Spot, error) {
	if err := checkText(mountPath); err != nil {
		return Spot{}, err
	}
	spot := spotOf(mountPath)
	if spot.Rel == "" {
		return Spot{}, fault.At("", "`%s` is a directory of the session", mountPath)
	}
	if spot.Link == "" {
		return spot, nil
	}
	for _, dir := range ownedDirs {
		if within(spot.Link, dir) {
			return Spot{}, fault.At("", "`%s` is inside %s, which is not for files of the session", mountPath, dir)
		}
	}
	for _, dir := range namedDirs {
		if spot.Link == dir {
			return Spot{}, fault.At("", "`%s` is a directory of the session", mountPath)
		}
	}
	return spot, nil
}

// ownedDirs are closed to mounted files, with all below them.
var ownedDirs = []string{
	"/proc", "/sys", "/dev", "/etc", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/boot", "/run",
	"/var/run", "/var/lock", "/var/lib", "/mnt/session", "/mnt/memory", "/mnt/skills",
}

// namedDirs exist and can't be files themselves.
var namedDirs = []string{"/workspace", "/tmp", "/root", "/home", "/mnt", "/var", "/var/tmp", "/opt", "/srv", "/media"}

// spotOf is Place without the rules.
func spotOf(mountPath string) Spot {
	clean := path.Clean("/" + mountPath)
	switch {
	case !strings.HasPrefix(mountPath, "/"):
		return Spot{Rel: clean[1:]}
	case within(clean, Uploads):
		return Spot{Rel: strings.TrimPrefix(strings.TrimPrefix(clean, Uploads), "/")}
	}
	return Spot{Rel: clean[1:], Link: clean}
}

// checkText refuses texts that can't be the path of a file.
func checkText(p string) error {
	switch {
	case p == "" || len(p) > maxPath:
		return fault.At("", "must have 1 to %d bytes", maxPath)
	case strings.ContainsFunc(p, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return fault.At("", "must not have control characters")
	case strings.HasSuffix(p, "/"):
		return fault.At("", "must be the path of a file, not of a directory")
	}
	for segment := range strings.SplitSeq(p, "/") {
		switch {
		case segment == "..":
			return fault.At("", "must not have `..`")
		case len(segment) > 255:
			return fault.At("", "must not have a component of more than 255 bytes")
		}
	}
	if path.Base(p) == "." {
		return fault.At("", "must be the path of a file, not of a directory")
	}
	return nil
}

// within says whether p is dir or lies below it; both are clean.
func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// places are the paths a session's resources have taken.
type places struct {
	files tree // bytes, below Uploads
	links tree // absolute links
	repos tree // absolute directories
}

func newPlaces() *places { return &places{newTree(), newTree(), newTree()} }

// take marks the path of a resource, or refuses it if it collides with one
// that is marked.
func (p *places) take(typ, mountPath string) error {
	clash := func(with string) error {
		return fault.At("mount_path", "`%s` collides with another resource of the session, at `%s`", mountPath, with)
	}
	if typ == wire.ResourceFile {
		spot := spotOf(mountPath)
		if with, ok := p.files.collides(spot.Rel); ok {
			return clash(with)
		}
		if with, ok := p.repos.under(spot.Link); ok && spot.Link != "" {
			return clash(with)
		}
	} else {
		clean := path.Clean(mountPath)
		if with, ok := p.repos.collides(clean); ok {
			return clash(with)
		}
		if with, ok := p.links.above(clean); ok {
			return clash(with)
		}
	}
	p.mark(typ, mountPath)
	return nil
}

func (p *places) mark(typ, mountPath string) {
	if typ != wire.ResourceFile {
		p.repos.add(path.Clean(mountPath), mountPath)
		return
	}
	spot := spotOf(mountPath)
	p.files.add(spot.Rel, mountPath)
	if spot.Link != "" {
		p.links.add(spot.Link, mountPath)
	}
}

// tree is a set of clean paths that knows their parents too. Its values are
// the paths as they were given.
type tree struct{ leaves, parents map[string]string }

func newTree() tree { return tree{map[string]string{}, map[string]string{}} }

func (t tree) add(p, given string) {
	t.leaves[p] = given
	for d := path.Dir(p); d != "." && d != "/"; d = path.Dir(d) {
		t.parents[d] = given
	}
}

// under is a member that is p or lies below it.
func (t tree) under(p string) (given string, ok bool) {
	if given, ok = t.leaves[p]; !ok {
		given, ok = t.parents[p]
	}
	return given, ok
}

// above is a member that is p or one of p's parents.
func (t tree) above(p string) (given string, ok bool) {
	for ; p != "." && p != "/"; p = path.Dir(p) {
		if given, ok = t.leaves[p]; ok {
			return given, true
		}
	}
	return "", false
}

// collides is a member that is p, a parent of it, or below it.
func (t tree) collides(p string) (given string, ok bool) {
	if given, ok = t.under(p); ok {
		return given, true
	}
	return t.above(p)
}
