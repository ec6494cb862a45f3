package box

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

// OwnSources is the file below /etc that holds the public sources of the
// system's distribution, if the host's are others.
const OwnSources = "apt/sources.list.d/ostler.sources"

// publicSources is what a file of apt's sources says of public registries, the
// ones that a limited network may have open, or "". Everything else is the
// host's own affair: mirrors inside of its network, vendors, passwords.
func publicSources(name, text string) (string, error) {
	public, err := policy.Limited{AllowPackageManagers: true}.Policy()
	if err != nil {
		return "", err
	}
	separator := "\n"
	stanzas := path.Ext(name) == ".sources"
	if stanzas {
		separator = "\n\n"
	}
	var kept []string
	for entry := range strings.SplitSeq(uncommented(text, !stanzas), separator) {
		if isPublic(entry, public) {
			kept = append(kept, strings.Trim(entry, "\n")+"\n")
		}
	}
	return strings.Join(kept, separator[1:]), nil
}

// uncommented is a text without comments, which are lines of their own or, if
// anywhere, ends of lines too.
func uncommented(text string, anywhere bool) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		rest, _, found := strings.Cut(line, "#")
		if found && !anywhere && strings.TrimSpace(rest) == "" {
			continue
		}
		if anywhere {
			line = rest
		}
		out.WriteString(strings.TrimRight(line, " \t\r\n") + "\n")
	}
	return out.String()
}

// isPublic says whether all URLs of an entry are of public registries, and it
// has one.
func isPublic(entry string, public policy.Policy) (found bool) {
	for word := range strings.FieldsSeq(entry) {
		if !strings.Contains(word, ":/") || strings.HasPrefix(word, "[") {
			continue
		}
		u, err := url.Parse(word)
		if err != nil || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			return false
		}
		host, err := policy.ParseHost(u.Hostname())
		if err != nil || !public.Allows(host) {
			return false
		}
		found = true
	}
	return found
}

// distributionSources are the public sources of a system, by what its
// os-release says, or "" if it is none that is known.
func distributionSources(root fs.FS, arch string) string {
	body, err := fs.ReadFile(root, "usr/lib/os-release")
	if err != nil {
		return ""
	}
	release := map[string]string{}
	for line := range strings.Lines(string(body)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		release[name] = strings.Trim(value, `"'`)
	}
	name := release["VERSION_CODENAME"]
	if name == "" || strings.ContainsAny(name, " \t") {
		return ""
	}
	stanza := func(uri, suites, components, keyring string) string {
		text := fmt.Sprintf("Types: deb\nURIs: %s\nSuites: %s\nComponents: %s\n", uri, suites, components)
		for _, ext := range []string{".gpg", ".pgp"} {
			if _, err := fs.Stat(root, "usr/share/keyrings/"+keyring+ext); err == nil {
				return text + "Signed-By: /usr/share/keyrings/" + keyring + ext + "\n"
			}
		}
		return text
	}
	switch release["ID"] {
	case "debian":
		const keyring = "debian-archive-keyring"
		return stanza("http://deb.debian.org/debian", name+" "+name+"-updates", "main", keyring) + "\n" +
			stanza("http://deb.debian.org/debian-security", name+"-security", "main", keyring)
	case "ubuntu":
		uri := "http://ports.ubuntu.com/ubuntu-ports"
		if arch == "amd64" {
			uri = "http://archive.ubuntu.com/ubuntu"
		}
		return stanza(uri, name+" "+name+"-updates "+name+"-security", "main restricted universe multiverse", "ubuntu-archive-keyring")
	}
	return ""
}
