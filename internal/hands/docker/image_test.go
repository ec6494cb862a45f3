package docker

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/system"
	"golang.org/x/sys/unix"
)

// Everything that an image depends on is in its key.
func TestImageKey(t *testing.T) {
	layer := t.TempDir()
	file := filepath.Join(layer, "f")
	write := func(text string, mtime int64) {
		if err := errors.Join(os.WriteFile(file, []byte(text), 0o644), os.Chtimes(file, time.Unix(mtime, 0), time.Unix(mtime, 0))); err != nil {
			t.Fatal(err)
		}
	}
	key := func(base string, user int, layers ...string) string {
		k, err := imageKey(base, user, layers)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	write("a", 1)
	first := key("b", 1, layer)
	if again := key("b", 1, layer); again != first {
		t.Errorf("%s and %s are of the same", first, again)
	}
	seen := map[string]string{first: "first"}
	for name, k := range map[string]string{
		"base": key("c", 1, layer), "user": key("b", 2, layer),
		"no layer": key("b", 1), "two layers": key("b", 1, layer, layer),
	} {
		if other, ok := seen[k]; ok {
			t.Errorf("%s has the key of %s", name, other)
		}
		seen[k] = name
	}
	write("a", 2)
	if again := key("b", 1, layer); again != first {
		t.Error("the same text written again has another key")
	}
	write("b", 2)
	if k := key("b", 1, layer); seen[k] != "" {
		t.Error("a changed layer has the key of ", seen[k])
	}
	large := strings.Repeat("x", 1<<20)
	write(large, 3)
	then := key("b", 1, layer)
	write(large, 4)
	if now := key("b", 1, layer); now == then || seen[now] != "" || seen[then] != "" {
		t.Error("a large file of another time has the same key")
	}
	if _, err := imageKey("b", 1, []string{layer + "/none"}); err == nil {
		t.Error("a layer that isn't there")
	}
}

func TestPack(t *testing.T) {
	root := t.TempDir()
	for path, mode := range map[string]os.FileMode{
		"usr/bin/tool": 0o755, "usr/bin/su": 0o4755, "etc/hosts": 0o644, "etc/secret": 0o600, "etc/secrets/in": 0o644, "dev/x": 0o644, "proc/x": 0o644, "tmp/x": 0o644,
	} {
		full := filepath.Join(root, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(path), 0o600), unix.Chmod(full, uint32(mode.Perm())|uint32(mode)&0o7000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(root+"/etc/secrets", 0o700), os.Symlink("usr/bin", root+"/bin"), unix.Mkfifo(root+"/etc/pipe", 0o644)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := pack(&out, root); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for r := tar.NewReader(&out); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Mode&^0o777 != 0 || h.Uid != 0 || h.Gid != 0 {
			t.Errorf("%s: mode %o of %d:%d", h.Name, h.Mode, h.Uid, h.Gid)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeDir {
			got[h.Name] = h.Linkname + string(body)
		}
	}
	want := map[string]string{"usr/bin/tool": "usr/bin/tool", "usr/bin/su": "usr/bin/su", "etc/hosts": "etc/hosts", "bin": "usr/bin"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := pack(io.Discard, root+"/none"); err == nil {
		t.Error("a root file system that isn't there")
	}
}

func TestStaleImages(t *testing.T) {
	layer := t.TempDir()
	d := fakeEngine(t, system.Info{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1.41/images/example.com/image:tag/json" {
			refuse(w, http.StatusTeapot, r.URL.Path)
			return
		}
		_, _ = io.WriteString(w, `{"Id":"sha256:base"}`)
	})
	for name, c := range map[string]struct {
		base, layers string
		want         bool
	}{
		"in use":          {"sha256:base", `["` + layer + `"]`, false},
		"without layers":  {"sha256:base", `null`, false},
		"of another base": {"sha256:older", `null`, true},
		"of what is gone": {"sha256:base", `["` + layer + `","` + layer + `/gone"]`, true},
		"not ours":        {"sha256:base", ``, true},
		"a base":          {"", ``, false},
	} {
		got, err := d.stale(t.Context(), map[string]string{labelBase: c.base, labelLayers: c.layers})
		if got != c.want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestPacketPair(t *testing.T) {
	a, b, err := packetPair()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	buf := make([]byte, 100)
	for _, packet := range []string{"one", "two"} {
		if _, err := a.WriteString(packet); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := b.Read(buf); err != nil || string(buf[:n]) != "one" {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Read(buf); err != nil || string(buf[:n]) != "two" {
		t.Errorf("%q, %v", buf[:n], err)
	}
}
