package model

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/tidwall/gjson"
)

// readWhole reads an answer of a server that doesn't stream.
func readWhole(body io.Reader, sink func(Delta)) (*Response, error) {
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if !gjson.ValidBytes(raw) {
		return nil, errors.New("the upstream's answer is not JSON")
	}
	msg := gjson.ParseBytes(raw)
	if e := msg.Get("error"); e.IsObject() {
		return nil, &streamError{wire: parseWireError(e)}
	}
	acc := accumulator{sink: sink, stop: msg.Get("stop_reason").String()}
	acc.usage.merge(msg.Get("usage"))
	if d := msg.Get("stop_details"); d.IsObject() {
		acc.details = json.RawMessage(d.Raw)
	}
	for i, c := range msg.Get("content").Array() {
		if err := acc.start(i, json.RawMessage(c.Raw)); err != nil {
			return nil, err
		}
		acc.at[i].done = true
	}
	return acc.response()
}
