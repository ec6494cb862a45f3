package demo

import (
	"fmt"
	"strings"
)

// finish sums up the turn.
func finish(v *view) answer {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n\n", args...) }

	if o := opening(v); o != "" {
		line("%s", o)
	}
	switch good, bad := v.count(); {
	case len(v.calls) == 0 && v.task != "":
		line("You said: “%s”. No tool that I know how to use is offered to me, so all I can do is talk.", oneLine(v.task, 160))
	case len(v.calls) == 0:
		line("Give me a task and I will write a program about it, run it and show you the result.")
	case good == 0:
		line("I tried, but every tool call failed; the last one said: `%s`", oneLine(v.calls[len(v.calls)-1].result, 200))
	case bad == 0 && good == 1:
		line("Done: 1 tool call, and it went well.")
	case bad == 0:
		line("Done: %s, all of them well.", calls(good))
	default:
		line("Done: %s well, %s not.", calls(good), calls(bad))
	}
	if t, ok := pickCustom(v); ok {
		if c := v.call(t.Name, ""); c != nil && c.settled {
			line("Your tool `%s` answered: %s", t.Name, orNothing(oneLine(c.result, 300)))
		}
	}
	if c := v.looked(); c.ok() {
		line("The beginning of `%s`:\n\n```\n%s\n```", table, strings.TrimSpace(cut(c.result, 600)))
	}
	if worked(v.call("bash", program)) || worked(v.call("bash", script)) || v.call("write", report).ok() {
		line("The report is `%s`: the letters of your message, counted and drawn.", report)
	}
	if c := v.call("bash", notes); c.ok() {
		line("The shell said:\n\n```\n%s\n```", strings.TrimSpace(cut(c.result, 800)))
	}
	b.WriteString("— Ostler's built-in demo model. " + setReal)
	return answer{text: b.String()}
}

// looked is the call that read the table back.
func (v *view) looked() *done {
	if c := v.call("read", table); c != nil {
		return c
	}
	return v.call("bash", "head -n 6 "+table)
}

// count counts calls that went well and that did not.
func (v *view) count() (good, bad int) {
	for i := range v.calls {
		if v.calls[i].ok() {
			good++
		} else {
			bad++
		}
	}
	return good, bad
}

func calls(n int) string {
	if n == 1 {
		return "1 tool call"
	}
	return fmt.Sprintf("%d tool calls", n)
}

func orNothing(s string) string {
	if s == "" {
		return "(nothing)"
	}
	return s
}

// cut shortens a text to n bytes, at a line if possible.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = strings.ToValidUTF8(s[:n], "")
	if i := strings.LastIndexByte(s, '\n'); i > 0 {
		s = s[:i]
	}
	return s + "\n…"
}
