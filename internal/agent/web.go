package agent

import (
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // time zones are known on machines without a database of them
	"unicode/utf8"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// maxPlace is the length of a part of a user location, in code points.
const maxPlace = 255

// resolveWeb puts the web settings of c into out and refuses those that the
// tool doesn't have (Managed Agents API: tools, "Web settings"). null is as
// good as absent.
func resolveWeb(path string, c wire.AgentToolConfigParam, out *wire.AgentToolConfig, custom map[string]bool) error {
	search, fetch := c.Name == "web_search", c.Name == "web_fetch"
	for _, f := range []struct {
		name string
		set  bool
		ok   bool
	}{
		{"allowed_domains", c.AllowedDomains.Set, search || fetch},
		{"blocked_domains", c.BlockedDomains.Set, search || fetch},
		{"user_location", c.UserLocation.Set, search},
		{"max_content_tokens", c.MaxContentTokens.Set, fetch},
		{"url_sources", c.URLSources.Set, fetch},
	} {
		if f.set && !f.ok {
			return fault.At(path+"."+f.name, "`%s` has no such setting", c.Name)
		}
	}
	if err := resolveDomains(path, c, search, out); err != nil {
		return err
	}
	var err error
	switch {
	case search:
		out.WebSearchSettings = &wire.WebSearchSettings{}
		out.UserLocation, err = resolveLocation(path+".user_location", c.UserLocation)
	case fetch:
		out.WebFetchSettings = &wire.WebFetchSettings{}
		if v := c.MaxContentTokens; v.Set && !v.Null {
			if v.Value < 1 || v.Value > 1<<31-1 {
				return fault.At(path+".max_content_tokens", "expected a positive integer")
			}
			out.MaxContentTokens = &v.Value
		}
		out.URLSources, err = resolveURLSources(path+".url_sources", c.URLSources, custom)
	}
	return err
}

func resolveLocation(path string, v wire.Opt[wire.UserLocationParam]) (*wire.UserLocation, error) {
	if !v.Set || v.Null {
		return nil, nil
	}
	p := v.Value
	if p.Type != "approximate" {
		return nil, fault.At(path+".type", "`%s` is not one of `approximate`", p.Type)
	}
	out := &wire.UserLocation{Type: p.Type}
	for _, f := range []struct {
		name string
		in   wire.Opt[string]
		out  **string
		ok   func(string) bool
		want string
	}{
		{"city", p.City, &out.City, nil, ""},
		{"region", p.Region, &out.Region, nil, ""},
		{"country", p.Country, &out.Country, isCountry, "a country as two upper-case letters (ISO 3166-1)"},
		{"timezone", p.Timezone, &out.Timezone, isTimezone, "an IANA time zone such as America/Los_Angeles"},
	} {
		if !f.in.Set || f.in.Null {
			continue
		}
		s := f.in.Value
		switch n := utf8.RuneCountInString(s); {
		case n < 1 || n > maxPlace:
			return nil, fault.At(path+"."+f.name, "expected 1 to %d characters", maxPlace)
		case f.ok != nil && !f.ok(s):
			return nil, fault.At(path+"."+f.name, "`%s` is not %s", s, f.want)
		}
		*f.out = &s
	}
	return out, nil
}

func isTimezone(s string) bool {
	if s == "Local" { // LoadLocation's name for the server's own
		return false
	}
	_, err := time.LoadLocation(s)
	return err == nil
}

// maxToolRefs is how many tools an only or except list may name.
const maxToolRefs = 128

func resolveURLSources(path string, v wire.Opt[wire.URLSourcesParam], custom map[string]bool) (*wire.URLSources, error) {
	if !v.Set || v.Null {
		return nil, nil
	}
	out := &wire.URLSources{}
	isCustom := func(name string) bool { return custom[name] }
	isWeb := func(name string) bool { return oneOf(name, "web_search", "web_fetch") }
	none := 0
	for _, f := range []struct {
		name string
		in   wire.Opt[wire.URLSourceParam]
		out  **wire.URLSource
		ok   func(string) bool // which tools a list may name; nil: there are no lists
		want string
	}{
		{"user_input", v.Value.UserInput, &out.UserInput, nil, ""},
		{"client_tool_results", v.Value.ClientToolResults, &out.ClientToolResults, isCustom, "a custom tool of this tools array"},
		{"server_tool_results", v.Value.ServerToolResults, &out.ServerToolResults, isWeb, "`web_search` or `web_fetch`"},
	} {
		if !f.in.Set || f.in.Null {
			continue
		}
		src, err := resolveURLSource(path+"."+f.name, f.in.Value, f.ok, f.want)
		if err != nil {
			return nil, err
		}
		if *f.out = src; src.Type == "none" {
			none++
		}
	}
	if none == 3 {
		return nil, fault.At(path, "the three sources can't all be `none`: web_fetch could fetch nothing; disable it instead")
	}
	return out, nil
}

func resolveURLSource(path string, p wire.URLSourceParam, ok func(string) bool, want string) (*wire.URLSource, error) {
	out := &wire.URLSource{Type: p.Type}
	switch {
	case oneOf(p.Type, "all", "none"):
		if p.Tools.Set {
			return nil, fault.At(path+".tools", "`%s` takes no list of tools", p.Type)
		}
		return out, nil
	case ok == nil:
		return nil, fault.At(path+".type", "`%s` is not one of `all`, `none`", p.Type)
	case !oneOf(p.Type, "only", "except"):
		return nil, fault.At(path+".type", "`%s` is not one of `all`, `none`, `only`, `except`", p.Type)
	case len(p.Tools.Value) < 1 || len(p.Tools.Value) > maxToolRefs:
		return nil, fault.At(path+".tools", "expected 1 to %d tools", maxToolRefs)
	}
	for i, ref := range p.Tools.Value {
		path := fmt.Sprintf("%s.tools[%d]", path, i)
		switch {
		case ref.Type != "tool_reference":
			return nil, fault.At(path+".type", "`%s` is not one of `tool_reference`", ref.Type)
		case !ok(ref.Name):
			return nil, fault.At(path+".name", "`%s` is not %s", ref.Name, want)
		case slices.Contains(out.Tools, ref):
			return nil, fault.At(path+".name", "`%s` is named more than once", ref.Name)
		}
		out.Tools = append(out.Tools, ref)
	}
	return out, nil
}
