package box

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

func TestValidate(t *testing.T) {
	good := hands.Spec{ID: "sbx_0123456789abcdefghijklmn", Dir: "/d", Env: map[string]string{"A": "b=c"}}
	if err := validate(good); err != nil {
		t.Error(err)
	}
	for name, edit := range map[string]func(*hands.Spec){
		"no id":         func(s *hands.Spec) { s.ID = "" },
		"upper id":      func(s *hands.Spec) { s.ID = strings.ToUpper(s.ID) },
		"long id":       func(s *hands.Spec) { s.ID += "x" },
		"path id":       func(s *hands.Spec) { s.ID = "sbx_../../../../../etc/passwd" },
		"root":          func(s *hands.Spec) { s.Dir = "/" },
		"relative":      func(s *hands.Spec) { s.Dir = "d" },
		"detour":        func(s *hands.Spec) { s.Dir = "/a/../b" },
		"NUL":           func(s *hands.Spec) { s.Dir = "/a\x00" },
		"mount of /usr": func(s *hands.Spec) { s.Mounts = []hands.Mount{{Path: "/usr/x", Source: "/s"}} },
		"mount of /":    func(s *hands.Spec) { s.Mounts = []hands.Mount{{Path: "/", Source: "/s"}} },
		"mount detour":  func(s *hands.Spec) { s.Mounts = []hands.Mount{{Path: "/mnt/../usr", Source: "/s"}} },
		"mount source":  func(s *hands.Spec) { s.Mounts = []hands.Mount{{Path: "/mnt/x", Source: "s"}} },
		"variable":      func(s *hands.Spec) { s.Env = map[string]string{"A=B": ""} },
		"empty name":    func(s *hands.Spec) { s.Env = map[string]string{"": "x"} },
		"NUL in value":  func(s *hands.Spec) { s.Env = map[string]string{"A": "\x00"} },
	} {
		spec := good
		edit(&spec)
		if err := validate(spec); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestWithDefaults(t *testing.T) {
	got := withDefaults(hands.Limits{})
	if want := (hands.Limits{Memory: 8 << 30, Processes: 1024, Disk: 10 << 30, FileSize: 10 << 30}); got != want {
		t.Errorf("%+v", got)
	}
	given := hands.Limits{Memory: 1, Processes: 2, Disk: 3, FileSize: 4}
	if got := withDefaults(given); got != given {
		t.Errorf("%+v", got)
	}
}

func TestPrograms(t *testing.T) {
	dir := t.TempDir()
	exe := filepath.Join(t.TempDir(), "exe")
	if err := os.WriteFile(exe, []byte("one"), 0o755); err != nil {
		t.Fatal(err)
	}
	first, err := Programs(dir, exe, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Programs(dir, exe, "a", "b"); err != nil || again != first {
		t.Errorf("again: %s, %v", again, err)
	}
	// Another version goes to another place, and the first stays as it was.
	if err := os.Remove(exe); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(exe, []byte("second"), 0o755); err != nil {
		t.Fatal(err)
	}
	second, err := Programs(dir, exe, "a")
	if err != nil || second == first {
		t.Errorf("second version: %s, %v", second, err)
	}
	for path, want := range map[string]string{first + "/a": "one", first + "/b": "one", second + "/a": "second"} {
		got, err := os.ReadFile(path)
		info, statErr := os.Stat(path)
		if err != nil || statErr != nil || string(got) != want || info.Mode().Perm()&0o111 == 0 {
			t.Errorf("%s: %q, %v, %v", path, got, err, info)
		}
	}
	if _, err := Programs(dir, exe+"-none", "a"); err == nil {
		t.Error("a program that doesn't exist was placed")
	}
}

func TestStatic(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Which this test is depends on CGO_ENABLED.
	if err := Static(exe); err != nil && !strings.Contains(err.Error(), "CGO_ENABLED=0") {
		t.Error(err)
	}
	if err := Static("/bin/bash"); err == nil || !strings.Contains(err.Error(), "dynamically linked") {
		t.Errorf("bash: %v", err)
	}
	if err := Static("/etc/passwd"); err == nil {
		t.Error("/etc/passwd is a static program")
	}
}

func TestDiskUsage(t *testing.T) {
	dir := t.TempDir()
	empty, err := diskUsage(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/f", make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(dir+"/f", dir+"/g"); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(dir+"/f", 1<<20); err != nil {
		t.Fatal(err)
	}
	sparse, err := os.Create(dir + "/sparse")
	if err != nil {
		t.Fatal(err)
	}
	if err := sparse.Truncate(1 << 40); err != nil {
		t.Fatal(err)
	}
	if err := sparse.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := diskUsage(dir)
	if grown := got - empty; err != nil || grown < 1<<20 || grown > 1<<20+64<<10 {
		t.Errorf("one MiB under two names and a hole take %d bytes (%v)", grown, err)
	}
	if _, err := diskUsage(dir + "/none"); err == nil {
		t.Error("a directory that doesn't exist has a size")
	}
}

func TestTail(t *testing.T) {
	var s Tail
	for range 1000 {
		if _, err := s.Write([]byte("some words\n")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Write([]byte("the end\n")); err != nil {
		t.Fatal(err)
	}
	if got := s.String(); len(got) > tailSize || !strings.HasSuffix(got, "words the end") {
		t.Errorf("%d bytes: …%q", len(got), got[max(0, len(got)-40):])
	}
}

// The limits of a group are files; a directory of plain files stands for it.
func TestCgroupVersion2(t *testing.T) {
	mount := t.TempDir()
	for _, file := range []string{"cgroup.controllers", "cgroup.subtree_control", "ostler/cgroup.subtree_control"} {
		touchFile(t, filepath.Join(mount, file))
	}
	c, err := findCgroups(mount, "ostler")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"memory.max", "memory.swap.max", "pids.max", "cgroup.procs"} {
		touchFile(t, filepath.Join(mount, "ostler/sbx_1", file))
	}
	g, err := c.add(Plan{ID: "sbx_1", Memory: 8 << 30, Processes: 100}, 42)
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"cgroup.subtree_control": "+memory +pids", "ostler/cgroup.subtree_control": "+memory +pids",
		"ostler/sbx_1/memory.max": "9797894144", "ostler/sbx_1/memory.swap.max": "0", "ostler/sbx_1/pids.max": "912", "ostler/sbx_1/cgroup.procs": "42",
	} {
		if got, err := os.ReadFile(filepath.Join(mount, file)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", file, got, err, want)
		}
	}
	if err := os.WriteFile(filepath.Join(mount, "ostler/sbx_1/memory.stat"), []byte("anon 100\nfile 7\nshmem 20\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if used, err := g.memory(); err != nil || used != 120 {
		t.Errorf("memory %d, %v", used, err)
	}
	if err := c.at("sbx_2").remove(); err != nil {
		t.Errorf("removing a group that isn't there: %v", err)
	}
}

func touchFile(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Sweep kills what a record names, and nothing that merely has its pid.
func TestSweep(t *testing.T) {
	state, run := t.TempDir(), filepath.Join(t.TempDir(), "run")
	start := func() *exec.Cmd {
		t.Helper()
		cmd := exec.Command("sleep", "1000")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		return cmd
	}
	victim, stranger := start(), start()
	for id, cmd := range map[string]*exec.Cmd{"sbx_a": victim, "sbx_b": stranger} {
		r, err := reserve(state, id, run)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.started(cmd.Process.Pid); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := reserve(state, "sbx_a", run); err == nil {
		t.Error("two records of one sandbox")
	}
	if _, err := reserve(state, "sbx_half", run); err != nil { // the server died right here
		t.Fatal(err)
	}
	path := filepath.Join(liveDir(state), "sbx_b.json")
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body = []byte(strings.Replace(string(body), `"since":"`, `"since":"9`, 1))
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	touchFile(t, run+"/store/x")
	current, old := filepath.Join(state, "programs/new"), filepath.Join(state, "programs/old")
	touchFile(t, current+"/x")
	touchFile(t, old+"/x")
	if err := Sweep(t.Context(), Config{StateDir: state, Programs: current}); err != nil {
		t.Fatal(err)
	}
	if err := victim.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("the launcher: %v", err)
	}
	if _, err := startTime(stranger.Process.Pid); err != nil {
		t.Error("a stranger was killed")
	}
	if _, err := os.Stat(current + "/x"); err != nil {
		t.Error("the current programs:", err)
	}
	for _, path := range []string{run, old, filepath.Join(liveDir(state), "sbx_a.json"), path, filepath.Join(liveDir(state), "sbx_half.json")} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", path, err)
		}
	}
}

func TestTreeMemory(t *testing.T) {
	used, err := treeMemory(os.Getpid())
	if err != nil || used < 1<<20 || used > 1<<40 {
		t.Errorf("this test uses %d bytes, %v", used, err)
	}
}
