package api_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/anthropics/anthropic-sdk-go"
	v2 "github.com/anthropics/anthropic-sdk-go/v2"

	"github.com/ostlerdev/ostler/internal/apitest"
)

const greetingMD = "---\nname: greeting\ndescription: Greets people. Use it when someone says hello.\n---\n\nSay hello.\n"

// The stable and the beta service of both generations make, read, page through
// and delete skills, and each sees what the others made.
func TestSDKsShareSkills(t *testing.T) {
	s := apitest.Start(t)
	ctx := t.Context()
	c1, c2 := s.V1(), s.V2()
	md := func() io.Reader { return v2.File(strings.NewReader(greetingMD), "greeting/SKILL.md", "text/markdown") }
	script := func() io.Reader {
		return v2.File(strings.NewReader("#!/bin/sh\necho hello\n"), "greeting/scripts/hello.sh", "text/x-sh")
	}
	var want []string
	add := func(id, name, latest, source string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, id+" "+name+" "+latest+" "+source)
		s.Clock.Advance(time.Second)
	}
	a, err := c1.Skills.New(ctx, v1.SkillNewParams{Files: []io.Reader{md(), script()}})
	add(a.ID, a.DisplayName, a.LatestVersionID, string(a.Source.Type), err)
	b, err := c1.Beta.Skills.New(ctx, v1.BetaSkillNewParams{Files: []io.Reader{script(), md()}, DisplayName: v1.String("Grüße")})
	add(b.ID, b.DisplayName, b.LatestVersionID, string(b.Source.Type), err)
	c, err := c2.Skills.New(ctx, v2.SkillNewParams{Files: []io.Reader{zipOf(t, "greeting/SKILL.md", greetingMD)}})
	add(c.ID, c.DisplayName, c.LatestVersionID, string(c.Source.Type), err)
	d, err := c2.Beta.Skills.New(ctx, v2.BetaSkillNewParams{Files: []io.Reader{md()}})
	add(d.ID, d.DisplayName, d.LatestVersionID, string(d.Source.Type), err)
	if a.DisplayName != "greeting" || b.DisplayName != "Grüße" || a.Source.Type != "custom" {
		t.Errorf("made %+v, %+v", a, b)
	}
	slices.Reverse(want)
	var walks [3][]string
	p1 := c1.Skills.ListAutoPaging(ctx, v1.SkillListParams{Limit: v1.Int(1), Source: v1.String("custom")})
	for p1.Next() {
		k := p1.Current()
		walks[0] = append(walks[0], k.ID+" "+k.DisplayName+" "+k.LatestVersionID+" "+string(k.Source.Type))
	}
	p2 := c1.Beta.Skills.ListAutoPaging(ctx, v1.BetaSkillListParams{Limit: v1.Int(3), Source: v1.String("custom")})
	for p2.Next() {
		k := p2.Current()
		walks[1] = append(walks[1], k.ID+" "+k.DisplayName+" "+k.LatestVersionID+" "+string(k.Source.Type))
	}
	p3 := c2.Beta.Skills.ListAutoPaging(ctx, v2.BetaSkillListParams{Source: v2.String("custom")})
	for p3.Next() {
		k := p3.Current()
		walks[2] = append(walks[2], k.ID+" "+k.DisplayName+" "+k.LatestVersionID+" "+string(k.Source.Type))
	}
	if err := errors.Join(p1.Err(), p2.Err(), p3.Err()); err != nil {
		t.Error(err)
	}
	for i, got := range walks {
		if !slices.Equal(got, want) {
			t.Errorf("walk %d:\n%s\nwant\n%s", i, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	second, err := c2.Beta.Skills.Versions.New(ctx, a.ID, v2.BetaSkillVersionNewParams{Files: []io.Reader{md()}})
	if err != nil || second.Name != "greeting" || second.SkillID != a.ID || second.Description != "Greets people. Use it when someone says hello." {
		t.Fatalf("second version: %+v, %v", second, err)
	}
	latest, err := c1.Beta.Skills.Versions.Get(ctx, "latest", v1.BetaSkillVersionGetParams{SkillID: a.ID})
	if err != nil || latest.ID != second.ID {
		t.Errorf("latest: %+v, %v", latest, err)
	}
	first, err := c2.Skills.Versions.Get(ctx, a.LatestVersionID, v2.SkillVersionGetParams{SkillID: a.ID})
	if err != nil || first.ID != a.LatestVersionID {
		t.Errorf("first: %+v, %v", first, err)
	}
	res, err := c2.Beta.Skills.Versions.Download(ctx, first.ID, v2.BetaSkillVersionDownloadParams{SkillID: a.ID})
	if err != nil {
		t.Fatal(err)
	}
	if got := unzip(t, res.Body); got != "greeting/SKILL.md -rw-r--r--, greeting/scripts/hello.sh -rwxr-xr-x" {
		t.Errorf("archive: %s", got)
	}
	if cd := res.Header.Get("Content-Disposition"); cd != "attachment; filename=greeting.zip" {
		t.Errorf("disposition %q", cd)
	}
	gone, err := c1.Skills.Versions.Delete(ctx, second.ID, v1.SkillVersionDeleteParams{SkillID: a.ID})
	if err != nil || gone.ID != second.ID || gone.Type != "skill_version_deleted" {
		t.Errorf("delete of a version: %+v, %v", gone, err)
	}
	back, err := c2.Skills.Get(ctx, a.ID, v2.SkillGetParams{})
	if err != nil || back.LatestVersionID != first.ID || !back.UpdatedAt.After(back.CreatedAt) {
		t.Errorf("after it: %+v, %v", back, err)
	}
	deleted, err := c2.Skills.Delete(ctx, a.ID, v2.SkillDeleteParams{})
	if err != nil || deleted.ID != a.ID || deleted.Type != "skill_deleted" {
		t.Errorf("delete: %+v, %v", deleted, err)
	}
	_, err = c1.Skills.Get(ctx, a.ID, v1.SkillGetParams{})
	var missing *v1.Error
	if !errors.As(err, &missing) || missing.StatusCode != 404 {
		t.Errorf("deleted: %v", err)
	}
}

// zipOf is an archive of names and contents in turn.
func zipOf(t *testing.T, files ...string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for pair := range slices.Chunk(files, 2) {
		out, err := w.Create(pair[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(out, pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

// unzip is the members of an archive and their modes.
func unzip(t *testing.T, body io.ReadCloser) string {
	t.Helper()
	b, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range r.File {
		out = append(out, f.Name+" "+f.Mode().String())
	}
	return strings.Join(out, ", ")
}
