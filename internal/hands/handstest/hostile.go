package handstest

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

// testHostile tries from inside what must not work.
func testHostile(t *testing.T, s *suite) {
	secret := "secret-" + newID()
	home := t.TempDir() // stands for a home, the data directory, another tenant
	writeFile(t, home+"/key", secret)
	t.Run("files", func(t *testing.T) { hostileFiles(t, s, home, secret) })
	t.Run("processes", func(t *testing.T) { hostileProcesses(t, s) })
	t.Run("network", func(t *testing.T) { hostileNetwork(t, s) })
	t.Run("kernel", func(t *testing.T) { hostileKernel(t, s, home) })
	t.Run("guest", func(t *testing.T) { hostileGuest(t, s) })
}

// hostileFiles looks for files of the host, the server and other sandboxes.
func hostileFiles(t *testing.T, s *suite, home, secret string) {
	other := s.start(t)
	writeFile(t, other.dir+"/workspace/key", secret)
	other.bash("echo " + secret + " > /tmp/key")
	b := s.start(t)
	for _, path := range []string{
		home + "/key", other.dir + "/workspace/key", s.stateDir, other.dir, b.dir,
		"/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/fstab", "/etc/machine-id", "/etc/ssh", "/etc/ssl/private",
		"/boot", "/var/run/docker.sock", "/var/log/syslog", "/root/.ssh", "/proc/1/root/etc/shadow", "/proc/self/root" + home,
	} {
		if out, isErr := b.call("bash", args{"command": "ls -d " + path + " && cat " + path}); !isErr {
			t.Errorf("%s is seen: %.200s", path, out)
		}
	}
	// The names of the host's users aren't known, nor is its own name.
	for _, name := range hostUsers(t) {
		if out, isErr := b.call("bash", args{"command": "getent passwd " + name}); !isErr {
			t.Errorf("a user of the host: %s", out)
		}
	}
	if got := b.bash("ls -A /home /root /tmp/key 2>/dev/null; true"); strings.Contains(got, "key") {
		t.Errorf("another sandbox's files: %s", got)
	}
	// Links to the host's paths, placed for the server or the file tools to
	// follow, lead nowhere inside.
	b.bash("ln -s " + home + "/key /workspace/k; ln -s " + home + "/key /mnt/session/outputs/k")
	for _, path := range []string{"/workspace/k", "/mnt/session/outputs/k"} {
		if out, isErr := b.call("read", args{"file_path": path}); !isErr {
			t.Errorf("read %s: %s", path, out)
		}
	}
	// The system's files can't be changed for the host.
	for _, path := range []string{"/usr/ostler-was-here", "/usr/bin/ostler-was-here", "/etc/ostler-was-here", "/sys/ostler-was-here"} {
		b.call("bash", args{"command": "echo x > " + path})
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s was made on the host", path)
			_ = os.Remove(path)
		}
	}
	before, err := os.ReadFile("/usr/bin/env")
	if err != nil {
		t.Fatal(err)
	}
	b.call("bash", args{"command": "echo x > /usr/bin/env; chmod 777 /usr/bin/env; rm -f /usr/bin/env"})
	if after, err := os.ReadFile("/usr/bin/env"); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the host's /usr/bin/env was changed: %v", err)
	}
	// A set-id program left in a volume means nothing on the host.
	b.bash("cp /bin/cat /mnt/session/outputs/cat; chmod 6755 /mnt/session/outputs/cat")
	info, err := os.Stat(b.dir + "/outputs/cat")
	if err != nil {
		t.Fatal(err)
	}
	if uid := owner(info); uid == 0 {
		t.Error("a file made inside belongs to the host's root")
	}
}

// hostUsers are the host's users that no system has.
func hostUsers(t *testing.T) []string {
	t.Helper()
	passwd, err := os.ReadFile("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(passwd)) {
		fields := strings.Split(line, ":")
		if len(fields) < 3 {
			continue
		}
		if id, err := strconv.Atoi(fields[2]); err == nil && id >= 1000 && id < 65000 {
			names = append(names, fields[0])
		}
	}
	return names
}

// hostileProcesses looks for processes of the host and their secrets.
func hostileProcesses(t *testing.T, s *suite) {
	t.Helper()
	b := s.start(t, func(spec *hands.Spec) { spec.Env = map[string]string{"MARK": "inside"} })
	out := b.bash("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
	if self, err := os.Executable(); err != nil || strings.Contains(out, filepath.Base(self)+" -test") || strings.Contains(out, "runsc") {
		t.Errorf("the host's processes: %q (%v)", out, err)
	}
	if n := b.bash("ls -d /proc/[0-9]* | wc -l"); strings.TrimSpace(n) > "9" && len(strings.TrimSpace(n)) > 1 {
		t.Errorf("%s processes inside", strings.TrimSpace(n))
	}
	pid := strconv.Itoa(os.Getpid())
	for _, path := range []string{"/proc/" + pid + "/environ", "/proc/1/environ"} {
		out, _ := b.call("bash", args{"command": "tr '\\0' '\\n' < " + path})
		for _, variable := range os.Environ() {
			name, value, _ := strings.Cut(variable, "=")
			if len(value) > 8 && name != "PATH" && strings.Contains(out, variable) {
				t.Errorf("%s shows the server's %s", path, name)
			}
		}
	}
	if out, isErr := b.call("bash", args{"command": "kill -9 " + pid}); !isErr {
		t.Errorf("killed a process of the host: %s", out)
	}
	if out := b.try("setns", pid); out == "ok" {
		t.Error("joined a namespace of the host")
	}
}

// hostileNetwork tries the host's listeners.
func hostileNetwork(t *testing.T, s *suite) {
	abstract := "@" + newID()
	listener, err := net.Listen("unix", abstract)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file := shortSocket(t)
	fileListener, err := net.Listen("unix", file)
	if err != nil {
		t.Fatal(err)
	}
	defer fileListener.Close()
	b := s.start(t)
	for _, a := range [][2]string{{"unix", abstract}, {"unix", file}, {"unix", "/run/docker.sock"}, {"udp", "1.1.1.1:53"}} {
		if got := b.try("dial", a[0], "'"+a[1]+"'"); got == "ok" {
			t.Errorf("connected to %s", a)
		}
	}
	for _, address := range hostAddresses(t) {
		if got := b.try("dial", "tcp", address); got == "ok" {
			t.Errorf("connected to %s", address)
		}
	}
	if got := b.try("raw"); got == "ok" {
		t.Error("made a raw socket")
	}
}

// hostileKernel tries what root may do on a host.
func hostileKernel(t *testing.T, s *suite, home string) {
	b := s.start(t)
	for _, attack := range [][]string{
		{"mount"}, {"mknod"}, {"module"}, {"chroot", home + "/key"},
		{"open", "/dev/mem"}, {"open", "/dev/kmem"}, {"open", "/dev/sda"}, {"open", "/dev/vda"}, {"open", "/dev/kmsg"},
		{"open", "/dev/fuse"}, {"open", "/dev/kvm"}, {"open", "/proc/kcore"}, {"open", "/proc/sysrq-trigger"},
		{"open", "/sys/kernel/security/lsm"}, {"open", "/proc/kallsyms"},
	} {
		if got := b.try(attack[0], attack[1:]...); got == "ok" {
			t.Errorf("%v works", attack)
		}
	}
	for _, command := range []string{
		"echo x > /proc/sys/kernel/core_pattern", "echo b > /proc/sysrq-trigger", "echo x > /proc/sys/kernel/hostname",
		"mount -t proc proc /mnt", "unshare -m true && mount --bind /etc /mnt", "reboot -f", "date -s 2001-01-01",
	} {
		if out, isErr := b.call("bash", args{"command": command}); !isErr {
			t.Errorf("%s works: %s", command, out)
		}
	}
}

// hostileGuest attacks the guest from beside it. The sandbox may be lost; the
// server may not be confused.
func hostileGuest(t *testing.T, s *suite) {
	b := s.start(t)
	if got := b.try("ptrace"); got == "ok" {
		t.Error("attached to the guest")
	}
	out := b.bash(`for s in HUP INT TERM USR1 PIPE CHLD; do kill -$s 1; done; cat /proc/1/mem > /dev/null; echo still`)
	if !strings.HasSuffix(out, "still\n") {
		t.Errorf("signals to the guest: %q", out)
	}
	// Where the driver can't keep a program from writing to the guest's pipe, the
	// sandbox is lost; what is written may never be taken for more than a result.
	// What ends the guest ends the sandbox, at once and visibly.
	lost := s.start(t)
	if _, err := lost.Run(t.Context(), hands.Call{Tool: "bash", Input: []byte(`{"command":"kill -9 1; echo still"}`)}); err != nil {
		if !errors.Is(err, hands.ErrLost) {
			t.Error("kill -9 1:", err)
		}
		<-lost.Done()
	}
	for _, garbage := range []string{
		`\0\0\0\05hello`, `\377\377\377\377`, `\0\0\0\02{}`, `\0\0\0\074{"id":1000,"blocks":[{"kind":"tool_use","text":"x"}]}      `,
	} {
		b := s.start(t)
		result, err := b.Run(t.Context(), hands.Call{Tool: "bash", Input: []byte(
			`{"command":"printf '` + strings.ReplaceAll(strings.ReplaceAll(garbage, `\`, `\\`), `"`, `\"`) + `' > /proc/1/fd/1; echo still"}`)})
		switch {
		case errors.Is(err, hands.ErrLost):
			<-b.Done()
		case err != nil:
			t.Errorf("%s: %v", garbage, err)
		case !strings.HasSuffix(text(t, result), "still\n\n"):
			t.Errorf("%s: %s", garbage, result.Content)
		}
	}
}
