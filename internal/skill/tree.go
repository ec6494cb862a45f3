package skill

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
)

const (
	maxPath    = 1024 // bytes
	maxSegment = 255  // bytes, what file systems take
)

// CleanPath is the path of a member of an upload as it is kept: relative, with
// slashes. What leads elsewhere, or is no name of a file, is refused.
func CleanPath(name string) (string, error) {
	bad := func(problem string) (string, error) {
		if len(name) > 200 {
			name = name[:200] + "…"
		}
		return "", fault.At("files", "the path %q %s", name, problem)
	}
	if len(name) > maxPath {
		return bad("is too long")
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return bad("must be UTF-8 without control characters")
	}
	slashed := strings.ReplaceAll(name, `\`, "/")
	if strings.HasPrefix(slashed, "/") || len(slashed) > 1 && slashed[1] == ':' {
		return bad("must be relative")
	}
	var kept []string
	for s := range strings.SplitSeq(slashed, "/") {
		switch {
		case s == "" || s == ".":
		case s == "..":
			return bad("must not contain `..`")
		case len(s) > maxSegment:
			return bad("has a part that is too long")
		default:
			kept = append(kept, s)
		}
	}
	if len(kept) == 0 {
		return bad("is empty")
	}
	return strings.Join(kept, "/"), nil
}

// Ignored says whether a file is what desktops leave behind in archives and
// directories.
func Ignored(clean string) bool {
	return strings.HasPrefix(clean, "__MACOSX/") || path.Base(clean) == ".DS_Store"
}

// Tree is where the files of an upload belong.
type Tree struct {
	Directory string   // the directory that all were in; "" if there was none
	Paths     []string // below it, in the order of the files
}

// Arrange finds the directory of a skill in the clean paths of its files. They
// must lie in one top-level directory with SKILL.md directly in it (Skills API:
// "Create Skill"), or SKILL.md is at their root: in a zip, and where a client
// leaves the directory out, as the ant CLI does.
func Arrange(paths []string) (Tree, error) {
	if err := checkPaths(paths); err != nil {
		return Tree{}, err
	}
	if slices.Contains(paths, ManifestName) {
		return Tree{Paths: paths}, nil
	}
	t := Tree{Paths: make([]string, len(paths))}
	for i, p := range paths {
		dir, rest, nested := strings.Cut(p, "/")
		switch {
		case !nested:
			return Tree{}, fault.At("files", "the file %q is not in the top-level directory of the skill; paths look like `my-skill/%s`", p, ManifestName)
		case i > 0 && dir != t.Directory:
			return Tree{}, fault.At("files", "all files must be in one top-level directory, not in `%s` and `%s`", t.Directory, dir)
		}
		t.Directory, t.Paths[i] = dir, rest
	}
	if !slices.Contains(t.Paths, ManifestName) {
		return Tree{}, fault.At("files", "there is no %s directly in the top-level directory", ManifestName)
	}
	return t, nil
}

// checkPaths refuses what can't lie side by side, and too much.
func checkPaths(paths []string) error {
	if len(paths) == 0 {
		return fault.At("files", "field required: the files of the skill, or one zip archive")
	}
	files, dirs := map[string]bool{}, map[string]bool{}
	for _, p := range paths {
		if files[p] {
			return fault.At("files", "the path %q is there more than once", p)
		}
		files[p] = true
		for d := path.Dir(p); d != "." && !dirs[d]; d = path.Dir(d) {
			dirs[d] = true
		}
		if len(files)+len(dirs) > MaxMembers {
			return fault.At("files", "at most %d files and directories", MaxMembers)
		}
	}
	for p := range files {
		if dirs[p] {
			return fault.At("files", "the path %q is a file and a directory", p)
		}
	}
	return nil
}

// Mode is the mode a file gets: executable if it was, or if it begins like a
// script. Files that are uploaded one by one have no mode of their own.
func Mode(was fs.FileMode, head []byte) fs.FileMode {
	if was&0o111 != 0 || strings.HasPrefix(string(head), "#!") {
		return 0o755
	}
	return 0o644
}
