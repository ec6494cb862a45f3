package handstest

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// ordinary is the user and group id that stands for an ordinary user. Nothing
// on a machine belongs to it.
const ordinary = 61234

// asUser runs the calling test again in a process of an ordinary user, with a
// directory of its own and, besides the usual, env in its environment.
func asUser(t *testing.T, env ...string) {
	t.Helper()
	dir, program, user := UserHome(t, ordinary)
	name, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^"+name+"$", "-test.v")
	cmd.Args[0] = ordinaryName
	cmd.Dir = dir
	cmd.Env = append(env, user...)
	for _, name := range []string{"DOCKER_HOST", "OSTLER_TEST_DOCKER_IMAGE"} { // of the driver docker's tests
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil:
		t.Errorf("as an ordinary user: %v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP: "+name+" "):
		t.Skipf("as an ordinary user: %s", out)
	default:
		t.Logf("%s", out)
	}
}

// UserHome makes a directory of an ordinary user's, with a copy of this program
// in it, and the environment that goes with it.
func UserHome(t *testing.T, id int) (dir, program string, env []string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "user")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	program = filepath.Join(dir, "tests")
	if err := errors.Join(copySelf(program), os.Mkdir(dir+"/tmp", 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, dir + "/tmp", program} {
		if err := errors.Join(os.Chown(path, id, id), os.Chmod(path, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, program, []string{"TMPDIR=" + dir + "/tmp", "HOME=" + dir, "PATH=" + os.Getenv("PATH")}
}

// ordinaryName is the argv[0] of the test binary that becomes an ordinary
// user's.
const ordinaryName = "ostler-ordinary"

// becomeOrdinary makes this process, root's in a mount namespace of its own, an
// ordinary user's, and runs the program again. Before that it makes sure that
// the user may open the device for network interfaces, which on most machines
// everybody may, or with hideDevice in the environment, that nobody can.
func becomeOrdinary() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := placeDevice(); err != nil {
		return err
	}
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(ordinary), syscall.Setuid(ordinary)); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return unix.Exec(self, append([]string{self}, os.Args[1:]...), os.Environ())
}

const (
	tunDevice  = "/dev/net/tun"
	hideDevice = "OSTLER_TEST_HIDE_DEVICE=1"
)

func placeDevice() error {
	info, err := os.Stat(tunDevice)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	device := "/dev/null"
	switch {
	case slices.Contains(os.Environ(), hideDevice):
	case info.Mode().Perm()&0o006 == 0o006:
		return nil
	default:
		device = filepath.Join(os.Getenv("HOME"), "tun")
		if err := errors.Join(
			unix.Mknod(device, unix.S_IFCHR, int(info.Sys().(*syscall.Stat_t).Rdev)),
			os.Chmod(device, 0o666),
		); err != nil {
			return err
		}
	}
	return unix.Mount(device, tunDevice, "", unix.MS_BIND, "")
}

// NoNamespaces begins the reason with which NeedNamespaces skips.
const NoNamespaces = "this kernel lets no ordinary user make user namespaces"

// NeedNamespaces skips the test of an ordinary user whom the kernel doesn't
// let make user namespaces.
func NeedNamespaces(t testing.TB) {
	t.Helper()
	try := exec.CommandContext(t.Context(), "/bin/true")
	try.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
	}
	err := try.Run()
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EUSERS) {
		t.Skipf(NoNamespaces+": %v", err)
	}
}

func copySelf(path string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	in, err := os.Open(self)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// owner is the host's id of the owner of a file.
func owner(info os.FileInfo) int {
	return int(info.Sys().(*syscall.Stat_t).Uid)
}
