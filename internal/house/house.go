// Package house holds the rules of the code base that a compiler does not
// know, as tests: how long files may get, what may import what, that every
// package says what it is, that tests do not sleep and that nothing unfinished
// or private to one machine is left in the sources. A rule that stops making
// sense is changed here, with its reason, and not worked around.
//
// The package has no code of its own that the program uses; it imports nothing
// of the program.
package house

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Module is the import path of the program.
const Module = "github.com/ostlerdev/ostler"

// Root is the directory of go.mod, found upwards from the working directory.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("house: no go.mod above the working directory")
		}
		dir = up
	}
}

// Files lists the source files under root, relative to it, with slashes.
// Directories that builds and package managers fill are left out.
func Files(root string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if generated(d.Name()) && path != root {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(root, path)
		out = append(out, filepath.ToSlash(rel))
		return err
	})
	return out, err
}

func generated(dir string) bool {
	switch dir {
	case ".git", ".cache", "bin", "node_modules", "__pycache__", "data":
		return true
	}
	return false
}

// IsGo says that a file is Go source, IsTest that it is a test.
func IsGo(file string) bool   { return strings.HasSuffix(file, ".go") }
func IsTest(file string) bool { return strings.HasSuffix(file, "_test.go") }
