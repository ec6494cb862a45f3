package main

import (
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	const (
		pass   = `{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}` + "\n" + `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n"
		fail   = `{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:1: wrong\n"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestB"}` + "\n"
		skip   = `{"Action":"skip","Package":"p","Test":"TestC"}` + "\n"
		client = `{"Action":"output","Package":"p","Output":"CLIENT python 2: 3 checks passed\n"}` + "\n"
		good   = `{"Action":"pass","Package":"p","Elapsed":1.5}` + "\n"
		bad    = `{"Action":"fail","Package":"p","Elapsed":1.5}` + "\n"
	)
	for name, tt := range map[string]struct {
		in    string
		last  string
		has   []string
		hasnt string
	}{
		"good":               {pass + skip + good, "1 passed, 0 failed, 1 skipped", []string{"ok    p"}, "noise"},
		"bad":                {pass + fail + bad, "1 passed, 1 failed, 0 skipped", []string{"b_test.go:1: wrong", "Failed:\n  p TestB", "FAIL  p"}, "noise"},
		"client":             {client + good, "0 passed, 0 failed, 0 skipped", []string{"Official clients:\n  python 2: 3 checks passed"}, "Failed"},
		"failed in TestMain": {`{"Action":"output","Package":"p","Output":"no port\n"}` + "\n" + bad, "0 passed, 1 failed, 0 skipped", []string{"no port", "Failed:\n  p\n"}, "ok"},
		"does not build": {`{"ImportPath":"p [p.test]","Action":"build-output","Output":"x.go:1: undefined: y\n"}` + "\n" +
			`{"ImportPath":"p [p.test]","Action":"build-fail"}` + "\n" + bad, "0 passed, 1 failed, 0 skipped", []string{"undefined: y", "p [p.test] (build)"}, "ok"},
		"not JSON": {"go: downloading x\n" + good, "0 passed, 0 failed, 0 skipped", []string{"go: downloading x"}, "Failed"},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			s := newSummary(&b)
			if err := s.read(strings.NewReader(tt.in)); err != nil {
				t.Fatal(err)
			}
			s.end()
			out := b.String()
			if lines := strings.Split(strings.TrimSpace(out), "\n"); lines[len(lines)-1] != tt.last {
				t.Errorf("last line %q, want %q", lines[len(lines)-1], tt.last)
			}
			for _, want := range tt.has {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
			if strings.Contains(out, tt.hasnt) {
				t.Errorf("%q is in\n%s", tt.hasnt, out)
			}
		})
	}
}

// TestRun runs a package that passes and one that is not there.
func TestRun(t *testing.T) {
	if code := run([]string{"-run", "^$", "."}); code != 0 {
		t.Errorf("exit %d for a package that passes", code)
	}
	if code := run([]string{"./no-such-package"}); code == 0 {
		t.Error("exit 0 for a package that is not there")
	}
}
