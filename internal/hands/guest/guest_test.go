package guest

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

func TestApplyLinks(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	link := func(name, target string) frame.Link { return frame.Link{Path: at(name), Target: target} }
	steps := []struct {
		links []frame.Link
		fails bool
		want  map[string]string // link to target; "" is gone
	}{
		{[]frame.Link{link("a/b/c", "/x"), link("d", "/y")}, false, map[string]string{"a/b/c": "/x", "d": "/y"}},
		{[]frame.Link{link("d", "/y"), link("a/b/c", "/z")}, false, map[string]string{"a/b/c": "/z", "d": "/y"}},
		{[]frame.Link{link("d", ""), link("none", "")}, false, map[string]string{"d": ""}},
		{[]frame.Link{link("a", "/x")}, true, nil},
		{[]frame.Link{link("a", "")}, true, nil},
		{[]frame.Link{{Path: "relative", Target: "/x"}}, true, nil},
	}
	for i, s := range steps {
		if err := applyLinks(s.links); (err != nil) != s.fails {
			t.Errorf("step %d: %v", i, err)
		}
		for name, want := range s.want {
			if got, _ := os.Readlink(at(name)); got != want {
				t.Errorf("step %d: %s leads to %q, want %q", i, name, got, want)
			}
		}
	}
}

// Each direction ends on its own, and nothing is lost when one has.
func TestRelay(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	upstream, err := net.Listen("unix", gate)
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Close()
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		conn, err := upstream.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		request, err := io.ReadAll(conn) // ends when the client has closed its half
		if err != nil {
			t.Error(err)
		}
		if _, err := conn.Write(append(request, "!"...)); err != nil {
			t.Error(err)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	all.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		relayOne(conn, gate)
	})
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := client.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(client); err != nil || string(got) != "hello!" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestQueueKeepsOrder(t *testing.T) {
	q := newQueue()
	var got []int
	done := make(chan struct{})
	for i := range 100 {
		q.put(func() { got = append(got, i) })
	}
	q.put(func() { close(done) })
	<-done
	for i, n := range got {
		if i != n {
			t.Fatalf("job %d ran as number %d", n, i)
		}
	}
}

func TestParentOf(t *testing.T) {
	if parent, alive := parentOf(os.Getpid()); !alive || parent != os.Getppid() {
		t.Errorf("parent %d, alive %v; want %d", parent, alive, os.Getppid())
	}
	if _, alive := parentOf(1 << 30); alive {
		t.Error("a process that doesn't exist is alive")
	}
	all, err := snapshot()
	if err != nil || !all[os.Getpid()] {
		t.Errorf("this process isn't among %d (%v)", len(all), err)
	}
}

func TestEnvironment(t *testing.T) {
	env := environment(frame.Init{Gate: "/g", Env: map[string]string{"LANG": "de", "X": "y"}})
	for name, want := range map[string]string{"LANG": "de", "X": "y", "https_proxy": "http://127.0.0.1:3128", "HOME": "/root"} {
		if env[name] != want {
			t.Errorf("%s=%q, want %q", name, env[name], want)
		}
	}
	if _, ok := environment(frame.Init{})["http_proxy"]; ok {
		t.Error("a proxy without a gate")
	}
}

// File tools must not fork, or the reaper would bury their children: grep of
// the SDK runs rg if it finds one.
func TestGrepStartsNoProgram(t *testing.T) {
	dir := t.TempDir()
	mark := filepath.Join(dir, "mark")
	if err := os.WriteFile(filepath.Join(dir, "rg"), []byte("#!/bin/sh\ntouch "+strconv.Quote(mark)+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	if err := os.WriteFile(filepath.Join(work, "f"), []byte("found\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if err := hidePrograms(); err != nil {
		t.Fatal(err)
	}
	blocks, isErr := fileTools(work)["grep"](t.Context(), []byte(`{"pattern":"foun."}`))
	if want := filepath.Join(work, "f") + ":1:found"; isErr || len(blocks) != 1 || blocks[0].Text != want {
		t.Errorf("%v, error %v", blocks, isErr)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("grep ran rg")
	}
}
