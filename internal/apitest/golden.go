package apitest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// Transcript records requests and their answers, to be compared with a golden
// file.
type Transcript struct {
	*Server
	text strings.Builder
}

// Transcript begins a record.
func (s *Server) Transcript() *Transcript { return &Transcript{Server: s} }

// Say writes a line of prose.
func (r *Transcript) Say(text string) { fmt.Fprintf(&r.text, "# %s\n", text) }

// Call is Server.Call, recorded.
func (r *Transcript) Call(method, path, body string, headers ...string) Answer {
	r.t.Helper()
	a := r.Server.Call(method, path, body, headers...)
	fmt.Fprintf(&r.text, "> %s %s\n", method, path)
	for _, h := range headers {
		fmt.Fprintf(&r.text, "> %s\n", h)
	}
	if body != "" {
		fmt.Fprintf(&r.text, "%s\n", body)
	}
	fmt.Fprintf(&r.text, "< %d\n", a.Status)
	for _, name := range []string{"Allow", "X-Should-Retry"} {
		if v := a.Header.Get(name); v != "" {
			fmt.Fprintf(&r.text, "< %s: %s\n", name, v)
		}
	}
	fmt.Fprintf(&r.text, "%s\n\n", a.Body)
	return a
}

// Compare compares the record with testdata/NAME.golden, or rewrites the file
// under -update.
func (r *Transcript) Compare(t testing.TB, name string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	got := r.text.String()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s, line %d (-update rewrites it):\ngot  %s\nwant %s", file, i+1, line(g, i), line(w, i))
		}
	}
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "the end"
}
