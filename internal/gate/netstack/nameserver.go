package netstack

import (
	"encoding/binary"
	"io"
	"net"
	"time"
)

const (
	dnsPort    = 53
	maxStreams = 16               // connections to the name server at one time
	streamTime = 10 * time.Second // for a query to come, and for its answer to be taken
)

// answerPackets answers queries over UDP, one after the other, until the Stack
// is closed.
func (s *Stack) answerPackets() {
	buf := make([]byte, maxQuery)
	for {
		n, from, err := s.dns.ReadFrom(buf)
		if err != nil {
			return
		}
		if answer := s.answer(buf[:n]); answer != nil {
			_, _ = s.dns.WriteTo(answer, from) // a lost answer is asked for again
		}
	}
}

// answerStream answers queries over TCP, which come with their length before
// them (RFC 1035 section 4.2.2). It accepts the connection unless there are too
// many.
func (s *Stack) answerStream(accept func() (net.Conn, error)) {
	select {
	case s.lookup <- struct{}{}:
		defer func() { <-s.lookup }()
	default:
		return
	}
	conn, err := accept()
	if err != nil {
		return
	}
	defer conn.Close()
	buf := make([]byte, maxQuery)
	for {
		if conn.SetDeadline(time.Now().Add(streamTime)) != nil {
			return
		}
		if _, err := io.ReadFull(conn, buf[:2]); err != nil {
			return
		}
		n := int(binary.BigEndian.Uint16(buf))
		if n > len(buf) {
			return
		}
		if _, err := io.ReadFull(conn, buf[:n]); err != nil {
			return
		}
		answer := s.answer(buf[:n])
		if answer == nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}
