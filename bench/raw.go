package main

import (
	"fmt"
	"net"
	"strings"
)

// rawStream opens a stream on a connection of its own with next to no memory
// on the client's side.
func (r *rig) rawStream(session string) (net.Conn, error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(conn, "GET /v1/sessions/%s/events/stream HTTP/1.1\r\nHost: bench\r\nx-api-key: bench\r\nanthropic-version: 2026-10-21\r\nanthropic-beta: managed-agents-2026-04-01\r\n\r\n", session)
	if err != nil {
		conn.Close()
		return nil, err
	}
	var head [12]byte // HTTP/1.1 200: the stream is registered
	if _, err := conn.Read(head[:]); err != nil {
		conn.Close()
		return nil, err
	}
	if string(head[9:]) != "200" {
		conn.Close()
		return nil, fmt.Errorf("answer %q", head)
	}
	return conn, nil
}
