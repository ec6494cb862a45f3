package fetch

import (
	"bufio"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// kind is what becomes of a content.
type kind int

const (
	unsupported kind = iota
	text             // as it is
	markup           // HTML
	document         // PDF
	image
)

// images are the types of images that a model can see.
var images = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// texts are the types besides text/… and …+json, …+xml that are text.
var texts = []string{
	"application/json", "application/xml", "application/javascript", "application/x-javascript", "application/ecmascript",
	"application/x-ndjson", "application/jsonl", "application/yaml", "application/x-yaml", "application/toml",
	"application/sql", "application/graphql", "application/x-sh", "application/x-httpd-php", "image/svg+xml",
}

func kindOf(mediaType string) kind {
	switch {
	case mediaType == "text/html", mediaType == "application/xhtml+xml":
		return markup
	case strings.HasPrefix(mediaType, "text/"), slices.Contains(texts, mediaType),
		strings.HasSuffix(mediaType, "+json"), strings.HasSuffix(mediaType, "+xml"):
		return text
	case mediaType == "application/pdf":
		return document
	case slices.Contains(images, mediaType):
		return image
	}
	return unsupported
}

// read makes a page of a response.
func (c *Client) read(ctx context.Context, res *http.Response, binary int64) (*Page, error) {
	if err := checkStatus(res); err != nil {
		return nil, err
	}
	// Gzip was asked for and is taken off by the transport.
	if enc := res.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return nil, fail(Unsupported, "the content is encoded in a way that wasn't asked for")
	}
	body := bufio.NewReader(res.Body)
	head, err := body.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	contentType := typeOf(res.Header.Get("Content-Type"), head)
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.TrimSpace(mediaType)
	page := &Page{URL: res.Request.URL.String(), MediaType: mediaType}
	switch kindOf(mediaType) {
	case text, markup:
		return page, c.readText(ctx, page, body, contentType)
	case document:
		return page, readBinary(page, res, body, bound(c.limits.Document, binary))
	case image:
		return page, readBinary(page, res, body, bound(c.limits.Image, binary))
	}
	return nil, fail(Unsupported, "content of type %s can't be read", mediaType)
}

func bound(limit, further int64) int64 {
	if further == 0 {
		return limit
	}
	return min(limit, further)
}

func checkStatus(res *http.Response) error {
	switch code := res.StatusCode; {
	case code == http.StatusTooManyRequests:
		return fail(TooMany, "the site asks to wait (status 429)")
	case code < 200 || code > 299:
		return fail(NotAccessible, "the site answered with status %d %s", code, http.StatusText(code))
	}
	return nil
}

// typeOf is the declared content type, or what the first bytes look like where
// the server didn't say or said nothing of use.
func typeOf(declared string, head []byte) string {
	mediaType, params, err := mime.ParseMediaType(declared)
	if err != nil && mediaType == "" || mediaType == "application/octet-stream" || mediaType == "binary/octet-stream" {
		return http.DetectContentType(head)
	}
	if set := params["charset"]; set != "" {
		return mediaType + "; charset=" + set
	}
	return mediaType
}

// readBinary reads a PDF or an image, whose bytes must be what the type says:
// a model's upstream refuses a whole conversation for one that isn't.
func readBinary(page *Page, res *http.Response, body io.Reader, limit int64) error {
	if limit < 0 {
		return fail(TooLarge, "the conversation has no room for more documents and images")
	}
	if res.ContentLength > limit {
		return fail(TooLarge, "the content is %d bytes long, at most %d are read", res.ContentLength, limit)
	}
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return err
	}
	if int64(len(data)) > limit {
		return fail(TooLarge, "the content is longer than %d bytes", limit)
	}
	real := http.DetectContentType(data)
	if k := kindOf(real); k != kindOf(page.MediaType) {
		return fail(Unsupported, "the content is not the %s that it says it is", page.MediaType)
	}
	page.MediaType, page.Data = real, data
	return nil
}
