package vault

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

func TestNew(t *testing.T) {
	v, err := New(decode[wire.VaultParams](t, `{"display_name":"Alice","metadata":{"user":"u_1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"id":"","type":"vault","display_name":"Alice","metadata":{"user":"u_1"},"created_at":"0001-01-01T00:00:00.000000Z","updated_at":"0001-01-01T00:00:00.000000Z","archived_at":null}`
	if got := string(wire.Encode(v)); got != want {
		t.Errorf("got %s", got)
	}
	v, err = New(decode[wire.VaultParams](t, `{"display_name":"`+strings.Repeat("é", MaxName)+`"}`))
	if err != nil || !strings.Contains(string(wire.Encode(v)), `"metadata":{}`) {
		t.Errorf("got %s, %v", wire.Encode(v), err)
	}
}

func TestNewRefuses(t *testing.T) {
	for body, want := range map[string]string{
		`{}`:                    "display_name: field required",
		`{"display_name":null}`: "display_name: expected a string",
		`{"display_name":5}`:    "display_name: expected a string",
		`{"display_name":""}`:   "display_name: must not be empty",
		`{"display_name":"` + strings.Repeat("é", MaxName+1) + `"}`: "display_name: at most 255 characters, got 256",
		`{"display_name":"a","metadata":{"k":null}}`:                "metadata.k: expected a string",
		`{"display_name":"a","name":"b"}`:                           "name: unknown field",
	} {
		var p wire.VaultParams
		err := wire.Decode([]byte(body), &p)
		if err == nil {
			_, err = New(p)
		}
		checkRefusal(t, body, err, want)
	}
}

func TestUpdate(t *testing.T) {
	cur, err := New(decode[wire.VaultParams](t, `{"display_name":"Alice","metadata":{"a":"1","b":"2"}}`))
	if err != nil {
		t.Fatal(err)
	}
	before := string(wire.Encode(cur))
	for body, want := range map[string]string{
		`{}`:                                    `"display_name":"Alice","metadata":{"a":"1","b":"2"}`,
		`{"display_name":null,"metadata":null}`: `"display_name":"Alice","metadata":{"a":"1","b":"2"}`,
		`{"display_name":"Bob"}`:                `"display_name":"Bob","metadata":{"a":"1","b":"2"}`,
		`{"metadata":{"a":null,"b":"3","c":"4","not there":null,"d":""}}`:   `"display_name":"Alice","metadata":{"b":"3","c":"4","d":""}`,
		`{"display_name":"Bob","metadata":{"a":null,"b":null,"none":null}}`: `"display_name":"Bob","metadata":{}`,
	} {
		next, err := Update(cur, decode[wire.VaultParams](t, body))
		if err != nil || !strings.Contains(string(wire.Encode(next)), want) {
			t.Errorf("%s: %s, %v", body, wire.Encode(next), err)
		}
	}
	for body, want := range map[string]string{
		`{"display_name":""}`: "display_name: must not be empty",
		`{"metadata":{"` + strings.Repeat("k", 65) + `":"value"}}`: "metadata: a key has 65 characters",
	} {
		_, err := Update(cur, decode[wire.VaultParams](t, body))
		checkRefusal(t, body, err, want)
	}
	if after := string(wire.Encode(cur)); after != before {
		t.Errorf("an update changed its input: %s", after)
	}
	at := wire.Micros(1)
	cur.ID, cur.ArchivedAt = "vlt_1", &at
	_, err = Update(cur, decode[wire.VaultParams](t, `{"display_name":"Bob"}`))
	checkRefusal(t, "an archived vault", err, "Vault `vlt_1` is archived")
}
