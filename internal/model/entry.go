package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// Entry is one entry of the models file:
//
//	{"models": [
//	  {"match": "local-*", "base_url": "http://127.0.0.1:8000", "upstream_id": "qwen3-32b"},
//	  {"match": "claude-*", "base_url": "https://gateway.example", "auth": "bearer", "api_key_env": "GATEWAY_KEY"}
//	]}
//
// The first entry that matches serves an id; ids that none matches go to the
// default upstream. What an entry leaves out is taken from the built-in
// description of the model it serves, or from cautious defaults.
type Entry struct {
	// Match is a model id or a pattern of path.Match: * ? [a-z]. An id without
	// special characters is listed as a model; a pattern is not.
	Match   string   `json:"match"`
	Aliases []string `json:"aliases"` // further ids of the same model; only with an id in Match

	Demo       bool   `json:"demo"`     // served by the demo model; no base_url
	BaseURL    string `json:"base_url"` // "" is the default upstream with the default key
	APIKeyEnv  string `json:"api_key_env"`
	APIKeyFile string `json:"api_key_file"`
	APIKey     string `json:"api_key"`
	Auth       Auth   `json:"auth"`
	Version    string `json:"anthropic_version"`
	UpstreamID string `json:"upstream_id"` // the id sent upstream; "" sends the client's

	DisplayName   string        `json:"display_name"`
	MaxTokens     int64         `json:"max_tokens"`
	ContextWindow int64         `json:"context_window"`
	Capabilities  *Capabilities `json:"capabilities"`
	Price         *Price        `json:"price"`
}

// Capabilities are what an entry says a model can do; nil keeps what is known.
type Capabilities struct {
	Effort        []string `json:"effort"` // levels; [] takes none
	DefaultEffort *string  `json:"default_effort"`
	Adaptive      *bool    `json:"adaptive_thinking"`
	Images        *bool    `json:"images"`
	PDF           *bool    `json:"pdf"`
	System        *bool    `json:"mid_conversation_system"`
	Fast          *bool    `json:"fast"`
	Structured    *bool    `json:"structured_outputs"`
	Cache         *bool    `json:"prompt_caching"` // false: send no cache_control
}

// maxModelsFile bounds the models file.
const maxModelsFile = 4 << 20

func readEntries(file string) (_ []Entry, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("models file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	raw, err := io.ReadAll(io.LimitReader(f, maxModelsFile+1))
	if err != nil {
		return nil, fmt.Errorf("models file: %w", err)
	}
	if len(raw) > maxModelsFile {
		return nil, fmt.Errorf("models file %s: larger than %d bytes", file, maxModelsFile)
	}
	entries, err := parseEntries(raw)
	if err != nil {
		return nil, fmt.Errorf("models file %s: %w", file, err)
	}
	return entries, nil
}

func parseEntries(raw []byte) ([]Entry, error) {
	var doc struct {
		Models []Entry `json:"models"`
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	seen := map[string]int{}
	for i := range doc.Models {
		e := &doc.Models[i]
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("models[%d].%w", i, err)
		}
		for _, id := range append([]string{e.Match}, e.Aliases...) {
			if j, dup := seen[id]; dup {
				return nil, fmt.Errorf("models[%d]: %q is already in models[%d]", i, id, j)
			}
			seen[id] = i
		}
	}
	return doc.Models, nil
}

func (e *Entry) check() error {
	if e.Match == "" {
		return errors.New("match: required")
	}
	if _, err := path.Match(e.Match, ""); err != nil {
		return fmt.Errorf("match: %w", err)
	}
	if len(e.Aliases) > 0 && !e.literal() {
		return errors.New("aliases: only an entry for a single id can have them")
	}
	if slices.Contains(e.Aliases, "") {
		return errors.New("aliases: empty id")
	}
	keys := 0
	for _, s := range []string{e.APIKey, e.APIKeyEnv, e.APIKeyFile} {
		if s != "" {
			keys++
		}
	}
	if keys > 1 {
		return errors.New("api_key: give one of api_key, api_key_env and api_key_file")
	}
	if e.BaseURL == "" && keys+len(e.Auth)+len(e.Version) > 0 {
		return errors.New("base_url: required with a key, auth or anthropic_version")
	}
	if e.Demo && (e.BaseURL != "" || e.UpstreamID != "") {
		return errors.New("demo: excludes base_url and upstream_id")
	}
	if e.MaxTokens < 0 || e.ContextWindow < 0 {
		return errors.New("max_tokens: negative token counts")
	}
	if c := e.Capabilities; c != nil {
		for _, l := range c.Effort {
			if !slices.Contains(EffortLevels, l) {
				return fmt.Errorf("capabilities.effort: unknown level %q", l)
			}
		}
		if d := c.DefaultEffort; d != nil && !slices.Contains(EffortLevels, *d) {
			return fmt.Errorf("capabilities.default_effort: unknown level %q", *d)
		}
	}
	return nil
}

// literal reports whether the entry is for one id.
func (e *Entry) literal() bool { return !strings.ContainsAny(e.Match, `*?[\`) }

// matches reports whether the entry serves id.
func (e *Entry) matches(id string) bool {
	if slices.Contains(e.Aliases, id) {
		return true
	}
	ok, err := path.Match(e.Match, id)
	return err == nil && ok // check has tried the pattern
}

// key finds the entry's API key, "" if it has none.
func (e *Entry) key(env func(string) (string, bool)) (string, error) {
	switch {
	case e.APIKeyEnv != "":
		if env != nil {
			if v, ok := env(e.APIKeyEnv); ok && v != "" {
				return v, nil
			}
		}
		return "", fmt.Errorf("api_key_env: %s is not set", e.APIKeyEnv)
	case e.APIKeyFile != "":
		raw, err := os.ReadFile(e.APIKeyFile)
		if err != nil {
			return "", fmt.Errorf("api_key_file: %w", err)
		}
		return strings.TrimSpace(string(raw)), nil
	}
	return e.APIKey, nil
}

// apply lays what the entry says over what is known of a model.
func (e *Entry) apply(s Spec) Spec {
	set(&s.DisplayName, e.DisplayName)
	set(&s.MaxTokens, e.MaxTokens)
	set(&s.ContextWindow, e.ContextWindow)
	if e.Price != nil {
		s.Price = *e.Price
	}
	c := e.Capabilities
	if c == nil {
		return s
	}
	if c.Effort != nil {
		s.Effort = c.Effort
		if len(c.Effort) > 0 && !slices.Contains(c.Effort, s.DefaultEffort) {
			s.DefaultEffort = c.Effort[len(c.Effort)-1]
		}
	}
	deref(&s.DefaultEffort, c.DefaultEffort)
	deref(&s.Thinking.Adaptive, c.Adaptive)
	deref(&s.Images, c.Images)
	deref(&s.PDF, c.PDF)
	deref(&s.System, c.System)
	deref(&s.Fast, c.Fast)
	deref(&s.Structured, c.Structured)
	if c.Cache != nil {
		s.NoCache = !*c.Cache
	}
	return s
}

func set[T comparable](dst *T, v T) {
	var zero T
	if v != zero {
		*dst = v
	}
}

func deref[T any](dst, v *T) {
	if v != nil {
		*dst = *v
	}
}
