package memory

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

func TestNew(t *testing.T) {
	for body, want := range map[string]string{
		`{"path":"/a","content":"x"}`:  "/a=x",
		`{"path":"/a","content":""}`:   "/a=",
		`{"path":"/a","content":null}`: "/a=",
	} {
		path, content, err := New(decode[wire.CreateMemoryParams](t, body))
		if err != nil || path+"="+content != want {
			t.Errorf("%s: %s=%s, %v", body, path, content, err)
		}
	}
	big := strings.Repeat("é", MaxContent/2)
	if _, _, err := New(decode[wire.CreateMemoryParams](t, `{"path":"/a","content":"`+big+`"}`)); err != nil {
		t.Error(err)
	}
	for body, want := range map[string]string{
		`{"content":"x"}`:                                  "path: field required",
		`{"path":null,"content":"x"}`:                      "path: expected a string",
		`{"path":"/a"}`:                                    "content: field required",
		`{"path":"a","content":"x"}`:                       "path: must have 2 to 1024 bytes",
		`{"path":"ab","content":"x"}`:                      "path: must begin with `/`",
		`{"path":"/a","content":"` + big + `x"}`:           "content: at most 102400 bytes",
		`{"path":"/a","content":"a\u0000"}`:                "content: must be text, without the character U+0000",
		`{"path":"/.anthropic-memory-store","content":""}`: "path: `/.anthropic-memory-store` is reserved",
	} {
		_, _, err := New(decode[wire.CreateMemoryParams](t, body))
		refused(t, body, err, fault.Invalid, want)
	}
	refused(t, "bytes", CheckContent("a\xff"), fault.Invalid, "must be UTF-8 text")
}

func head(path, content string) wire.Memory {
	return wire.Memory{ID: "mem_1", Path: path, Content: &content, ContentSHA256: Sum(content), ContentSizeBytes: int64(len(content))}
}

func TestChange(t *testing.T) {
	on := func(sum string) string {
		return `,"precondition":{"type":"content_sha256","content_sha256":"` + sum + `"}}`
	}
	now, old := Sum("now"), Sum("old")
	for body, want := range map[string]string{
		`{"content":"new"}`:                      "/a new true",
		`{"path":"/b"}`:                          "/b now true",
		`{"path":"/b","content":""}`:             "/b  true",
		`{"content":"now"}`:                      "/a now false",
		`{"content":"now","path":"/a"}`:          "/a now false",
		`{"content":"new","precondition":null}`:  "/a new true",
		`{"content":"new","path":null}`:          "/a new true",
		`{"content":"new"` + on(now):             "/a new true",
		`{"path":"/b"` + on(now):                 "/b now true",
		`{"content":"new"` + on(old):             "stale",
		`{"path":"/b"` + on(old):                 "stale",
		`{"content":"now"` + on(old):             "/a now false", // repeated after a lost answer
		`{"content":"now","path":"/a"` + on(old): "/a now false",
		`{"content":"now","path":"/b"` + on(old): "stale",
	} {
		c, err := NewChange(decode[wire.UpdateMemoryParams](t, body))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		path, content, changed, err := c.Apply(head("/a", "now"))
		got := path + " " + content + " " + map[bool]string{true: "true", false: "false"}[changed]
		if fault.KindOf(err) == fault.Stale {
			got = "stale"
		}
		if got != want {
			t.Errorf("%s: %s, %v; want %s", body, got, err, want)
		}
	}
	for body, want := range map[string]string{
		`{}`:                           "an update needs `content`, `path` or both",
		`{"content":null,"path":null}`: "an update needs `content`, `path` or both",
		`{"path":"b/"}`:                "path: must begin with `/`",
		`{"content":"\u0000"}`:         "content: must be text",
		`{"content":"x"` + on("ABC"):   "precondition.content_sha256: expected 64 lower-case",
		`{"content":"x"` + on(strings.ToUpper(now)):                       "precondition.content_sha256: expected 64 lower-case",
		`{"content":"x","precondition":{"type":"etag"}}`:                  "precondition.type: `etag` is not `content_sha256`",
		`{"content":"x","precondition":{"content_sha256":"` + now + `"}}`: "precondition.type: field required",
		`{"content":"x","precondition":{"type":"content_sha256"}}`:        "precondition.content_sha256: field required",
	} {
		_, err := NewChange(decode[wire.UpdateMemoryParams](t, body))
		refused(t, body, err, fault.Invalid, want)
	}
}

func TestExpectedAndRoom(t *testing.T) {
	m := head("/a", "x")
	if err := CheckExpected(m, ""); err != nil {
		t.Error(err)
	}
	if err := CheckExpected(m, Sum("x")); err != nil {
		t.Error(err)
	}
	refused(t, "another", CheckExpected(m, Sum("y")), fault.Stale, "the content of memory `mem_1` is not the expected one")
	if err := CheckRoom(MaxMemories - 1); err != nil {
		t.Error(err)
	}
	refused(t, "full", CheckRoom(MaxMemories), fault.Invalid, "the memory store holds 10000 memories")
	if Sum("") != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Error(Sum(""))
	}
}

func TestVersions(t *testing.T) {
	m := head("/a", "x")
	m.MemoryStoreID, m.UpdatedAt = "memstore_1", wire.Micros(5)
	by := wire.SessionActor("sesn_1")
	v := NewVersion("memver_1", wire.MemoryModified, m, by)
	if v.MemoryID != "mem_1" || *v.Content != "x" || *v.ContentSHA256 != m.ContentSHA256 || *v.ContentSizeBytes != 1 || *v.Path != "/a" || v.CreatedAt != m.UpdatedAt || *v.CreatedBy != by {
		t.Errorf("%s", wire.Encode(v))
	}
	gone := NewVersion("memver_2", wire.MemoryDeleted, m, by)
	if gone.Content != nil || gone.ContentSHA256 != nil || gone.ContentSizeBytes != nil || *gone.Path != "/a" {
		t.Errorf("%s", wire.Encode(gone))
	}
	key := wire.APIActor("apikey_1")
	_, err := Redact(v, true, key, wire.Micros(9))
	refused(t, "head", err, fault.Conflict, "Memory version `memver_1` is the present content of memory `mem_1`")
	red, err := Redact(v, false, key, wire.Micros(9))
	if err != nil || red.Path != nil || red.Content != nil || red.ContentSHA256 != nil || red.ContentSizeBytes != nil || *red.RedactedBy != key || *red.CreatedBy != by {
		t.Errorf("%s, %v", wire.Encode(red), err)
	}
	if again, err := Redact(red, false, wire.APIActor("apikey_2"), wire.Micros(10)); err != nil || *again.RedactedAt != wire.Micros(9) || *again.RedactedBy != key {
		t.Errorf("again: %s, %v", wire.Encode(again), err)
	}
}
