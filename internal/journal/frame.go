package journal

// Frame is one server-sent event, encoded once for all readers.
type Frame struct {
	Type  string // of the payload
	Bytes []byte // event and data lines with the blank line
}

// SSE encodes a server-sent event.
func SSE(typ string, data []byte) []byte {
	out := make([]byte, 0, len(typ)+len(data)+16)
	out = append(out, "event: "...)
	out = append(out, typ...)
	out = append(out, "\ndata: "...)
	out = append(out, data...)
	return append(out, "\n\n"...)
}
