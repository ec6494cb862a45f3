package guest

import (
	"context"
	"encoding/json"
	"errors"

	anthropic "github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/tools/agenttoolset"

	"github.com/ostlerdev/ostler/internal/hands/guest/frame"
)

// tool runs one call and says whether its result is an error.
type tool func(ctx context.Context, input json.RawMessage) ([]frame.Block, bool)

// fileTools are the SDK's executors of everything but bash, with read extended.
func fileTools(workdir string) map[string]tool {
	env := &agenttoolset.AgentToolContext{
		Workdir:       workdir,
		AllowedRoots:  allowedRoots,
		ReadOnlyRoots: readOnlyRoots,
	}
	tools := map[string]tool{
		"write": adapt(agenttoolset.BetaWriteTool(env)),
		"edit":  adapt(agenttoolset.BetaEditTool(env)),
		"glob":  adapt(agenttoolset.BetaGlobTool(env)),
		"grep":  adapt(agenttoolset.BetaGrepTool(env)),
	}
	r := &reader{
		text:  adapt(agenttoolset.BetaReadTool(env)),
		roots: append([]string{workdir}, allowedRoots...),
		base:  workdir,
	}
	tools["read"] = r.read
	return tools
}

// adapt turns an executor of the SDK into a tool.
func adapt(t anthropic.BetaTool) tool {
	return func(ctx context.Context, input json.RawMessage) ([]frame.Block, bool) {
		content, err := t.Execute(ctx, input)
		if err != nil {
			var soft *agenttoolset.ToolError
			if errors.As(err, &soft) {
				return textBlocks(soft.Content), true
			}
			return textBlocks(err.Error()), true
		}
		var blocks []frame.Block
		for _, c := range content {
			if c.OfText != nil {
				blocks = append(blocks, frame.Block{Kind: frame.Text, Text: c.OfText.Text})
			}
		}
		return blocks, false
	}
}
