package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// pkg is a package of the program as its non-test files show it.
type pkg struct {
	dir     string
	doc     bool
	imports map[string]bool
	tests   map[string]bool // imports of its test files
}

// packages parses the package clauses and imports of the program, by import
// path.
func packages(t *testing.T) map[string]*pkg {
	t.Helper()
	root := rootOf(t)
	out := map[string]*pkg{}
	for _, file := range goFiles(t, root) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file, "/testdata/") {
			continue
		}
		dir := path.Dir(file)
		p := out[path.Join(Module, dir)]
		if p == nil {
			p = &pkg{dir: dir, imports: map[string]bool{}, tests: map[string]bool{}}
			out[path.Join(Module, dir)] = p
		}
		into := p.imports
		if IsTest(file) {
			into = p.tests
		}
		for _, i := range f.Imports {
			into[strings.Trim(i.Path.Value, `"`)] = true
		}
		p.doc = p.doc || isPackageComment(f.Doc, f.Name.Name)
	}
	return out
}

// isPackageComment accepts a comment that says something about the package,
// in the form godoc asks for.
func isPackageComment(doc *ast.CommentGroup, name string) bool {
	text := doc.Text()
	named := strings.HasPrefix(text, "Package "+strings.TrimSuffix(name, "_test")) || name == "main" && text != ""
	return named && len(text) > 60
}

func TestEveryPackageHasAComment(t *testing.T) {
	for _, p := range packages(t) {
		if !p.doc {
			t.Errorf("%s: no package comment that says what it owns and promises", p.dir)
		}
	}
}
