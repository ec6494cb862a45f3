package skill

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/ostlerdev/ostler/internal/fault"
)

// ManifestName is the file that makes a directory a skill.
const ManifestName = "SKILL.md"

// MaxHead is how far into SKILL.md its frontmatter may reach, in bytes.
const MaxHead = 64 << 10

const (
	maxName        = 64
	maxDescription = 1024
)

// Manifest is what the frontmatter of a SKILL.md says to this server. Other
// keys stay in the file and are not looked at.
type Manifest struct {
	Name        string
	Description string
}

// ReadManifest reads the frontmatter from the first MaxHead bytes of a
// SKILL.md. Where it has no name, that of the directory it lies in counts,
// which may be "" (Skills API: "SKILL.md").
func ReadManifest(head []byte, directory string) (Manifest, error) {
	block, err := frontmatter(head)
	if err != nil {
		return Manifest{}, err
	}
	var doc yaml.Node // a tree: aliases are not followed
	if err := yaml.Unmarshal(block, &doc); err != nil {
		return Manifest{}, badManifest("the frontmatter is not YAML: %s", strings.ReplaceAll(err.Error(), "\n", " "))
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return Manifest{}, badManifest("the frontmatter must be a YAML mapping with `name` and `description`")
	}
	var m Manifest
	for _, f := range []struct {
		key string
		to  *string
	}{{"name", &m.Name}, {"description", &m.Description}} {
		if *f.to, err = scalar(doc.Content[0], f.key); err != nil {
			return Manifest{}, err
		}
	}
	if m.Name == "" {
		m.Name = directory
	}
	if err := checkName(m.Name); err != nil {
		return Manifest{}, err
	}
	return m, checkDescription(m.Description)
}

// frontmatter is what stands between the first line, ---, and the next such.
func frontmatter(head []byte) ([]byte, error) {
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	line, rest, _ := bytes.Cut(head, []byte("\n"))
	if !isFence(line) {
		return nil, badManifest("must begin with YAML frontmatter between two lines `---`")
	}
	for at := 0; at < len(rest); {
		line, _, more := bytes.Cut(rest[at:], []byte("\n"))
		if isFence(line) {
			return rest[:at], nil
		}
		if at += len(line); more {
			at++
		}
	}
	return nil, badManifest("the frontmatter has no second line `---` in the first %d bytes", MaxHead)
}

func isFence(line []byte) bool { return string(bytes.TrimRight(line, " \t\r")) == "---" }

// scalar is the text of a key of a mapping, without the blanks around it; "" if
// it has none.
func scalar(mapping *yaml.Node, key string) (text string, err error) {
	found := false
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value != key {
			continue
		}
		v := mapping.Content[i+1]
		switch {
		case found:
			return "", badManifest("%s: given more than once", key)
		case v.Kind != yaml.ScalarNode:
			return "", badManifest("%s: must be a text", key)
		}
		found = true
		if v.Tag != "!!null" {
			text = strings.TrimSpace(v.Value)
		}
	}
	return text, nil
}

func checkName(name string) error {
	switch {
	case name == "":
		return badManifest("name: field required")
	case len(name) > maxName:
		return badManifest("name: at most %d characters", maxName)
	case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return badManifest("name: only lower-case letters, digits and hyphens, not `%s`", name)
	}
	for _, word := range []string{"anthropic", "claude"} {
		if strings.Contains(name, word) {
			return badManifest("name: must not contain the reserved word `%s`", word)
		}
	}
	return nil
}

// tag is an XML tag, not a lone < of a comparison.
var tag = regexp.MustCompile(`<[/!?]?[A-Za-z][^<>]*>`)

func checkDescription(text string) error {
	switch {
	case text == "":
		return badManifest("description: field required")
	case !utf8.ValidString(text):
		return badManifest("description: must be UTF-8")
	case utf8.RuneCountInString(text) > maxDescription:
		return badManifest("description: at most %d characters", maxDescription)
	case tag.MatchString(text):
		return badManifest("description: must not contain XML tags")
	}
	return nil
}

func badManifest(format string, args ...any) error {
	e := fault.At("files", format, args...)
	e.Message = ManifestName + ": " + e.Message
	return e
}
