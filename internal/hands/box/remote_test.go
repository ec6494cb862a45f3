package box

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ostlerdev/ostler/internal/hands"
	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// fakeKeeper keeps a guest that is a goroutine of the test's.
type fakeKeeper struct {
	once     sync.Once
	gone     chan struct{}
	outside  int64
	said     string
	released int
}

func (k *fakeKeeper) Kill()                                { k.once.Do(func() { close(k.gone) }) }
func (k *fakeKeeper) Gone() <-chan struct{}                { return k.gone }
func (k *fakeKeeper) Usage(context.Context) (int64, error) { return k.outside, nil }
func (k *fakeKeeper) Said() string                         { return k.said }
func (k *fakeKeeper) Release()                             { k.released++ }

// startRemote starts a sandbox whose guest greets with hello, and returns what
// the guest was told.
func startRemote(t *testing.T, k *fakeKeeper, spec hands.Spec, env map[string]string, hello frame.Response) (*Remote, *fakeGuest, frame.Init, error) {
	t.Helper()
	inR, inW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	g := &fakeGuest{t: t, in: bufio.NewReader(inR), out: outW, raw: inR}
	t.Cleanup(func() {
		for _, f := range []*os.File{inR, inW, outR, outW} {
			_ = f.Close()
		}
	})
	spec.ID = "sbx_aaaaaaaaaaaaaaaaaaaaaaaa"
	if spec, err = Check(spec); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var init frame.Init
	all.Go(func() {
		if err := frame.Read(g.in, &init); err != nil {
			t.Error(err)
		}
		g.send(hello)
	})
	r, err := StartRemote(t.Context(), k, inW, outR, spec, env)
	all.Wait()
	return r, g, init, err
}

func newKeeper() *fakeKeeper { return &fakeKeeper{gone: make(chan struct{})} }

func TestRemote(t *testing.T) {
	k := newKeeper()
	r, g, init, err := startRemote(t, k, hands.Spec{
		Dir: t.TempDir(), GateSocket: "/gate", Env: map[string]string{"A": "spec"}, Links: []hands.Link{{Path: "/l", Target: "/t"}},
		Layers: []hands.Layer{{Tree: "/x", Path: "/opt/x", Env: map[string]string{"B": "layer"}}},
	}, map[string]string{"A": "image", "B": "image", "C": "image"}, frame.Response{})
	if err != nil {
		t.Fatal(err)
	}
	want := frame.Init{Version: frame.Version, Env: map[string]string{"A": "spec", "B": "layer", "C": "image"}, Links: []frame.Link{{Path: "/l", Target: "/t"}}, Gate: InsideSocket}
	if diff := cmp.Diff(want, init); diff != "" {
		t.Error(diff)
	}
	var all sync.WaitGroup
	all.Go(func() {
		req := g.next()
		g.send(frame.Response{ID: req.ID, Blocks: text("result of " + req.Tool)})
		req = g.next()
		g.send(frame.Response{ID: req.ID, Failure: "no link for " + req.Links[0].Path})
	})
	result, err := r.Run(t.Context(), hands.Call{Tool: "read", Input: []byte(`{}`)})
	if err != nil || !strings.Contains(string(result.Content[0]), "result of read") {
		t.Errorf("%s, %v", result.Content, err)
	}
	if err := r.Link(t.Context(), []hands.Link{{Path: "/l"}}); err == nil || errors.Is(err, hands.ErrLost) || !strings.Contains(err.Error(), "no link for /l") {
		t.Errorf("Link: %v", err)
	}
	all.Wait()
	for range 2 {
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if k.released != 1 {
		t.Errorf("released %d times", k.released)
	}
	if _, err := r.Run(t.Context(), hands.Call{Tool: "read", Input: []byte(`{}`)}); !errors.Is(err, hands.ErrLost) || !strings.Contains(err.Error(), "it was closed") {
		t.Errorf("a call after Close: %v", err)
	}
}

// A guest that ends takes its sandbox with it, and calls say so.
func TestRemoteLost(t *testing.T) {
	k := newKeeper()
	r, g, _, err := startRemote(t, k, hands.Spec{Dir: t.TempDir()}, nil, frame.Response{})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		g.next()
		_ = g.out.Close()
	}()
	if _, err := r.Run(t.Context(), hands.Call{Tool: "bash", Input: []byte(`{}`)}); !errors.Is(err, hands.ErrLost) {
		t.Errorf("the running call: %v", err)
	}
	<-r.Done()
	<-k.gone
}

func TestRemoteFailsToStart(t *testing.T) {
	k := newKeeper()
	k.said = "what it complained of"
	_, _, _, err := startRemote(t, k, hands.Spec{Dir: t.TempDir()}, nil, frame.Response{Failure: "no shell"})
	if err == nil || !strings.Contains(err.Error(), "no shell: what it complained of") {
		t.Errorf("%v", err)
	}
	if k.released != 1 {
		t.Errorf("released %d times", k.released)
	}
}

// What is written outside of the directory counts.
func TestRemoteUsage(t *testing.T) {
	k := newKeeper()
	k.outside = 1 << 40
	r, g, _, err := startRemote(t, k, hands.Spec{Dir: t.TempDir()}, nil, frame.Response{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(context.Background())
	used, err := r.usage()
	if err != nil || used < k.outside {
		t.Fatalf("%d, %v", used, err)
	}
	r.disk.see(used)
	if req := g.next(); req.Op != frame.OpStop || !strings.Contains(req.Reason, "of disk") {
		t.Errorf("the guest was told %+v", req)
	}
	result, err := r.Run(t.Context(), hands.Call{Tool: "write", Input: []byte(`{}`)})
	if err != nil || !result.IsError || !strings.Contains(string(result.Content[0]), "Delete files to go on") {
		t.Errorf("%s, %v", result.Content, err)
	}
}

func TestVolumes(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "store")
	if err := errors.Join(os.MkdirAll(source, 0o755), os.MkdirAll(dir+"/run/old", 0o755)); err != nil {
		t.Fatal(err)
	}
	got, err := Volumes(hands.Spec{
		Dir: dir, Mounts: []hands.Mount{{Path: "/workspace/in/deep", Source: source, ReadOnly: true}},
		Layers: []hands.Layer{{System: "/s"}, {Tree: "/t", Path: "/opt/t"}},
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []Volume{
		{Source: dir + "/workspace", Path: "/workspace"}, {Source: dir + "/uploads", Path: "/mnt/session/uploads", ReadOnly: true},
		{Source: dir + "/outputs", Path: "/mnt/session/outputs"}, {Source: source, Path: "/workspace/in/deep", ReadOnly: true},
		{Source: "/t", Path: "/opt/t", ReadOnly: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(dir + "/run"); err == nil {
		t.Error("what an earlier sandbox left is there")
	}
	if info, err := os.Stat(dir + "/workspace/in/deep"); err != nil || !info.IsDir() {
		t.Errorf("the place of a mount: %v", err)
	}
	if _, err := Volumes(hands.Spec{Dir: t.TempDir(), Mounts: []hands.Mount{{Path: "/m", Source: source + "/none"}}}, os.Getuid()+1); err == nil {
		t.Error("a mount of what isn't there")
	}
}
