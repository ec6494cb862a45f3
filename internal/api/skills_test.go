package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/apitest"
	"github.com/ostlerdev/ostler/internal/skillstore"
	"github.com/ostlerdev/ostler/internal/wire"
)

const oldDialect = "anthropic-beta: skills-2025-10-02"

func uploadSkill(t *testing.T, s *apitest.Server, path string, header string, parts ...formPart) apitest.Answer {
	t.Helper()
	body, typ := form(t, parts...)
	return s.Call("POST", path, body, typ, header)
}

// archives is the keys of the archives that are kept.
func archives(t *testing.T, s *apitest.Server) string {
	t.Helper()
	var out []string
	for info, err := range s.Deps.Files.Blobs().List(t.Context(), skillstore.Prefix) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, info.Key)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func newSkill(t *testing.T, s *apitest.Server) wire.Skill {
	t.Helper()
	s.Clock.Advance(time.Second)
	return apitest.JSON[wire.Skill](t, uploadSkill(t, s, "/v1/skills", "anthropic-beta:", part("files[]", "greeting/SKILL.md", "", greetingMD)))
}

// The whole life of a skill in the shapes of the beta skills-2025-10-02.
func TestSkillsInTheOldDialect(t *testing.T) {
	s := apitest.Start(t)
	made := apitest.JSON[map[string]any](t, uploadSkill(t, s, "/v1/skills", oldDialect,
		part("files[]", "greeting/SKILL.md", "", greetingMD), part("files[]", "greeting/run.py", "", "pass"), field("display_title", "Hello")))
	id := made["id"].(string)
	first := made["latest_version"].(string)
	if want := map[string]any{"id": id, "type": "skill", "display_title": "Hello", "latest_version": "1790845200000000", "source": "custom",
		"created_at": "2026-10-01T09:00:00.000000Z", "updated_at": "2026-10-01T09:00:00.000000Z"}; fmt.Sprint(made) != fmt.Sprint(want) {
		t.Errorf("created %v", made)
	}
	s.Clock.Advance(time.Second)
	version := apitest.JSON[wire.OldSkillVersion](t, uploadSkill(t, s, "/v1/skills/"+id+"/versions", oldDialect, part("files", "again/SKILL.md", "", greetingMD)))
	if version.Version != "1790845201000000" || version.Directory != "again" || version.Name != "greeting" || !strings.HasPrefix(version.ID, "skillver_") {
		t.Errorf("version %+v", version)
	}
	for _, address := range []string{version.Version, version.ID, "latest", strings.Replace(version.ID, "skillver_", "skver_", 1)} {
		if got := apitest.JSON[wire.OldSkillVersion](t, s.Call("GET", "/v1/skills/"+id+"/versions/"+address, "", oldDialect)); got != version {
			t.Errorf("%s: %+v", address, got)
		}
		if a := s.Call("GET", "/v1/skills/"+id+"/versions/"+address+"/content", "", oldDialect); a.Status != 200 || a.Header.Get("Content-Type") != "application/zip" {
			t.Errorf("%s: %d %s", address, a.Status, a.Header)
		}
	}
	list := apitest.JSON[wire.OldPage[wire.OldSkillVersion]](t, s.Call("GET", "/v1/skills/"+id+"/versions?limit=1", "", oldDialect))
	if len(list.Data) != 1 || list.Data[0] != version || !list.HasMore || list.NextPage == nil {
		t.Errorf("versions %+v", list)
	}
	list = apitest.JSON[wire.OldPage[wire.OldSkillVersion]](t, s.Call("GET", "/v1/skills/"+id+"/versions?limit=1&page="+*list.NextPage, "", oldDialect))
	if len(list.Data) != 1 || list.Data[0].Version != first || list.HasMore || list.NextPage != nil {
		t.Errorf("versions %+v", list)
	}
	all := apitest.JSON[wire.OldPage[wire.OldSkill]](t, s.Call("GET", "/v1/skills", "", oldDialect))
	if len(all.Data) != 5 || all.Data[0].ID != "xlsx" || all.Data[0].LatestVersion != "20261124" || all.Data[4].LatestVersion != version.Version || all.HasMore {
		t.Errorf("skills %+v", all)
	}
	for _, address := range []string{"latest", "20261124", "skillver_20261124"} {
		if got := apitest.JSON[wire.OldSkillVersion](t, s.Call("GET", "/v1/skills/pdf/versions/"+address, "", oldDialect)); got.Version != "20261124" || got.Directory != "pdf" {
			t.Errorf("%s: %+v", address, got)
		}
	}
	s.Call("GET", "/v1/skills?limit=101", "", oldDialect).Refused(t, 400, "invalid_request_error", "limit: expected an integer from 1 to 100")
	gone := apitest.JSON[wire.Deleted](t, s.Call("DELETE", "/v1/skills/"+id+"/versions/"+version.Version, "", oldDialect))
	if gone != (wire.Deleted{ID: version.Version, Type: "skill_version_deleted"}) {
		t.Errorf("deleted %+v", gone)
	}
	if got := apitest.JSON[wire.OldSkill](t, s.Call("GET", "/v1/skills/"+id, "", oldDialect)); got.LatestVersion != first {
		t.Errorf("skill %+v", got)
	}
	// The same in the current dialect.
	if got := apitest.JSON[wire.Skill](t, s.Call("GET", "/v1/skills/"+id, "")); got.DisplayName != "Hello" || got.Source.Type != "custom" || !strings.HasPrefix(got.LatestVersionID, "skver_") {
		t.Errorf("skill %+v", got)
	}
}

func TestSkillRefusals(t *testing.T) {
	s := apitest.Start(t)
	k := newSkill(t, s)
	md := part("files[]", "greeting/SKILL.md", "", greetingMD)
	keys := archives(t, s)
	for name, c := range map[string]struct {
		parts  []formPart
		status int
		want   string
	}{
		"no files":       {[]formPart{field("display_name", "x")}, 400, "files: field required"},
		"no directory":   {[]formPart{part("files[]", "README.md", "", greetingMD)}, 400, "files: the file \"README.md\" is not in the top-level directory"},
		"no filename":    {[]formPart{field("files[]", greetingMD)}, 400, "files: the path \"\" is empty"},
		"up":             {[]formPart{md, part("files[]", "greeting/../../x", "", "")}, 400, "files: the path \"greeting/../../x\" must not contain `..`"},
		"slug":           {[]formPart{part("files[]", "a/SKILL.md", "", "---\nname: A\ndescription: x\n---\n")}, 400, "files: SKILL.md: name: only lower-case"},
		"long name":      {[]formPart{md, field("display_name", strings.Repeat("x", 256))}, 400, "display_name: at most 255 characters"},
		"lines":          {[]formPart{field("display_title", "a\nb"), md}, 400, "display_title: must be a single line"},
		"two names":      {[]formPart{md, field("display_name", "a"), field("display_title", "b")}, 400, "display_title: given more than once"},
		"too much":       {[]formPart{md, part("files[]", "greeting/big", "", strings.Repeat("x", 30<<20))}, 413, "the files of the skill are larger than 31457280 bytes"},
		"much too much":  {[]formPart{md, part("other", "big", "", strings.Repeat("x", 39<<20))}, 413, "the files of the skill are larger than 31457280 bytes"},
		"broken archive": {[]formPart{part("files[]", "x.zip", "", "PK\x03\x04")}, 400, "files: the zip archive can't be read"},
	} {
		typ := map[int]string{400: "invalid_request_error", 413: "request_too_large"}[c.status]
		t.Run(name, func(t *testing.T) {
			uploadSkill(t, s, "/v1/skills", "anthropic-beta:", c.parts...).Refused(t, c.status, typ, c.want)
		})
	}
	other := part("files[]", "other/SKILL.md", "", strings.Replace(greetingMD, "name: greeting", "name: other", 1))
	uploadSkill(t, s, "/v1/skills/"+k.ID+"/versions", "anthropic-beta:", other).Refused(t, 400, "invalid_request_error", "files: SKILL.md: name: must be `greeting`")
	uploadSkill(t, s, "/v1/skills/skill_none/versions", "anthropic-beta:", md).Refused(t, 404, "not_found_error", "Skill `skill_none` not found.")
	uploadSkill(t, s, "/v1/skills/xlsx/versions", "anthropic-beta:", md).Refused(t, 403, "permission_error", "Skill `xlsx` is prebuilt")
	s.Call("POST", "/v1/skills", "{}").Refused(t, 400, "invalid_request_error", "expected a body of content type multipart/form-data")
	for path, want := range map[string]string{
		"DELETE /v1/skills/xlsx":                                       "403 permission_error Skill `xlsx` is prebuilt",
		"DELETE /v1/skills/xlsx/versions/20261124":                     "403 permission_error Skill `xlsx` is prebuilt",
		"DELETE /v1/skills/skill_none":                                 "404 not_found_error Skill `skill_none` not found.",
		"DELETE /v1/skills/" + k.ID + "/versions/latest":               "400 invalid_request_error `latest` can't be deleted",
		"DELETE /v1/skills/" + k.ID + "/versions/skver_none":           "404 not_found_error Skill `" + k.ID + "` has no version `skver_none`.",
		"DELETE /v1/skills/" + k.ID + "/versions/" + k.LatestVersionID: "400 invalid_request_error Skill `" + k.ID + "` has no other version",
		"GET /v1/skills/skill_none":                                    "404 not_found_error Skill `skill_none` not found.",
		"GET /v1/skills/skill_none/versions":                           "404 not_found_error Skill `skill_none` not found.",
		"GET /v1/skills/skill_none/versions/latest":                    "404 not_found_error Skill `skill_none` not found.",
		"GET /v1/skills/" + k.ID + "/versions/1/content":               "404 not_found_error Skill `" + k.ID + "` has no version `1`.",
		"GET /v1/skills?source=me":                                     "400 invalid_request_error source: `me` is not one of",
		"GET /v1/skills?limit=1001":                                    "400 invalid_request_error limit: expected an integer from 1 to 1000",
		"GET /v1/skills?page=x":                                        "400 invalid_request_error page: not a cursor of this list",
	} {
		method, path, _ := strings.Cut(path, " ")
		var status int
		var typ string
		if _, err := fmt.Sscan(want, &status, &typ); err != nil {
			t.Fatal(err)
		}
		s.Call(method, path, "").Refused(t, status, typ, strings.SplitN(want, " ", 3)[2])
	}
	if left := archives(t, s); left != keys {
		t.Errorf("refused uploads left %s, before them there was %s", left, keys)
	}
}

func TestSkillListsAndDownloads(t *testing.T) {
	s := apitest.Start(t)
	k := newSkill(t, s)
	for query, want := range map[string]string{
		"": "xlsx pptx pdf docx " + k.ID, "?source=custom&beta=true": k.ID, "?source=anthropic": "xlsx pptx pdf docx", "?source=plugin": "", "?source=anthropic_example": "",
		"?limit=1000": "xlsx pptx pdf docx " + k.ID,
	} {
		got := apitest.JSON[wire.Page[wire.Skill]](t, s.Call("GET", "/v1/skills"+query, "", "anthropic-beta:"))
		var ids []string
		for _, k := range got.Data {
			ids = append(ids, k.ID)
		}
		if strings.Join(ids, " ") != want || got.NextPage != nil {
			t.Errorf("%q: %v", query, ids)
		}
	}
	for _, path := range []string{k.ID + "/versions/latest", k.ID + "/versions/" + k.LatestVersionID, "pdf/versions/latest", "pdf/versions/20261124"} {
		a := s.Call("GET", "/v1/skills/"+path+"/content", "", "anthropic-beta:", "Accept: application/binary")
		if a.Status != 200 || !strings.HasPrefix(a.Body, "PK\x03\x04") || a.Header.Get("ETag") == "" || a.Header.Get("Content-Length") == "" {
			t.Errorf("%s: %d %v", path, a.Status, a.Header)
		}
		if part := s.Call("GET", "/v1/skills/"+path+"/content", "", "Range: bytes=2-9"); part.Status != 206 || part.Body != a.Body[2:10] {
			t.Errorf("%s: a range: %d %q", path, part.Status, part.Body)
		}
	}
}

// Agents keep the alias; what they name must exist when they are saved and when
// a session is made of them, which works with concrete versions.
func TestSkillsOfAgentsAndSessions(t *testing.T) {
	s := apitest.Start(t)
	k := newSkill(t, s)
	agentOf := func(skills string) string {
		return `{"name":"a","model":"claude-opus-5-5","tools":[{"type":"agent_toolset_20260401"}],"skills":[` + skills + `]}`
	}
	latest := `{"type":"custom","skill_id":"` + k.ID + `"}`
	for skills, want := range map[string]string{
		`{"type":"custom","skill_id":"skill_none"}`:                           "skills[0].skill_id: skill `skill_none` not found",
		latest + `,{"type":"custom","skill_id":"` + k.ID + `","version":"7"}`: "skills[1].version: skill `" + k.ID + "` has no version `7`",
		`{"type":"anthropic","skill_id":"pdf","version":"20251013"}`:          "skills[0].version: skill `pdf` has no version `20251013`",
		`{"type":"anthropic","skill_id":"excel"}`:                             "skills[0].skill_id: no prebuilt skill `excel`; this server has",
		`{"type":"custom","skill_id":"pdf"}`:                                  "skills[0].type: skill `pdf` is prebuilt",
	} {
		s.Call("POST", "/v1/agents", agentOf(skills)).Refused(t, 400, "invalid_request_error", want)
	}
	agent := apitest.JSON[wire.Agent](t, s.Call("POST", "/v1/agents", agentOf(latest+`,{"type":"anthropic","skill_id":"xlsx"},{"type":"custom","skill_id":"`+k.ID+`","version":"`+k.LatestVersionID+`"}`)))
	if got := fmt.Sprint(agent.Skills); got != fmt.Sprintf("[{custom %s latest} {anthropic xlsx latest} {custom %s %s}]", k.ID, k.ID, k.LatestVersionID) {
		t.Errorf("agent %s", got)
	}
	env := apitest.JSON[wire.Environment](t, s.Call("POST", "/v1/environments", `{"name":"e"}`))
	sessionOf := func(agent string) apitest.Answer {
		return s.Call("POST", "/v1/sessions", `{"agent":`+agent+`,"environment_id":"`+env.ID+`"}`)
	}
	session := apitest.JSON[wire.Session](t, sessionOf(`"`+agent.ID+`"`))
	if got := fmt.Sprint(session.Agent.Skills); got != fmt.Sprintf("[{custom %s %s} {anthropic xlsx 20261124}]", k.ID, k.LatestVersionID) {
		t.Errorf("session %s", got)
	}
	// Nothing else lies where the skills are.
	file := mustUpload(t, s, part("file", "a.txt", "", "x")).ID
	mount := func(path string) string {
		return `{"type":"file","file_id":"` + file + `","mount_path":"` + path + `"}`
	}
	s.Call("POST", "/v1/sessions", `{"agent":"`+agent.ID+`","environment_id":"`+env.ID+`","resources":[`+mount("/workspace/skills.csv")+`,`+mount("/workspace/skills/greeting/x")+`]}`).
		Refused(t, 400, "invalid_request_error", "resources[1].mount_path: `/workspace/skills/greeting/x` is inside /workspace/skills")
	s.Call("POST", "/v1/sessions/"+session.ID+"/resources", mount("/workspace/skills")).Refused(t, 400, "invalid_request_error", "mount_path: `/workspace/skills` is inside /workspace/skills")
	// A new version reaches new sessions alone.
	s.Clock.Advance(time.Second)
	next := apitest.JSON[wire.SkillVersion](t, uploadSkill(t, s, "/v1/skills/"+k.ID+"/versions", "anthropic-beta:", part("files[]", "greeting/SKILL.md", "", greetingMD)))
	again := apitest.JSON[wire.Session](t, sessionOf(`{"type":"agent_with_overrides","id":"`+agent.ID+`","skills":[`+latest+`]}`))
	if got := fmt.Sprint(again.Agent.Skills); got != fmt.Sprintf("[{custom %s %s}]", k.ID, next.ID) {
		t.Errorf("second session %s", got)
	}
	sessionOf(`{"type":"agent_with_overrides","id":"`+agent.ID+`","skills":[{"type":"custom","skill_id":"skill_none"}]}`).
		Refused(t, 400, "invalid_request_error", "agent.skills[0].skill_id: skill `skill_none` not found")
	// The pinned version goes: running sessions keep it, a new one is refused.
	s.Call("DELETE", "/v1/skills/"+k.ID+"/versions/"+k.LatestVersionID, "")
	sessionOf(`"`+agent.ID+`"`).Refused(t, 400, "invalid_request_error", "agent.skills[2].version: skill `"+k.ID+"` has no version `"+k.LatestVersionID+"`")
	if got := apitest.JSON[wire.Session](t, s.Call("GET", "/v1/sessions/"+session.ID, "")); got.Agent.Skills[0].Version != k.LatestVersionID {
		t.Errorf("session %+v", got.Agent.Skills)
	}
	// An update replaces all, and one of other fields minds no lost skill.
	updated := apitest.JSON[wire.Agent](t, s.Call("POST", "/v1/agents/"+agent.ID, `{"description":"x"}`))
	if len(updated.Skills) != 3 || updated.Version != 2 {
		t.Errorf("updated %+v", updated)
	}
	s.Call("POST", "/v1/agents/"+agent.ID, `{"skills":[{"type":"custom","skill_id":"skill_none"}]}`).Refused(t, 400, "invalid_request_error", "skills[0].skill_id: skill `skill_none` not found")
	s.Call("POST", "/v1/agents/"+agent.ID, `{"tools":[]}`).Refused(t, 400, "invalid_request_error", "skills: skills need the built-in tool `read`")
	for body, want := range map[string]int{`{"skills":[` + latest + `]}`: 1, `{"skills":null}`: 0} {
		if got := apitest.JSON[wire.Agent](t, s.Call("POST", "/v1/agents/"+agent.ID, body)); len(got.Skills) != want {
			t.Errorf("%s: %+v", body, got.Skills)
		}
	}
	// The archive goes with the last session that uses it.
	if keys := archives(t, s); !strings.Contains(keys, k.LatestVersionID) {
		t.Errorf("kept %s", keys)
	}
	s.Call("POST", "/v1/sessions/"+session.ID+"/archive", "")
	if keys := archives(t, s); strings.Contains(keys, k.LatestVersionID) || !strings.Contains(keys, next.ID) {
		t.Errorf("kept %s", keys)
	}
	s.Call("DELETE", "/v1/skills/"+k.ID, "")
	if keys := archives(t, s); !strings.Contains(keys, next.ID) {
		t.Errorf("kept %s", keys)
	}
	for _, id := range []string{again.ID, session.ID} {
		if a := s.Call("DELETE", "/v1/sessions/"+id, ""); a.Status != 200 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	if keys := archives(t, s); keys != "" {
		t.Errorf("kept %s", keys)
	}
}

// An upload that ends early leaves nothing.
func TestSkillUploadThatBreaks(t *testing.T) {
	s := apitest.Start(t, func(d *api.Deps) { d.BodyTimeout = 100 * time.Millisecond })
	body, typ := form(t, part("files[]", "greeting/SKILL.md", "", greetingMD))
	for _, cut := range []int{len(body) - 3, len(body) / 2, 10} {
		a := s.Call("POST", "/v1/skills", body[:cut], typ)
		a.Refused(t, 400, "invalid_request_error", "malformed multipart form")
	}
	if keys := archives(t, s); keys != "" {
		t.Errorf("kept %s", keys)
	}
	var list wire.Page[json.RawMessage]
	if list = apitest.JSON[wire.Page[json.RawMessage]](t, s.Call("GET", "/v1/skills?source=custom", "")); len(list.Data) != 0 {
		t.Errorf("%s", list.Data)
	}
}
