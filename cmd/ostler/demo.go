package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/option"

	"github.com/ostlerdev/ostler/internal/api"
	"github.com/ostlerdev/ostler/internal/server"
)

type demoCommand struct {
	Prompt string `arg:"" optional:"" default:"Write a small Python program that makes a table of the first 20 prime numbers and their squares, run it, and hand the table back as a CSV file." help:"What to ask the agent."`
	Model  string `default:"claude-opus-5-5" help:"Model of the agent."`
	Out    string `default:"ostler-demo" type:"path" help:"Directory for the files that the agent hands back."`
	options
}

// Run starts a server over a temporary directory, has an agent do one task
// with the official SDK as its client, and downloads what it made.
func (c *demoCommand) Run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	data, err := os.MkdirTemp("", "ostler-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	c.LogLevel = "warn"
	s, err := server.Open(ctx, c.config(data, c.logger()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	front := api.NewHTTPServer(s.Handler())
	go front.Serve(listener) // ends with Close
	defer front.Close()

	fmt.Printf("sandbox  %s\n", s.Driver.Isolation())
	if s.Models.Demo() {
		fmt.Println("model    the built-in demo model, a small script that plays the planner: no key is set.\n         Set ANTHROPIC_API_KEY for a real one.")
	} else {
		fmt.Printf("model    %s\n", c.Model)
	}
	client := anthropic.NewClient(option.WithoutEnvironmentDefaults(),
		option.WithBaseURL("http://"+listener.Addr().String()), option.WithAPIKey(s.Key))
	return c.turn(ctx, &client)
}

// turn is the program that a client of the hosted service would be.
func (c *demoCommand) turn(ctx context.Context, client *anthropic.Client) error {
	env, err := client.Beta.Environments.New(ctx, anthropic.BetaEnvironmentNewParams{Name: "demo"})
	if err != nil {
		return err
	}
	agent, err := client.Beta.Agents.New(ctx, anthropic.BetaAgentNewParams{
		Name:  "demo",
		Model: anthropic.BetaManagedAgentsModelConfigParams{ID: anthropic.BetaManagedAgentsModel(c.Model)},
		Tools: []anthropic.BetaAgentNewParamsToolUnion{{
			OfAgentToolset20260401: &anthropic.BetaManagedAgentsAgentToolset20260401Params{Type: "agent_toolset_20260401"},
		}},
	})
	if err != nil {
		return err
	}
	session, err := client.Beta.Sessions.New(ctx, anthropic.BetaSessionNewParams{
		Agent: anthropic.BetaSessionNewParamsAgentUnion{OfString: anthropic.String(agent.ID)}, EnvironmentID: env.ID,
	})
	if err != nil {
		return err
	}
	stream := client.Beta.Sessions.Events.StreamEvents(ctx, session.ID, anthropic.BetaSessionEventStreamParams{})
	defer stream.Close()
	fmt.Printf("session  %s\n\n> %s\n\n", session.ID, c.Prompt)
	_, err = client.Beta.Sessions.Events.Send(ctx, session.ID, anthropic.BetaSessionEventSendParams{
		Events: []anthropic.BetaManagedAgentsEventParamsUnion{{OfUserMessage: &anthropic.BetaManagedAgentsUserMessageEventParams{
			Type: "user.message",
			Content: []anthropic.BetaManagedAgentsUserMessageEventParamsContentUnion{{
				OfText: &anthropic.BetaManagedAgentsTextBlockParam{Type: "text", Text: c.Prompt},
			}},
		}}},
	})
	if err != nil {
		return err
	}
	for stream.Next() {
		if show(stream.Current()) {
			break
		}
	}
	if err := stream.Err(); err != nil {
		return err
	}
	return c.download(ctx, client, session.ID)
}

// show prints an event and tells whether the turn is over.
func show(event anthropic.BetaManagedAgentsStreamSessionEventsUnion) (over bool) {
	switch e := event.AsAny().(type) {
	case anthropic.BetaManagedAgentsAgentMessageEvent:
		for _, block := range e.Content {
			fmt.Println(block.Text)
		}
	case anthropic.BetaManagedAgentsAgentToolUseEvent:
		fmt.Printf("[%s] %s\n", e.Name, cut(fmt.Sprint(e.Input), 300))
	case anthropic.BetaManagedAgentsAgentToolResultEvent:
		for _, block := range e.Content {
			fmt.Println(indent(cut(block.Text, 1000)))
		}
	case anthropic.BetaManagedAgentsSessionErrorEvent:
		fmt.Printf("error: %s\n", e.Error.Message)
	case anthropic.BetaManagedAgentsSessionStatusIdleEvent:
		fmt.Printf("\n(idle: %s)\n", e.StopReason.Type)
		return true
	}
	return false
}

// download saves the session's files.
func (c *demoCommand) download(ctx context.Context, client *anthropic.Client, session string) error {
	files := client.Beta.Files.ListAutoPaging(ctx, anthropic.BetaFileListParams{ScopeID: anthropic.String(session)})
	for files.Next() {
		f := files.Current()
		if err := os.MkdirAll(c.Out, 0o755); err != nil {
			return err
		}
		name := filepath.Join(c.Out, filepath.Base(f.Filename))
		if err := save(ctx, client, f.ID, name); err != nil {
			return err
		}
		fmt.Printf("downloaded %s (%d bytes)\n", name, f.SizeBytes)
	}
	return files.Err()
}

func save(ctx context.Context, client *anthropic.Client, id, name string) error {
	resp, err := client.Beta.Files.Download(ctx, id, anthropic.BetaFileDownloadParams{})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, resp.Body); err != nil {
		return errors.Join(err, out.Close())
	}
	return out.Close()
}
