package layers

import (
	"fmt"
	"net/url"
	"strings"
)

// Registries are the operator's own in place of the public ones, by manager
// (apt, cargo, gem, go, npm, pip): a URL, for apt the lines of a sources.list.
type Registries map[string]string

// ParseRegistries reads entries of the form manager=URL, or apt=LINE where LINE
// is one of a sources.list.
func ParseRegistries(entries []string) (Registries, error) {
	r := Registries{}
	for _, e := range entries {
		name, value, ok := strings.Cut(e, "=")
		if !ok || value == "" || !isManager(name) {
			return nil, fmt.Errorf("registries: %q isn't manager=URL with a manager of apt, cargo, gem, go, npm, pip", e)
		}
		if name == apt && r[apt] != "" {
			value = r[apt] + "\n" + value
		}
		r[name] = value
	}
	_, err := r.hosts()
	return r, err
}

func isManager(name string) bool {
	for _, m := range managers {
		if m.name == name {
			return true
		}
	}
	return false
}

// hosts are the hosts of the registries.
func (r Registries) hosts() ([]string, error) {
	var out []string
	for name, value := range r {
		if name == apt {
			out = append(out, sourceHosts(value)...)
			continue
		}
		// Go's is a list.
		for one := range strings.FieldsFuncSeq(value, func(c rune) bool { return name == "go" && (c == ',' || c == '|') }) {
			if name == "go" && (one == "direct" || one == "off") {
				continue
			}
			u, err := url.Parse(strings.TrimPrefix(one, "sparse+"))
			if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
				return nil, fmt.Errorf("registries: %s: %q isn't a URL", name, one)
			}
			if u.User != nil {
				return nil, fmt.Errorf("registries: %s: a URL with credentials would show them to the packages", name)
			}
			out = append(out, u.Hostname())
		}
	}
	return out, nil
}

// sourceHosts are the hosts that apt's sources name.
func sourceHosts(text string) (out []string) {
	for _, word := range strings.Fields(text) {
		if u, err := url.Parse(word); err == nil && u.Hostname() != "" && (u.Scheme == "http" || u.Scheme == "https") {
			out = append(out, u.Hostname())
		}
	}
	return out
}
