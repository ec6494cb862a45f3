package oauth

import (
	"bufio"
	"bytes"
	"cmp"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// events reads server-sent events.
type events struct {
	lines *bufio.Scanner
	ended bool
}

func newEvents(r io.Reader) *events {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxStep)
	return &events{lines: lines}
}

// next is the next event that has data.
func (e *events) next() (name string, data []byte, err error) {
	for !e.ended {
		e.ended = !e.lines.Scan()
		line := e.lines.Bytes()
		if value, ok := bytes.CutPrefix(line, []byte("event:")); ok {
			name = string(bytes.TrimPrefix(value, []byte(" ")))
		}
		if value, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			data = append(append(data, bytes.TrimPrefix(value, []byte(" "))...), '\n')
		}
		switch {
		case !e.ended && len(line) > 0:
		case data != nil:
			return name, data, nil
		default:
			name = ""
		}
	}
	return "", nil, cmp.Or(e.lines.Err(), io.ErrUnexpectedEOF)
}

// answer is the next message that has a result or an error. The server's own
// requests and notifications are passed over.
func (e *events) answer() ([]byte, error) {
	for {
		_, data, err := e.next()
		if err != nil {
			return nil, err
		}
		var m struct {
			Method string         `json:"method"`
			ID     jsontext.Value `json:"id"`
		}
		if json.Unmarshal(data, &m) == nil && m.Method == "" && m.ID != nil {
			return data, nil
		}
	}
}
