package file

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

const day = int64(24 * time.Hour / time.Microsecond)

func record(origin Origin, expires *int64) *Record {
	return &Record{
		ID: "file_1", CreatedAt: 1_700_000_000_000_000, Origin: origin, ExpiresAt: expires, Size: 3, Blob: "files/file_1",
		Doc: Doc{Filename: "a.csv", MimeType: "text/csv"},
	}
}

func TestWire(t *testing.T) {
	at := int64(1_700_000_100_000_000)
	out := record(Output, &at)
	out.SessionID = "sesn_1"
	for _, c := range []struct {
		rec  *Record
		want string
	}{
		{record(Upload, nil), `{"id":"file_1","type":"file","filename":"a.csv","mime_type":"text/csv","size_bytes":3,"created_at":"2023-11-14T22:13:20.000000Z","downloadable":false,"expires_at":null,"scope":null}`},
		{out, `{"id":"file_1","type":"file","filename":"a.csv","mime_type":"text/csv","size_bytes":3,"created_at":"2023-11-14T22:13:20.000000Z","downloadable":true,"expires_at":"2023-11-14T22:15:00.000000Z","scope":{"type":"session","id":"sesn_1"}}`},
	} {
		if got := string(wire.Encode(c.rec.Wire())); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestLife(t *testing.T) {
	at := 100 * day
	for _, c := range []struct {
		now             int64
		expired, hidden bool
	}{
		{at - 1, false, false}, {at, true, false}, {at + 30*day - 1, true, false}, {at + 30*day, true, true},
	} {
		r := record(Upload, &at)
		if r.Expired(c.now) != c.expired || r.Hidden(c.now) != c.hidden {
			t.Errorf("at %d: expired %v, hidden %v", c.now, r.Expired(c.now), r.Hidden(c.now))
		}
	}
	if r := record(Upload, nil); r.Expired(1<<60) || r.Hidden(1<<60) {
		t.Error("a file without expiry expired")
	}
	if !record(Removed, nil).Hidden(0) {
		t.Error("a deleted output shows")
	}
}

func TestCheckDownload(t *testing.T) {
	at := day
	swept := record(Output, &at)
	swept.Blob = ""
	for name, c := range map[string]struct {
		rec  *Record
		all  bool
		kind fault.Kind
		code string
	}{
		"output":                  {record(Output, nil), false, -1, ""},
		"upload":                  {record(Upload, nil), false, fault.Invalid, "file_not_downloadable"},
		"copy":                    {record(Copy, nil), false, fault.Invalid, "file_not_downloadable"},
		"upload, allowed":         {record(Upload, nil), true, -1, ""},
		"expired output":          {record(Output, &at), false, fault.NotFound, "file_expired"},
		"expired upload, allowed": {record(Upload, &at), true, fault.NotFound, "file_expired"},
		"swept":                   {swept, false, fault.NotFound, "file_expired"},
	} {
		err := c.rec.CheckDownload(2*day, c.all)
		if c.kind == -1 {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		f, ok := err.(*fault.Error)
		if !ok || f.Kind != c.kind || f.Code != c.code {
			t.Errorf("%s: got %#v", name, err)
		}
	}
}

func TestCheckDelete(t *testing.T) {
	for origin, allowed := range map[Origin]bool{Upload: true, Output: true, Copy: false} {
		if err := record(origin, nil).CheckDelete(); (err == nil) != allowed {
			t.Errorf("%s: %v", origin, err)
		}
	}
}

func TestParseExpiry(t *testing.T) {
	for text, want := range map[string]int64{"3600": 3600, "7776000": 7776000, " 86400\r\n": 86400} {
		if got, err := ParseExpiry(text); err != nil || got != want {
			t.Errorf("ParseExpiry(%q) = %d, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"3599":                 "expires_in_seconds: must be between 3600 and 7776000",
		"7776001":              "expires_in_seconds: must be between 3600 and 7776000",
		"-1":                   "expires_in_seconds: must be between 3600 and 7776000",
		"0":                    "expires_in_seconds: must be between 3600 and 7776000",
		"":                     "expires_in_seconds: expected an integer",
		"3600.5":               "expires_in_seconds: expected an integer",
		"1e5":                  "expires_in_seconds: expected an integer",
		"soon":                 "expires_in_seconds: expected an integer",
		"99999999999999999999": "expires_in_seconds: expected an integer",
	} {
		if _, err := ParseExpiry(text); err == nil || err.Error() != want {
			t.Errorf("ParseExpiry(%q): %v, want %s", text, err, want)
		}
	}
}

// The stamp survives the way through the store.
func TestDocKeepsStamps(t *testing.T) {
	in := Doc{Filename: "a", MimeType: "b/c", SHA256: "00", Stamp: &Stamp{Size: 1, Mtime: 2, Ctime: 3, Inode: 1<<63 + 4, Racy: true}}
	var out Doc
	if err := json.Unmarshal(wire.Encode(in), &out); err != nil || *out.Stamp != *in.Stamp {
		t.Errorf("got %+v, %v", out.Stamp, err)
	}
}
