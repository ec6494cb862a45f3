package skillstore

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/ostlerdev/ostler/internal/skill"
	"github.com/ostlerdev/ostler/internal/skill/prebuilt"
)

// member is a file of a skill.
type member struct {
	path string // below the skill's directory
	mode fs.FileMode
	open func() (io.ReadCloser, error)
}

// pack writes the archive of a skill: its files in the order of their paths,
// below one directory, with the modes they get in a sandbox. Equal skills make
// equal archives.
func pack(w io.Writer, directory string, members []member) error {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.path, b.path) })
	out := zip.NewWriter(w)
	for _, m := range members {
		if err := m.pack(out, directory); err != nil {
			return err
		}
	}
	return out.Close()
}

func (m member) pack(out *zip.Writer, directory string) (err error) {
	in, err := m.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	content := bufio.NewReader(in)
	head, err := content.Peek(2)
	if err != nil && err != io.EOF {
		return err
	}
	h := &zip.FileHeader{Name: directory + "/" + m.path, Method: zip.Deflate, Modified: someDay}
	h.SetMode(skill.Mode(m.mode, head))
	w, err := out.CreateHeader(h)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, content)
	return err
}

// someDay is the age of all files in archives: the earliest that a zip knows.
var someDay = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// builtin is the files of a prebuilt skill.
func builtin(v skill.Version) (out []member, err error) {
	p, ok := prebuilt.Find(v.SkillID)
	if !ok {
		return nil, fmt.Errorf("skill %s has no archive", v.SkillID)
	}
	err = fs.WalkDir(p.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(p.Files, path)
		out = append(out, member{path: path, open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }})
		return err
	})
	return out, err
}
