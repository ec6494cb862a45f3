package oauth

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func response(kind string) *http.Response {
	return &http.Response{StatusCode: 400, Header: http.Header{"Content-Type": {kind}}}
}

func TestScrub(t *testing.T) {
	const secret = "s3/cr+et=&<"
	s := newScrubber(secret, "", "other")
	for in, want := range map[string]string{
		"":                                       "",
		"nothing here":                           "nothing here",
		"a " + secret + " b":                     "a [redacted] b",
		secret + secret:                          "[redacted][redacted]",
		`{"t":"s3\/cr+et=&<"}`:                   `{"t":"[redacted]"}`,
		"s3/cr+et=&amp;&lt;":                     "[redacted]",
		url.QueryEscape(secret):                  "[redacted]",
		url.PathEscape(secret):                   "[redacted]",
		"another":                                "an[redacted]",
		`{"access_token":"unknown"}`:             `{"access_token":[redacted]}`,
		`{"Refresh_Token" : "un\"known", "a":1}`: `{"Refresh_Token" : [redacted], "a":1}`,
		`access_token=unknown&a=b`:               `access_token=[redacted]&a=b`,
		`{"id_token":"cut off`:                   `{"id_token":[redacted]`,
		`{"error":"invalid_grant","error_description":"no"}`:    `{"error":"invalid_grant","error_description":"no"}`,
		base64.StdEncoding.EncodeToString([]byte(secret)):       "[redacted]",
		base64.RawURLEncoding.EncodeToString([]byte("other")):   "[redacted]",
		"the access_token is missing; use client_secret please": "the access_token is missing; use client_secret please",
	} {
		if got := s.text(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// Whatever a server says and however it is cut: no secret and no part of one
// that was cut off is shown, and what is shown is short and valid.
func TestScrubbedResponses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := "CORE" + rapid.StringMatching(`[A-Za-z0-9]{8,40}`).Draw(t, "secret")
		if rapid.Bool().Draw(t, "long") {
			secret += strings.Repeat("CORE", 2000)
		}
		s := newScrubber(secret)
		var body strings.Builder
		for body.Len() < rapid.IntRange(0, 2*maxRead).Draw(t, "length") {
			if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
				body.WriteString(rapid.StringN(0, 20, 60).Draw(t, "text"))
			} else {
				body.WriteString(secret)
			}
		}
		got := s.response(response("text/"+secret+"\xff"), []byte(body.String()+"\xc3"))
		if strings.Contains(got.Body+got.ContentType, "CORE") || len(got.Body) > maxShown || len(got.ContentType) > maxType || !utf8.ValidString(got.Body+got.ContentType) {
			t.Fatalf("shown: %+v", got)
		}
	})
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		in, want string
		cut      bool
	}{{"", "", false}, {"abcd", "abcd", false}, {"abcde", "abcd", true}, {"abcé", "abc", true}, {"ab\xff", "ab", true}, {"a\xff", "a\uFFFD", false}, {"ééé", "éé", true}} {
		got, cut := clip(c.in, 4)
		if got != c.want || cut != c.cut {
			t.Errorf("%q: %q, %v", c.in, got, cut)
		}
	}
	long := newScrubber().response(response("text/plain"), []byte(strings.Repeat("x", maxShown+1)))
	if len(long.Body) != maxShown || !long.BodyTruncated {
		t.Errorf("%d bytes, %v", len(long.Body), long.BodyTruncated)
	}
	if whole := newScrubber().response(response(""), []byte(strings.Repeat("x", maxShown))); whole.BodyTruncated || whole.ContentType != "" {
		t.Errorf("%+v", whole)
	}
}
