package memory

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

func decode[T any](t *testing.T, body string) (v T) {
	t.Helper()
	if err := wire.Decode([]byte(body), &v); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return v
}

func refused(t *testing.T, what string, err error, kind fault.Kind, want string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), want) || fault.KindOf(err) != kind {
		t.Errorf("%s: %v (kind %d)\nwant %q (kind %d)", what, err, fault.KindOf(err), want, kind)
	}
}

func TestNewStore(t *testing.T) {
	for body, want := range map[string]string{
		`{"name":"Notes"}`: `"name":"Notes","description":"","metadata":{}`,
		`{"name":"` + strings.Repeat("é", 255) + `","description":null,"metadata":null}`: `"description":"","metadata":{}`,
		`{"name":"a","description":"` + strings.Repeat("é", 1024) + `"}`:                 `é","metadata":{}`,
		`{"name":"a","description":"d","metadata":{"k":"v"}}`:                            `"description":"d","metadata":{"k":"v"}`,
	} {
		s, err := NewStore(decode[wire.MemoryStoreParams](t, body))
		if err != nil || s.Type != "memory_store" || !strings.Contains(string(wire.Encode(s)), want) {
			t.Errorf("%s: %s, %v", body, wire.Encode(s), err)
		}
	}
	for body, want := range map[string]string{
		`{}`:            "name: field required",
		`{"name":null}`: "name: expected a string",
		`{"name":""}`:   "name: must not be empty",
		`{"name":"` + strings.Repeat("é", 256) + `"}`:                    "name: at most 255 characters, got 256",
		`{"name":"a\u0007"}`:                                             "name: must not have control characters",
		`{"name":"a\u0085"}`:                                             "name: must not have control characters",
		`{"name":"a","description":"` + strings.Repeat("é", 1025) + `"}`: "description: at most 1024 characters, got 1025",
		`{"name":"a","metadata":{"k":null}}`:                             "metadata.k: expected a string",
	} {
		_, err := NewStore(decode[wire.MemoryStoreParams](t, body))
		refused(t, body, err, fault.Invalid, want)
	}
}

func TestUpdateStore(t *testing.T) {
	cur, err := NewStore(decode[wire.MemoryStoreParams](t, `{"name":"a","description":"d","metadata":{"k":"v"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		`{}`: `"name":"a","description":"d","metadata":{"k":"v"}`,
		`{"name":null,"description":null,"metadata":null}`:            `"name":"a","description":"d","metadata":{"k":"v"}`,
		`{"name":"b","description":"","metadata":{"k":null,"l":"w"}}`: `"name":"b","description":"","metadata":{"l":"w"}`,
	} {
		next, err := UpdateStore(cur, decode[wire.MemoryStoreParams](t, body))
		if err != nil || !strings.Contains(string(wire.Encode(next)), want) {
			t.Errorf("%s: %s, %v", body, wire.Encode(next), err)
		}
	}
	_, err = UpdateStore(cur, decode[wire.MemoryStoreParams](t, `{"name":""}`))
	refused(t, "an empty name", err, fault.Invalid, "name: must not be empty")
	at := wire.Micros(1)
	cur.ID, cur.ArchivedAt = "memstore_1", &at
	_, err = UpdateStore(cur, wire.MemoryStoreParams{})
	refused(t, "an archived store", err, fault.Invalid, "Memory store `memstore_1` is archived")
}
