package gate

import (
	"errors"
	"net/http"
)

// serveOne reads one request from a client, decides on it and serves it. It
// says whether another may follow on the connection.
func (p *Port) serveOne(c *client, find finder) bool {
	h, err := c.readHead(p.gate.cfg.HeaderTimeout)
	var refused *refusal
	switch {
	case errors.Is(err, errQuiet):
		return false
	case errors.As(err, &refused):
		p.reject(c, refused)
		return false
	}
	req, err := http.ReadRequest(c.br)
	if err != nil {
		p.reject(c, malformed("the request can't be read"))
		return false
	}
	to, refused := find(req, h)
	kind := KindRequest
	if h.method == http.MethodConnect {
		kind = KindTunnel
	}
	f := p.begin(kind, to)
	if refused == nil {
		refused = p.admit(f)
	}
	switch {
	case refused != nil:
		f.refuse(c, refused)
		f.end()
		return false
	case kind == KindTunnel:
		p.connect(f, c) // ends f
		return false
	}
	defer f.end()
	return p.forward(f, c, req)
}

// reject answers a request whose target isn't known.
func (p *Port) reject(c *client, r *refusal) {
	f := p.begin(KindRequest, target{})
	f.refuse(c, r)
	f.end()
}
