package rig

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/ostlerdev/ostler/internal/mcp"
	"github.com/ostlerdev/ostler/internal/modeltest"
)

// A prompt chooses what the model double does by a tag such as
// "[script: weather]". Each step of a script is one model answer; the double
// counts the answers it has given since the prompt.
type step func(modeltest.Request) modeltest.Reply

var scripts = map[string][]step{
	"hello": {say("Hello, I am a scripted model.")},
	"think": {func(modeltest.Request) modeltest.Reply {
		return modeltest.Thinking("A greeting needs no tools.").And(modeltest.Text("Hello after a thought."))
	}},
	"long":   {say(strings.Repeat("A long answer comes in many pieces. ", 40))},
	"bash":   {call("bash", "command", "echo out-$((6*7))"), quote("The command printed: ")},
	"whoami": {call("mcp__desk__whoami"), quote("The server says: ")},
	"weather": {
		call("get_weather", "city", "Oslo"),
		quote("The tool says: "),
	},
	"greet": {
		call("mcp__everything__greet", "name", "Ada"),
		call(mcp.ModelName("everything", "greet (structured)"), "name", "Bob"),
		call(mcp.ModelName("everything", "greet (content with ResourceLink)"), "name", "Cy"),
		call("mcp__greeter__greet1", "name", "Dee"),
		say("Greeted."),
	},
	"shout": {call("mcp__shouter__shout", "text", "hello"), quote("The server says: ")},
	"choir": {
		func(modeltest.Request) modeltest.Reply {
			return modeltest.ToolUse("mcp__shouter__join", map[string]string{"text": "do"}).
				And(modeltest.ToolUse("mcp__shouter__sing", map[string]string{"text": "re"})).
				And(modeltest.ToolUse("mcp__shouter__sing", map[string]string{"text": "mi"}))
		},
		quote("The server says: "),
	},
	"two-weathers": {
		func(modeltest.Request) modeltest.Reply {
			return modeltest.ToolUse("get_weather", map[string]string{"city": "Oslo"}).
				And(modeltest.ToolUse("get_weather", map[string]string{"city": "Rome"}))
		},
		quote("Both tools say: "),
	},
	"count-lines": {
		call("bash", "command", "set -e; mkdir -p /mnt/session/outputs; wc -l < /workspace/input.csv > /mnt/session/outputs/count.txt; cp /workspace/input.csv /mnt/session/outputs/copy.csv; echo done"),
		quote("Counted: "),
	},
	"remember": {
		call("bash", "command", "cd /mnt/memory/team-notes && cat greeting.md && mkdir people && echo likes tea > people/ann.md"),
		quote("It says: "),
	},
	"hang": {func(modeltest.Request) modeltest.Reply {
		return modeltest.Text(strings.Repeat("waiting ", 20)).HangAt(4, modeltest.NewHang())
	}},
	"error": {func(modeltest.Request) modeltest.Reply {
		return modeltest.Error(400, "invalid_request_error", "scripted refusal")
	}},
	"web": {
		call("web_search", "query", "horses"),
		call("web_fetch", "url", "http://pages.test/guide"),
		call("web_fetch", "url", "http://pages.test/guide.pdf"),
		quote("Read: "),
	},
	"read-document": {readDocument},
	"greeting": {
		call("read", "file_path", "/workspace/skills/greeting/SKILL.md"),
		call("bash", "command", "skills/greeting/scripts/greet.sh"),
		quote("The skill printed: "),
	},
	"primes": {
		call("write", "file_path", "/workspace/primes.py", "content", "n = [i for i in range(2, 60) if all(i % d for d in range(2, i))]\nprint(*n, sep=\"\\n\")\n"),
		call("bash", "command", "mkdir -p /mnt/session/outputs && cd /workspace && { python3 primes.py || echo 2; } > /mnt/session/outputs/primes.txt && head -1 /mnt/session/outputs/primes.txt"),
		quote("The first prime is "),
	},
}

var tag = regexp.MustCompile(`\[script: ([a-z-]+)\]`)

// limits knows a model besides the usual ones whose prompts are short.
func limits(model string) modeltest.Limits {
	lim := modeltest.KnownLimits(model)
	if model == "small-window" {
		lim.Input = 4000
	}
	return lim
}

// Script answers a model request as the last prompt in it asks.
func Script(req modeltest.Request) modeltest.Reply {
	if strings.Contains(req.Last().Content.Text(), "Your context window is nearly full.") {
		return modeltest.Text("The user asks for a scripted greeting.")
	}
	for i, m := range slices.Backward(req.Messages) {
		name := promptOf(m)
		if name == "" {
			continue
		}
		steps := scripts[name]
		done := 0
		for _, later := range req.Messages[i+1:] {
			if later.Role == "assistant" {
				done++
			}
		}
		if done >= len(steps) {
			return modeltest.Text("The script " + name + " is over.")
		}
		return steps[done](req)
	}
	return modeltest.Text("No script in the prompt.")
}

// promptOf is the script that a user message asks for, "" if none.
func promptOf(m modeltest.Message) string {
	if m.Role != "user" {
		return ""
	}
	text := m.Content.Text()
	if found := tag.FindAllStringSubmatch(text, -1); found != nil {
		if name := found[len(found)-1][1]; scripts[name] != nil {
			return name
		}
	}
	if strings.Contains(text, "primes.py") { // the program of the README
		return "primes"
	}
	return ""
}

func say(text string) step {
	return func(modeltest.Request) modeltest.Reply { return modeltest.Text(text) }
}

// call calls a tool with an input of names and values in turn.
func call(tool string, input ...string) step {
	in := map[string]string{}
	for pair := range slices.Chunk(input, 2) {
		in[pair[0]] = pair[1]
	}
	return func(modeltest.Request) modeltest.Reply { return modeltest.ToolUse(tool, in) }
}

// quote repeats the tool results that the request brought.
func quote(before string) step {
	return func(req modeltest.Request) modeltest.Reply {
		var results []string
		for _, b := range req.Last().Content {
			if b.Type == "tool_result" {
				results = append(results, strings.TrimSpace(b.Result()))
			}
		}
		return modeltest.Text(before + strings.Join(results, " | "))
	}
}

// readDocument repeats the text of the documents in the newest message.
func readDocument(req modeltest.Request) modeltest.Reply {
	var texts []string
	for _, b := range req.Last().Content {
		var source struct{ Data string }
		if b.Type == "document" && json.Unmarshal(b.Source, &source) == nil {
			texts = append(texts, source.Data)
		}
	}
	return modeltest.Text("It says: " + strings.Join(texts, " | "))
}
