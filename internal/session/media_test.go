package session

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

func TestMediaType(t *testing.T) {
	for data, want := range map[string]string{
		"\x89PNG\r\n\x1a\nrest":                "image/png",
		"\xff\xd8\xff\xe0":                     "image/jpeg",
		"GIF89a":                               "image/gif",
		"GIF87a":                               "image/gif",
		"RIFF\x00\x00\x00\x00WEBPVP8 ":         "image/webp",
		"RIFF\x00\x00\x00\x00WAVE":             "",
		"%PDF-1.7":                             "application/pdf",
		"\r\n%PDF-1.7":                         "application/pdf",
		strings.Repeat(" ", 1024) + "%PDF-1.7": "",
		"<html>":                               "",
		"RI":                                   "",
		"":                                     "",
	} {
		if got := MediaType([]byte(data)); got != want {
			t.Errorf("%.20q is %q, want %q", data, got, want)
		}
	}
}

func TestBytesAreWhatTheySay(t *testing.T) {
	for _, c := range []struct{ block, media, data, err string }{
		{"image", "image/png", "\x89PNG\r\n\x1a\n", ""},
		{"image", "image/jpeg", "\x89PNG\r\n\x1a\n", "events[0].content[0].source.data: the bytes are not of type `image/jpeg`"},
		{"image", "image/png", "%PDF-1.7", "events[0].content[0].source.data: the bytes are not of type `image/png`"},
		{"document", "application/pdf", "%PDF-1.7", ""},
		{"document", "application/pdf", "<html>", "events[0].content[0].source.data: the bytes are not of type `application/pdf`"},
	} {
		_, _, err := Accept(State{}, decodeEvents(t, fmt.Sprintf(`{"type":"user.message","content":[{"type":%q,"source":{"type":"base64","media_type":%q,"data":%q}}]}`,
			c.block, c.media, base64.StdEncoding.EncodeToString([]byte(c.data)))))
		if got := fmt.Sprint(err); c.err == "" && err != nil || c.err != "" && got != c.err {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// TestCitationsOfASearchResult are always in what is stored.
func TestCitationsOfASearchResult(t *testing.T) {
	accepted, _, err := Accept(State{Calls: []OpenCall{{ID: "c1", Custom: true, Client: true}}}, decodeEvents(t,
		`{"type":"user.custom_tool_result","custom_tool_use_id":"c1","content":[{"type":"search_result","source":"u","title":"t","content":[{"type":"text","text":"x"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(wire.Encode(accepted[0].Event)); !strings.Contains(got, `"citations":{"enabled":false}`) {
		t.Error(got)
	}
}
