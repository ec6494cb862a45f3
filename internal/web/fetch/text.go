package fetch

import (
	"bytes"
	"context"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// readText reads a text up to the limit and makes it UTF-8, and Markdown if it
// is HTML.
func (c *Client) readText(ctx context.Context, page *Page, body io.Reader, contentType string) error {
	raw, err := io.ReadAll(io.LimitReader(body, c.limits.Text+1))
	if err != nil {
		return err
	}
	if int64(len(raw)) > c.limits.Text {
		raw, page.Cut = raw[:c.limits.Text], c.limits.Text
	}
	page.Text = decode(raw, contentType)
	if kindOf(page.MediaType) != markup {
		return nil
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	page.Title, page.Text = readable(page.Text, page.URL)
	return nil
}

// decode makes text UTF-8 by the charset that was declared, a byte order mark
// or a meta element. Text that is not in its charset keeps what can be read.
func decode(raw []byte, contentType string) string {
	enc, name, certain := charset.DetermineEncoding(raw[:min(len(raw), 1024)], contentType)
	if name == "utf-8" || !certain && validUTF8(raw) {
		return clean(bytes.TrimPrefix(raw, []byte("\ufeff")))
	}
	out, err := enc.NewDecoder().Bytes(raw)
	if err != nil { // a decoder replaces what it can't read; this is one that refuses everything
		return clean(raw)
	}
	return clean(bytes.TrimPrefix(out, []byte("\ufeff")))
}

// validUTF8 reports whether raw is UTF-8, but for a character that was cut in
// two at the end.
func validUTF8(raw []byte) bool {
	for i := len(raw) - 1; i >= max(0, len(raw)-utf8.UTFMax); i-- {
		if utf8.RuneStart(raw[i]) {
			if !utf8.FullRune(raw[i:]) {
				raw = raw[:i]
			}
			break
		}
	}
	return utf8.Valid(raw)
}

// clean is valid UTF-8 without NULs, which no JSON reader expects in a text.
func clean(b []byte) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(b), "\uFFFD"), "\x00", "")
}
