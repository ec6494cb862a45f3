package api_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/anthropics/anthropic-sdk-go"
	v2 "github.com/anthropics/anthropic-sdk-go/v2"
	v2option "github.com/anthropics/anthropic-sdk-go/v2/option"

	"github.com/ostlerdev/ostler/internal/apitest"
)

// The stable and the beta service of both generations upload, and each reads
// what the others uploaded.
func TestSDKsShareFiles(t *testing.T) {
	s := apitest.Start(t)
	ctx := t.Context()
	c1, c2 := s.V1(), s.V2()
	disk := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(disk, []byte("1,2"), 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := os.Open(disk)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	var want []string
	add := func(id, name, mime string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, id+" "+name+" "+mime)
		s.Clock.Advance(time.Second)
	}
	a, err := c1.Files.Upload(ctx, v1.FileUploadParams{File: opened})
	add(a.ID, a.Filename, a.MimeType, err)
	b, err := c1.Beta.Files.Upload(ctx, v1.BetaFileUploadParams{File: v1.File(strings.NewReader("# x"), "x.md", "text/plain"), ExpiresInSeconds: v1.Int(3600)})
	add(b.ID, b.Filename, b.MimeType, err)
	c, err := c2.Files.Upload(ctx, v2.FileUploadParams{File: bytes.NewReader([]byte("%PDF-1.7")), ExpiresInSeconds: v2.Int(7200)})
	add(c.ID, c.Filename, c.MimeType, err)
	d, err := c2.Beta.Files.Upload(ctx, v2.BetaFileUploadParams{File: v2.File(strings.NewReader("x"), `dir\y.txt`, "")})
	add(d.ID, d.Filename, d.MimeType, err)
	if b.ExpiresAt.Sub(b.CreatedAt) != time.Hour || c.ExpiresAt.Sub(c.CreatedAt) != 2*time.Hour || !d.ExpiresAt.IsZero() {
		t.Errorf("expiries: %v, %v, %v", b.ExpiresAt, c.ExpiresAt, d.ExpiresAt)
	}
	slices.Reverse(want)
	var walks [4][]string
	p1 := c1.Files.ListAutoPaging(ctx, v1.FileListParams{Limit: v1.Int(1)})
	for p1.Next() {
		f := p1.Current()
		walks[0] = append(walks[0], f.ID+" "+f.Filename+" "+f.MimeType)
	}
	p2 := c1.Beta.Files.ListAutoPaging(ctx, v1.BetaFileListParams{Limit: v1.Int(3)})
	for p2.Next() {
		f := p2.Current()
		walks[1] = append(walks[1], f.ID+" "+f.Filename+" "+f.MimeType)
	}
	p3 := c2.Files.ListAutoPaging(ctx, v2.FileListParams{Limit: v2.Int(2)})
	for p3.Next() {
		f := p3.Current()
		walks[2] = append(walks[2], f.ID+" "+f.Filename+" "+f.MimeType)
	}
	// Newer programs that still name the beta get the first dialect, and must
	// find their way on in it.
	p4 := c2.Beta.Files.ListAutoPaging(ctx, v2.BetaFileListParams{Limit: v2.Int(1), Betas: []v2.AnthropicBeta{"files-api-2025-04-14"}})
	for p4.Next() {
		f := p4.Current()
		walks[3] = append(walks[3], f.ID+" "+f.Filename+" "+f.MimeType)
	}
	if err := errors.Join(p1.Err(), p2.Err(), p3.Err(), p4.Err()); err != nil {
		t.Error(err)
	}
	for i, got := range walks {
		if !slices.Equal(got, want) {
			t.Errorf("walk %d:\n%s\nwant\n%s", i, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	some, err := c2.Beta.Files.List(ctx, v2.BetaFileListParams{IDs: []string{a.ID, "file_none", d.ID, a.ID}})
	if err != nil || len(some.Data) != 2 || some.Data[0].ID != d.ID || some.NextPage != "" {
		t.Errorf("ids: %+v, %v", some, err)
	}
	meta, err := c1.Beta.Files.GetMetadata(ctx, d.ID, v1.BetaFileGetMetadataParams{})
	if err != nil || meta.Filename != "y.txt" || meta.Downloadable {
		t.Errorf("metadata: %+v, %v", meta, err)
	}
	gone, err := c2.Files.Delete(ctx, a.ID, v2.FileDeleteParams{})
	if err != nil || gone.ID != a.ID || gone.Type != "file_deleted" {
		t.Errorf("delete: %+v, %v", gone, err)
	}
	_, err = c1.Files.GetMetadata(ctx, a.ID, v1.FileGetMetadataParams{})
	var missing *v1.Error
	if !errors.As(err, &missing) || missing.StatusCode != 404 {
		t.Errorf("deleted: %v", err)
	}
}

func TestSDKsDownloadWhatAgentsMade(t *testing.T) {
	s := apitest.Start(t)
	ctx := t.Context()
	c1, c2 := s.V1(), s.V2()
	inSession(t, s, "sesn_1")
	inSession(t, s, "sesn_2")
	big := strings.Repeat("0123456789abcdef", 50_000)
	id := output(t, s, "sesn_1", "big.txt", big)
	output(t, s, "sesn_2", "other.txt", "x")
	up, err := c2.Beta.Files.Upload(ctx, v2.BetaFileUploadParams{File: strings.NewReader("x")})
	if err != nil {
		t.Fatal(err)
	}
	page, err := c1.Beta.Files.List(ctx, v1.BetaFileListParams{ScopeID: v1.String("sesn_1"), Betas: []v1.AnthropicBeta{"managed-agents-2026-04-01"}})
	if err != nil || len(page.Data) != 1 || page.Data[0].ID != id || !page.Data[0].Downloadable || page.Data[0].Scope.ID != "sesn_1" {
		t.Fatalf("scope: %+v, %v", page, err)
	}
	r1, err1 := c1.Beta.Files.Download(ctx, id, v1.BetaFileDownloadParams{})
	r2, err2 := c2.Files.Download(ctx, id, v2.FileDownloadParams{})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	for _, body := range []io.ReadCloser{r1.Body, r2.Body} {
		got, err := io.ReadAll(body)
		if err := errors.Join(err, body.Close()); err != nil || string(got) != big {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	part, err := c2.Files.Download(ctx, id, v2.FileDownloadParams{}, v2option.WithHeader("Range", "bytes=16-19"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(part.Body)
	if err := errors.Join(err, part.Body.Close()); err != nil || string(got) != "0123" {
		t.Errorf("range: %q, %v", got, err)
	}
	_, err = c2.Beta.Files.Download(ctx, up.ID, v2.BetaFileDownloadParams{})
	var refused *v2.Error
	if !errors.As(err, &refused) || refused.StatusCode != 400 || refused.ErrorCode() != "file_not_downloadable" {
		t.Errorf("download of an upload: %v", err)
	}
	_, err = c2.Files.Upload(ctx, v2.FileUploadParams{File: v2.File(strings.NewReader("x"), "a?b", "text/plain")})
	if !errors.As(err, &refused) || refused.StatusCode != 400 {
		t.Errorf("bad name: %v", err)
	}
	_, err = c2.Files.Upload(ctx, v2.FileUploadParams{File: strings.NewReader(strings.Repeat("x", apitest.MaxFile+1))})
	if !errors.As(err, &refused) || refused.StatusCode != 413 || refused.Type() != "request_too_large" {
		t.Errorf("too large: %v", err)
	}
}

func TestSDKsMountFiles(t *testing.T) {
	s := apitest.Start(t)
	ctx := t.Context()
	c1, c2 := s.V1(), s.V2()
	agent, err := c2.Beta.Agents.New(ctx, v2.BetaAgentNewParams{Name: "a", Model: v2.BetaManagedAgentsModelConfigParams{ID: "claude-opus-5-5"}})
	if err != nil {
		t.Fatal(err)
	}
	env, err := c2.Beta.Environments.New(ctx, v2.BetaEnvironmentNewParams{Name: "e"})
	if err != nil {
		t.Fatal(err)
	}
	up, err := c1.Beta.Files.Upload(ctx, v1.BetaFileUploadParams{File: v1.File(strings.NewReader("1,2"), "rows.csv", "text/csv")})
	if err != nil {
		t.Fatal(err)
	}
	sess, err := c2.Beta.Sessions.New(ctx, v2.BetaSessionNewParams{
		Agent: v2.BetaSessionNewParamsAgentUnion{OfString: v2.String(agent.ID)}, EnvironmentID: env.ID,
		Resources: []v2.BetaSessionNewParamsResourceUnion{
			{OfFile: &v2.BetaManagedAgentsFileResourceParams{FileID: up.ID, MountPath: v2.String("/workspace/rows.csv")}},
			{OfGitHubRepository: &v2.BetaManagedAgentsGitHubRepositoryResourceParams{URL: "https://github.com/o/r", AuthorizationToken: "ghp_secret",
				Checkout: v2.BetaManagedAgentsGitHubRepositoryResourceParamsCheckoutUnion{OfBranch: &v2.BetaManagedAgentsBranchCheckoutParam{Name: "main"}}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(sess.Resources) != 2 || strings.Contains(sess.RawJSON(), "ghp_secret") {
		t.Fatalf("session %s", sess.RawJSON())
	}
	file, repo := sess.Resources[0].AsFile(), sess.Resources[1].AsGitHubRepository()
	if file.FileID == up.ID || file.MountPath != "/workspace/rows.csv" || repo.MountPath != "/workspace/r" || repo.Checkout.AsBranch().Name != "main" {
		t.Errorf("resources %s", sess.RawJSON())
	}
	added, err := c1.Beta.Sessions.Resources.Add(ctx, sess.ID, v1.BetaSessionResourceAddParams{
		BetaManagedAgentsFileResourceParams: v1.BetaManagedAgentsFileResourceParams{FileID: up.ID, Type: v1.BetaManagedAgentsFileResourceParamsTypeFile}})
	if err != nil || added.MountPath != "/mnt/session/uploads/"+up.ID {
		t.Fatalf("add: %+v, %v", added, err)
	}
	var walked []string
	pager := c2.Beta.Sessions.Resources.ListAutoPaging(ctx, sess.ID, v2.BetaSessionResourceListParams{Limit: v2.Int(1)})
	for pager.Next() {
		walked = append(walked, pager.Current().ID)
	}
	if err := pager.Err(); err != nil || fmt.Sprint(walked) != fmt.Sprint([]string{file.ID, repo.ID, added.ID}) {
		t.Errorf("walked %v, %v", walked, err)
	}
	s.Clock.Advance(time.Minute)
	updated, err := c2.Beta.Sessions.Resources.Update(ctx, repo.ID, v2.BetaSessionResourceUpdateParams{SessionID: sess.ID, AuthorizationToken: "ghp_new"})
	if err != nil || updated.Type != "github_repository" || !updated.UpdatedAt.After(repo.UpdatedAt) || strings.Contains(updated.RawJSON(), "ghp_new") {
		t.Errorf("update: %s, %v", updated.RawJSON(), err)
	}
	got, err := c1.Beta.Sessions.Resources.Get(ctx, added.ID, v1.BetaSessionResourceGetParams{SessionID: sess.ID})
	if err != nil || got.AsFile().FileID != added.FileID {
		t.Errorf("get: %s, %v", got.RawJSON(), err)
	}
	gone, err := c2.Beta.Sessions.Resources.Delete(ctx, added.ID, v2.BetaSessionResourceDeleteParams{SessionID: sess.ID})
	if err != nil || gone.ID != added.ID || gone.Type != "session_resource_deleted" {
		t.Errorf("delete: %+v, %v", gone, err)
	}
	again, err := c1.Beta.Sessions.Get(ctx, sess.ID, v1.BetaSessionGetParams{})
	if err != nil || len(again.Resources) != 2 || !again.UpdatedAt.After(sess.UpdatedAt) {
		t.Errorf("session: %s, %v", again.RawJSON(), err)
	}
}
