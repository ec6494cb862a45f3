package store

import (
	"database/sql"

	"github.com/go-json-experiment/json"

	"github.com/ostlerdev/ostler/internal/page"
	"github.com/ostlerdev/ostler/internal/wire"
)

const selectAgent = `SELECT a.id, a.created_at, a.archived_at, v.version, v.updated_at, v.doc
	FROM agents a JOIN agent_versions v ON v.agent_id = a.id`

func scanAgent(row scanner) (wire.Agent, error) {
	a := wire.Agent{Type: "agent"}
	var created, updated int64
	var archived *int64
	var doc []byte
	if err := row.Scan(&a.ID, &created, &archived, &a.Version, &updated, &doc); err != nil {
		return a, err
	}
	a.CreatedAt, a.UpdatedAt, a.ArchivedAt = wire.Micros(created), wire.Micros(updated), wire.MicrosPtr(archived)
	return a, json.Unmarshal(doc, &a.AgentConfig)
}

func scanAgents(rows *sql.Rows) (wire.Agent, error) { return scanAgent(rows) }

// InsertAgent writes a new agent with version 1. at is microseconds.
func InsertAgent(tx Tx, id string, cfg wire.AgentConfig, at int64) error {
	if _, err := tx.Exec(`INSERT INTO agents (id, version, created_at) VALUES ($1, 1, $2)`, id, at); err != nil {
		return err
	}
	return insertVersion(tx, id, 1, cfg, at)
}

// InsertAgentVersion writes the version that follows the agent's newest.
func InsertAgentVersion(tx Tx, id string, version int64, cfg wire.AgentConfig, at int64) error {
	if _, err := tx.Exec(`UPDATE agents SET version = $2 WHERE id = $1`, id, version); err != nil {
		return err
	}
	return insertVersion(tx, id, version, cfg, at)
}

func insertVersion(tx Tx, id string, version int64, cfg wire.AgentConfig, at int64) error {
	_, err := tx.Exec(`INSERT INTO agent_versions (agent_id, version, updated_at, doc) VALUES ($1, $2, $3, $4)`,
		id, version, at, encode(cfg))
	return err
}

// GetAgent reads an agent as of its newest version, archived or not;
// ErrNotFound if there is none.
func GetAgent(tx Tx, id string) (wire.Agent, error) {
	return oneAgent(tx.QueryRow(selectAgent+` AND v.version = a.version WHERE a.id = $1`, id))
}

// GetAgentVersion reads an agent as of a version; ErrNotFound if there is no
// such agent or version.
func GetAgentVersion(tx Tx, id string, version int64) (wire.Agent, error) {
	return oneAgent(tx.QueryRow(selectAgent+` WHERE a.id = $1 AND v.version = $2`, id, version))
}

func oneAgent(row *sql.Row) (wire.Agent, error) {
	a, err := scanAgent(row)
	if err == sql.ErrNoRows {
		err = ErrNotFound
	}
	return a, err
}

// ArchiveAgent sets the time of archiving. at is microseconds.
func ArchiveAgent(tx Tx, id string, at int64) error {
	_, err := tx.Exec(`UPDATE agents SET archived_at = $2 WHERE id = $1`, id, at)
	return err
}

// AgentKey is an agent's place in a list by age.
func AgentKey(a wire.Agent) page.Key { return page.Key{Sort: a.CreatedAt.Micros(), ID: a.ID} }

// ListAgents reads agents by age, each as of its newest version.
func ListAgents(tx Tx, r page.Range, created page.Window, archived bool) ([]wire.Agent, error) {
	var w where
	w.window("a.created_at", created)
	if !archived {
		w.add("a.archived_at IS NULL")
	}
	conds, tail := w.page(r, "a.created_at", "a.id")
	return Collect(tx, scanAgents, selectAgent+` AND v.version = a.version`+conds+tail, w.args...)
}

// AgentVersionKey is a version's place in the list of an agent's versions.
func AgentVersionKey(a wire.Agent) page.Key { return page.Key{Sort: a.Version} }

// ListAgentVersions reads the versions of an agent by number.
func ListAgentVersions(tx Tx, id string, r page.Range) ([]wire.Agent, error) {
	var w where
	w.add("a.id = ?", id)
	conds, tail := w.page(r, "v.version", "")
	return Collect(tx, scanAgents, selectAgent+conds+tail, w.args...)
}
