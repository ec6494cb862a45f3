package gate

import (
	"bufio"
	"errors"
	"io"
	"net/http"
)

// respond passes the host's answer to the client, as it comes. It says whether
// the answer leaves the connection usable.
func (x *exchange) respond(resp *http.Response) (again bool, err error) {
	if x.body != nil {
		x.body.answered()
	}
	stripHop(resp.Header)
	again = !x.req.Close && x.req.ProtoAtLeast(1, 1) && (x.body == nil || x.body.atEnd.Load())
	resp.ProtoMajor, resp.ProtoMinor = 1, 1
	resp.Close = !again
	resp.TransferEncoding = nil
	if resp.ContentLength < 0 && x.req.ProtoAtLeast(1, 1) {
		resp.TransferEncoding = []string{"chunked"}
	}
	w := bufio.NewWriterSize(x.c, 8<<10)
	inner := resp.Body
	resp.Body = &responseBody{inner, x, w}
	// The writer hides what else bufio.Writer can: responseBody flushes it
	// while it is being copied into.
	err = resp.Write(struct{ io.Writer }{w})
	if err == nil {
		err = w.Flush()
	}
	return again, errors.Join(err, inner.Close())
}

// responseBody is the body of an answer while it is copied to the client.
// Before it waits for more from the host it sends what is there.
type responseBody struct {
	io.ReadCloser
	x *exchange
	w *bufio.Writer
}

func (b *responseBody) Read(p []byte) (int, error) {
	if err := b.w.Flush(); err != nil {
		return 0, err
	}
	b.x.dog.touch()
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.x.f.down.Add(int64(n))
		b.x.dog.touch()
	}
	return n, err
}

// upgrade passes on that the host goes on as a websocket and carries it.
func (x *exchange) upgrade(resp *http.Response) {
	host, ok := resp.Body.(duplex)
	if !ok || !wantsWebsocket(x.req) || !isWebsocket(resp.Header) {
		x.f.fail(x.c, errors.Join(errors.New("an upgrade that wasn't asked for"), resp.Body.Close()))
		return
	}
	stripHop(resp.Header)
	resp.Header.Set("Connection", "Upgrade")
	resp.Header.Set("Upgrade", "websocket")
	w := bufio.NewWriter(x.c)
	_, err := w.WriteString("HTTP/1.1 101 Switching Protocols\r\n")
	if err == nil {
		err = resp.Header.Write(w)
	}
	if err == nil {
		_, err = w.WriteString("\r\n")
	}
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		x.f.allowed(errors.Join(err, host.Close()))
		return
	}
	x.f.allowed(x.f.tunnel(x.c, host, nil))
}
