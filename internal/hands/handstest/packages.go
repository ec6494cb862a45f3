package handstest

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"
)

// packageServer has one package for pip, one for npm, two for apt, and a git
// repository, below /packages/.
func packageServer(t *testing.T) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	serve := func(path, typ string, body []byte) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", typ)
			_, _ = w.Write(body)
		})
	}
	const wheel = "/packages/pip/ostler_try-1.0-py3-none-any.whl"
	serve("/packages/pip/ostler-try/", "text/html", fmt.Appendf(nil, `<a href="%s">%s</a>`, wheel, filepath.Base(wheel)))
	serve(wheel, "application/zip", Zip(t, map[string]string{
		"ostler_try.py":                     "print('installed')\n",
		"ostler_try-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: ostler-try\nVersion: 1.0\n",
		"ostler_try-1.0.dist-info/WHEEL":    "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		"ostler_try-1.0.dist-info/RECORD":   "ostler_try.py,,\nostler_try-1.0.dist-info/METADATA,,\nostler_try-1.0.dist-info/WHEEL,,\nostler_try-1.0.dist-info/RECORD,,\n",
	}))
	const manifest = `{"name":"ostler-try","version":"1.0.0"`
	serve("/packages/npm/ostler-try", "application/json", []byte(`{"name":"ostler-try","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":`+
		manifest+`,"dist":{"tarball":"http://web.example.com/packages/npm/ostler-try.tgz"}}}}`))
	serve("/packages/npm/ostler-try.tgz", "application/octet-stream", TarGz(t, 0o644, map[string]string{
		"package/package.json": manifest + "}", "package/index.js": "console.log('installed')\n",
	}))
	serveApt(t, serve)
	mux.Handle("/packages/git/", http.StripPrefix("/packages/git/", http.FileServer(http.Dir(gitRepository(t)))))
	return mux
}

// gitRepository is a directory that holds a repository r for those who know
// only files.
func gitRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := exec.LookPath("git"); err != nil {
		return dir
	}
	bare, work := filepath.Join(dir, "r"), filepath.Join(t.TempDir(), "w")
	for _, c := range [][]string{
		{"init", "-q", "-b", "main", work},
		{"-C", work, "-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "--allow-empty", "-m", "cloned"},
		{"clone", "-q", "--bare", work, bare},
		{"-C", bare, "update-server-info"},
	} {
		if out, err := exec.CommandContext(t.Context(), "git", c...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", c, err, out)
		}
	}
	return dir
}
