package vault

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNormalizeURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://mcp.example.com":             "https://mcp.example.com",
		"https://mcp.example.com/":            "https://mcp.example.com",
		"HTTPS://MCP.Example.com:443//":       "https://mcp.example.com",
		"https://mcp.example.com./":           "https://mcp.example.com",
		"http://mcp.example.com:80/sse/":      "http://mcp.example.com/sse",
		"https://mcp.example.com:80/":         "https://mcp.example.com:80",
		"http://mcp.example.com:443":          "http://mcp.example.com:443",
		"https://mcp.example.com:8443/A/b":    "https://mcp.example.com:8443/A/b",
		"https://mcp.example.com:/":           "https://mcp.example.com",
		"https://mcp.example.com/a%2Fb/":      "https://mcp.example.com/a%2Fb",
		"https://mcp.example.com/a/?k=V/":     "https://mcp.example.com/a?k=V/",
		"https://bücher.example/":             "https://xn--bcher-kva.example",
		"https://XN--bcher-kva.example":       "https://xn--bcher-kva.example",
		"http://[::1]:8000/mcp/":              "http://[::1]:8000/mcp",
		"http://[0:0::1]/mcp":                 "http://[::1]/mcp",
		"http://127.0.0.1:8000":               "http://127.0.0.1:8000",
		"http://2130706433/":                  "http://2130706433", // not a host the gate would dial, and equal only to itself
		"no url at all":                       "no url at all",
		"https://mcp.example.com/sse?":        "https://mcp.example.com/sse",
		"https://user:pw@mcp.example.com/sse": "https://mcp.example.com/sse",
	} {
		if got := NormalizeURL(raw); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

func TestNormalizeURLIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.StringMatching(`[hH]ttps?://[A-Za-z0-9.:\[\]-]{1,20}(/[A-Za-z0-9%/ ._-]{0,12})?(\?[a-z=/]{0,6})?`).Draw(t, "url")
		once := NormalizeURL(raw)
		if twice := NormalizeURL(once); twice != once {
			t.Errorf("%q: %q, then %q", raw, once, twice)
		}
	})
}
