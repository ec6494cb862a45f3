// Package gov2 is a program that uses the official Go SDK v2 in all the ways
// the other clients of the conformance tests use theirs.
// Package gov1 is the same text over SDK v1; package generate makes it.
//
// Each check takes a testing.TB and a client and keeps to its own resources.
// The package is for tests and imports nothing of the program.
package gov2

//go:generate go run ../generate

import (
	"context"
	"fmt"
	"path"
	"reflect"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/option"
)

// Module is the path of the SDK's module.
const Module = "github.com/anthropics/anthropic-sdk-go/v2"

// Check is one thing a program of the hosted service does.
type Check struct {
	Name string
	Run  func(testing.TB, *anthropic.Client)
}

// Checks lists all checks.
func Checks() []Check {
	return []Check{
		{"agent round trip", agentRoundTrip},
		{"agent versions", agentVersions},
		{"agent archive", agentArchive},
		{"environment life", environmentLife},
		{"session round trip", sessionRoundTrip},
		{"session archive and delete", sessionArchiveAndDelete},
		{"lists page through", listsPageThrough},
		{"plain turn", plainTurn},
		{"events page through", eventsPageThrough},
		{"server runs bash", serverRunsBash},
		{"custom tool", customTool},
		{"confirmation allows", confirmationAllows},
		{"confirmation denies", confirmationDenies},
		{"interrupt", interrupt},
		{"model error", modelError},
		{"context compacted", contextCompacted},
		{"compaction limit", compactionLimit},
		{"previews", previews},
		{"tool runner", toolRunner},
		{"mcp tool", mcpTool},
		{"mcp tools side by side", mcpSideBySide},
		{"mcp server without a credential", mcpWithoutCredential},
		{"threads of a session", threadsOfASession},
		{"file life", fileLife},
		{"mount and outputs", mountAndOutputs},
		{"session resources", sessionResources},
		{"vault life", vaultLife},
		{"credential life", credentialLife},
		{"validate a good token", validateAGoodToken},
		{"validate refreshes an expired token", validateRefreshesAnExpiredToken},
		{"validate a revoked token", validateARevokedToken},
		{"validate another type", validateAnotherType},
		{"ten sessions refresh an expired token once", tenSessionsRefreshOnce},
		{"web tools", webTools},
		{"files by id", filesByID},
		{"search results of a tool", searchResultsOfATool},
		{"skill life", skillLife},
		{"skill download", skillDownload},
		{"old skills", oldSkills},
		{"agent uses a skill", agentUsesASkill},
		{"worker skills", workerSkills},
		{"memory store life", memoryStoreLife},
		{"memory life", memoryLife},
		{"agent remembers", agentRemembers},
		{"example servers", exampleServers},
		{"not found", notFound},
		{"bad request", badRequest},
		{"wrong key", wrongKey},
		{"bearer token", bearerToken},
	}
}

// NewClient is a client of a server, deaf to the environment.
func NewClient(url, key string) *anthropic.Client {
	c := anthropic.NewClient(option.WithoutEnvironmentDefaults(), option.WithBaseURL(url), option.WithAPIKey(key), option.WithMaxRetries(0))
	return &c
}

// ctx bounds every call of a check.
func ctx(t testing.TB) context.Context {
	c, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return c
}

// must unwraps a call's answer.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

var serial = time.Now().UnixNano()

// unique is a name no other run uses: those of environments may exist once.
func unique(name string) string {
	serial++
	return fmt.Sprintf("%s-%s-%d", name, path.Base(Module), serial)
}
