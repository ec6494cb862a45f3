package mcp

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// prefix begins the names of MCP tools; agents may not use it for tools of
// their own (Managed Agents API: tools, "custom").
const prefix = "mcp__"

// maxModelName is the longest name that the Messages API takes.
const maxModelName = 128

// Prefix is how the model-facing names of a server's tools begin.
func Prefix(server string) string { return prefix + plain(server) + "__" }

// ModelName is the name under which a model is offered a tool of a server:
// letters, digits, '_' and '-', at most 128. A name that had to be changed to
// fit ends with a hash, so that no two tools get the same.
func ModelName(server, tool string) string {
	name := Prefix(server) + plain(tool)
	if len(name) <= maxModelName && plain(server) == server && plain(tool) == tool {
		return name
	}
	return Distinct(server, tool)
}

// Distinct is ModelName with the hash in any case, for a tool whose name
// another one has: a__b of server x, and b of server x__a.
func Distinct(server, tool string) string {
	sum := sha256.Sum256([]byte(server + "\x00" + tool))
	hash := "_" + hex.EncodeToString(sum[:5])
	name := Prefix(server) + plain(tool)
	return name[:min(len(name), maxModelName-len(hash))] + hash
}

// plain puts '_' in place of every character that names can't have.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '_'
	}, s)
}
