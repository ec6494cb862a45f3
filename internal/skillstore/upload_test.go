package skillstore

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ostlerdev/ostler/internal/blob"
	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/skill"
)

// However a skill is uploaded, its archive and its files in a sandbox are the
// same.
func TestUploadsOfEveryForm(t *testing.T) {
	const script = "#!/bin/sh\necho hi\n"
	for name, c := range map[string]struct {
		files     []string
		directory string
	}{
		"files":        {[]string{"dir/scripts/run.sh", script, "dir/SKILL.md", md, "dir/data.csv", "1,2"}, "dir"},
		"windows":      {[]string{`dir\SKILL.md`, md, `dir\scripts\run.sh`, script, `dir\data.csv`, "1,2"}, "dir"},
		"with litter":  {[]string{"dir/.DS_Store", "x", "dir/data.csv", "1,2", "dir/SKILL.md", md, "dir/scripts/run.sh", script}, "dir"},
		"zip":          {[]string{"kit.zip", zipped(t, zipMember{name: "dir/SKILL.md", text: md}, zipMember{name: "dir/scripts/", mode: fs.ModeDir | 0o700}, zipMember{name: "dir/scripts/run.sh", text: script, mode: 0o700}, zipMember{name: "dir/data.csv", text: "1,2", mode: 0o600})}, "dir"},
		"zip, no name": {[]string{"", zipped(t, zipMember{name: "SKILL.md", text: md}, zipMember{name: "scripts/run.sh", text: script}, zipMember{name: "./data.csv", text: "1,2"})}, "kit"},
		"zip of a mac": {[]string{"/abs/kit.zip", zipped(t, zipMember{name: "__MACOSX/dir/._SKILL.md", text: "x"}, zipMember{name: "dir/SKILL.md", text: md},
			zipMember{name: "dir/.DS_Store", text: "x"}, zipMember{name: "dir/scripts/run.sh", text: script}, zipMember{name: "dir/data.csv", text: "1,2"})}, "dir"},
		"links are left out": {[]string{"kit.zip", zipped(t, zipMember{name: "dir/SKILL.md", text: md}, zipMember{name: "dir/evil", text: "/etc/passwd", mode: fs.ModeSymlink | 0o777},
			zipMember{name: "../pipe", mode: fs.ModeNamedPipe | 0o666}, zipMember{name: "dir/scripts/run.sh", text: script}, zipMember{name: "dir/data.csv", text: "1,2"})}, "dir"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			k := r.create(c.files...)
			v, err := r.Version(t.Context(), k.ID, skill.Latest)
			if err != nil || v.Doc.Directory != c.directory || v.Doc.Name != "kit" || v.Doc.Description != "A kit." || k.Doc.DisplayName != "kit" {
				t.Errorf("%+v, %v", v, err)
			}
			in, err := r.Open(t.Context(), v)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(in)
			if err := errors.Join(err, in.Close()); err != nil {
				t.Fatal(err)
			}
			zr, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, f := range zr.File {
				got += fmt.Sprintf("%s %v %d, ", f.Name, f.Mode(), f.UncompressedSize64)
			}
			if want := fmt.Sprintf("kit/SKILL.md -rw-r--r-- %d, kit/data.csv -rw-r--r-- 3, kit/scripts/run.sh -rwxr-xr-x 18, ", len(md)); got != want {
				t.Errorf("archive: %s\nwant %s", got, want)
			}
			dir, err := r.unpacked(t.Context(), v)
			if err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf(". drwxr-xr-x\nSKILL.md -rw-r--r-- %q\ndata.csv -rw-r--r-- \"1,2\"\nscripts drwxr-xr-x\nscripts/run.sh -rwxr-xr-x %q", md, script)
			if got := tree(t, dir); got != want {
				t.Errorf("unpacked:\n%s\nwant\n%s", got, want)
			}
			if left := r.left(); left != v.ID {
				t.Errorf("left: %s", left)
			}
		})
	}
}

// bomb is an archive whose member says that it is small and isn't.
func bomb(t *testing.T) string {
	t.Helper()
	b := []byte(zipped(t, zipMember{name: "a/SKILL.md", text: md}, zipMember{name: "a/big", text: strings.Repeat("0", 1<<20)}))
	at := bytes.LastIndex(b, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(b[at+24:], 100) // uncompressed size in the table of contents
	return string(b)
}

func TestUploadsThatAreRefused(t *testing.T) {
	good := zipped(t, zipMember{name: "a/SKILL.md", text: md})
	declared := []byte(good)
	binary.LittleEndian.PutUint32(declared[bytes.LastIndex(declared, []byte("PK\x01\x02"))+24:], skill.MaxBytes+1)
	damaged := []byte(good)
	damaged[40] ^= 0xff
	var crowd []zipMember
	for i := range 20_000 {
		crowd = append(crowd, zipMember{name: fmt.Sprintf("a/%d", i)})
	}
	long := append([]zipMember{}, zipMember{name: "a/SKILL.md", text: md})
	for i := range 9000 {
		long = append(long, zipMember{name: fmt.Sprintf("a/%s/%d", strings.Repeat("x", 1000), i)})
	}
	z := func(members ...zipMember) []string { return []string{"x.zip", zipped(t, members...)} }
	ok := zipMember{name: "a/SKILL.md", text: md}
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"nothing":           {nil, "files: field required"},
		"an empty zip":      {z(), "files: the file \"x.zip\" is not in the top-level directory"},
		"no zip":            {[]string{"x.zip", "PK\x03\x04 and so on"}, "files: the zip archive can't be read"},
		"cut":               {[]string{"x.zip", good[:len(good)-10]}, "files: the zip archive can't be read"},
		"damaged":           {[]string{"x.zip", string(damaged)}, "files: \"a/SKILL.md\" can't be read"},
		"no SKILL.md":       {[]string{"a/README.md", "x"}, "files: there is no SKILL.md"},
		"no directory":      {[]string{"README.md", md}, "files: the file \"README.md\" is not in the top-level directory"},
		"two directories":   {[]string{"a/SKILL.md", md, "b/x", ""}, "files: all files must be in one top-level directory"},
		"no name":           {[]string{"", md}, "files: the path \"\" is empty"},
		"up":                {[]string{"a/SKILL.md", md, "a/../../x", ""}, "files: the path \"a/../../x\" must not contain"},
		"twice":             {[]string{"a/SKILL.md", md, "a/SKILL.md", md}, "files: the path \"a/SKILL.md\" is there more than once"},
		"absolute":          {[]string{"/a/SKILL.md", md}, "files: the path \"/a/SKILL.md\" must be relative"},
		"long name":         {[]string{"a/SKILL.md", md, "a/" + strings.Repeat("x", 5000), ""}, "files[1]: the filename is longer than 4096 bytes"},
		"bad frontmatter":   {[]string{"a/SKILL.md", "# Kit"}, "files: SKILL.md: must begin with YAML frontmatter"},
		"name of no use":    {[]string{"A b/SKILL.md", "---\ndescription: x\n---\n"}, "files: SKILL.md: name: only lower-case"},
		"SKILL.md a link":   {z(zipMember{name: "a/SKILL.md", text: "/etc/passwd", mode: fs.ModeSymlink | 0o777}, zipMember{name: "a/x"}), "files: there is no SKILL.md"},
		"zip up":            {z(ok, zipMember{name: "a/../../../etc/cron.d/x", text: "x"}), "files: the path"},
		"zip absolute":      {z(ok, zipMember{name: "/etc/passwd", text: "x"}), "files: the path"},
		"zip drive":         {z(ok, zipMember{name: `C:\x`, text: "x"}), "files: the path"},
		"zip twice":         {z(ok, ok), "files: the path \"a/SKILL.md\" is there more than once"},
		"zip file and dir":  {z(ok, zipMember{name: "a/x"}, zipMember{name: "a/x/y"}), "files: the path \"a/x\" is a file and a directory"},
		"zip NUL":           {z(ok, zipMember{name: "a/x\x00y"}), "files: the path"},
		"encrypted":         {z(zipMember{name: "a/SKILL.md", text: md, flags: 1}), "files: the archive is encrypted"},
		"says too much":     {[]string{"x.zip", string(declared)}, "the files of the skill are larger than"},
		"too much":          {z(ok, zipMember{name: "a/big", text: strings.Repeat("x", skill.MaxBytes)}), "the files of the skill are larger than"},
		"too much, plain":   {[]string{"a/SKILL.md", md, "a/big", strings.Repeat("x", skill.MaxBytes)}, "the files of the skill are larger than"},
		"says too little":   {[]string{"x.zip", bomb(t)}, "files: \"a/big\""},
		"too many":          {z(append(crowd, ok)...), "files: at most 10000"},
		"long table":        {z(long...), "files: the archive has too many members"},
		"an archive inside": {[]string{"a/SKILL.md", good, "a/x", "y"}, "files: SKILL.md: must begin"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			up, err := r.upload(c.files...)
			want := fault.Invalid
			if strings.HasPrefix(c.want, "the files of") {
				want = fault.TooLarge
			}
			if err == nil || fault.KindOf(err) != want || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%+v, %v", up, err)
			}
			if r.keys() != "" || r.left() != "" {
				t.Errorf("left %s %s", r.keys(), r.left())
			}
		})
	}
}

func TestTheLargestUploads(t *testing.T) {
	r := newRig(t)
	if _, err := r.upload("a/SKILL.md", md, "a/big", strings.Repeat("x", skill.MaxBytes-len(md))); err != nil {
		t.Error(err)
	}
	up, err := r.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer up.Close()
	for i := range skill.MaxMembers - 1 { // and their directory
		name := fmt.Sprintf("a/%d", i)
		if i == 5000 {
			name = "a/SKILL.md"
		}
		if err := up.Add(name, strings.NewReader(md)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := up.Finish(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestUploadsThatBreak(t *testing.T) {
	r := newRig(t)
	broken := errors.New("broken")
	up, err := r.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer up.Close()
	if err := up.Add("a/SKILL.md", io.MultiReader(strings.NewReader(md), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("client gone: %v", err)
	}
	r.blobs.put = fmt.Errorf("put: %w", blob.ErrNoSpace)
	_, err = r.upload("a/SKILL.md", md)
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Code != "storage_quota_exceeded" {
		t.Errorf("disk full: %v", err)
	}
	r.blobs.put = broken
	if _, err := r.upload("a/SKILL.md", md); !errors.Is(err, broken) || fault.KindOf(err) != fault.Internal {
		t.Errorf("disk broken: %v", err)
	}
	if r.left() != "" {
		t.Errorf("left %s", r.left())
	}
}
