package model

import (
	"context"
	"net/http"

	anthropic "github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/option"
)

// fastBeta is the beta header of speed fast, which some models ask for.
const fastBeta = anthropic.AnthropicBetaFastMode2026_02_01

// upstream is one server that speaks the Messages API.
type upstream struct {
	sdk      anthropic.Client
	endpoint endpoint
}

func newUpstream(ep endpoint, hc *http.Client) *upstream {
	opts := []option.RequestOption{
		option.WithoutEnvironmentDefaults(),
		option.WithBaseURL(ep.baseURL),
		option.WithHTTPClient(hc),
		option.WithMaxRetries(0),
		option.WithoutOpenTelemetry(),
		option.WithHeader("anthropic-version", ep.version),
		option.WithHeader("User-Agent", "ostler"),
	}
	switch {
	case ep.key == "":
	case ep.auth == AuthBearer:
		opts = append(opts, option.WithAuthToken(ep.key))
	default: // the SDK's WithAPIKey sends a bearer token
		opts = append(opts, option.WithHeader("x-api-key", ep.key))
	}
	return &upstream{sdk: anthropic.NewClient(opts...), endpoint: ep}
}

// stream makes one request. See Client.
func (u *upstream) stream(ctx context.Context, m *Model, req *Request, sink func(Delta)) (*Response, error) {
	opts := []option.RequestOption{acceptEvents}
	if m.Fast && req.Speed == "fast" {
		opts = append(opts, option.WithHeader("anthropic-beta", fastBeta))
	}
	return u.send(ctx, encodeRequest(m, req), sink, opts...)
}

// send makes one request of a finished body that asks for a stream.
func (u *upstream) send(ctx context.Context, body []byte, sink func(Delta), opts ...option.RequestOption) (*Response, error) {
	var res *http.Response
	err := u.sdk.Execute(ctx, http.MethodPost, "v1/messages", body, &res, opts...)
	if err == nil {
		var answer *Response
		if answer, err = readAnswer(res, sink); err == nil {
			return answer, nil
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, classify(err, res, u.endpoint.key)
}

var acceptEvents = option.WithHeader("Accept", "text/event-stream, application/json")
