package box

import (
	"testing"
	"testing/fstest"
)

func TestPublicSources(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"the distribution's": {
			"sources.list",
			"# comment\ndeb http://deb.debian.org/debian bookworm main # http://corp.test/\n deb-src [ arch=amd64 ] https://security.debian.org/debian-security bookworm-security main\n",
			"deb http://deb.debian.org/debian bookworm main\n deb-src [ arch=amd64 ] https://security.debian.org/debian-security bookworm-security main\n",
		},
		"regional":         {"x.list", "deb http://de.archive.ubuntu.com/ubuntu noble main\n", "deb http://de.archive.ubuntu.com/ubuntu noble main\n"},
		"commented out":    {"x.list", "#deb http://deb.debian.org/debian bookworm main\n", ""},
		"a vendor's":       {"x.list", "deb http://deb.debian.org/debian a main\ndeb [signed-by=/etc/apt/keyrings/d.gpg] https://download.docker.com/linux/debian a stable\n", "deb http://deb.debian.org/debian a main\n"},
		"a mirror":         {"x.list", "deb http://apt.corp.test/debian bookworm main\n", ""},
		"a password":       {"x.list", "deb http://user:password@deb.debian.org/debian bookworm main\n", ""},
		"a user":           {"x.list", "deb http://token@deb.debian.org/debian bookworm main\n", ""},
		"another scheme":   {"x.list", "deb file:/srv/debian bookworm main\ndeb cdrom:[Debian]/ bookworm main\ndeb mirror+file:/etc/apt/mirrors/debian.list bookworm main\ndeb ssh://deb.debian.org/debian a main\n", ""},
		"no URL":           {"x.list", "nonsense\n\n", ""},
		"a strange URL":    {"x.list", "deb http://deb.debian.org:bad/debian bookworm main\ndeb http://%zz/ bookworm main\ndeb http:///debian a main\n", ""},
		"a look-alike":     {"x.list", "deb http://deb.debian.org.corp.test/debian bookworm main\ndeb http://deb.debian.org@corp.test/ bookworm main\n", ""},
		"an address":       {"x.list", "deb http://192.0.2.1/debian bookworm main\n", ""},
		"nothing":          {"x.list", "", ""},
		"stanzas":          {"x.sources", "Types: deb\r\n# http://snapshot.test/\r\nURIs: http://deb.debian.org/debian\r\nSuites: a\r\n\r\nTypes: deb\r\nURIs: http://corp.test/debian\r\nSuites: a\r\n", "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: a\n"},
		"two stanzas":      {"x.sources", "\nTypes: deb\nURIs: http://deb.debian.org/debian\n\n\n\nTypes: deb\nURIs:\n http://deb.debian.org/a\n http://ftp.debian.org/b\n", "Types: deb\nURIs: http://deb.debian.org/debian\n\nTypes: deb\nURIs:\n http://deb.debian.org/a\n http://ftp.debian.org/b\n"},
		"one of two hosts": {"x.sources", "Types: deb\nURIs: http://deb.debian.org/debian http://corp.test/debian\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := publicSources(c.file, c.text); got != c.want || err != nil {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestDistributionSources(t *testing.T) {
	const debian = "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: trixie trixie-updates\nComponents: main\n"
	const security = "Types: deb\nURIs: http://deb.debian.org/debian-security\nSuites: trixie-security\nComponents: main\n"
	const ubuntu = "\nSuites: noble noble-updates noble-security\nComponents: main restricted universe multiverse\n"
	for name, c := range map[string]struct{ release, keyring, arch, want string }{
		"Debian":           {"ID=debian\nVERSION_CODENAME=trixie\n", "", "arm64", debian + "\n" + security},
		"Debian, its keys": {"VERSION_CODENAME=\"trixie\"\nID='debian'\n", "debian-archive-keyring.pgp", "amd64", debian + "Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp\n\n" + security + "Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp\n"},
		"Ubuntu":           {"ID=ubuntu\nVERSION_CODENAME=noble\n", "ubuntu-archive-keyring.gpg", "amd64", "Types: deb\nURIs: http://archive.ubuntu.com/ubuntu" + ubuntu + "Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n"},
		"Ubuntu's ports":   {"ID=ubuntu\nVERSION_CODENAME=noble\n", "", "arm64", "Types: deb\nURIs: http://ports.ubuntu.com/ubuntu-ports" + ubuntu},
		"another":          {"ID=fedora\nVERSION_CODENAME=x\n", "", "amd64", ""},
		"no name":          {"ID=debian\n", "", "amd64", ""},
		"a strange name":   {"ID=debian\nVERSION_CODENAME=\"a b\"\n", "", "amd64", ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := fstest.MapFS{"usr/lib/os-release": {Data: []byte(c.release)}}
			if c.keyring != "" {
				root["usr/share/keyrings/"+c.keyring] = &fstest.MapFile{}
			}
			if got := distributionSources(root, c.arch); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	if got := distributionSources(fstest.MapFS{}, "amd64"); got != "" {
		t.Errorf("of an unknown system: %q", got)
	}
}
