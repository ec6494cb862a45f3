package mcp

import (
	"bytes"
	"io"
	"mime"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

// contain keeps what is wrong with the answer to one call from the other calls
// of its connection. The SDK gives up the connection over a status that no
// message of the protocol explains and over a body that it can't read; over a
// 503 it doesn't. What it was in truth the exchange knows.
func contain(res *http.Response, x *exchange) {
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case res.StatusCode >= 400:
		body, err := io.ReadAll(res.Body)
		closeBody(res)
		if err != nil || !explains(body) {
			unavailable(res)
			return
		}
		res.Body = io.NopCloser(bytes.NewReader(body))
	case res.StatusCode/100 == 2 && kind == "application/json":
		body, err := io.ReadAll(res.Body)
		closeBody(res)
		if err == nil {
			if _, bad := jsonrpc.DecodeMessage(body); bad != nil {
				err = errNoMessage
			}
		}
		if err != nil {
			x.cut(err)
			unavailable(res)
			return
		}
		res.Body = io.NopCloser(bytes.NewReader(body))
	case res.StatusCode/100 == 2 && kind != "text/event-stream":
		closeBody(res)
		x.cut(errNoMessage)
		unavailable(res)
	}
}

// explains tells whether a body is a message of the protocol that says what is
// wrong.
func explains(body []byte) bool {
	m, err := jsonrpc.DecodeMessage(body)
	r, ok := m.(*jsonrpc.Response)
	return err == nil && ok && r.Error != nil
}

func unavailable(res *http.Response) {
	res.StatusCode, res.Status = http.StatusServiceUnavailable, ""
	res.Body, res.ContentLength = http.NoBody, 0
}
