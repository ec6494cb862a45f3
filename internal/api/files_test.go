package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/apitest"
	"github.com/ostlerdev/ostler/internal/filestore"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// formPart is a part of a form to be sent: its header fields and its content.
type formPart struct {
	disposition string
	contentType string
	content     string
}

func part(name, filename, contentType, content string) formPart {
	return formPart{fmt.Sprintf(`form-data; name="%s"; filename="%s"`, name, filename), contentType, content}
}

func field(name, content string) formPart {
	return formPart{fmt.Sprintf(`form-data; name="%s"`, name), "", content}
}

// form is a body of parts and the header that goes with it.
func form(t *testing.T, parts ...formPart) (body, header string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {p.disposition}}
		if p.contentType != "" {
			h.Set("Content-Type", p.contentType)
		}
		out, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(out, p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), "Content-Type: " + w.FormDataContentType()
}

func upload(t *testing.T, s *apitest.Server, parts ...formPart) apitest.Answer {
	t.Helper()
	body, header := form(t, parts...)
	return s.Call("POST", "/v1/files", body, header, "anthropic-beta:")
}

func mustUpload(t *testing.T, s *apitest.Server, parts ...formPart) wire.File {
	t.Helper()
	return apitest.JSON[wire.File](t, upload(t, s, parts...))
}

// uploads uploads n files, a second apart, and returns their ids, newest first.
func uploads(t *testing.T, s *apitest.Server, n int) (ids []string) {
	t.Helper()
	for i := range n {
		ids = append(ids, mustUpload(t, s, part("file", fmt.Sprint(i, ".txt"), "", "x")).ID)
		s.Clock.Advance(time.Second)
	}
	slices.Reverse(ids)
	return ids
}

// output makes a file that the agent of a session has produced.
func output(t *testing.T, s *apitest.Server, session, path, text string) string {
	t.Helper()
	staged, err := s.Deps.Files.Stage(t.Context(), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	err = s.Deps.Files.Publish(t.Context(), session, []filestore.Publication{{Staged: staged, Path: path, Filename: path, MimeType: "text/plain"}})
	if err != nil {
		t.Fatal(err)
	}
	return staged.ID
}

// inSession inserts a bare session.
func inSession(t *testing.T, s *apitest.Server, id string) {
	t.Helper()
	err := s.Deps.DB.Update(t.Context(), func(tx store.Tx) error {
		return store.InsertSession(tx, &store.Session{ID: id}, store.SessionDoc{})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestListFiles(t *testing.T) {
	s := apitest.Start(t)
	ids := uploads(t, s, 5)
	list := func(query string) wire.Page[wire.File] {
		t.Helper()
		return apitest.JSON[wire.Page[wire.File]](t, s.Call("GET", "/v1/files"+query, "", "anthropic-beta:"))
	}
	if got := list("?beta=true"); joined(got.Data) != strings.Join(ids, " ") || got.NextPage != nil {
		t.Errorf("all: %+v", got)
	}
	var walked []string
	query := "?limit=2"
	for pages := 1; ; pages++ {
		got := list(query)
		walked = append(walked, joined(got.Data))
		if got.NextPage == nil {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
		query = "?limit=2&page=" + *got.NextPage
	}
	if strings.Join(walked, " ") != strings.Join(ids, " ") {
		t.Errorf("walked %v", walked)
	}
	for query, want := range map[string]string{
		"?ids[]=" + ids[3] + "&ids[]=" + ids[1] + "&ids[]=file_none&ids[]=" + ids[1]: ids[1] + " " + ids[3],
		"?ids%5B%5D=" + ids[0]:              ids[0],
		"?ids=" + ids[0] + "&ids=" + ids[4]: ids[0] + " " + ids[4],
		"?ids[]=file_none":                  "",
		"?scope_id=sesn_unknown":            "",
		"?unknown=1&limit=1":                ids[0],
	} {
		if got := list(query); joined(got.Data) != want || strings.Contains(query, "ids") && got.NextPage != nil {
			t.Errorf("%s: %s, want %s", query, joined(got.Data), want)
		}
	}
	many := "?ids[]=x"
	for i := range 100 {
		many += fmt.Sprint("&ids[]=file_", i)
	}
	for query, want := range map[string]string{
		"?limit=0": "limit: ", "?limit=1001": "limit: ", "?limit=x": "limit: ", "?page=page_x": "page: ", "?page=x": "page: ",
		"?ids[]=x&limit=1": "ids: can't be combined with `limit`", "?ids[]=x&page=y": "ids: can't be combined with `page`",
		"?scope_id=file_1": "scope_id: expected the id of a session", many: "ids: at most 100 ids",
		"?after_id=file_none": "after_id: File `file_none` not found.", "?before_id=file_none": "before_id: File `file_none` not found.",
		"?after_id=" + ids[0] + "&before_id=" + ids[1]: "give one of `page`, `after_id` and `before_id`",
	} {
		if a := s.Call("GET", "/v1/files"+query, ""); a.Status != 400 || !strings.HasPrefix(a.Error(t).Message, want) {
			t.Errorf("%s: %d %s", query, a.Status, a.Body)
		}
	}
}

func joined(files []wire.File) string {
	var ids []string
	for _, f := range files {
		ids = append(ids, f.ID)
	}
	return strings.Join(ids, " ")
}

// The first dialect: pages by ids, forward and back, as its SDKs walk.
func TestListFilesInTheFirstDialect(t *testing.T) {
	s := apitest.Start(t)
	ids := uploads(t, s, 5)
	list := func(query string) wire.FilePage {
		t.Helper()
		return apitest.JSON[wire.FilePage](t, s.Call("GET", "/v1/files"+query, "", "anthropic-beta: managed-agents-2026-04-01, files-api-2025-04-14"))
	}
	for _, c := range []struct {
		query, want string
		more        bool
	}{
		{"", strings.Join(ids, " "), false},
		{"?limit=2", ids[0] + " " + ids[1], true},
		{"?limit=2&after_id=" + ids[1], ids[2] + " " + ids[3], true},
		{"?limit=2&after_id=" + ids[3], ids[4], false},
		{"?limit=2&after_id=" + ids[4], "", false},
		{"?limit=2&before_id=" + ids[4], ids[2] + " " + ids[3], true},
		{"?limit=2&before_id=" + ids[2], ids[0] + " " + ids[1], false},
		{"?limit=2&before_id=" + ids[0], "", false},
	} {
		got := list(c.query)
		if joined(got.Data) != c.want || got.HasMore != c.more {
			t.Errorf("%s: %s, more %v", c.query, joined(got.Data), got.HasMore)
		}
		if n := len(got.Data); n > 0 && (*got.FirstID != got.Data[0].ID || *got.LastID != got.Data[n-1].ID) || n == 0 && (got.FirstID != nil || got.LastID != nil) {
			t.Errorf("%s: first %v, last %v", c.query, got.FirstID, got.LastID)
		}
	}
	if got := list("?limit=2"); got.NextPage == nil { // for newer clients that send the header
		t.Error("no next_page")
	} else if next := list("?limit=2&page=" + *got.NextPage); joined(next.Data) != ids[2]+" "+ids[3] {
		t.Errorf("next page: %s", joined(next.Data))
	}
}

func TestDownload(t *testing.T) {
	s := apitest.Start(t)
	inSession(t, s, "sesn_1")
	id := output(t, s, "sesn_1", "naïve \"report\".txt", "0123456789")
	path := "/v1/files/" + id + "/content"
	a := s.Call("GET", path, "", "Accept: application/binary", "anthropic-beta:")
	h := a.Header
	if a.Status != 200 || a.Body != "0123456789" || h.Get("Content-Type") != "text/plain" || h.Get("Content-Length") != "10" || h.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename*=utf-8''na%C3%AFve%20%22report%22.txt") || h.Get("request-id") == "" {
		t.Errorf("%d %q %v", a.Status, a.Body, h)
	}
	etag := h.Get("ETag")
	for _, c := range []struct {
		headers []string
		status  int
		body    string
	}{
		{[]string{"Range: bytes=2-4"}, 206, "234"},
		{[]string{"Range: bytes=7-"}, 206, "789"},
		{[]string{"Range: bytes=-1"}, 206, "9"},
		{[]string{"Range: bytes=2-4", "If-Range: " + etag}, 206, "234"},
		{[]string{"Range: bytes=2-4", `If-Range: "other"`}, 200, "0123456789"},
	} {
		if got := s.Call("GET", path, "", c.headers...); got.Status != c.status || got.Body != c.body {
			t.Errorf("%v: %d %q", c.headers, got.Status, got.Body)
		}
	}
	// What HTTP knows and the API doesn't.
	for _, c := range []struct {
		method, header, value string
		status                int
		length                int64
		body                  string
	}{
		{"HEAD", "", "", 200, 10, ""},
		{"HEAD", "Range", "bytes=2-4", 206, 3, ""},
		{"GET", "If-None-Match", etag, 304, 0, ""},
		{"GET", "Range", "bytes=10-", 416, -1, `{"type":"error","error":{"type":"invalid_request_error","message":"file ` + "`" + id},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("x-api-key", apitest.Key)
		if c.header != "" {
			req.Header.Set(c.header, c.value)
		}
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != c.status || !strings.HasPrefix(string(body), c.body) ||
			c.length >= 0 && res.ContentLength != c.length {
			t.Errorf("%s %s %s: %d, length %d, %s, %v", c.method, c.header, c.value, res.StatusCode, res.ContentLength, body, err)
		}
	}
}

func TestDownloadRefuses(t *testing.T) {
	s := apitest.Start(t)
	id := mustUpload(t, s, field("expires_in_seconds", "3600"), part("file", "a", "", "x")).ID
	a := s.Call("GET", "/v1/files/"+id+"/content", "")
	a.Refused(t, 400, "invalid_request_error", "File `"+id+"` is not downloadable")
	if code := a.Error(t).Details["error_code"]; code != "file_not_downloadable" {
		t.Errorf("code %v", code)
	}
	s.Call("GET", "/v1/files/file_none/content", "").Refused(t, 404, "not_found_error", "File `file_none` not found.")
	s.Call("GET", "/v1/files/file_none", "").Refused(t, 404, "not_found_error", "File `file_none` not found.")
	s.Call("PUT", "/v1/files/"+id, "").Refused(t, 405, "invalid_request_error", "PUT is not allowed here")
}

func TestFilesThatExpire(t *testing.T) {
	s := apitest.Start(t, func(d *api.Deps) {
		d.Files = filestore.New(filestore.Config{DB: d.DB, Blobs: d.Files.Blobs(), IDs: d.IDs, Now: d.Now, DownloadUploads: true})
	})
	id := mustUpload(t, s, field("expires_in_seconds", "3600"), part("file", "a", "", "x")).ID
	get := func(what string) apitest.Answer { return s.Call("GET", "/v1/files/"+id+what, "") }
	if a := get("/content"); a.Status != 200 || a.Body != "x" {
		t.Errorf("before: %d %s", a.Status, a.Body)
	}
	listed := func() int {
		return len(apitest.JSON[wire.Page[wire.File]](t, s.Call("GET", "/v1/files", "")).Data)
	}
	for _, swept := range []bool{false, true} {
		s.Clock.Advance(time.Hour)
		if swept {
			if err := s.Deps.Files.Sweep(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		a := get("/content")
		a.Refused(t, 404, "not_found_error", "The content of file `"+id+"` has expired.")
		if code := a.Error(t).Details["error_code"]; code != "file_expired" {
			t.Errorf("code %v", code)
		}
		if f := apitest.JSON[wire.File](t, get("")); f.ExpiresAt == nil || listed() != 1 {
			t.Errorf("%+v, %d listed", f, listed())
		}
	}
	s.Clock.Advance(30 * 24 * time.Hour)
	get("").Refused(t, 404, "not_found_error", "File")
	if n := listed(); n != 0 {
		t.Errorf("%d listed", n)
	}
}

func TestDeleteFile(t *testing.T) {
	s := apitest.Start(t)
	ids := uploads(t, s, 2)
	if got := apitest.JSON[wire.Deleted](t, s.Call("DELETE", "/v1/files/"+ids[0], "")); got != (wire.Deleted{ID: ids[0], Type: "file_deleted"}) {
		t.Errorf("%+v", got)
	}
	s.Call("DELETE", "/v1/files/"+ids[0], "").Refused(t, 404, "not_found_error", "File `"+ids[0]+"` not found.")
	s.Call("GET", "/v1/files/"+ids[0], "").Refused(t, 404, "not_found_error", "File `"+ids[0]+"` not found.")
	if list := apitest.JSON[wire.Page[wire.File]](t, s.Call("GET", "/v1/files", "")); joined(list.Data) != ids[1] {
		t.Errorf("%+v", list)
	}
}
