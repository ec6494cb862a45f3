package model

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// DefaultBaseURL is the upstream of a Config that has a key and no base URL.
const DefaultBaseURL = "https://api.anthropic.com"

// DefaultVersion is the anthropic-version header sent to an upstream that
// names no other. Gateways and local servers know it, and the bodies this
// package builds are valid under the newer one as well.
const DefaultVersion = "2023-06-01"

// Limits of a model request, used where Config leaves them zero.
const (
	DefaultFirstByteTimeout = 5 * time.Minute
	DefaultIdleTimeout      = 5 * time.Minute
	DefaultMaxAnswerBytes   = 64 << 20
)

// Auth says how a key travels to an upstream.
type Auth string

// The ways a key travels. Exactly one header is sent.
const (
	AuthAPIKey Auth = "x-api-key" // x-api-key: KEY
	AuthBearer Auth = "bearer"    // Authorization: Bearer KEY
)

// Config is what a Table is made from. The zero Config with a Demo client is
// valid: every model is then served by the demo model.
type Config struct {
	// BaseURL and APIKey are the default upstream, which serves every id that no
	// entry of File matches. With a key and no URL it is DefaultBaseURL; with
	// neither there is no default upstream. BaseURL has no /v1 at its end (one
	// there is dropped).
	BaseURL string
	APIKey  string
	// Auth and Version are for the default upstream; "" is AuthAPIKey and
	// DefaultVersion.
	Auth    Auth
	Version string

	// File is a JSON file of model entries (see Entry), "" for none.
	File string
	// Env looks up the variables that entries name in api_key_env; nil finds
	// none.
	Env func(name string) (string, bool)

	// Demo serves every model when there is no upstream, and the entries that
	// ask for it.
	Demo Client

	// FirstByteTimeout bounds the wait for the first byte of an answer,
	// IdleTimeout the wait for each further one; 0 takes the default, a negative
	// value waits for ever. Pings of the upstream count as bytes.
	FirstByteTimeout time.Duration
	IdleTimeout      time.Duration
	// MaxAnswerBytes bounds one answer as it comes over the wire, events
	// included; 0 takes the default.
	MaxAnswerBytes int64
}

func (c Config) guard() guard {
	g := guard{first: c.FirstByteTimeout, idle: c.IdleTimeout, limit: c.MaxAnswerBytes}
	if g.first == 0 {
		g.first = DefaultFirstByteTimeout
	}
	if g.idle == 0 {
		g.idle = DefaultIdleTimeout
	}
	if g.limit <= 0 {
		g.limit = DefaultMaxAnswerBytes
	}
	return g
}

// endpoint is where and how an upstream is reached.
type endpoint struct {
	baseURL string
	key     string
	auth    Auth
	version string
}

// parseEndpoint checks an upstream's settings and fills in defaults.
func parseEndpoint(base, key string, auth Auth, version string) (endpoint, error) {
	u, err := url.Parse(strings.TrimSpace(base))
	if err != nil {
		return endpoint{}, errors.New("base_url: not a URL") // err would repeat what may be a password
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return endpoint{}, errors.New("base_url: want http:// or https:// and a host")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return endpoint{}, errors.New("base_url: must not carry a user, a query or a fragment")
	}
	u.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/v1") + "/"
	e := endpoint{baseURL: u.String(), key: key, auth: auth, version: version}
	switch e.auth {
	case "":
		e.auth = AuthAPIKey
	case AuthAPIKey, AuthBearer:
	default:
		return endpoint{}, fmt.Errorf("auth: want %q or %q", AuthAPIKey, AuthBearer)
	}
	if e.version == "" {
		e.version = DefaultVersion
	}
	if strings.ContainsAny(key, "\r\n\x00") {
		return endpoint{}, errors.New("the API key holds a line break")
	}
	return e, nil
}
