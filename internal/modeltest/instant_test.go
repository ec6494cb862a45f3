package modeltest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

// With two replies the second answers tool results; ids differ every time.
func TestInstant(t *testing.T) {
	in, err := modeltest.StartInstant(0, modeltest.ToolUse("bash", map[string]string{"command": "ls"}), modeltest.Text("done"))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(messages string) string {
		res, err := http.Post(in.URL+"/v1/messages", "application/json", strings.NewReader(request(`"stream":true,"messages":[`+messages+`]`))) //nolint:noctx // a test
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	seen := map[string]bool{}
	for range 3 {
		_, data := frames(t, ask(user))
		id := data[1]["content_block"].(map[string]any)["id"].(string)
		if seen[id] || !strings.HasPrefix(id, "toolu_") {
			t.Errorf("id %q again", id)
		}
		seen[id] = true
	}
	if got := ask(user + `,` + call + `,` + res); !strings.Contains(got, "done") {
		t.Error(got)
	}
	if got := ask(user + `,` + call + `,` + res + `,{"role":"assistant","content":"x"},` + user); !strings.Contains(got, "bash") {
		t.Error(got)
	}
	if in.Served() != 5 {
		t.Errorf("%d served", in.Served())
	}
	http.DefaultClient.CloseIdleConnections()
	if err := in.Close(); err != nil {
		t.Error(err)
	}
}
