package store

// ExpireFiles takes the bytes from at most limit files that expired at now or
// before, and removes files that expired at forgotten or before for good. It
// returns the keys of bytes that nothing uses any more, and whether there is
// more to do.
func ExpireFiles(tx Tx, now, forgotten int64, limit int) (unused []string, more bool, err error) {
	files, err := Collect(tx, scanFiles, `SELECT `+fileColumns+` FROM files
		WHERE expires_at <= $1 AND (blob <> '' OR expires_at <= $2) ORDER BY expires_at LIMIT $3`, now, forgotten, limit)
	if err != nil {
		return nil, false, err
	}
	for _, f := range files {
		query := `UPDATE files SET blob = '' WHERE id = $1`
		if *f.ExpiresAt <= forgotten {
			query = `DELETE FROM files WHERE id = $1`
		}
		if _, err := tx.Exec(query, f.ID); err != nil {
			return nil, false, err
		}
	}
	unused, err = unusedBlobs(tx, files)
	return unused, len(files) == limit, err
}

// UnknownBlobs is the keys among the given ones that no file has.
func UnknownBlobs(tx Tx, keys []string) (unknown []string, err error) {
	for _, key := range keys {
		key, err := unusedBlob(tx, key)
		if err != nil {
			return nil, err
		}
		if key != "" {
			unknown = append(unknown, key)
		}
	}
	return unknown, nil
}
