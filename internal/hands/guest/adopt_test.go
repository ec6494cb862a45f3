package guest

import (
	"encoding/json"
	"maps"
	"os"
	"testing"
)

// An adopted shell has the environment that a new one would have.
func TestAdopt(t *testing.T) {
	base := map[string]string{"PATH": os.Getenv("PATH"), "KEPT": "1", "A": "old"}
	for name, besides := range map[string]map[string]string{
		"nothing":             {},
		"plain":               {"A": "new", "B": "x y"},
		"awkward values":      {"A": `it's $HOME "quoted" \n `, "B": "two\nlines\tand\x03more", "C": ""},
		"awkward names":       {"A": "new", "not-a-name": "z"},
		"one the shell keeps": {"A": "new", "UID": "5"},
	} {
		for _, started := range []bool{true, false} {
			s := newTestShell(t, t.TempDir(), base)
			if started {
				if err := s.start(false); err != nil {
					t.Fatal(err)
				}
			}
			env := maps.Clone(base)
			maps.Copy(env, besides)
			if err := s.adopt(env); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			look := json.RawMessage(`{"command":"printenv KEPT; env -0 | grep -z -e ^A= -e ^B= -e ^C= -e ^not | sort -z | tr '\\0' ';'"}`)
			fresh := newTestShell(t, t.TempDir(), env)
			got, gotErr := s.call(t.Context(), look, false)
			want, wantErr := fresh.call(t.Context(), look, false)
			if got != want || gotErr || wantErr {
				t.Errorf("%s, started %v: %q, want %q", name, started, got, want)
			}
		}
	}
}
