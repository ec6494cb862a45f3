package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/ostlerdev/ostler/internal/wire"
)

const (
	exchangeTime = 10 * time.Second
	maxAnswer    = 1 << 20 // bytes of a token endpoint's answer
	maxLifetime  = 10 * 365 * 24 * time.Hour
	maxPause     = time.Hour // that a token endpoint may ask for
)

// grant is what a token endpoint is asked with.
type grant struct {
	wire.OAuthRefresh
	refreshToken, clientSecret string
}

// tokens are what it answers with.
type tokens struct {
	access, refresh string        // refresh is "" if the old one stays
	lifetime        time.Duration // 0: not known
}

// Failure says why there is no new token. Its text has no secret.
type Failure struct {
	Permanent bool               // it is no use to try again
	Response  *wire.HTTPResponse // of the token endpoint, without secrets; nil: none came

	reason string
	pause  time.Duration // that the token endpoint asked for
}

func (f *Failure) Error() string { return "the access token was not refreshed: " + f.reason }

// Is makes a permanent Failure an ErrReauthorize.
func (f *Failure) Is(target error) bool { return f.Permanent && target == ErrReauthorize }

// basic is the user and password of client_secret_basic (RFC 6749 §2.3.1).
func (g grant) basic() (user, password string) {
	return url.QueryEscape(g.ClientID), url.QueryEscape(g.clientSecret)
}

// request is the refresh request of OAuth 2.0 (RFC 6749 §6), for a resource if
// there is one (RFC 8707).
func (g grant) request(ctx context.Context) (*http.Request, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {g.refreshToken}}
	if g.Scope != nil {
		form.Set("scope", *g.Scope)
	}
	if g.Resource != nil {
		form.Set("resource", *g.Resource)
	}
	if g.TokenEndpointAuth.Type != wire.TypeClientSecretBasic {
		form.Set("client_id", g.ClientID)
	}
	if g.TokenEndpointAuth.Type == wire.TypeClientSecretPost {
		form.Set("client_secret", g.clientSecret)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.TokenEndpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.GetBody = nil // a refresh token isn't sent twice
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if g.TokenEndpointAuth.Type == wire.TypeClientSecretBasic {
		req.SetBasicAuth(g.basic())
	}
	return req, nil
}

// exchange asks the token endpoint once. The error is a *Failure.
func (r *Refresher) exchange(ctx context.Context, g grant, scrub scrubber) (tokens, *Failure) {
	ctx, cancel := context.WithTimeout(ctx, exchangeTime)
	defer cancel()
	req, err := g.request(ctx)
	if err != nil {
		return tokens{}, unreachable(err, scrub)
	}
	client := &http.Client{Transport: r.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return tokens{}, unreachable(err, scrub)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return tokens{}, unreachable(err, scrub)
	}
	got, code, ok := parse(res.StatusCode, body)
	if ok {
		return got, nil
	}
	f := &Failure{Permanent: permanent(res.StatusCode, code), reason: fmt.Sprintf("the token endpoint answered %d%s", res.StatusCode, code),
		Response: scrub.response(res, body), pause: retryAfter(res.Header.Get("Retry-After"), r.Now())}
	return tokens{}, f
}

func unreachable(err error, scrub scrubber) *Failure {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the URL, which a log needn't repeat
	}
	return &Failure{reason: scrub.text("the token endpoint can't be reached: " + err.Error())}
}

// parse is the tokens of an answer, or its error code with a space before it,
// "" if it has none.
func parse(status int, body []byte) (got tokens, code string, ok bool) {
	if len(body) > maxAnswer {
		return tokens{}, "", false
	}
	var v struct {
		AccessToken  string         `json:"access_token"`
		RefreshToken string         `json:"refresh_token"`
		ExpiresIn    jsontext.Value `json:"expires_in"`
		Error        jsontext.Value `json:"error"`
	}
	err := json.Unmarshal(body, &v, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if m := errorCode.FindSubmatch(v.Error); m != nil {
		code = " " + string(m[1])
	}
	if err != nil || status/100 != 2 || v.Error.Kind() == '"' || !sendable(v.AccessToken) || v.RefreshToken != "" && !sendable(v.RefreshToken) {
		return tokens{}, code, false
	}
	return tokens{access: v.AccessToken, refresh: v.RefreshToken, lifetime: lifetime(v.ExpiresIn)}, "", true
}

// errorCode is an error code of OAuth that is fit for a log.
var errorCode = regexp.MustCompile(`^"([a-z_]{1,40})"$`)

// sendable says whether a token has only the characters that tokens have.
func sendable(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(c rune) bool { return c < ' ' || c > '~' })
}

// lifetime is the seconds of expires_in, which some servers write as a text.
func lifetime(raw jsontext.Value) time.Duration {
	seconds, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil || !(seconds >= 1) {
		return 0
	}
	return time.Duration(min(seconds, maxLifetime.Seconds())) * time.Second
}

// permanent says whether an answer without a token is the last word. A client
// error is, but for those that are about the moment; so is an error code in an
// answer of success, which some servers give.
func permanent(status int, code string) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusTooEarly:
		return false
	}
	switch code {
	case " temporarily_unavailable", " server_error", " slow_down":
		return false
	}
	return status/100 == 4 || status/100 == 2 && code != ""
}

// retryAfter is the pause of a Retry-After header: seconds or a time.
func retryAfter(h string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.Atoi(h); err == nil {
		d = time.Duration(min(n, int(maxPause.Seconds()))) * time.Second
	} else if at, err := http.ParseTime(h); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxPause)
}
