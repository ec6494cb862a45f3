package hands

// Notice is something that a session's tools have to do without (Managed
// Agents API: events, session.error). The session goes on.
type Notice struct {
	Kind          string // type of the error
	Message       string
	RepositoryURL string // of kinds repository_…_error; else ""
	MCPServerName string // of kinds mcp_…_error; else ""
}
