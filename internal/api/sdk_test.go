package api_test

import (
	"errors"
	"fmt"
	"testing"

	v1 "github.com/anthropics/anthropic-sdk-go"
	v2 "github.com/anthropics/anthropic-sdk-go/v2"

	"github.com/ostlerdev/ostler/internal/apitest"
)

var (
	v2ModelsOfThree = v2.ModelListParams{Limit: v2.Int(3)}
	v1ModelsOfThree = v1.BetaModelListParams{Limit: v1.Int(3)}
)

// The programs of both generations of the official SDK, on agents and
// environments of each other.
func TestSDKsShareAgents(t *testing.T) {
	s := apitest.Start(t)
	ctx := t.Context()
	c1, c2 := s.V1(), s.V2()
	a, err := c1.Beta.Agents.New(ctx, v1.BetaAgentNewParams{
		Name:   "fixer",
		Model:  v1.BetaManagedAgentsModelConfigParams{ID: v1.BetaManagedAgentsModel("claude-opus-5-5")},
		System: v1.String("Fix tests."),
		Tools: []v1.BetaAgentNewParamsToolUnion{
			{OfAgentToolset20260401: &v1.BetaManagedAgentsAgentToolset20260401Params{Type: "agent_toolset_20260401"}},
			{OfCustom: &v1.BetaManagedAgentsCustomToolParams{Type: "custom", Name: "weather", Description: "Tells the weather.",
				InputSchema: v1.BetaManagedAgentsCustomToolInputSchemaParam{Type: "object", Properties: map[string]any{"city": map[string]any{"type": "string"}}}}},
		},
		Metadata: map[string]string{"team": "core"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c2.Beta.Agents.Get(ctx, a.ID, v2.BetaAgentGetParams{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "fixer" || got.Version != 1 || len(got.Tools) != 2 || got.Tools[1].AsCustom().Name != "weather" || got.Metadata["team"] != "core" {
		t.Errorf("v2 reads %+v", got)
	}
	updated, err := c2.Beta.Agents.Update(ctx, a.ID, v2.BetaAgentUpdateParams{Version: v2.Int(1), Description: v2.String("Repairs.")})
	if err != nil || updated.Version != 2 || updated.Description != "Repairs." || len(updated.Tools) != 2 {
		t.Fatalf("update: %+v, %v", updated, err)
	}
	_, err = c1.Beta.Agents.Update(ctx, a.ID, v1.BetaAgentUpdateParams{Version: v1.Int(1)})
	var conflict *v1.Error
	if !errors.As(err, &conflict) || conflict.StatusCode != 409 {
		t.Errorf("old version: %v", err)
	}
	versions := 0
	for pager := c1.Beta.Agents.Versions.ListAutoPaging(ctx, a.ID, v1.BetaAgentVersionListParams{Limit: v1.Int(1)}); pager.Next(); {
		versions++
	}
	if versions != 2 {
		t.Errorf("%d versions", versions)
	}
	old, err := c2.Beta.Agents.Get(ctx, a.ID, v2.BetaAgentGetParams{Version: v2.Int(1)})
	if err != nil || old.Version != 1 || old.Description != "" {
		t.Errorf("version 1: %+v, %v", old, err)
	}
	archived, err := c1.Beta.Agents.Archive(ctx, a.ID, v1.BetaAgentArchiveParams{})
	if err != nil || archived.ArchivedAt.IsZero() {
		t.Errorf("archive: %+v, %v", archived, err)
	}
	_, err = c2.Beta.Agents.Get(ctx, "agent_none", v2.BetaAgentGetParams{})
	var missing *v2.Error
	if !errors.As(err, &missing) || missing.StatusCode != 404 {
		t.Errorf("no such agent: %v", err)
	}
}

func TestSDKsWalkLists(t *testing.T) {
	s := apitest.Start(t)
	ctx := t.Context()
	c1, c2 := s.V1(), s.V2()
	for i := range 7 {
		_, err := c2.Beta.Agents.New(ctx, v2.BetaAgentNewParams{Name: fmt.Sprint("a", i), Model: v2.BetaManagedAgentsModelConfigParams{ID: "claude-opus-5-5"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c1.Beta.Environments.New(ctx, v1.BetaEnvironmentNewParams{Name: fmt.Sprint("e", i)}); err != nil {
			t.Fatal(err)
		}
	}
	for limit := int64(1); limit <= 8; limit++ {
		agents, environments := 0, 0
		p1 := c1.Beta.Agents.ListAutoPaging(ctx, v1.BetaAgentListParams{Limit: v1.Int(limit), IncludeArchived: v1.Bool(true)})
		for p1.Next() {
			agents++
		}
		p2 := c2.Beta.Environments.ListAutoPaging(ctx, v2.BetaEnvironmentListParams{Limit: v2.Int(limit)})
		for p2.Next() {
			environments++
		}
		if err := errors.Join(p1.Err(), p2.Err()); err != nil || agents != 7 || environments != 7 {
			t.Errorf("limit %d: %d agents, %d environments, %v", limit, agents, environments, err)
		}
	}
}

func TestSDKsShareEnvironments(t *testing.T) {
	s := apitest.Start(t)
	ctx := t.Context()
	c1, c2 := s.V1(), s.V2()
	e, err := c2.Beta.Environments.New(ctx, v2.BetaEnvironmentNewParams{
		Name: "py",
		Config: v2.BetaEnvironmentNewParamsConfigUnion{OfCloud: &v2.BetaCloudConfigParams{
			Networking: v2.BetaCloudConfigParamsNetworkingUnion{OfLimited: &v2.BetaLimitedNetworkParams{
				AllowedHosts: []string{"api.example.com"}, AllowPackageManagers: v2.Bool(true)}},
			Packages: v2.BetaPackagesParams{Pip: []string{"pandas==2.2.0"}, Type: "packages"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c1.Beta.Environments.Get(ctx, e.ID, v1.BetaEnvironmentGetParams{})
	if err != nil {
		t.Fatal(err)
	}
	cloud := got.Config.AsCloud()
	if limited := cloud.Networking.AsLimited(); limited.AllowedHosts[0] != "api.example.com" || !limited.AllowPackageManagers || cloud.Packages.Pip[0] != "pandas==2.2.0" {
		t.Errorf("v1 reads %+v", cloud)
	}
	_, err = c1.Beta.Environments.New(ctx, v1.BetaEnvironmentNewParams{Name: "py"})
	var conflict *v1.Error
	if !errors.As(err, &conflict) || conflict.StatusCode != 409 {
		t.Errorf("second of a name: %v", err)
	}
	if _, err := c1.Beta.Environments.Archive(ctx, e.ID, v1.BetaEnvironmentArchiveParams{}); err != nil {
		t.Error(err)
	}
	_, err = c2.Beta.Environments.Update(ctx, e.ID, v2.BetaEnvironmentUpdateParams{Name: v2.String("x")})
	var archived *v2.Error
	if !errors.As(err, &archived) || archived.StatusCode != 400 || archived.ErrorCode() != "environment_archived" {
		t.Errorf("update of an archived one: %v", err)
	}
	gone, err := c2.Beta.Environments.Delete(ctx, e.ID, v2.BetaEnvironmentDeleteParams{})
	if err != nil || gone.ID != e.ID {
		t.Errorf("delete: %+v, %v", gone, err)
	}
}
