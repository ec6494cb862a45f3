package lifecycle

import (
	"context"
	"errors"

	"github.com/ostlerdev/ostler/internal/agent"
	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/ids"
	"github.com/ostlerdev/ostler/internal/resource"
	"github.com/ostlerdev/ostler/internal/session"
	"github.com/ostlerdev/ostler/internal/store"
	"github.com/ostlerdev/ostler/internal/wire"
)

// Create makes a session: all of it or nothing. With initial events it is
// running in the answer (Managed Agents API: sessions §3).
func (s *Service) Create(ctx context.Context, p wire.CreateSession) (out *wire.Session, err error) {
	doc, accepted, err := s.checkCreate(p)
	if err != nil {
		return nil, err
	}
	id := s.IDs.New(ids.Session)
	err = s.DB.Update(ctx, func(tx store.Tx) error {
		out, err = s.create(tx, id, p, doc, accepted)
		return err
	})
	if err == nil && len(accepted) > 0 {
		s.Turns.Wake(id)
	}
	return out, err
}

// checkCreate checks what needs no look at the store.
func (s *Service) checkCreate(p wire.CreateSession) (doc store.SessionDoc, accepted []session.Accepted, err error) {
	switch {
	case p.Agent.Value.Object && p.Agent.Value.ID == "":
		return doc, nil, fault.At("agent.id", "field required")
	case p.Agent.Value.ID == "":
		return doc, nil, fault.At("agent", "field required: an agent's id, or an object of type `agent` or `agent_with_overrides`")
	case p.EnvironmentID == "":
		return doc, nil, fault.At("environment_id", "field required")
	}
	if p.Title.Set && !p.Title.Null {
		doc.Title = &p.Title.Value
	}
	if err := session.CheckTitle(doc.Title); err != nil {
		return doc, nil, err
	}
	if doc.Metadata, err = wire.NewMetadata(p.Metadata); err != nil {
		return doc, nil, err
	}
	if err := session.CheckBudget(p.Budget); err != nil {
		return doc, nil, err
	}
	doc.VaultIDs = p.VaultIDs
	if err := session.CheckVaults(p.VaultIDs); err != nil {
		return doc, nil, err
	}
	accepted, err = session.CheckInitialEvents(p.InitialEvents)
	return doc, accepted, err
}

func (s *Service) create(tx store.Tx, id string, p wire.CreateSession, doc store.SessionDoc, accepted []session.Accepted) (*wire.Session, error) {
	var err error
	if doc.Agent, err = s.snapshot(tx, p.Agent.Value); err != nil {
		return nil, err
	}
	env, err := environment(tx, p.EnvironmentID)
	if err != nil {
		return nil, err
	}
	doc.Environment = env.Config.Type
	if err := checkVaults(tx, doc.VaultIDs); err != nil {
		return nil, err
	}
	if err := checkFiles(tx, accepted); err != nil {
		return nil, err
	}
	plan, err := resource.Check(p.Resources, resource.Environment{ID: env.ID, SelfHosted: env.Config.Type == wire.TypeSelfHosted}, s.Resources)
	if err != nil {
		return nil, err
	}
	if err := attachStores(tx, &plan); err != nil {
		return nil, err
	}
	if err := checkPlaces(plan, doc.Agent.Skills); err != nil {
		return nil, err
	}
	now := s.Now().UnixMicro()
	row := &store.Session{
		ID: id, AgentID: doc.Agent.ID, AgentVersion: doc.Agent.Version, EnvironmentID: env.ID, Status: wire.Idle,
		CreatedAt: now, UpdatedAt: now, LastAt: now, ThreadID: s.IDs.New(ids.Thread),
	}
	if err := store.InsertSession(tx, row, doc); err != nil {
		return nil, err
	}
	if err := useSkills(tx, id, doc.Agent.Skills); err != nil {
		return nil, err
	}
	if err := plan.Bind(id, s.IDs, s.Sealer); err != nil {
		return nil, err
	}
	if err := store.InsertResources(tx, plan, now); err != nil {
		return nil, err
	}
	if len(accepted) > 0 {
		if _, err := s.admit(tx, row, accepted, true); err != nil {
			return nil, err
		}
	}
	return s.wired(tx, row)
}

// snapshot resolves the agent of a new session.
func (s *Service) snapshot(tx store.Tx, ref wire.SessionAgentParam) (snap wire.SessionAgent, err error) {
	path := "agent"
	if ref.Object {
		path = "agent.id"
	}
	newest, err := store.GetAgent(tx, ref.ID)
	if errors.Is(err, store.ErrNotFound) {
		return snap, fault.At(path, "no agent `%s`", ref.ID)
	}
	if err != nil {
		return snap, err
	}
	if newest.ArchivedAt != nil {
		return snap, fault.At(path, "agent `%s` is archived", ref.ID)
	}
	a := newest
	if ref.Version.Set && !ref.Version.Null && ref.Version.Value != newest.Version {
		a, err = store.GetAgentVersion(tx, ref.ID, ref.Version.Value)
		if errors.Is(err, store.ErrNotFound) {
			return snap, fault.At("agent.version", "agent `%s` has no version %d", ref.ID, ref.Version.Value)
		}
		if err != nil {
			return snap, err
		}
	}
	spec := a.AgentSpec
	if ref.Overrides != nil {
		if spec, err = agent.Override(spec, *ref.Overrides, s.Models); err != nil {
			return snap, err
		}
	}
	if err := pinSkills(tx, &spec); err != nil {
		return snap, err
	}
	return wire.SessionAgent{ID: a.ID, Type: "agent", AgentSpec: spec, Version: a.Version}, nil
}

func environment(tx store.Tx, id string) (wire.Environment, error) {
	env, err := store.GetEnvironment(tx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return env, fault.At("environment_id", "no environment `%s`", id)
	case err == nil && env.ArchivedAt != nil:
		return env, fault.At("environment_id", "environment `%s` is archived", id)
	}
	return env, err
}
