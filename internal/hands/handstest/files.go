package handstest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/hands"
)

const outside = ` is outside the session's working directory and its other permitted directories`

// testFiles holds read, write and edit to the texts of the reference worker.
func testFiles(t *testing.T, s *suite) {
	dir := t.TempDir()
	writeFile(t, dir+"/uploads/in.txt", "given\n")
	b := s.start(t, func(spec *hands.Spec) { spec.Dir = dir })
	line := strings.Repeat("x", 300<<10)
	b.check([]toolCase{
		{"write", args{"file_path": "a/b.txt", "content": "one\ntwo\nthree\n"}, "wrote 14 bytes to a/b.txt", false},
		{"read", args{"file_path": "/workspace/a/b.txt"}, "one\ntwo\nthree\n", false},
		{"read", args{"file_path": "a/b.txt", "view_range": []int{2, 2}}, "two", false},
		{"read", args{"file_path": "a/b.txt", "view_range": []int{2, -1}}, "two\nthree\n", false},
		{"read", args{"file_path": "a/b.txt", "view_range": []int{9, 10}}, "(no output)", false},
		{"read", args{"file_path": "a/b.txt", "view_range": []int{1}}, "read: view_range must be [start_line, end_line]", true},
		{"read", args{"file_path": "none"}, "read none: no such file or directory", true},
		{"read", args{"file_path": "a"}, "read: a is not a regular file", true},
		{"read", args{}, "read: file_path is required", true},
		{"read", args{"file_path": "/etc/passwd"}, `read: path "/etc/passwd"` + outside, true},
		{"read", args{"file_path": "/mnt/session/uploads/in.txt"}, "given\n", false},
		{"write", args{"file_path": "/mnt/session/uploads/in.txt", "content": "x"}, "write: /mnt/session/uploads/in.txt is inside read-only directory /mnt/session/uploads", true},
		{"write", args{"file_path": "/etc/passwd", "content": "x"}, `write: path "/etc/passwd"` + outside, true},
		{"write", args{"file_path": "/tmp/t", "content": "x"}, "wrote 1 bytes to /tmp/t", false},
		{"write", args{"file_path": "/mnt/session/outputs/o", "content": "ø"}, "wrote 2 bytes to /mnt/session/outputs/o", false},
		{"edit", args{"file_path": "a/b.txt", "old_string": "two", "new_string": "2"}, "edited a/b.txt (1 replacement(s))", false},
		{"edit", args{"file_path": "a/b.txt", "old_string": "zwei", "new_string": "2"}, "edit: old_string not found in a/b.txt", true},
		{"edit", args{"file_path": "a/b.txt", "old_string": "e", "new_string": "E"}, "edit: old_string appears 3 times in a/b.txt (must be unique)", true},
		{"edit", args{"file_path": "a/b.txt", "old_string": "e", "new_string": "E", "replace_all": true}, "edited a/b.txt (3 replacement(s))", false},
		{"edit", args{"file_path": "a/b.txt", "new_string": "E"}, "edit: old_string is required", true},
		{"read", args{"file_path": "a/b.txt"}, "onE\n2\nthrEE\n", false},
		{"write", args{"file_path": "line", "content": line}, "wrote 307200 bytes to line", false},
		{"read", args{"file_path": "line"}, "read: line is 307200 bytes, exceeds 262144-byte limit. Use the view_range parameter to read specific line ranges, e.g. view_range: [1, 500].", true},
		{"read", args{"file_path": "line", "view_range": []int{1, 1}}, "read: line 1 of line alone exceeds 262144-byte limit. …", true},
		{"edit", args{"file_path": "line", "old_string": "x", "new_string": "y"}, "edit: line is 307200 bytes, exceeds 262144-byte limit. The edit tool loads the whole file and cannot modify a file this large.", true},
	})
	b.bash("ln -s /etc/passwd way-out")
	b.check([]toolCase{{"read", args{"file_path": "way-out"}, `read: path "way-out"` + outside, true}})
}

// testSearch holds glob and grep to the texts of the reference worker.
func testSearch(t *testing.T, s *suite) {
	b := s.start(t)
	b.bash(`mkdir -p d/e .git; echo "func main" > d/m.go; echo "func other" > d/e/o.go; echo "func hidden" > .git/x
		touch -d @1000 d/m.go; touch -d @2000 d/e/o.go; touch -d @3000 d/e; for i in $(seq 210); do : > d/e/f$i.txt; done`)
	b.check([]toolCase{
		{"glob", args{"pattern": "**/*.go"}, "/workspace/d/e/o.go\n/workspace/d/m.go", false},
		{"glob", args{"pattern": "*.go", "path": "d"}, "/workspace/d/m.go", false},
		{"glob", args{"pattern": "*.rs"}, "no matches", false},
		{"glob", args{"pattern": "/etc/*"}, "glob: absolute pattern not permitted; pass a relative pattern (and optionally path)", true},
		{"glob", args{"pattern": "../*"}, `glob: pattern "../*" must not contain a ".." segment`, true},
		{"glob", args{"pattern": "*", "path": "/etc"}, `glob: path "/etc"` + outside, true},
		{"grep", args{"pattern": "func o"}, "/workspace/d/e/o.go:1:func other", false},
		{"grep", args{"pattern": "func", "path": "d/m.go"}, "/workspace/d/m.go:1:func main", false},
		{"grep", args{"pattern": "hidden"}, "no matches", false},
		{"grep", args{"pattern": "("}, "grep: invalid regex: …", true},
		{"grep", args{"pattern": "root", "path": "/etc/passwd"}, `grep: path "/etc/passwd"` + outside, true},
	})
	out, _ := b.call("glob", args{"pattern": "d/e/*.txt"})
	if n := strings.Count(out, "\n") + 1; n != 200 {
		t.Errorf("glob of 210 files shows %d, want 200", n)
	}
}

// testLarge holds results over 100,000 characters to a preview and a file.
func testLarge(t *testing.T, s *suite) {
	b := s.start(t)
	whole := strings.Repeat("é", 60_000) + strings.Repeat("z", 60_000)
	b.check([]toolCase{{"write", args{"file_path": "big", "content": whole}, "wrote 180000 bytes to big", false}})
	result, err := b.Run(t.Context(), hands.Call{ID: "sevt_x1", Tool: "read", Input: []byte(`{"file_path":"big"}`)})
	if err != nil {
		t.Fatal(err)
	}
	want, large := hands.Preview(whole, "/tmp/tool-outputs/sevt_x1.txt")
	if got := text(t, result); !large || got != want {
		t.Errorf("preview: %.80q … of %d bytes", got, len(got))
	}
	if out := b.bash("cmp big /tmp/tool-outputs/sevt_x1.txt && echo same"); out != "same\n" {
		t.Error(out)
	}
	// Without a usable id the sandbox chooses the file; the preview names it.
	result, err = b.Run(t.Context(), hands.Call{ID: "../x", Tool: "read", Input: []byte(`{"file_path":"big"}`)})
	if err != nil || !strings.Contains(text(t, result), "/tmp/tool-outputs/call_") {
		t.Errorf("unnamed: %v, %.80s", err, result.Content)
	}
}

// testVolumes holds the host's directories to being seen on both sides.
func testVolumes(t *testing.T, s *suite) {
	store, skills := t.TempDir(), t.TempDir()
	writeFile(t, store+"/note", "remember")
	writeFile(t, skills+"/SKILL.md", "skill")
	dir := t.TempDir()
	writeFile(t, dir+"/workspace/kept", "kept")
	writeFile(t, dir+"/uploads/u", "upload")
	b := s.start(t, func(spec *hands.Spec) {
		spec.Dir = dir
		spec.Mounts = []hands.Mount{
			{Path: "/mnt/memory/notes", Source: store},
			{Path: "/workspace/skills/s", Source: skills, ReadOnly: true},
		}
	})
	b.check([]toolCase{
		{"read", args{"file_path": "/workspace/kept"}, "kept", false},
		{"read", args{"file_path": "/mnt/memory/notes/note"}, "remember", false},
		{"read", args{"file_path": "skills/s/SKILL.md"}, "skill", false},
		{"bash", args{"command": "echo changed > kept; mkdir -p new/dir; echo x > new/dir/f; rm /mnt/session/uploads/u"}, "rm: cannot remove '/mnt/session/uploads/u': Read-only file system\n\n\nexit code: 1", true},
		{"bash", args{"command": "echo x > skills/s/SKILL.md"}, "bash: skills/s/SKILL.md: Read-only file system\n\n\nexit code: 1", true},
		{"bash", args{"command": "echo out > /mnt/session/outputs/o; echo note2 > /mnt/memory/notes/note2"}, "(no output)", false},
	})
	for path, want := range map[string]string{
		dir + "/workspace/kept": "changed\n", dir + "/workspace/new/dir/f": "x\n", dir + "/uploads/u": "upload",
		dir + "/outputs/o": "out\n", store + "/note2": "note2\n", skills + "/SKILL.md": "skill",
	} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s on the host: %q, %v; want %q", path, got, err, want)
		}
	}
	// Uploads given later are seen too.
	writeFile(t, dir+"/uploads/later", "later")
	b.check([]toolCase{{"read", args{"file_path": "/mnt/session/uploads/later"}, "later", false}})
	// Files outlive the sandbox, and what the agent puts in the place of a mount
	// inside a volume gives way to it.
	b.bash("ln -s /tmp trap; touch trapped")
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := s.start(t, func(spec *hands.Spec) {
		spec.Dir = dir
		spec.Mounts = []hands.Mount{{Path: "/workspace/trap/s", Source: skills}, {Path: "/workspace/trapped", Source: skills}}
	})
	again.check([]toolCase{
		{"bash", args{"command": "cat kept; echo more >> kept; rm -r new"}, "changed\n\n", false},
		{"bash", args{"command": "echo trap*; ls -A /tmp | grep -c SKILL; ls trap/s"}, "trap trap.displaced trapped trapped.displaced\n0\nSKILL.md\n\n", false},
		{"read", args{"file_path": "trapped/SKILL.md"}, "skill", false},
	})
}

// testLinks holds links to appearing, changing and going.
func testLinks(t *testing.T, s *suite) {
	dir := t.TempDir()
	writeFile(t, dir+"/uploads/a.csv", "a")
	writeFile(t, dir+"/uploads/b.csv", "b")
	link := func(path, target string) hands.Link { return hands.Link{Path: path, Target: target} }
	b := s.start(t, func(spec *hands.Spec) {
		spec.Dir = dir
		spec.Links = []hands.Link{link("/data.csv", "/mnt/session/uploads/a.csv"), link("/in/deep/data.csv", "/mnt/session/uploads/b.csv")}
	})
	b.check([]toolCase{
		{"bash", args{"command": "cat /data.csv /in/deep/data.csv"}, "ab\n", false},
		{"read", args{"file_path": "/data.csv"}, "a", false},
		{"write", args{"file_path": "/data.csv", "content": ""}, "write: /data.csv is inside read-only directory /mnt/session/uploads", true},
	})
	err := b.Link(t.Context(), []hands.Link{
		link("/workspace/new.csv", "/mnt/session/uploads/b.csv"), link("/data.csv", "/mnt/session/uploads/b.csv"),
		link("/in/deep/data.csv", ""), link("/never/was", ""),
	})
	if err != nil {
		t.Fatal("Link:", err)
	}
	b.check([]toolCase{{"bash", args{"command": "cat /data.csv new.csv; ls /in/deep; ls -d /never"}, "bbls: cannot access '/never': No such file or directory\n\n\nexit code: 2", true}})
	b.bash("echo mine > taken")
	err = b.Link(t.Context(), []hands.Link{link("/workspace/taken", "/mnt/session/uploads/b.csv")})
	if err == nil {
		t.Error("a link took the place of a file")
	}
	b.check([]toolCase{{"bash", args{"command": "cat taken"}, "mine\n\n", false}})
}

// testMedia holds read to returning images, PDFs and notebooks as such.
func testMedia(t *testing.T, s *suite) {
	dir := t.TempDir()
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("p", 400<<10)
	writeFile(t, dir+"/uploads/p.png", png)
	writeFile(t, dir+"/uploads/huge.png", png+strings.Repeat("p", 5<<20))
	writeFile(t, dir+"/uploads/d", "%PDF-1.7\n"+strings.Repeat("d", 19_000_000))
	writeFile(t, dir+"/uploads/n.ipynb", `{"cells":[{"cell_type":"markdown","source":["# T\n","x"]},{"cell_type":"code","source":"1+1","outputs":[{"data":{"text/plain":["2"],"image/png":"AAAA"}},{"text":"said\n"}]}],"nbformat":4}`)
	b := s.start(t, func(spec *hands.Spec) { spec.Dir = dir })
	for path, want := range map[string]string{
		"p.png": fmt.Sprintf(`{"type":"image","source":{"type":"base64","media_type":"image/png","data":%s}}`, jsonBase64(png)),
		"d":     `{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0xLjcK`,
	} {
		result, err := b.Run(t.Context(), hands.Call{Tool: "read", Input: []byte(`{"file_path":"/mnt/session/uploads/` + path + `"}`)})
		if err != nil || result.IsError || len(result.Content) != 1 || !strings.HasPrefix(string(result.Content[0]), want) {
			t.Errorf("read %s: %v, %.200s", path, err, result.Content)
		}
	}
	b.check([]toolCase{
		{"read", args{"file_path": "/mnt/session/uploads/huge.png"}, "read: /mnt/session/uploads/huge.png is 5652488 bytes, exceeds 5242880-byte limit of image/png files.", true},
		{"read", args{"file_path": "/mnt/session/uploads/n.ipynb"}, "# Cell 1 [markdown]\n# T\nx\n\n# Cell 2 [code]\n1+1\n# Output\n2\n# Output\nsaid\n", false},
		{"read", args{"file_path": "/mnt/session/uploads/n.ipynb", "view_range": []int{1, 1}}, `{"cells":…`, false},
	})
}
