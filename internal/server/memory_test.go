package server

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ostlerdev/ostler/internal/modeltest"
)

// remembering is a server with an agent, an environment and a store with one
// memory.
type remembering struct {
	*process
	model             *modeltest.Server
	agent, env, store string
}

func (p *process) remembering(m *modeltest.Server) *remembering {
	p.t.Helper()
	r := &remembering{process: p, model: m}
	r.env = p.create("/v1/environments", `{"name":"test"}`)
	r.agent = p.create("/v1/agents", `{"name":"test","model":"claude-opus-5-5","tools":[{"type":"agent_toolset_20260401"}]}`)
	r.store = p.create("/v1/memory_stores", `{"name":"Team Notes","description":"What the team knows."}`)
	p.create("/v1/memory_stores/"+r.store+"/memories", `{"path":"/style.md","content":"Be short.\n"}`)
	return r
}

func (r *remembering) attached(more string) string {
	r.t.Helper()
	return r.create("/v1/sessions", fmt.Sprintf(`{"agent":%q,"environment_id":%q,"resources":[{"type":"memory_store","memory_store_id":%q%s}]}`,
		r.agent, r.env, r.store, more))
}

// bash has the session's agent run commands, one call each, and answers their
// results.
func (r *remembering) bash(session string, commands ...string) []string {
	r.t.Helper()
	before := len(r.events(session))
	for _, c := range commands {
		r.model.Queue(modeltest.ToolUse("bash", map[string]any{"command": c}))
	}
	r.model.Queue(modeltest.Text("Done."))
	r.say(session, "go on")
	var out []string
	for _, e := range r.idle(session)[before:] {
		if e.Type == "agent.tool_result" {
			text := ""
			for _, c := range e.Content {
				text += c.Text
			}
			out = append(out, text)
		}
	}
	if len(out) != len(commands) {
		r.t.Fatalf("%d results of %d commands: %q", len(out), len(commands), out)
	}
	return out
}

type memoryVersion struct {
	Operation, Path, Content string
	By                       struct {
		Type    string
		Session string `json:"session_id"`
	} `json:"created_by"`
}

func (v memoryVersion) String() string {
	return strings.Join([]string{v.Operation, v.Path, strings.TrimSpace(v.Content), v.By.Type, v.By.Session}, " ")
}

// history is the store's versions, the oldest first.
func (r *remembering) history() (out []string) {
	r.t.Helper()
	for cursor := ""; ; {
		var v struct {
			Data []memoryVersion
			Next *string `json:"next_page"`
		}
		if err := json.Unmarshal(r.call("GET", "/v1/memory_stores/"+r.store+"/memory_versions?view=full"+cursor, ""), &v); err != nil {
			r.t.Fatal(err)
		}
		for _, one := range v.Data {
			out = append(out, one.String())
		}
		if v.Next == nil {
			slices.Reverse(out)
			return out
		}
		cursor = "&page=" + *v.Next
	}
}

func TestAgentsShareAMemoryStore(t *testing.T) {
	for _, sandbox := range []string{"gvisor", "namespace"} {
		t.Run(sandbox, func(t *testing.T) { shareAMemoryStore(t, sandbox) })
	}
}

func shareAMemoryStore(t *testing.T, sandbox string) {
	m := modeltest.New(t)
	c := config(t.TempDir(), m.URL)
	c.Sandbox = sandbox
	r := serveHere(t, c).remembering(m)
	a, b := r.attached(`,"instructions":"Read style.md first."`), r.attached(`,"access":"read_only"`)

	// What is stored is there, what is written is a version at once, and an
	// editor's steps are one.
	got := r.bash(a, "cat /mnt/memory/team-notes/style.md; ls -d /mnt/memory/*; touch /mnt/memory/other",
		"cd /mnt/memory/team-notes; mkdir -p people; echo likes tea > people/ann.md; sed -i s/short/brief/ style.md; rm -f none")
	if !strings.HasPrefix(got[0], "Be short.\n/mnt/memory/team-notes\n") || !strings.Contains(got[0], "Read-only file system") {
		t.Errorf("first look: %q", got[0])
	}
	want := []string{"created /style.md Be short. api_actor ", "created /people/ann.md likes tea session_actor " + a, "modified /style.md Be brief. session_actor " + a}
	// (Where the editor is slow, its temporary file may be seen.)
	if h := slices.DeleteFunc(r.history(), func(v string) bool { return strings.Contains(v, " /sed") }); !slices.Equal(h, want) {
		t.Errorf("history\n%s\nwant\n%s", strings.Join(h, "\n"), strings.Join(want, "\n"))
	}

	// Another session sees it, and can't write where it may only read.
	got = r.bash(b, "cat /mnt/memory/team-notes/people/ann.md /mnt/memory/team-notes/style.md; echo x > /mnt/memory/team-notes/x; rm /mnt/memory/team-notes/style.md")
	if !strings.HasPrefix(got[0], "likes tea\nBe brief.\n") || strings.Count(got[0], "Read-only file system") != 2 {
		t.Errorf("read only: %q", got[0])
	}

	// Changes of others show while the sandbox lives, in both.
	r.call("POST", "/v1/memory_stores/"+r.store+"/memories", `{"path":"/new/deep.md","content":"from outside\n"}`)
	for _, s := range []string{a, b} {
		if got := r.bash(s, "cat /mnt/memory/team-notes/new/deep.md"); !strings.HasPrefix(got[0], "from outside\n") {
			t.Errorf("%s: %q", s, got[0])
		}
	}

	// The agent owns what the server put there; a move keeps the memory, but not
	// one together with a change, which a slow sandbox makes two.
	r.bash(a, "cd /mnt/memory/team-notes && echo more >> new/deep.md && mv new/deep.md top.md && rmdir new && chmod 600 top.md")
	const text = " from outside\nmore session_actor "
	h := strings.Join(r.history(), "\n")
	if !strings.HasSuffix(h, "deleted /new/deep.md  session_actor "+a+"\ncreated /top.md"+text+a) &&
		!strings.HasSuffix(h, "modified /new/deep.md"+text+a+"\nmodified /top.md"+text+a) {
		t.Errorf("history\n%s", h)
	}
	r.bash(a, "cd /mnt/memory/team-notes && mv top.md bottom.md")
	if h := r.history(); h[len(h)-1] != "modified /bottom.md from outside\nmore session_actor "+a {
		t.Errorf("history\n%s", strings.Join(h, "\n"))
	}

	// The prompt says what is where.
	for _, req := range m.Requests()[:1] {
		if system := string(req.Raw); !strings.Contains(system, `The memory store \"Team Notes\" is mounted at /mnt/memory/team-notes`) ||
			!strings.Contains(system, "What the team knows.") || !strings.Contains(system, "Read style.md first.") {
			t.Errorf("request %.2000s", system)
		}
	}
}

// Two agents write one memory again and again, and a client changes it too: no
// text is lost, versions tell who wrote what, and in the end all see the same.
func TestAgentsWriteOneMemoryAtOnce(t *testing.T) {
	const rounds = 6
	m := modeltest.New(t)
	m.Func(func(req modeltest.Request) modeltest.Reply {
		raw := string(req.Raw)
		name := "a"
		if strings.Contains(raw, "You are b.") {
			name = "b"
		}
		done := strings.Count(raw, `"tool_result"`)
		if done == rounds {
			return modeltest.Text("Done.")
		}
		return modeltest.ToolUse("bash", map[string]any{"command": fmt.Sprintf("echo %s %d > /mnt/memory/team-notes/style.md", name, done)})
	})
	r := serveHere(t, config(t.TempDir(), m.URL)).remembering(m)
	a, b := r.attached(""), r.attached("")
	r.say(a, "You are a.")
	r.say(b, "You are b.")
	var list struct{ Data []struct{ ID string } }
	if err := json.Unmarshal(r.call("GET", "/v1/memory_stores/"+r.store+"/memories", ""), &list); err != nil {
		t.Fatal(err)
	}
	want := []string{"Be short. api_actor "}
	for i := range rounds {
		r.call("POST", "/v1/memory_stores/"+r.store+"/memories/"+list.Data[0].ID, fmt.Sprintf(`{"content":"client %d\n"}`, i))
		want = append(want, fmt.Sprintf("client %d api_actor ", i), fmt.Sprintf("a %d session_actor %s", i, a), fmt.Sprintf("b %d session_actor %s", i, b))
	}
	r.idle(a)
	r.idle(b)
	history := strings.Join(r.history(), "\n") + "\n"
	for _, text := range want {
		if !strings.Contains(history, " /style.md "+text+"\n") {
			t.Errorf("no %q in\n%s", text, history)
		}
	}
}

// What can't be a memory is said so, in the result of the call that made it.
func TestAgentsHearWhatIsNotSaved(t *testing.T) {
	m := modeltest.New(t)
	r := serveHere(t, config(t.TempDir(), m.URL)).remembering(m)
	s := r.attached("")
	got := r.bash(s, `cd /mnt/memory/team-notes; head -c 102401 /dev/zero | tr '\0' x > big; printf 'a\377' > latin; ln -s style.md link; printf x > "$(printf 'a\001b')"; echo fine > fine`,
		"head -c 10 /mnt/memory/team-notes/big; echo now short > /mnt/memory/team-notes/big", "true")
	for _, want := range []string{
		"[Memory: /mnt/memory/team-notes/big was not saved: at most 102400 bytes.]",
		"[Memory: /mnt/memory/team-notes/latin was not saved: must be UTF-8 text.]",
		"[Memory: /mnt/memory/team-notes/link was not saved: it is not a regular file.]",
		`[Memory: "/mnt/memory/team-notes/a\x01b" was not saved: must not have control characters`,
	} {
		if !strings.Contains(got[0], want) {
			t.Errorf("no %q in %q", want, got[0])
		}
	}
	if strings.Contains(got[0], "fine") || !strings.HasPrefix(got[1], "xxxxxxxxxx") || strings.Contains(got[1]+got[2], "Memory:") {
		t.Errorf("results %q", got)
	}
	if h := r.history(); len(h) != 3 || h[1] != "created /fine fine session_actor "+s || h[2] != "created /big now short session_actor "+s {
		t.Errorf("history\n%s", strings.Join(h, "\n"))
	}
	// Archived stores take nothing, deleted ones are empty.
	r.call("POST", "/v1/memory_stores/"+r.store+"/archive", "")
	got = r.bash(s, "cd /mnt/memory/team-notes; echo late > late; rm fine", "cat /mnt/memory/team-notes/fine /mnt/memory/team-notes/late")
	if !strings.Contains(got[0], "/late was not saved: the memory store is archived") || !strings.Contains(got[0], "/fine was not deleted: the memory store is archived") || !strings.HasPrefix(got[1], "fine\nlate\n") {
		t.Errorf("archived: %q", got)
	}
	r.call("DELETE", "/v1/memory_stores/"+r.store, "")
	got = r.bash(s, "ls /mnt/memory/team-notes", "rm -rf /mnt/memory/team-notes/*; ls /mnt/memory/team-notes; echo x > /mnt/memory/team-notes/x")
	if strings.Contains(got[0], "fine\n") || !strings.Contains(strings.Join(got, ""), "the memory store was deleted") || !strings.Contains(got[1], "/x was not saved: the memory store was deleted") {
		t.Errorf("deleted: %q", got)
	}
}

// What a program writes after its turn is taken within a second, and what was
// written when the server was killed is taken at its next start.
func TestMemoriesOutliveTheTurnAndTheServer(t *testing.T) {
	m := modeltest.New(t)
	dir := t.TempDir()
	r := start(t, dir, m.URL).remembering(m)
	s := r.attached("")
	r.bash(s, "(sleep 0.3; echo in the background > /mnt/memory/team-notes/later) >/dev/null 2>&1 &")
	await(t, func() bool {
		return strings.Contains(strings.Join(r.history(), "\n"), "created /later in the background")
	})

	m.Queue(modeltest.ToolUse("bash", map[string]any{"command": "echo kept > /mnt/memory/team-notes/kept; touch /mnt/session/outputs/begun; exec sleep 1000"}))
	r.say(s, "on")
	waitForFile(t, filepath.Join(dir, "sandboxes", "*", "outputs", "begun"))
	r.kill()
	found, err := filepath.Glob(filepath.Join(dir, "sandboxes", "*", "shelf", "rw", "memory", "team-notes"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if err := os.WriteFile(filepath.Join(found[0], "last"), []byte("the last word"), 0o644); err != nil { // as if the agent had been quicker
		t.Fatal(err)
	}
	m.Queue(modeltest.Text("I see."))
	r.process = start(t, dir, m.URL)
	if h := strings.Join(r.history(), "\n"); !strings.Contains(h, "created /last the last word session_actor "+s) || strings.Count(h, "created /kept kept session_actor "+s) != 1 {
		t.Errorf("history\n%s", h)
	}
	r.idle(s)
	// The end of a session takes what is left.
	r.bash(s, "(sleep 0.05; echo bye > /mnt/memory/team-notes/bye) >/dev/null 2>&1 & sleep 0.1")
	r.call("DELETE", "/v1/sessions/"+s, "")
	await(t, func() bool {
		return strings.Contains(strings.Join(r.history(), "\n"), "created /bye bye session_actor "+s)
	})
}

// await waits until something is so.
func await(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !so(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not so after ten seconds")
		}
	}
}
