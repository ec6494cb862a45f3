package demo

import (
	"fmt"
	"regexp"
	"strings"
)

// Where the demo works. The names mark its calls, too: the planner finds out
// what it did already by looking for them.
const (
	outputs = "/mnt/session/outputs"
	program = "/tmp/ostler-demo/report.py"
	script  = "/tmp/ostler-demo/report.sh"
	report  = outputs + "/report.html"
	table   = outputs + "/letters.csv"
	notes   = outputs + "/notes.md"
	success = "report written"
)

// answer is what the model says next.
type answer struct {
	text  string
	calls []call
}

type call struct {
	name  string
	input map[string]any
}

const hello = "I am Ostler's built-in demo model. I follow a script and understand nothing, but the loop, the tools and the sandbox are the real ones."

const setReal = "To talk to a real model, set `ANTHROPIC_API_KEY`, or `OSTLER_MODEL_BASE_URL` (and `OSTLER_MODEL_API_KEY`) for any server that speaks the Messages API, and start `ostler serve` again."

// plan decides what to say next. Every step is tried once, so that a turn ends
// whatever the tools answer.
func plan(v view) answer {
	if t, ok := pickCustom(&v); ok && v.call(t.Name, "") == nil {
		return answer{
			text:  opening(&v) + fmt.Sprintf(" First I call your tool `%s` with an input made up from its schema.", t.Name),
			calls: []call{{t.Name, example(t.InputSchema, v.task)}},
		}
	}
	switch {
	case small(v.task) && len(v.calls) == 0:
		return answer{text: hello + " Give me a task and I will write a program about it, run it and show you the result. " + setReal}
	case v.turn > 1 && (v.has("bash") || v.has("write")):
		return followUp(&v)
	case v.has("bash"):
		return withBash(&v)
	case v.has("write"):
		return withWrite(&v)
	}
	return finish(&v)
}

// opening greets in the first step of a turn.
func opening(v *view) string {
	if len(v.calls) > 0 {
		return ""
	}
	return hello
}

// withBash writes a program, runs it, and falls back to a shell script if
// there is no Python.
func withBash(v *view) answer {
	wrote, ran, shell := v.call("write", program), v.call("bash", program), v.call("bash", script)
	switch {
	case v.has("write") && wrote == nil && ran == nil:
		return answer{
			text:  join(opening(v), "I write a small program that counts the letters of your message and draws them."),
			calls: []call{{"write", map[string]any{"file_path": program, "content": pythonProgram(v.task)}}},
		}
	case ran == nil && (wrote.ok() || !v.has("write")):
		text, cmd := "Now I run it.", runPython()
		if !wrote.ok() {
			text = join(opening(v), "I write a small program with the shell and run it.")
			cmd = heredoc(program, pythonProgram(v.task)) + "\n" + cmd
		}
		return answer{text: text, calls: []call{{"bash", map[string]any{"command": cmd}}}}
	case !worked(ran) && shell == nil:
		return answer{
			text:  "That did not work" + because(ran, wrote) + ", so I do it with the shell alone.",
			calls: []call{{"bash", map[string]any{"command": heredoc(script, shellProgram(v.task)) + "\nbash " + script}}},
		}
	case worked(ran) || worked(shell):
		return lookBack(v)
	}
	return finish(v)
}

func worked(d *done) bool { return d.ok() && strings.Contains(d.result, success) }

// because names what failed.
func because(ds ...*done) string {
	for _, d := range ds {
		if d != nil && d.settled {
			return fmt.Sprintf(" (`%s` said: %s)", d.name, oneLine(d.result, 120))
		}
	}
	return ""
}

// lookBack looks at the results, with two calls at once where it can.
func lookBack(v *view) answer {
	var a answer
	if v.has("glob") && v.call("glob", outputs) == nil {
		a.calls = append(a.calls, call{"glob", map[string]any{"pattern": "*", "path": outputs}})
	}
	if v.has("read") && v.call("read", table) == nil {
		a.calls = append(a.calls, call{"read", map[string]any{"file_path": table, "view_range": []int{1, 6}}})
	}
	if !v.has("read") && v.has("bash") && v.call("bash", "head -n 6 "+table) == nil {
		a.calls = append(a.calls, call{"bash", map[string]any{"command": "head -n 6 " + table}})
	}
	if len(a.calls) == 0 {
		return finish(v)
	}
	a.text = "It ran. Let me look at what came out."
	return a
}

// withWrite is for agents without a shell: the result is written directly.
func withWrite(v *view) answer {
	wrote := v.call("write", report)
	switch {
	case wrote == nil:
		return answer{
			text:  join(opening(v), "There is no shell for me, so I write the report without a program."),
			calls: []call{{"write", map[string]any{"file_path": report, "content": page(v.task, countLetters(v.task))}}},
		}
	case wrote.ok() && v.has("read") && v.call("read", report) == nil:
		return answer{
			text:  "I read it back.",
			calls: []call{{"read", map[string]any{"file_path": report, "view_range": []int{1, 8}}}},
		}
	}
	return finish(v)
}

// followUp notes down what was said and shows that files of earlier turns are
// still there.
func followUp(v *view) answer {
	if v.has("bash") {
		if v.call("bash", notes) != nil {
			return finish(v)
		}
		cmd := fmt.Sprintf("mkdir -p %s && printf '%%s\\n' %s >> %s && wc -l %s && ls -l %s",
			outputs, quote(fmt.Sprintf("- message %d: %s", v.turn, oneLine(v.task, 200))), notes, notes, outputs)
		return answer{
			text:  fmt.Sprintf("This is message %d of our conversation. I note it down and list the files that are there by now.", v.turn),
			calls: []call{{"bash", map[string]any{"command": cmd}}},
		}
	}
	if v.call("write", notes) != nil {
		return finish(v)
	}
	return answer{
		text:  fmt.Sprintf("This is message %d of our conversation. I note it down.", v.turn),
		calls: []call{{"write", map[string]any{"file_path": notes, "content": fmt.Sprintf("- message %d: %s\n", v.turn, oneLine(v.task, 200))}}},
	}
}

var greeting = regexp.MustCompile(`(?i)^\W*(hi|hello|hey|hallo|thanks?|thank you|thx|ok|okay|bye|goodbye|good (morning|evening|day))\b`)

// small reports whether a message is no task.
func small(task string) bool { return task == "" || len(task) < 24 && greeting.MatchString(task) }

func join(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " ")
}

// oneLine is a text on one line, cut to n runes.
func oneLine(s string, n int) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > n {
		return string(r[:n]) + "…"
	}
	return string(r)
}
