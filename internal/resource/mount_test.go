package resource

import (
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

func TestPlace(t *testing.T) {
	for in, want := range map[string]Spot{
		"/workspace/data.csv":                 {"workspace/data.csv", "/workspace/data.csv"},
		"/data.csv":                           {"data.csv", "/data.csv"},
		"/uploads/receipt.pdf":                {"uploads/receipt.pdf", "/uploads/receipt.pdf"},
		"/mnt/session/uploads/a/b":            {"a/b", ""},
		"/mnt/session/uploads//a/./b":         {"a/b", ""},
		"/mnt/./session/uploads/x":            {"x", ""},
		"/mnt/session/uploads/etc/passwd":     {"etc/passwd", ""},
		"data.csv":                            {"data.csv", ""},
		"in/data.csv":                         {"in/data.csv", ""},
		"./data.csv":                          {"data.csv", ""},
		"/home/me/x":                          {"home/me/x", "/home/me/x"},
		"/root/.netrc":                        {"root/.netrc", "/root/.netrc"},
		"/tmp/x":                              {"tmp/x", "/tmp/x"},
		"/mnt/data/x":                         {"mnt/data/x", "/mnt/data/x"},
		"/binary":                             {"binary", "/binary"},
		"/var/data/x":                         {"var/data/x", "/var/data/x"},
		"/a..b/..c":                           {"a..b/..c", "/a..b/..c"},
		"/Zeichnung \u00fc.png":               {"Zeichnung \u00fc.png", "/Zeichnung \u00fc.png"},
		"mnt/session/uploads/x":               {"mnt/session/uploads/x", ""},
		"/" + strings.Repeat("d/", 100) + "f": {strings.Repeat("d/", 100) + "f", "/" + strings.Repeat("d/", 100) + "f"},
	} {
		if got, err := Place(in); err != nil || got != want {
			t.Errorf("Place(%q) = %+v, %v, want %+v", in, got, err, want)
		}
	}
}

func TestPlaceRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "must have 1 to 4000 bytes",
		strings.Repeat("x/", 2000) + "x": "must have 1 to 4000 bytes",
		"/" + strings.Repeat("x", 256):   "component of more than 255 bytes",
		"/a/../b":                        "must not have `..`",
		"..":                             "must not have `..`",
		"../x":                           "must not have `..`",
		"/mnt/session/uploads/../x":      "must not have `..`",
		"/":                              "of a file, not of a directory",
		"/a/":                            "of a file, not of a directory",
		"/a/.":                           "of a file, not of a directory",
		".":                              "of a file, not of a directory",
		"/a\nb":                          "control characters",
		"/a\x00b":                        "control characters",
		"/a\x7fb":                        "control characters",
		"/proc/1/environ":                "inside /proc",
		"/sys/x":                         "inside /sys",
		"/dev/null":                      "inside /dev",
		"/etc/passwd":                    "inside /etc",
		"/etc":                           "inside /etc",
		"//etc/passwd":                   "inside /etc",
		"/./etc//passwd":                 "inside /etc",
		"/bin/sh":                        "inside /bin",
		"/sbin/x":                        "inside /sbin",
		"/lib/x":                         "inside /lib",
		"/lib64/x":                       "inside /lib64",
		"/usr/local/bin/x":               "inside /usr",
		"/boot/x":                        "inside /boot",
		"/run/x":                         "inside /run",
		"/var/lib/x":                     "inside /var/lib",
		"/mnt/memory/store/x":            "inside /mnt/memory",
		"/mnt/session/outputs/x":         "inside /mnt/session",
		"/mnt/session/outputs":           "inside /mnt/session",
		"/mnt/session/x":                 "inside /mnt/session",
		"/mnt/session":                   "inside /mnt/session",
		"/mnt/session/uploads":           "directory of the session",
		"/workspace":                     "directory of the session",
		"/tmp":                           "directory of the session",
		"/home":                          "directory of the session",
		"/mnt":                           "directory of the session",
	} {
		if got, err := Place(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Place(%q) = %+v, %v, want %q", in, got, err, want)
		}
	}
}

// Whatever is accepted lies below the uploads, and its link is where the path
// says and nowhere that matters.
func FuzzPlace(f *testing.F) {
	for _, s := range []string{"/a", "a", "/a/../b", "/mnt/session/uploads/x", "//etc/x", "/a/./b", "./x", "/mnt/session/uploads", "\x00", "/etc/../x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		spot, err := Place(in)
		if err != nil {
			return
		}
		if spot.Rel == "" || spot.Rel != path.Clean(spot.Rel) || path.IsAbs(spot.Rel) || !filepath.IsLocal(spot.Rel) {
			t.Errorf("%q: bytes at %q", in, spot.Rel)
		}
		if !strings.HasPrefix(path.Clean(spot.Target()), Uploads+"/") {
			t.Errorf("%q: target %q", in, spot.Target())
		}
		if spot.Link == "" {
			return
		}
		if spot.Link != path.Clean(in) || spot.Link[1:] != spot.Rel {
			t.Errorf("%q: link %q, bytes %q", in, spot.Link, spot.Rel)
		}
		for _, dir := range ownedDirs {
			if within(spot.Link, dir) {
				t.Errorf("%q: link in %s", in, dir)
			}
		}
	})
}

func TestCollisions(t *testing.T) {
	const file, repo = wire.ResourceFile, wire.ResourceGitHubRepository
	type res struct{ typ, path string }
	for _, c := range []struct {
		name  string
		a, b  res
		clash bool
	}{
		{"the same path", res{file, "/a"}, res{file, "/a"}, true},
		{"the same after cleaning", res{file, "/a//b"}, res{file, "/a/./b"}, true},
		{"absolute and relative", res{file, "/a"}, res{file, "a"}, true},
		{"absolute and below uploads", res{file, "/workspace/a"}, res{file, "/mnt/session/uploads/workspace/a"}, true},
		{"a file below a file", res{file, "/a"}, res{file, "/a/b"}, true},
		{"a file above a file", res{file, "/a/b/c"}, res{file, "/a"}, true},
		{"a file below a file, in uploads", res{file, "a/b"}, res{file, "/mnt/session/uploads/a"}, true},
		{"neighbours", res{file, "/a/b"}, res{file, "/a/c"}, false},
		{"a prefix that is no parent", res{file, "/a"}, res{file, "/ab"}, false},
		{"the same repository path", res{repo, "/workspace/a"}, res{repo, "/workspace/a"}, true},
		{"a repository in a repository", res{repo, "/workspace/a"}, res{repo, "/workspace/a/b"}, true},
		{"a repository above a repository", res{repo, "/workspace/a/b"}, res{repo, "/workspace/a"}, true},
		{"two repositories", res{repo, "/workspace/a"}, res{repo, "/workspace/b"}, false},
		{"a file at a repository", res{repo, "/workspace/a"}, res{file, "/workspace/a"}, true},
		{"a repository at a file", res{file, "/workspace/a"}, res{repo, "/workspace/a"}, true},
		{"a repository below a file", res{file, "/workspace/a"}, res{repo, "/workspace/a/b"}, true},
		{"a file above a repository", res{repo, "/workspace/a/b"}, res{file, "/workspace/a"}, true},
		{"a file in a repository", res{repo, "/workspace/a"}, res{file, "/workspace/a/.env"}, false},
		{"a repository around a file", res{file, "/workspace/a/.env"}, res{repo, "/workspace/a"}, false},
		{"bytes in uploads beside a repository", res{repo, "/workspace/a"}, res{file, "workspace/a"}, false},
	} {
		p := newPlaces()
		if err := p.take(c.a.typ, c.a.path); err != nil {
			t.Errorf("%s: first: %v", c.name, err)
		}
		err := p.take(c.b.typ, c.b.path)
		if (err != nil) != c.clash {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && !strings.Contains(err.Error(), "mount_path: `"+c.b.path+"` collides with another resource of the session, at `"+c.a.path+"`") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
