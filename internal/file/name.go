package file

import (
	"strings"
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
)

// MaxName is the longest filename, in characters.
const MaxName = 255

const forbidden = `<>:"|?*\/`

// Name is the filename a file uploaded as given keeps: its last path
// component, or "unnamed" and the usual extension of the type if that is
// empty (Managed Agents API: files). A name that is too long, has a forbidden
// character or isn't UTF-8 is refused.
func Name(given, mimeType string) (string, error) {
	name := given[strings.LastIndexAny(given, `/\`)+1:]
	if name == "" {
		return "unnamed" + Extension(mimeType), nil
	}
	switch {
	case !utf8.ValidString(name):
		return "", fault.At("file", "the filename must be UTF-8")
	case utf8.RuneCountInString(name) > MaxName:
		return "", fault.At("file", "the filename must have at most %d characters", MaxName)
	case name == "." || name == "..":
		return "", fault.At("file", "the filename must not be `%s`", name)
	case strings.ContainsFunc(name, isForbidden):
		return "", fault.At("file", "the filename must not have control characters or any of `< > : \" | ? * \\ /`")
	}
	return name, nil
}

// OutputName is the filename of an output: the last component of its path,
// with "_" for what a filename may not have.
func OutputName(path string) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	name = strings.Map(func(r rune) rune {
		if isForbidden(r) || r == utf8.RuneError {
			return '_'
		}
		return r
	}, name)
	if n := utf8.RuneCountInString(name); n > MaxName {
		name = string([]rune(name)[n-MaxName:]) // keep the extension
	}
	if name == "" || name == "." || name == ".." {
		return "unnamed"
	}
	return name
}

func isForbidden(r rune) bool { return r < 0x20 || strings.ContainsRune(forbidden, r) }
