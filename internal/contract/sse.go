package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// stream passes the bytes of an event stream on and checks each frame when it
// is complete. A client sees the bytes as soon as without it.
type stream struct {
	io.ReadCloser
	path    string
	pending []byte
	report  func(Violations, error)
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.pending = append(s.pending, p[:n]...)
	for {
		frame, rest, ok := bytes.Cut(s.pending, []byte("\n\n"))
		if !ok {
			return n, err
		}
		s.pending = bytes.Clone(rest)
		s.report(checkFrame(s.path, frame))
	}
}

// checkFrame checks one frame: its form, its name, and its data as an event.
// Pings and error frames carry no event.
func checkFrame(path string, frame []byte) (Violations, error) {
	name, data, bad := splitFrame(frame)
	switch {
	case bad != "":
		return Violations{{Judge: "stream", Text: bad}}, nil
	case name == "ping":
		return nil, nil
	case name == "error":
		return checkErrorFrame(data), nil
	}
	found, err := Event(path, data)
	var tag struct {
		Type string `json:"type"`
	}
	if jsonErr := json.Unmarshal(data, &tag); jsonErr == nil && name != tag.Type {
		found = append(found, Violation{Judge: "stream", Path: "event",
			Text: fmt.Sprintf("frame %q carries an event of type %q", name, tag.Type)})
	}
	return found, err
}

// splitFrame reads the lines of a frame and says what is wrong with its form,
// which is narrower than the standard's because clients are.
func splitFrame(frame []byte) (name string, data []byte, bad string) {
	if bytes.ContainsRune(frame, '\r') {
		return "", nil, "a carriage return: Python waits for \\n\\n"
	}
	for line := range bytes.SplitSeq(frame, []byte("\n")) {
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			name = string(value)
		case "data":
			if data != nil {
				return "", nil, "more than one data line"
			}
			data = value
		}
	}
	if name == "" || data == nil {
		return "", nil, fmt.Sprintf("a frame without a name or without data, which SDKs drop or choke on: %q", frame)
	}
	return name, data, ""
}

func checkErrorFrame(data []byte) Violations {
	var env struct {
		Type  string `json:"type"`
		Error struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(data, &env); err != nil || env.Type != "error" || env.Error.Type == "" || env.Error.Message == "" {
		return Violations{{Judge: "stream", Text: fmt.Sprintf("an error frame without an error envelope: %s", data)}}
	}
	return nil
}
