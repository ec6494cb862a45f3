package session

import (
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/wire"
)

func decodeEvents(t *testing.T, body string) []wire.ClientEvent {
	t.Helper()
	var v wire.SendEvents
	if err := wire.Decode([]byte(`{"events":[`+body+`]}`), &v); err != nil {
		t.Fatal(err)
	}
	return v.Events
}

const (
	message   = `{"type":"user.message","content":[{"type":"text","text":"hi"}]}`
	interrupt = `{"type":"user.interrupt"}`
	custom1   = `{"type":"user.custom_tool_result","custom_tool_use_id":"c1","content":[]}`
	tool1     = `{"type":"user.tool_result","tool_use_id":"t1","content":[{"type":"text","text":"x"}]}`
	allow1    = `{"type":"user.tool_confirmation","tool_use_id":"a1","result":"allow"}`
	deny1     = `{"type":"user.tool_confirmation","tool_use_id":"a1","result":"deny","deny_message":"no"}`
	system    = `{"type":"system.message","content":[{"type":"text","text":"be brief"}]}`
)

func TestAccept(t *testing.T) {
	customCall := OpenCall{ID: "c1", Custom: true, Client: true}
	askCall := OpenCall{ID: "a1", Asks: true}
	toolCall := OpenCall{ID: "t1", Client: true}
	yes, no := func() bool { return true }, func() bool { return false }
	for name, c := range map[string]struct {
		state  State
		events string
		err    string // "" accepts
		starts bool
	}{
		"a message starts":                      {State{}, message, "", true},
		"a message while running":               {State{Calls: []OpenCall{customCall}}, message, "", true},
		"no events":                             {State{}, "", "events: must not be empty", false},
		"a terminated session":                  {State{Terminated: true}, message, "events[0]: the session is archived or terminated and takes no more events", false},
		"a message to a parked session":         {State{Parked: true, Calls: []OpenCall{customCall, askCall}}, message, "Invalid user.message event at events[0]: waiting on responses to events [c1, a1]; only `user.tool_confirmation`, `user.custom_tool_result`, `user.tool_result`, or `user.interrupt` may be sent", false},
		"a message after the last answer":       {State{Parked: true, Calls: []OpenCall{customCall}}, custom1 + "," + message, "", true},
		"a message before the answer":           {State{Parked: true, Calls: []OpenCall{customCall}}, message + "," + custom1, "waiting on responses", false},
		"breaking in":                           {State{Parked: true, Calls: []OpenCall{customCall}}, interrupt + "," + message, "", true},
		"an interrupt starts nothing":           {State{Parked: true, Calls: []OpenCall{customCall}}, interrupt, "", false},
		"the last answer starts":                {State{Parked: true, Calls: []OpenCall{customCall}}, custom1, "", true},
		"one answer of two":                     {State{Parked: true, Calls: []OpenCall{customCall, askCall}}, custom1, "", false},
		"an answer after an interrupt":          {State{Parked: true, Calls: []OpenCall{customCall}}, interrupt + "," + custom1, "events[1].custom_tool_use_id: `c1` not found or already resolved", false},
		"an answer twice":                       {State{Parked: true, Calls: []OpenCall{customCall}}, custom1 + "," + custom1, "events[1].custom_tool_use_id: `c1` not found or already resolved", false},
		"an answer of another kind":             {State{SelfHosted: true, Parked: true, Calls: []OpenCall{toolCall}}, strings.ReplaceAll(custom1, "c1", "t1"), "events[0].custom_tool_use_id: `t1` not found", false},
		"an answer without an id":               {State{}, `{"type":"user.custom_tool_result"}`, "events[0].custom_tool_use_id: field required", false},
		"a tool result in a cloud environment":  {State{Calls: []OpenCall{toolCall}}, tool1, "events[0].type: `user.tool_result` is accepted only", false},
		"a tool result of a worker":             {State{SelfHosted: true, Parked: true, Calls: []OpenCall{toolCall}}, tool1, "", true},
		"allow":                                 {State{Parked: true, Calls: []OpenCall{askCall}}, allow1, "", true},
		"allow, and the worker runs it":         {State{SelfHosted: true, Parked: true, Calls: []OpenCall{askCall}}, allow1, "", false},
		"allow, and the server runs it anyway":  {State{SelfHosted: true, Parked: true, Calls: []OpenCall{{ID: "a1", Asks: true, Hosted: true}}}, allow1, "", true},
		"a worker answers a call of the server": {State{SelfHosted: true, Calls: []OpenCall{{ID: "t1", Hosted: true}}}, tool1, "events[0].tool_use_id: `t1` not found", false},
		"allow and the result in one request":   {State{SelfHosted: true, Parked: true, Calls: []OpenCall{askCall}}, allow1 + "," + strings.ReplaceAll(tool1, "t1", "a1"), "", true},
		"deny":                                  {State{Parked: true, Calls: []OpenCall{askCall}}, deny1, "", true},
		"deny, then allow":                      {State{Parked: true, Calls: []OpenCall{askCall}}, deny1 + "," + allow1, "events[1].tool_use_id: `a1` not found or already resolved", false},
		"a message of denial with allow":        {State{Calls: []OpenCall{askCall}}, strings.ReplaceAll(deny1, `"deny"`, `"allow"`), "events[0].deny_message: allowed only", false},
		"a decision that is none":               {State{Calls: []OpenCall{askCall}}, strings.ReplaceAll(allow1, `"allow"`, `"maybe"`), "events[0].result: must be `allow` or `deny`", false},
		"a system message":                      {State{MidSystem: yes}, message + "," + system, "", true},
		"a system message alone":                {State{MidSystem: yes}, system, "events[0]: `system.message` must directly follow", false},
		"a system message before the last":      {State{MidSystem: yes}, message + "," + system + "," + message, "events[1]: `system.message` must be the last", false},
		"a system message after an interrupt":   {State{MidSystem: yes}, interrupt + "," + system, "events[1]: `system.message` must directly follow", false},
		"a system message the model can't take": {State{MidSystem: no}, message + "," + system, "events[1]: the session's model does not support", false},
		"an interrupt of an unknown thread":     {State{ThreadID: "sthr_1"}, `{"type":"user.interrupt","session_thread_id":"sthr_2"}`, "events[0].session_thread_id: no thread `sthr_2`", false},
		"an interrupt of the primary thread":    {State{ThreadID: "sthr_1"}, `{"type":"user.interrupt","session_thread_id":"sthr_1"}`, "", false},
		"empty content":                         {State{}, `{"type":"user.message","content":[]}`, "events[0].content: must not be empty", false},
		"empty text":                            {State{}, `{"type":"user.message","content":[{"type":"text","text":""}]}`, "events[0].content[0].text: must not be empty", false},
		"a search result in a message":          {State{}, `{"type":"user.message","content":[{"type":"search_result","source":"u","title":"t","content":[{"type":"text","text":"x"}]}]}`, "events[0].content[0].type: `search_result` is allowed in tool results only", false},
		"an image that is no image":             {State{}, `{"type":"user.message","content":[{"type":"image","source":{"type":"base64","media_type":"image/tiff","data":"AA=="}}]}`, "events[0].content[0].source.media_type: `image/tiff` is not one of", false},
		"an image that is not base64":           {State{}, `{"type":"user.message","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"%"}}]}`, "events[0].content[0].source.data: not base64", false},
		"an image of text":                      {State{}, `{"type":"user.message","content":[{"type":"image","source":{"type":"text","media_type":"text/plain","data":"x"}}]}`, "events[0].content[0].source.type: `text` is not one of", false},
		"a source of two kinds":                 {State{}, `{"type":"user.message","content":[{"type":"document","source":{"type":"url","url":"https://x","file_id":"f"}}]}`, "events[0].content[0].source.file_id: not a field of a `url` source", false},
		"a document by URL":                     {State{}, `{"type":"user.message","content":[{"type":"document","source":{"type":"url","url":"https://x/y.pdf"},"title":"y"}]}`, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			accepted, starts, err := Accept(c.state, decodeEvents(t, c.events))
			switch {
			case c.err == "" && err != nil:
				t.Fatalf("refused: %v", err)
			case c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), c.err) && !strings.Contains(err.Error(), c.err)):
				t.Fatalf("error %v, want %s", err, c.err)
			case c.err == "" && starts != c.starts:
				t.Errorf("starts = %v (%+v)", starts, accepted)
			}
		})
	}
}

func TestAcceptNamesFiles(t *testing.T) {
	accepted, _, err := Accept(State{}, decodeEvents(t, message+`,{"type":"user.message","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"file","file_id":"file_1"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := FileRef{Path: "events[1].content[1].source.file_id", ID: "file_1", Block: "image"}
	if len(accepted[1].Files) != 1 || accepted[1].Files[0] != want {
		t.Errorf("files %+v, want %+v", accepted[1].Files, want)
	}
	if err := want.CheckFileType("text/csv"); err == nil {
		t.Error("an image block took a CSV file")
	}
}
