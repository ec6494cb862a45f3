package contract

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestFrames(t *testing.T) {
	path := session + "/events/stream"
	for name, tt := range map[string]struct{ frame, want string }{
		"good":               {"event: session.status_running\ndata: " + goodEvent, ""},
		"no space":           {"event:session.status_running\ndata:" + goodEvent, ""},
		"other name":         {"event: message\ndata: " + goodEvent, `frame "message" carries an event of type`},
		"no name":            {"data: " + goodEvent, "without a name"},
		"only a comment":     {": keep-alive", "without a name"},
		"two data lines":     {"event: session.status_running\ndata: {\ndata: }", "more than one data line"},
		"carriage return":    {"event: ping\r\ndata: {}", "carriage return"},
		"not JSON":           {"event: session.status_running\ndata: [DONE]", "cannot decode"},
		"ping":               {"event: ping\ndata: {\"type\":\"ping\"}", ""},
		"error":              {"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"x\"},\"request_id\":\"req_1\"}", ""},
		"error, no envelope": {"event: error\ndata: {\"message\":\"x\"}", "without an error envelope"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := checkFrame(path, []byte(tt.frame))
			if err != nil {
				t.Fatal(err)
			}
			if tt.want == "" && len(found) > 0 || !strings.Contains(found.Error(), tt.want) {
				t.Errorf("found %q, want %q", found.Error(), tt.want)
			}
		})
	}
}

// TestStreamSplitAnywhere shows that frames are put together from pieces of
// any size, and that the client gets every byte.
func TestStreamSplitAnywhere(t *testing.T) {
	text := frame("session.status_running", goodEvent) + frame("session.status_running", `{"type":"session.status_running"}`) + "event: half"
	var frames, bad int
	s := &stream{
		ReadCloser: io.NopCloser(iotest.OneByteReader(strings.NewReader(text))),
		path:       session + "/events/stream",
		report: func(vs Violations, err error) {
			frames++
			if err != nil || len(vs) > 0 {
				bad++
			}
		},
	}
	got, err := io.ReadAll(s)
	if err != nil || string(got) != text {
		t.Fatalf("read %q, %v", got, err)
	}
	if frames != 2 || bad != 1 {
		t.Errorf("%d frames checked, %d bad", frames, bad)
	}
}
