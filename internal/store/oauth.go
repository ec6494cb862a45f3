package store

import (
	"database/sql"
	"time"

	"github.com/ostlerdev/ostler/internal/vault"
	"github.com/ostlerdev/ostler/internal/wire"
)

// refreshEarly is how long before its expiry a token is refreshed without
// being asked for.
const refreshEarly = 5 * time.Minute

// Refresh is what is known of the refreshes of a credential's access token.
// Times are microseconds.
type Refresh struct {
	Due      *int64 // when it is refreshed without being asked for; nil: never
	Attempts int64  // failures in a row that may pass; nobody tries again before Due then
	Refused  string // vault.Grant that was refused for good, "" if none was
}

// GetRefresh reads a credential's Refresh, the zero one if there is none.
func GetRefresh(tx Tx, credentialID string) (Refresh, error) {
	var r Refresh
	err := One(tx, `SELECT due, attempts, refused FROM oauth_refreshes WHERE credential_id = $1`, []any{credentialID}, &r.Due, &r.Attempts, &r.Refused)
	if err == ErrNotFound {
		err = nil
	}
	return r, err
}

// scheduleRefresh notes when the access token of a credential that was written
// is due. The failures of before are forgotten, a refusal isn't: it holds for
// its grant.
func scheduleRefresh(tx Tx, c wire.Credential) error {
	if c.Auth.MCPOAuth == nil || c.Auth.MCPOAuth.Refresh == nil {
		return nil
	}
	var due *int64
	if at, ok := vault.RefreshAt(c, refreshEarly); ok {
		us := at.UnixMicro()
		due = &us
	}
	_, err := tx.Exec(`INSERT INTO oauth_refreshes (credential_id, secret, due, attempts, refused, holder, held_until) VALUES ($1, $2, $3, 0, '', '', 0)
		ON CONFLICT (credential_id) DO UPDATE SET due = excluded.due, attempts = 0`, c.ID, vault.RefreshToken, due)
	return err
}

// ClaimRefresh takes the lease on a credential's refresh until a time, and is
// false if somebody else has it. The credential has a refresh token.
func ClaimRefresh(tx Tx, credentialID, holder string, now, until int64) (bool, error) {
	res, err := tx.Exec(`INSERT INTO oauth_refreshes (credential_id, secret, attempts, refused, holder, held_until) VALUES ($1, $2, 0, '', $3, $4)
		ON CONFLICT (credential_id) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until WHERE oauth_refreshes.held_until <= $5`,
		credentialID, vault.RefreshToken, holder, until, now)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// SaveRefresh writes how a refresh ended. A credential that was archived or
// deleted meanwhile has no row.
func SaveRefresh(tx Tx, credentialID string, r Refresh) error {
	_, err := tx.Exec(`UPDATE oauth_refreshes SET due = $2, attempts = $3, refused = $4 WHERE credential_id = $1`,
		credentialID, r.Due, r.Attempts, r.Refused)
	return err
}

// ReleaseRefresh gives the lease up, if holder still has it.
func ReleaseRefresh(tx Tx, credentialID, holder string) error {
	_, err := tx.Exec(`UPDATE oauth_refreshes SET holder = '', held_until = 0 WHERE credential_id = $1 AND holder = $2`, credentialID, holder)
	return err
}

// DueRefreshes reads the credentials whose access token is due for a refresh
// that nobody has begun, the longest due first.
func DueRefreshes(tx Tx, now int64, limit int) ([]string, error) {
	return Collect(tx, func(rows *sql.Rows) (id string, err error) { return id, rows.Scan(&id) },
		`SELECT credential_id FROM oauth_refreshes WHERE due <= $1 AND held_until <= $1 ORDER BY due, credential_id LIMIT $2`, now, limit)
}

// StoredCredential reads an active credential with its sealed secrets;
// ErrNotFound if there is none.
func StoredCredential(tx Tx, id string) (vault.Stored, error) {
	all, err := activeCredentials(tx, `c.id`, id)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return vault.Stored{}, err
	}
	return all[0], nil
}
