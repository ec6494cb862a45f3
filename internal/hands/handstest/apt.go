package handstest

import (
	"os"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/gate/policy"
	"github.com/ostlerdev/ostler/internal/hands"
)

// serveApt has a repository of a package and one that it depends on, which
// leave a trace of all that installing a package does.
func serveApt(t *testing.T, serve func(path, typ string, body []byte)) {
	t.Helper()
	var all []byte
	for name, files := range map[string]map[string]string{
		"ostler-try": {
			"DEBIAN/conffiles": "/etc/ostler-try.conf\n", "etc/ostler-try.conf": "conf\n",
			"DEBIAN/postinst": "#!/bin/sh\nset -e\nadduser --quiet --system --no-create-home ostler-try\nchown ostler-try:adm /var/lib/ostler-try/data\n",
			"usr/bin/apt-try": "#!/bin/sh\ncat /var/lib/ostler-try/data /usr/share/ostler-lib/text\n", "var/lib/ostler-try/data": "data\n",
		},
		"ostler-lib": {"usr/share/ostler-lib/text": "text\n"},
	} {
		deb, index := Deb(t, name, files)
		if deb == nil {
			return
		}
		serve("/packages/apt/"+name+".deb", "application/octet-stream", deb)
		if name == "ostler-try" {
			all = append(all, "Depends: ostler-lib, bash\n"...)
		}
		all = append(all, index...)
	}
	serve("/packages/apt/Packages", "text/plain", all)
}

// aptSystem says whether a system can hold apt to anything.
func aptSystem(t *testing.T, b box) bool {
	t.Helper()
	if !hostHas("apt-get") || !hostHas("dpkg-deb") {
		t.Log("the host has no apt")
		return false
	}
	return b.bash("touch /usr/x 2>/dev/null && echo yes || echo no") == "yes\n"
}

// aptWorks is an agent who adds a source of its own and installs from it.
const aptWorks = `set -e
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d; mkdir /etc/apt/sources.list.d
echo 'deb [trusted=yes] http://web.example.com/packages/apt ./' > /etc/apt/sources.list.d/own.list
apt-get -q update > /tmp/said 2>&1 || cat /tmp/said
grep '^[WE]:' /tmp/said || true
apt-get -q install -y ostler-try > /tmp/said 2>&1 || cat /tmp/said
grep '^[WE]:' /tmp/said || true
apt-try; cat /etc/ostler-try.conf; stat -c %U:%G /var/lib/ostler-try/data
dpkg-query -W -f '${Package} ${Status}\n' ostler-try ostler-lib
apt-get -q purge -y ostler-try > /tmp/said 2>&1 || cat /tmp/said
ls /usr/bin/apt-try /etc/ostler-try.conf 2>&1 | wc -l; dpkg --audit`

const aptWorked = "data\ntext\nconf\nostler-try:adm\nostler-lib install ok installed\nostler-try install ok installed\n2\n"

// aptOwn is all there is of what may hold the host's passwords and accounts.
const aptOwn = "auth.conf.d auth.conf.d/* apt.conf.d apt.conf.d/ostler.conf /var/lib/dpkg/statoverride*\n"

// testApt holds a sandbox whose system can be written to an apt that works and
// that knows nothing of the host's own affairs.
func testApt(t *testing.T, s *suite) {
	if why := hands.Transparent(s.driver); why != nil {
		t.Skip("there are no network interfaces here: ", why)
	}
	limited, err := policy.Limited{AllowedHosts: []string{"web.example.com"}}.Policy()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	b := w.enter(t, s, limited)
	if !aptSystem(t, b) {
		t.Skip("no system that apt could change")
	}
	sources := b.bash("cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null; true")
	for word := range strings.FieldsSeq(sources) {
		if strings.Contains(word, "://") && !strings.Contains(word, ".debian.org/") && !strings.Contains(word, ".ubuntu.com/") {
			t.Errorf("a source %s", word)
		}
	}
	if !strings.Contains(sources, "://") {
		t.Logf("no sources are known for this system")
	}
	if got := b.bash("cd /etc/apt && echo auth* auth.conf.d/* apt.conf* apt.conf.d/* /var/lib/dpkg/statoverride*; cd /workspace"); got != aptOwn {
		t.Errorf("of the host's own: %s", got)
	}
	if got := b.bash(aptWorks); got != aptWorked {
		t.Errorf("got\n%s\nwant\n%s", got, aptWorked)
	}
}

// testAptRootfs holds a root file system directory, whose locks and places for
// what is being fetched are closed to everybody, to showing others in place of
// them where its system can be written.
func testAptRootfs(t *testing.T, s *suite) {
	root := tinySystem(t)
	closed := map[string]string{"/var/lib/dpkg/lock": "", "/var/lib/dpkg/triggers/Lock": "", "/var/lib/apt/lists/partial": "/f", "/var/cache/apt/archives/partial": "/f"}
	for path, file := range closed {
		writeFile(t, root+path+file, "")
		if err := os.Chmod(root+path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, root+"/var/lib/dpkg/status", "")
	d, err := s.newOne(t.TempDir(), root)
	if err != nil {
		t.Fatal(err)
	}
	b := (&suite{driver: d}).start(t)
	if b.bash("{ : > /usr/x; } 2>/dev/null && echo yes || echo no") != "yes\n" {
		t.Skip("the system can't be written")
	}
	for path, file := range closed {
		if got := b.bash("echo inside > " + path + file + " && cat " + path + file); got != "inside\n" {
			t.Errorf("%s: %q", path, got)
		}
		if got, err := os.ReadFile(root + path + file); err != nil || len(got) > 0 {
			t.Errorf("the root file system's %s: %q, %v", path, got, err)
		}
	}
	if got := b.bash("ls -1 /var/lib/dpkg"); got != "lock\nstatus\ntriggers\n" {
		t.Errorf("what else is there: %q", got)
	}
}
