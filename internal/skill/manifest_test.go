package skill

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/fault"
)

func TestReadManifest(t *testing.T) {
	long := strings.Repeat("x", 64)
	for _, c := range []struct{ text, directory, name, description string }{
		{"---\nname: a\ndescription: b\n---\nbody", "", "a", "b"},
		{"---\r\nname: a\r\ndescription: b\r\n---\r\n", "", "a", "b"},
		{"\ufeff---  \nname: a\ndescription: b\n--- \t", "", "a", "b"},
		{"---\ndescription: 'it''s: so'\nname: \"a-1\"\nlicense: MIT\nmetadata:\n  x: [1, {y: 2}]\n---", "dir", "a-1", "it's: so"},
		{"---\nname: a\ndescription: >\n  two\n  lines\n---\n", "", "a", "two lines"},
		{"---\nname: 2024\ndescription: true\n---\n", "", "2024", "true"},
		{"---\ndescription: b\n---\n", "dir-1", "dir-1", "b"},
		{"---\nname:\ndescription: b\n---\n", "dir", "dir", "b"},
		{"---\nname: " + long + "\ndescription: 3 < 5 and 7 > 2 <- so\n---\n", "", long, "3 < 5 and 7 > 2 <- so"},
		{"---\nname: a\ndescription: " + strings.Repeat("ü", 1024) + "\n---\n", "", "a", strings.Repeat("ü", 1024)},
		{"---\nx: &x [a, b]\nname: a\ndescription: b\ny: *x\n---\n", "", "a", "b"},
	} {
		m, err := ReadManifest([]byte(c.text), c.directory)
		if err != nil || m.Name != c.name || m.Description != c.description {
			t.Errorf("%.80q: %+v, %v", c.text, m, err)
		}
	}
}

func TestReadManifestRefuses(t *testing.T) {
	front := func(lines ...string) string { return "---\n" + strings.Join(lines, "\n") + "\n---\n" }
	for text, want := range map[string]string{
		"":                      "must begin with YAML frontmatter",
		"# A skill":             "must begin with YAML frontmatter",
		"\n---\nname: a\n---\n": "must begin with YAML frontmatter",
		"----\nname: a\n----\n": "must begin with YAML frontmatter",
		"---\nname: a":          "the frontmatter has no second line `---`",
		"---\nname: a\n ---\n":  "the frontmatter has no second line `---`",
		front("name: a: b"):     "the frontmatter is not YAML",
		front("name: \xff"):     "the frontmatter is not YAML",
		front("- name"):         "the frontmatter must be a YAML mapping",
		front("text"):           "the frontmatter must be a YAML mapping",
		front():                 "the frontmatter must be a YAML mapping",
		front("name: [a]"):      "name: must be a text",
		front("name: *x"):       "the frontmatter is not YAML",
		front("x: &x a", "name: *x", "description: b"):                         "name: must be a text",
		front("name: a", "name: b"):                                            "name: given more than once",
		front("description: b"):                                                "name: field required",
		front("name: A", "description: b"):                                     "name: only lower-case letters, digits and hyphens, not `A`",
		front("name: ../a", "description: b"):                                  "name: only lower-case",
		front("name: a_b", "description: b"):                                   "name: only lower-case",
		front("name: "+strings.Repeat("x", 65), "description: b"):              "name: at most 64 characters",
		front("name: my-claude-skill", "description: b"):                       "name: must not contain the reserved word `claude`",
		front("name: anthropic", "description: b"):                             "name: must not contain the reserved word `anthropic`",
		front("name: a"):                                                       "description: field required",
		front("name: a", "description: '  '"):                                  "description: field required",
		front("name: a", "description: "+strings.Repeat("ü", 1025)):            "description: at most 1024 characters",
		front("name: a", "description: a <system>x</system>"):                  "description: must not contain XML tags",
		front("name: a", "description: a </x>"):                                "description: must not contain XML tags",
		front("name: a", "description: {a: b}"):                                "description: must be a text",
		"---\nname: a\ndescription: b\n" + strings.Repeat("#", MaxHead) + "\n": "the frontmatter has no second line",
	} {
		m, err := ReadManifest([]byte(text), "")
		if err == nil || fault.KindOf(err) != fault.Invalid || !strings.HasPrefix(err.Error(), "files: SKILL.md: "+want) {
			t.Errorf("%.80q: %+v, %v, want %s", text, m, err, want)
		}
	}
}

// What a hostile client writes is refused or read, and costs little.
func FuzzReadManifest(f *testing.F) {
	for _, s := range []string{"---\nname: a\ndescription: b\n---\n", "---\na: &a [*a]\nname: *a\n---", "---\n" + strings.Repeat("[", 5000) + "\n---\n", "---\n? ? ?\n---"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ReadManifest(text, "")
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Error(err)
		}
		if err == nil && (m.Name == "" || m.Description == "" || strings.ContainsAny(m.Name, "/.\x00")) {
			t.Errorf("%+v", m)
		}
	})
}
