package setup

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"":                                  "",
		"plain\n":                           "plain",
		"\x1b[1;31mred\x1b[0m":              "red",
		"\x1b]0;title\x07text":              "text",
		"10%\r50%\r100%\r\nnext":            "100%\nnext",
		"a\tb":                              "a b",
		"\xffbytes":                         "\uFFFDbytes",
		"zero\u200bwidth \u202eturned":      "zerowidth turned",
		"bell\a, back\b, nul\x00, \x1b(Bok": "bell, back, nul, ok",
		"trailing  \n\n\n":                  "trailing",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestLast(t *testing.T) {
	for _, c := range []struct {
		in      string
		n, size int
		want    string
	}{
		{"", 3, 100, ""},
		{"a\n\nb\n  c  \n", 2, 100, "b\nc"},
		{"a\nb\nc", 9, 100, "a\nb\nc"},
		{"aaaa\nbbbb\ncccc", 9, 9, "bbbb\ncccc"},
		{"aaaa\nbbbb\ncccc", 9, 10, "bbbb\ncccc"},
		{strings.Repeat("x", 50), 9, 10, "xxxxxxxxxx"},
		{"ääääää", 9, 5, "ää"},
	} {
		if got := Last(c.in, c.n, c.size); got != c.want || !utf8.ValidString(got) {
			t.Errorf("%q, %d, %d: %q, want %q", c.in, c.n, c.size, got, c.want)
		}
	}
}

func TestPlainOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOf(rapid.OneOf(rapid.String(), rapid.StringMatching("[\\x00-\\x1f]{1,3}"), rapid.Just("\x1b[3"), rapid.Just("\x1b]"), rapid.Just("\xff\xc3"))).Draw(t, "pieces")
		s := strings.Join(pieces, "")
		got := plain(s)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\x07\x08\x1b\r\t") || plain(got) != got {
			t.Fatalf("%q becomes %q", s, got)
		}
		if last := Last(got, 3, 20); !utf8.ValidString(last) || len(last) > 20 || strings.Count(last, "\n") > 2 {
			t.Fatalf("%q ends in %q", got, last)
		}
	})
}
