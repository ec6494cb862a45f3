package file

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestName(t *testing.T) {
	long := strings.Repeat("ä", MaxName)
	for _, c := range []struct{ given, mime, want string }{
		{"rows.csv", "text/csv", "rows.csv"},
		{"dir/sub/rows.csv", "text/csv", "rows.csv"},
		{`C:\data\rows.csv`, "text/csv", "rows.csv"},
		{"/etc/passwd", "text/plain", "passwd"},
		{"../../x", "text/plain", "x"},
		{"", "application/pdf", "unnamed.pdf"},
		{"dir/", "text/csv", "unnamed.csv"},
		{"", "image/jpeg", "unnamed.jpg"},
		{"", "application/octet-stream", "unnamed"},
		{"", "application/x-unheard-of", "unnamed"},
		{"Bericht März 2026.pdf", "application/pdf", "Bericht März 2026.pdf"},
		{".env", "text/plain", ".env"},
		{"...", "text/plain", "..."},
		{"a%22b", "text/plain", "a%22b"},
		{long, "text/plain", long},
	} {
		got, err := Name(c.given, c.mime)
		if err != nil || got != c.want {
			t.Errorf("Name(%q, %q) = %q, %v, want %q", c.given, c.mime, got, err, c.want)
		}
	}
}

func TestNameRefuses(t *testing.T) {
	for given, want := range map[string]string{
		"a<b": "control characters", "a>b": "control characters", "a:b": "control characters", `a"b`: "control characters",
		"a|b": "control characters", "a?b": "control characters", "a*b": "control characters", "a\nb": "control characters",
		"a\x00b": "control characters", "a\x1fb": "control characters",
		".": "must not be `.`", "x/..": "must not be `..`",
		"a\xffb":                              "must be UTF-8",
		strings.Repeat("ä", MaxName+1):        "at most 255 characters",
		"d/" + strings.Repeat("x", MaxName+1): "at most 255 characters",
	} {
		got, err := Name(given, "text/plain")
		if err == nil || !strings.HasPrefix(err.Error(), "file: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("Name(%q) = %q, %v, want %q", given, got, err, want)
		}
	}
}

func TestOutputName(t *testing.T) {
	for path, want := range map[string]string{
		"a.txt": "a.txt", "d/e/a.txt": "a.txt", "a:b.txt": "a_b.txt", "a\nb": "a_b", `a\b`: "a_b", "a\xff.txt": "a_.txt",
		"..": "unnamed", "": "unnamed", "d/": "unnamed", "日本.md": "日本.md",
		strings.Repeat("x", 300) + ".csv": strings.Repeat("x", 251) + ".csv",
	} {
		if got := OutputName(path); got != want {
			t.Errorf("OutputName(%q) = %q, want %q", path, got, want)
		}
	}
}

// A name that is kept is one component, keeps to the rules, and is kept as it
// is when it is given again. The name of an output is always one that can be
// kept.
func FuzzName(f *testing.F) {
	for _, s := range []string{"a.txt", "", "../x", `c:\x`, "a\x00", "\xff", ".", strings.Repeat("é", 256), "a/b/c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, given string) {
		if name, err := Name(given, "text/csv"); err == nil {
			checkName(t, name)
		}
		checkName(t, OutputName(given))
	})
}

func checkName(t *testing.T, name string) {
	t.Helper()
	if !utf8.ValidString(name) || strings.ContainsAny(name, forbidden+"\x00\n\r\t") || name == "" || name == "." || name == ".." {
		t.Errorf("%q breaks the rules", name)
	}
	if n := utf8.RuneCountInString(name); n > MaxName {
		t.Errorf("%d characters", n)
	}
	if again, err := Name(name, ""); err != nil || again != name {
		t.Errorf("%q given again is %q, %v", name, again, err)
	}
}
