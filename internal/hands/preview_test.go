package hands

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPreview(t *testing.T) {
	for name, text := range map[string]string{
		"empty":           "",
		"exactly":         strings.Repeat("x", LargeResult),
		"exactly, wide":   strings.Repeat("é", LargeResult),
		"not even UTF-8":  strings.Repeat("\xff", LargeResult),
		"short but bytes": strings.Repeat("漢", 40_000),
	} {
		if got, large := Preview(text, "/p"); large || got != text {
			t.Errorf("%s: shortened", name)
		}
	}
	text := strings.Repeat("a", 2000) + strings.Repeat("b", 98_000) + strings.Repeat("é", 500)
	got, large := Preview(text, "/tmp/f.txt")
	want := strings.Repeat("a", 2000) +
		"\n\n[98000 characters omitted. The whole output (100500 characters) is in /tmp/f.txt]\n\n" +
		strings.Repeat("é", 500)
	if !large || got != want {
		t.Errorf("got %.100q", got[1950:])
	}
	if !utf8.ValidString(got) {
		t.Error("cut inside a character")
	}
	cut, large := Cut(text)
	if !large || cut != strings.Replace(got, "The whole output (100500 characters) is in /tmp/f.txt", "The whole output had 100500 characters and is not kept", 1) {
		t.Errorf("without a file %.100q", cut[1950:])
	}
	if got, large := Cut("short"); large || got != "short" {
		t.Error("a short text is cut")
	}
}

func TestOutputFile(t *testing.T) {
	if got := OutputFile("sevt_1"); got != "/tmp/tool-outputs/sevt_1.txt" {
		t.Error(got)
	}
}
