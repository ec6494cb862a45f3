package api_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/apitest"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestUploadKeepsNameAndType(t *testing.T) {
	s := apitest.Start(t)
	for _, c := range []struct {
		part       formPart
		name, mime string
	}{
		{part("file", "rows.csv", "text/csv", "1,2"), "rows.csv", "text/csv"},
		{part("file", "rows.csv", "text/plain", "1,2"), "rows.csv", "text/plain"},
		{part("file", "rows.csv", "application/octet-stream", "1,2"), "rows.csv", "text/csv"},
		{part("file", "rows.csv", "", "1,2"), "rows.csv", "text/csv"},
		{part("file", "rows", "", "1,2"), "rows", "text/plain"},
		{part("file", "dir/rows.csv", "text/csv; header=present", "1,2"), "rows.csv", "text/csv"},
		{part("file", `C:\\dir\\rows.csv`, "text/csv", "1,2"), "rows.csv", "text/csv"},
		{part("file", "", "application/octet-stream", "%PDF-1.7"), "unnamed.pdf", "application/pdf"},
		{part("file", "", "application/octet-stream", "\x00\x01"), "unnamed", "application/octet-stream"},
		{part("file", "März.md", "", "x"), "März.md", "text/markdown"},
		{formPart{`form-data; name="file"; filename*=UTF-8''M%C3%A4rz.md`, "", "x"}, "März.md", "text/markdown"},
		{field("file", "plain"), "unnamed.txt", "text/plain"},
		{part("file", "empty.bin", "", ""), "empty.bin", "application/octet-stream"},
		{formPart{`form-data; name="file"; filename="x.txt"`, "text/plain", "=41\r\n--b\r\n"}, "x.txt", "text/plain"},
	} {
		f := mustUpload(t, s, c.part)
		if f.Filename != c.name || f.MimeType != c.mime || f.SizeBytes != int64(len(c.part.content)) || f.Downloadable || f.ExpiresAt != nil || f.Scope != nil {
			t.Errorf("%+v:\n%+v", c.part, f)
		}
		if got := apitest.JSON[wire.File](t, s.Call("GET", "/v1/files/"+f.ID, "", "anthropic-beta:")); got != f {
			t.Errorf("metadata %+v, upload %+v", got, f)
		}
	}
}

func TestUploadTransferEncodingIsVerbatim(t *testing.T) {
	s := apitest.Start(t)
	body := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db\r\n--b--\r\n"
	f := apitest.JSON[wire.File](t, s.Call("POST", "/v1/files", body, "Content-Type: multipart/form-data; boundary=b"))
	if f.SizeBytes != int64(len("a=3Db")) {
		t.Errorf("%d bytes", f.SizeBytes)
	}
}

func TestUploadFields(t *testing.T) {
	s := apitest.Start(t)
	file := part("file", "a.txt", "", "x")
	for _, parts := range [][]formPart{
		{field("expires_in_seconds", "3600"), file}, {file, field("expires_in_seconds", "3600")},
		{field("purpose", "assistants"), file, field("expires_in_seconds", "3600"), part("other", "b", "", "ignored")},
	} {
		f := mustUpload(t, s, parts...)
		if f.ExpiresAt == nil || time.Time(*f.ExpiresAt).Sub(time.Time(f.CreatedAt)) != time.Hour {
			t.Errorf("%+v", f)
		}
	}
	keys := blobs(t, s)
	many := []formPart{file}
	for range 101 {
		many = append(many, field("x", "y"))
	}
	for name, c := range map[string]struct {
		parts []formPart
		want  string
	}{
		"no file":      {[]formPart{field("expires_in_seconds", "3600")}, "file: field required"},
		"no parts":     {nil, ""},
		"two files":    {[]formPart{file, file}, "file: exactly one file"},
		"two expiries": {[]formPart{field("expires_in_seconds", "3600"), field("expires_in_seconds", "3600"), file}, "expires_in_seconds: given more than once"},
		"too soon":     {[]formPart{file, field("expires_in_seconds", "10")}, "expires_in_seconds: must be between 3600 and 7776000"},
		"no number":    {[]formPart{file, field("expires_in_seconds", "soon")}, "expires_in_seconds: expected an integer"},
		"long text":    {[]formPart{file, field("expires_in_seconds", strings.Repeat("1", 5000))}, "expires_in_seconds: longer than 4096 bytes"},
		"bad name":     {[]formPart{part("file", "a?b", "", "x")}, "file: the filename must not have control characters"},
		"dots":         {[]formPart{part("file", "..", "", "x")}, "file: the filename must not be `..`"},
		"long name":    {[]formPart{part("file", strings.Repeat("x", 256), "", "x")}, "file: the filename must have at most 255 characters"},
		"no UTF-8":     {[]formPart{part("file", "a\xff", "", "x")}, "file: the filename must be UTF-8"},
		"many parts":   {many, "the form has more than 100 parts"},
	} {
		a := upload(t, s, c.parts...)
		if a.Status != 400 || !strings.HasPrefix(a.Error(t).Message, c.want) {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if left := blobs(t, s); left != keys {
		t.Errorf("refused uploads left %s, before them there was %s", left, keys)
	}
}

// blobs is how many files have their bytes stored.
func blobs(t *testing.T, s *apitest.Server) string {
	t.Helper()
	s.Clock.Advance(1000 * time.Hour) // nothing is young: what has no record is removed, and counted
	n, err := s.Deps.Files.CollectGarbage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(n, " without a record")
}

func TestUploadRefusesOtherBodies(t *testing.T) {
	s := apitest.Start(t)
	good, header := form(t, part("file", "a", "", "x"))
	for name, c := range map[string]struct {
		body, want string
		status     int
		headers    []string
	}{
		"JSON":        {`{"file":"x"}`, "expected a body of content type multipart/form-data", 400, nil},
		"no boundary": {good, "expected a body of content type multipart/form-data with a boundary", 400, []string{"Content-Type: multipart/form-data"}},
		"no type":     {good, "expected a body of content type multipart/form-data", 400, []string{"Content-Type: "}},
		"other form":  {"file=x", "expected a body of content type multipart/form-data", 400, []string{"Content-Type: application/x-www-form-urlencoded"}},
		"cut off":     {good[:len(good)-20], "malformed multipart form", 400, []string{header}},
		"nothing":     {"", "malformed multipart form", 400, []string{header}},
		"garbage":     {"hello", "malformed multipart form", 400, []string{header}},
		"gzip":        {good, "the content encoding gzip is not supported here", 400, []string{header, "Content-Encoding: gzip"}},
		"no key":      {good, "no API key", 401, []string{header, "x-api-key: "}},
	} {
		a := s.Call("POST", "/v1/files", c.body, c.headers...)
		if a.Status != c.status || !strings.HasPrefix(a.Error(t).Message, c.want) {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
}

func TestUploadOfTooMuch(t *testing.T) {
	s := apitest.Start(t)
	largest := strings.Repeat("x", apitest.MaxFile)
	if f := mustUpload(t, s, part("file", "a", "", largest)); f.SizeBytes != apitest.MaxFile {
		t.Errorf("%d bytes", f.SizeBytes)
	}
	for name, size := range map[string]int{"by a byte": apitest.MaxFile + 1, "by far": 3 * apitest.MaxFile} {
		a := upload(t, s, part("file", "a", "", strings.Repeat("x", size)))
		a.Refused(t, 413, "request_too_large", "the file is larger than 1048576 bytes")
		if name == "by a byte" && a.Header.Get("request-id") == "" {
			t.Error("no request id")
		}
	}
	// Without a length: counted as it comes.
	body, header := form(t, part("file", "a", "", strings.Repeat("x", 2*apitest.MaxFile)))
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/v1/files", io.MultiReader(strings.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", apitest.Key)
	req.Header.Set("Content-Type", strings.TrimPrefix(header, "Content-Type: "))
	res, err := s.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 413 {
		t.Errorf("status %d", res.StatusCode)
	}
	if n := blobs(t, s); n != "0 without a record" {
		t.Error(n)
	}
}

// A client that goes away in the middle leaves nothing.
func TestUploadThatIsBrokenOff(t *testing.T) {
	s := apitest.Start(t)
	body, header := form(t, part("file", "a", "", strings.Repeat("x", 100_000)))
	gone := errors.New("gone")
	in, out := io.Pipe()
	go func() {
		_, err := io.WriteString(out, body[:50_000])
		out.CloseWithError(errors.Join(gone, err))
	}()
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/v1/files", in)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", apitest.Key)
	req.Header.Set("Content-Type", strings.TrimPrefix(header, "Content-Type: "))
	if res, err := s.HTTP.Do(req); !errors.Is(err, gone) {
		t.Errorf("%v, %v", res, err)
	}
	if list := apitest.JSON[wire.Page[wire.File]](t, s.Call("GET", "/v1/files", "")); len(list.Data) != 0 {
		t.Errorf("%+v", list)
	}
}

// A client that is too slow is told so, in the middle of the file and after it.
func TestUploadThatStalls(t *testing.T) {
	s := apitest.Start(t)
	front := api.New(s.Deps)
	defer front.Close()
	body, header := form(t, part("file", "a", "", strings.Repeat("x", 10_000)), field("expires_in_seconds", "3600"))
	for _, sent := range []int{0, 5_000, len(body) - 30} {
		stalled := io.MultiReader(strings.NewReader(body[:sent]), iotest.ErrReader(os.ErrDeadlineExceeded))
		req := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/files", stalled)
		req.Header.Set("x-api-key", apitest.Key)
		req.Header.Set("Content-Type", strings.TrimPrefix(header, "Content-Type: "))
		w := httptest.NewRecorder()
		front.Handler().ServeHTTP(w, req)
		a := apitest.Answer{Status: w.Code, Header: w.Header(), Body: w.Body.String()}
		a.Refused(t, 400, "invalid_request_error", "the body did not arrive in time")
		if code := a.Error(t).Details["error_code"]; code != "request_body_timeout" {
			t.Errorf("after %d bytes: code %v", sent, code)
		}
	}
	if n := blobs(t, s); n != "0 without a record" {
		t.Error(n)
	}
}
