package wire

import (
	"testing"
)

func TestResourceParams(t *testing.T) {
	var p ResourceParams
	in := `{"type":"github_repository","url":"u","mount_path":null,"checkout":{"type":"commit","sha":"abcdef1"},"branch":"b","authorization_token":"t"}`
	if err := Decode([]byte(in), &p); err != nil {
		t.Fatal(err)
	}
	r := p.GitHubRepository
	if r == nil || p.File != nil || p.MemoryStore != nil || r.URL != Some("u") || !r.MountPath.Null || r.Checkout.Value.Commit.SHA != "abcdef1" || r.Branch.Value != "b" {
		t.Errorf("got %+v", r)
	}
	p = ResourceParams{GitHubRepository: r}
	if err := Decode([]byte(`{"type":"file","file_id":"file_1"}`), &p); err != nil {
		t.Fatal(err)
	}
	if p.GitHubRepository != nil || p.File == nil || p.File.FileID != Some("file_1") || p.File.MountPath.Set {
		t.Errorf("got %+v", p)
	}
}

func TestResourceParamsRefuse(t *testing.T) {
	for in, want := range map[string]string{
		`{"resources":[{"type":"volume"}]}`:                                                             "resources[0].type: `volume` is not one of `file`, `github_repository`, `memory_store`",
		`{"resources":[{"file_id":"x"}]}`:                                                               "resources[0].type: field required: one of `file`, `github_repository`, `memory_store`",
		`{"resources":[{"type":"file","file":"x"}]}`:                                                    "resources[0].file: unknown field",
		`{"resources":[{"type":"file","file_id":"x"},{"type":"file","mount_path":3}]}`:                  "resources[1].mount_path: expected a string",
		`{"resources":[{"type":"file","file_id":"x","url":"y"}]}`:                                       "resources[0].url: unknown field",
		`{"resources":[{"type":"github_repository","url":"y","checkout":{"type":"tag"}}]}`:              "resources[0].checkout.type: `tag` is not one of `branch`, `commit`",
		`{"resources":[{"type":"github_repository","url":"y","checkout":{"type":"branch","sha":"x"}}]}`: "resources[0].checkout.sha: unknown field",
		`{"resources":["file_1"]}`:                                                                      "resources[0]: expected an object with a `type` of `file`, `github_repository`, `memory_store`",
	} {
		var v struct {
			Resources []ResourceParams `json:"resources"`
		}
		if err := Decode([]byte(in), &v); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", in, err, want)
		}
	}
}

func TestResourcesComeBackFromTheStore(t *testing.T) {
	at := Micros(1_790_000_000_000_000)
	for _, r := range []Resource{
		&FileResource{ID: "sesrsc_1", Type: ResourceFile, FileID: "file_1", MountPath: "/a b", CreatedAt: at, UpdatedAt: at},
		&GitHubRepositoryResource{ID: "sesrsc_2", Type: ResourceGitHubRepository, URL: "u", MountPath: "/workspace/x", CreatedAt: at, UpdatedAt: at},
		&GitHubRepositoryResource{ID: "sesrsc_3", Type: ResourceGitHubRepository, URL: "u", MountPath: "/workspace/x", CreatedAt: at, UpdatedAt: at,
			Checkout: &RepositoryCheckout{Branch: &BranchCheckout{Type: "branch", Name: "main"}}},
	} {
		text := string(Encode(r))
		back, err := DecodeResource([]byte(text))
		if err != nil || string(Encode(back)) != text || back.ResourceID() != r.ResourceID() || back.ResourceType() != r.ResourceType() ||
			back.ResourceMountPath() != r.ResourceMountPath() {
			t.Errorf("%s came back as %s, %v", text, Encode(back), err)
		}
	}
	want := `{"id":"sesrsc_2","type":"github_repository","url":"u","mount_path":"/w","checkout":null,"created_at":"2026-09-21T14:13:20.000000Z","updated_at":"2026-09-21T14:13:20.000000Z"}`
	got := string(Encode(&GitHubRepositoryResource{ID: "sesrsc_2", Type: ResourceGitHubRepository, URL: "u", MountPath: "/w", CreatedAt: at, UpdatedAt: at}))
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, damaged := range []string{`{"type":"volume"}`, `{}`, `[]`, ``, `{"type":"file","extra":1}`} {
		if r, err := DecodeResource([]byte(damaged)); err == nil {
			t.Errorf("%s was read as %v", damaged, r)
		}
	}
}
