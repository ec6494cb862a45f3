package gov2

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/option"
	"github.com/anthropics/anthropic-sdk-go/v2/tools/agenttoolset"
)

const greetingMD = "---\nname: greeting\ndescription: Greets people. Use it when someone says hello.\n---\n\nRun scripts/greet.sh.\n"

func greeting() []io.Reader {
	return []io.Reader{
		anthropic.File(strings.NewReader(greetingMD), "greeting/SKILL.md", "text/markdown"),
		anthropic.File(strings.NewReader("#!/bin/sh\necho greetings-$((6*7))\n"), "greeting/scripts/greet.sh", "text/x-sh"),
	}
}

func newSkill(t testing.TB, c *anthropic.Client) *anthropic.BetaSkill {
	t.Helper()
	return must(c.Beta.Skills.New(ctx(t), anthropic.BetaSkillNewParams{Files: greeting(), DisplayName: anthropic.String("Greeting")}))(t)
}

func skillLife(t testing.TB, c *anthropic.Client) {
	made := newSkill(t, c)
	equal(t, "display_name", made.DisplayName, "Greeting")
	equal(t, "source", string(made.Source.Type), "custom")
	got := must(c.Skills.Get(ctx(t), made.ID, anthropic.SkillGetParams{}))(t)
	equal(t, "retrieved", got.RawJSON(), made.RawJSON())
	listed := all(t, c.Beta.Skills.ListAutoPaging(ctx(t), anthropic.BetaSkillListParams{Limit: anthropic.Int(2)}))
	for _, id := range []string{made.ID, "xlsx", "docx", "pptx", "pdf"} {
		equal(t, "listed "+id, slices.ContainsFunc(listed, func(s anthropic.BetaSkill) bool { return s.ID == id }), true)
	}
	version := must(c.Beta.Skills.Versions.New(ctx(t), made.ID, anthropic.BetaSkillVersionNewParams{Files: greeting()}))(t)
	latest := must(c.Beta.Skills.Versions.Get(ctx(t), "latest", anthropic.BetaSkillVersionGetParams{SkillID: made.ID}))(t)
	equal(t, "latest", latest.RawJSON(), version.RawJSON())
	versions := all(t, c.Skills.Versions.ListAutoPaging(ctx(t), made.ID, anthropic.SkillVersionListParams{Limit: anthropic.Int(1)}))
	equal(t, "versions", each(versions, func(v anthropic.SkillVersion) string { return v.ID }), []string{version.ID, made.LatestVersionID})
	deleted := must(c.Beta.Skills.Versions.Delete(ctx(t), version.ID, anthropic.BetaSkillVersionDeleteParams{SkillID: made.ID}))(t)
	equal(t, "deleted version", deleted.ID, version.ID)
	_, err := c.Beta.Skills.Delete(ctx(t), "pdf", anthropic.BetaSkillDeleteParams{})
	refused(t, err, 403, "permission_error")
	gone := must(c.Skills.Delete(ctx(t), made.ID, anthropic.SkillDeleteParams{}))(t)
	equal(t, "deleted", string(gone.Type), "skill_deleted")
	_, err = c.Beta.Skills.Get(ctx(t), made.ID, anthropic.BetaSkillGetParams{})
	refused(t, err, 404, "not_found_error")
}

func skillDownload(t testing.TB, c *anthropic.Client) {
	made := newSkill(t, c)
	for id, want := range map[string][]string{made.ID: {"greeting/SKILL.md", "greeting/scripts/greet.sh"}, "pdf": {"pdf/SKILL.md"}} {
		version := must(c.Beta.Skills.Versions.Get(ctx(t), "latest", anthropic.BetaSkillVersionGetParams{SkillID: id}))(t)
		res := must(c.Beta.Skills.Versions.Download(ctx(t), version.ID, anthropic.BetaSkillVersionDownloadParams{SkillID: id}))(t)
		body := must(io.ReadAll(res.Body))(t)
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		archive := must(zip.NewReader(bytes.NewReader(body), int64(len(body))))(t)
		names := each(archive.File, func(f *zip.File) string { return f.Name })
		equal(t, "members", names[:len(want)], want)
	}
}

// oldSkills is a program that still names the beta of the first form.
func oldSkills(t testing.TB, c *anthropic.Client) {
	made := newSkill(t, c)
	beta := []anthropic.AnthropicBeta{"skills-2025-10-02"}
	read := func(raw string) (out map[string]any) {
		if err := json.Unmarshal([]byte(raw), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	got := read(must(c.Beta.Skills.Get(ctx(t), made.ID, anthropic.BetaSkillGetParams{Betas: beta}))(t).RawJSON())
	equal(t, "display_title", got["display_title"], any("Greeting"))
	equal(t, "source", got["source"], any("custom"))
	number, _ := got["latest_version"].(string)
	version := read(must(c.Beta.Skills.Versions.Get(ctx(t), number, anthropic.BetaSkillVersionGetParams{SkillID: made.ID}, option.WithHeader("anthropic-beta", "skills-2025-10-02")))(t).RawJSON())
	equal(t, "version", version["version"], any(number))
	equal(t, "directory", version["directory"], any("greeting"))
}

func agentUsesASkill(t testing.TB, c *anthropic.Client) {
	made := newSkill(t, c)
	agent := newAgent(t, c, toolset())
	updated := must(c.Beta.Agents.Update(ctx(t), agent.ID, anthropic.BetaAgentUpdateParams{Skills: []anthropic.BetaManagedAgentsSkillParamsUnion{
		{OfCustom: &anthropic.BetaManagedAgentsCustomSkillParams{Type: "custom", SkillID: made.ID}},
		{OfAnthropic: &anthropic.BetaManagedAgentsAnthropicSkillParams{Type: "anthropic", SkillID: "xlsx"}},
	}}))(t)
	equal(t, "version", updated.Version, 2)
	equal(t, "alias", updated.Skills[0].Version, "latest")
	session := newSession(t, c, updated)
	got := must(c.Beta.Sessions.Get(ctx(t), session, anthropic.BetaSessionGetParams{}))(t)
	equal(t, "pinned", got.Agent.Skills[0].Version, made.LatestVersionID)
	equal(t, "said", said(turn(t, c, session, "", script("greeting"))), "The skill printed: greetings-42")
	_, err := c.Beta.Agents.Update(ctx(t), agent.ID, anthropic.BetaAgentUpdateParams{Skills: []anthropic.BetaManagedAgentsSkillParamsUnion{
		{OfCustom: &anthropic.BetaManagedAgentsCustomSkillParams{Type: "custom", SkillID: "skill_none"}},
	}})
	refused(t, err, 400, "invalid_request_error")
}

// workerSkills lets the SDK's own worker code fetch the skills of a session, as
// it does in a self-hosted environment.
func workerSkills(t testing.TB, c *anthropic.Client) {
	made := newSkill(t, c)
	agent := must(c.Beta.Agents.New(ctx(t), anthropic.BetaAgentNewParams{
		Name: "checker", Model: anthropic.BetaManagedAgentsModelConfigParams{ID: "claude-opus-5-5"}, Tools: []anthropic.BetaAgentNewParamsToolUnion{toolset()},
		Skills: []anthropic.BetaManagedAgentsSkillParamsUnion{
			anthropic.BetaManagedAgentsSkillParamsOfCustom(made.ID), anthropic.BetaManagedAgentsSkillParamsOfAnthropic("pdf"),
		},
	}))(t)
	session := must(c.Beta.Sessions.Get(ctx(t), newSession(t, c, agent), anthropic.BetaSessionGetParams{}))(t)
	env := &agenttoolset.AgentToolContext{Workdir: t.TempDir()}
	if err := env.SetupSkillsFromSession(ctx(t), *c, session); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{
		"greeting/SKILL.md": 0o644, "greeting/scripts/greet.sh": 0o755, "pdf/SKILL.md": 0o644, "pdf/scripts/read_pdf.py": 0o755,
	} {
		info := must(os.Stat(filepath.Join(env.Workdir, "skills", name)))(t)
		equal(t, "mode of "+name, info.Mode().Perm(), mode)
	}
}
