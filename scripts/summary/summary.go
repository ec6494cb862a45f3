package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// clientMark begins the lines that the conformance tests print about clients.
const clientMark = "CLIENT "

// maxLine is the longest line of output that is read, in bytes.
const maxLine = 16 << 20

// event is a line of `go test -json` (cmd/test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // of build events
	Test       string
	Elapsed    float64
	Output     string
}

// summary counts what the events say.
type summary struct {
	w                       io.Writer
	passed, failed, skipped int
	clients                 []string
	output                  map[string]*strings.Builder // by package and test, until it ends
	broken                  []string
}

func newSummary(w io.Writer) *summary {
	return &summary{w: w, output: map[string]*strings.Builder{}}
}

func (s *summary) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(s.w, lines.Text()) // not of test2json, such as a toolchain's message
			continue
		}
		s.event(e)
	}
	return lines.Err()
}

func (s *summary) event(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		s.keep(key, e.Output)
	case "build-output":
		fmt.Fprint(s.w, e.Output)
	case "build-fail":
		s.failed++
		s.broken = append(s.broken, e.ImportPath+" (build)")
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.packageEnd(e, key)
		} else {
			s.testEnd(e, key)
		}
		delete(s.output, key)
	}
}

func (s *summary) keep(key, text string) {
	if line, ok := strings.CutPrefix(text, clientMark); ok {
		s.clients = append(s.clients, strings.TrimSpace(line))
	}
	if strings.HasPrefix(text, "=== ") { // a test began, paused or went on
		return
	}
	b := s.output[key]
	if b == nil {
		b = &strings.Builder{}
		s.output[key] = b
	}
	b.WriteString(text)
}

func (s *summary) testEnd(e event, key string) {
	switch e.Action {
	case "pass":
		s.passed++
	case "skip":
		s.skipped++
	case "fail":
		s.failed++
		s.broken = append(s.broken, e.Package+" "+e.Test)
		s.show(key)
	}
}

func (s *summary) packageEnd(e event, key string) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(s.w, "ok    %-70s %6.1fs\n", e.Package, e.Elapsed)
	case "fail":
		s.show(key)
		fmt.Fprintf(s.w, "FAIL  %-70s %6.1fs\n", e.Package, e.Elapsed)
		if !s.brokeIn(e.Package) { // it failed outside its tests
			s.failed++
			s.broken = append(s.broken, e.Package)
		}
	}
}

func (s *summary) brokeIn(pkg string) bool {
	for _, b := range s.broken {
		if b == pkg || strings.HasPrefix(b, pkg+" ") {
			return true
		}
	}
	return false
}

func (s *summary) show(key string) {
	if b := s.output[key]; b != nil {
		fmt.Fprint(s.w, b.String())
	}
}

// end prints the totals; its last line is the count.
func (s *summary) end() {
	if len(s.clients) > 0 {
		fmt.Fprintln(s.w, "\nOfficial clients:")
		for _, c := range s.clients {
			fmt.Fprintln(s.w, " ", c)
		}
	}
	if len(s.broken) > 0 {
		fmt.Fprintln(s.w, "\nFailed:")
		for _, b := range s.broken {
			fmt.Fprintln(s.w, " ", b)
		}
	}
	fmt.Fprintf(s.w, "\n%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
}
