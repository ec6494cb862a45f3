package store

import "github.com/ostlerdev/ostler/internal/wire"

const second = 1e6 // microseconds

// ActiveSeconds is how long the session has been running by now.
func (s *Session) ActiveSeconds(now int64) float64 {
	active := s.Active
	if s.RunningSince != nil {
		active += max(0, now-*s.RunningSince)
	}
	return float64(active) / second
}

// WireUsage is the API's form of the session's usage.
func (s *Session) WireUsage(now int64) wire.SessionUsage {
	u := wire.SessionUsage{
		InputTokens: s.Usage.Input, OutputTokens: s.Usage.Output, CacheReadInputTokens: s.Usage.CacheRead,
		CacheCreation: wire.CacheCreation{Ephemeral5m: s.Usage.Cache5m, Ephemeral1h: s.Usage.Cache1h},
		ActiveSeconds: s.ActiveSeconds(now),
	}
	if s.Usage.Searches+s.Usage.Fetches > 0 {
		u.ServerToolUse = &wire.ServerToolUse{WebSearchRequests: s.Usage.Searches, WebFetchRequests: s.Usage.Fetches}
	}
	return u
}

// Wire is the API's form of a session.
func (s *Session) Wire(now int64, resources []wire.Resource) (*wire.Session, error) {
	doc, err := s.Doc()
	if err != nil {
		return nil, err
	}
	end := now
	if s.ArchivedAt != nil {
		end = *s.ArchivedAt
	}
	return &wire.Session{
		ID: s.ID, Type: "session", Agent: &doc.Agent, Status: s.Status, Title: doc.Title,
		EnvironmentID: s.EnvironmentID, Metadata: doc.Metadata, Resources: resources, VaultIDs: doc.VaultIDs,
		Stats:     wire.SessionStats{ActiveSeconds: s.ActiveSeconds(now), DurationSeconds: float64(max(0, end-s.CreatedAt)) / second},
		Usage:     s.WireUsage(now),
		CreatedAt: wire.Micros(s.CreatedAt), UpdatedAt: wire.Micros(s.UpdatedAt), ArchivedAt: wire.MicrosPtr(s.ArchivedAt),
	}, nil
}

// Thread is the API's form of the session's primary thread.
func (s *Session) Thread(now int64) (*wire.Thread, error) {
	doc, err := s.Doc()
	if err != nil {
		return nil, err
	}
	t := &wire.Thread{
		ID: s.ThreadID, Type: "session_thread", SessionID: s.ID, Agent: doc.Agent.Thread(), Status: s.Status,
		CreatedAt: wire.Micros(s.CreatedAt), UpdatedAt: wire.Micros(s.UpdatedAt), ArchivedAt: wire.MicrosPtr(s.ArchivedAt),
	}
	if s.RunningSince != nil || s.Active > 0 || s.Status != wire.Idle {
		t.Stats = &wire.ThreadStats{ActiveSeconds: s.ActiveSeconds(now), DurationSeconds: float64(max(0, now-s.CreatedAt)) / second}
	}
	if s.Active > 0 {
		u := s.WireUsage(now)
		t.Usage = &u
	}
	return t, nil
}
