package gov2

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
)

const table = "a,b\n1,2\n3,4\n"

func upload(t testing.TB, c *anthropic.Client) *anthropic.BetaFileMetadata {
	t.Helper()
	return must(c.Beta.Files.Upload(ctx(t), anthropic.BetaFileUploadParams{
		File: anthropic.File(strings.NewReader(table), "table.csv", "text/csv"),
	}))(t)
}

func download(t testing.TB, c *anthropic.Client, id string) string {
	t.Helper()
	res := must(c.Beta.Files.Download(ctx(t), id, anthropic.BetaFileDownloadParams{}))(t)
	defer res.Body.Close()
	return string(must(io.ReadAll(res.Body))(t))
}

func fileLife(t testing.TB, c *anthropic.Client) {
	file := upload(t, c)
	equal(t, "filename", file.Filename, "table.csv")
	equal(t, "mime_type", file.MimeType, "text/csv")
	equal(t, "size", file.SizeBytes, int64(len(table)))
	got := must(c.Beta.Files.GetMetadata(ctx(t), file.ID, anthropic.BetaFileGetMetadataParams{}))(t)
	equal(t, "retrieved", got.RawJSON(), file.RawJSON())
	listed := all(t, c.Beta.Files.ListAutoPaging(ctx(t), anthropic.BetaFileListParams{Limit: anthropic.Int(1)}))
	equal(t, "listed", slices.ContainsFunc(listed, func(f anthropic.BetaFileMetadata) bool { return f.ID == file.ID }), true)
	_, err := c.Beta.Files.Download(ctx(t), file.ID, anthropic.BetaFileDownloadParams{})
	refused(t, err, 400, "invalid_request_error")
	deleted := must(c.Beta.Files.Delete(ctx(t), file.ID, anthropic.BetaFileDeleteParams{}))(t)
	equal(t, "deleted", string(deleted.Type), "file_deleted")
	_, err = c.Beta.Files.GetMetadata(ctx(t), file.ID, anthropic.BetaFileGetMetadataParams{})
	refused(t, err, 404, "not_found_error")
}

func mountAndOutputs(t testing.TB, c *anthropic.Client) {
	file := upload(t, c)
	session := newSession(t, c, newAgent(t, c, toolset()), anthropic.BetaSessionNewParamsResourceUnion{
		OfFile: &anthropic.BetaManagedAgentsFileResourceParams{Type: "file", FileID: file.ID, MountPath: anthropic.String("/workspace/input.csv")},
	})
	equal(t, "said", said(turn(t, c, session, "", script("count-lines"))), "Counted: done")
	outputs := map[string]string{}
	for _, f := range all(t, c.Beta.Files.ListAutoPaging(ctx(t), anthropic.BetaFileListParams{ScopeID: anthropic.String(session)})) {
		outputs[f.Filename] = download(t, c, f.ID)
		equal(t, "scope", f.Scope.ID, session)
	}
	equal(t, "number of outputs", len(outputs), 2)
	equal(t, "copy.csv", outputs["copy.csv"], table)
	equal(t, "count.txt", strings.TrimSpace(outputs["count.txt"]), "3")
}

func sessionResources(t testing.TB, c *anthropic.Client) {
	session := newSession(t, c, newAgent(t, c))
	added := must(c.Beta.Sessions.Resources.Add(ctx(t), session, anthropic.BetaSessionResourceAddParams{
		BetaManagedAgentsFileResourceParams: anthropic.BetaManagedAgentsFileResourceParams{Type: "file", FileID: upload(t, c).ID},
	}))(t)
	resources := func() []string {
		return each(all(t, c.Beta.Sessions.Resources.ListAutoPaging(ctx(t), session, anthropic.BetaSessionResourceListParams{})),
			func(r anthropic.BetaManagedAgentsSessionResourceUnion) string { return r.ID })
	}
	equal(t, "added", resources(), []string{added.ID})
	got := must(c.Beta.Sessions.Resources.Get(ctx(t), added.ID, anthropic.BetaSessionResourceGetParams{SessionID: session}))(t)
	equal(t, "retrieved", got.AsFile().RawJSON(), added.RawJSON())
	must(c.Beta.Sessions.Resources.Delete(ctx(t), added.ID, anthropic.BetaSessionResourceDeleteParams{SessionID: session}))(t)
	equal(t, "deleted", len(resources()), 0)
}
