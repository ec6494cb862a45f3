package hands

// Notice is something that a session's sandbox has to do without (Managed
// Agents API: events, session.error). The session goes on.
type Notice struct {
	Kind          string // type of the error
	Message       string
	RepositoryURL string // of kinds repository_…_error; else ""
}
