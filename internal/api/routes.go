package api

import "net/http"

// managedAgents is the beta that an endpoint belongs to; without it in the
// request the endpoint doesn't exist (Managed Agents API: conventions).
const managedAgents = "managed-agents-2026-04-01"

// route is an endpoint.
type route struct {
	pattern string
	handle  func(http.ResponseWriter, *http.Request) error
	beta    string // that the request must name; "" is none
}

// routes is every endpoint. {…} in a pattern is an id.
func (s *Server) routes() []route {
	return []route{
		{"POST /v1/agents", s.createAgent, managedAgents},
		{"GET /v1/agents", s.listAgents, managedAgents},
		{"GET /v1/agents/{agent_id}", s.getAgent, managedAgents},
		{"POST /v1/agents/{agent_id}", s.updateAgent, managedAgents},
		{"POST /v1/agents/{agent_id}/archive", s.archiveAgent, managedAgents},
		{"GET /v1/agents/{agent_id}/versions", s.listAgentVersions, managedAgents},

		{"POST /v1/environments", s.createEnvironment, managedAgents},
		{"GET /v1/environments", s.listEnvironments, managedAgents},
		{"GET /v1/environments/{environment_id}", s.getEnvironment, managedAgents},
		{"POST /v1/environments/{environment_id}", s.updateEnvironment, managedAgents},
		{"DELETE /v1/environments/{environment_id}", s.deleteEnvironment, managedAgents},
		{"POST /v1/environments/{environment_id}/archive", s.archiveEnvironment, managedAgents},

		{"POST /v1/sessions", s.createSession, managedAgents},
		{"GET /v1/sessions", s.listSessions, managedAgents},
		{"GET /v1/sessions/{session_id}", s.getSession, managedAgents},
		{"POST /v1/sessions/{session_id}", s.updateSession, managedAgents},
		{"DELETE /v1/sessions/{session_id}", s.deleteSession, managedAgents},
		{"POST /v1/sessions/{session_id}/archive", s.archiveSession, managedAgents},
		{"POST /v1/sessions/{session_id}/events", s.sendEvents, managedAgents},
		{"GET /v1/sessions/{session_id}/events", s.listEvents, managedAgents},
		{"GET /v1/sessions/{session_id}/events/stream", s.streamSession, managedAgents},
		{"GET /v1/sessions/{session_id}/stream", s.streamSession, managedAgents}, // the name of the product's first documentation
		{"POST /v1/sessions/{session_id}/resources", s.addResource, managedAgents},
		{"GET /v1/sessions/{session_id}/resources", s.listResources, managedAgents},
		{"GET /v1/sessions/{session_id}/resources/{resource_id}", s.getResource, managedAgents},
		{"POST /v1/sessions/{session_id}/resources/{resource_id}", s.updateResource, managedAgents},
		{"DELETE /v1/sessions/{session_id}/resources/{resource_id}", s.deleteResource, managedAgents},
		{"GET /v1/sessions/{session_id}/threads", s.listThreads, managedAgents},
		{"GET /v1/sessions/{session_id}/threads/{thread_id}", s.getThread, managedAgents},
		{"POST /v1/sessions/{session_id}/threads/{thread_id}/archive", s.archiveThread, managedAgents},
		{"GET /v1/sessions/{session_id}/threads/{thread_id}/events", s.listThreadEvents, managedAgents},
		{"GET /v1/sessions/{session_id}/threads/{thread_id}/stream", s.streamThread, managedAgents},

		{"POST /v1/files", s.uploadFile, ""},
		{"GET /v1/files", s.listFiles, ""},
		{"GET /v1/files/{file_id}", s.getFile, ""},
		{"DELETE /v1/files/{file_id}", s.deleteFile, ""},
		{"GET /v1/files/{file_id}/content", s.downloadFile, ""},

		{"POST /v1/skills", s.createSkill, ""},
		{"GET /v1/skills", s.listSkills, ""},
		{"GET /v1/skills/{skill_id}", s.getSkill, ""},
		{"DELETE /v1/skills/{skill_id}", s.deleteSkill, ""},
		{"POST /v1/skills/{skill_id}/versions", s.createSkillVersion, ""},
		{"GET /v1/skills/{skill_id}/versions", s.listSkillVersions, ""},
		{"GET /v1/skills/{skill_id}/versions/{version}", s.getSkillVersion, ""},
		{"DELETE /v1/skills/{skill_id}/versions/{version}", s.deleteSkillVersion, ""},
		{"GET /v1/skills/{skill_id}/versions/{version}/content", s.downloadSkill, ""},

		{"POST /v1/vaults", s.createVault, managedAgents},
		{"GET /v1/vaults", s.listVaults, managedAgents},
		{"GET /v1/vaults/{vault_id}", s.getVault, managedAgents},
		{"POST /v1/vaults/{vault_id}", s.updateVault, managedAgents},
		{"DELETE /v1/vaults/{vault_id}", s.deleteVault, managedAgents},
		{"POST /v1/vaults/{vault_id}/archive", s.archiveVault, managedAgents},
		{"POST /v1/vaults/{vault_id}/credentials", s.createCredential, managedAgents},
		{"GET /v1/vaults/{vault_id}/credentials", s.listCredentials, managedAgents},
		{"GET /v1/vaults/{vault_id}/credentials/{credential_id}", s.getCredential, managedAgents},
		{"POST /v1/vaults/{vault_id}/credentials/{credential_id}", s.updateCredential, managedAgents},
		{"DELETE /v1/vaults/{vault_id}/credentials/{credential_id}", s.deleteCredential, managedAgents},
		{"POST /v1/vaults/{vault_id}/credentials/{credential_id}/archive", s.archiveCredential, managedAgents},
		{"POST /v1/vaults/{vault_id}/credentials/{credential_id}/mcp_oauth_validate", s.validateCredential, managedAgents},

		{"POST /v1/memory_stores", s.createMemoryStore, agentMemory},
		{"GET /v1/memory_stores", s.listMemoryStores, agentMemory},
		{"GET /v1/memory_stores/{memory_store_id}", s.getMemoryStore, agentMemory},
		{"POST /v1/memory_stores/{memory_store_id}", s.updateMemoryStore, agentMemory},
		{"DELETE /v1/memory_stores/{memory_store_id}", s.deleteMemoryStore, agentMemory},
		{"POST /v1/memory_stores/{memory_store_id}/archive", s.archiveMemoryStore, agentMemory},
		{"POST /v1/memory_stores/{memory_store_id}/memories", s.createMemory, agentMemory},
		{"GET /v1/memory_stores/{memory_store_id}/memories", s.listMemories, agentMemory},
		{"GET /v1/memory_stores/{memory_store_id}/memories/{memory_id}", s.getMemory, agentMemory},
		{"POST /v1/memory_stores/{memory_store_id}/memories/{memory_id}", s.updateMemory, agentMemory},
		{"PATCH /v1/memory_stores/{memory_store_id}/memories/{memory_id}", s.updateMemory, agentMemory}, // of the product's first documentation
		{"DELETE /v1/memory_stores/{memory_store_id}/memories/{memory_id}", s.deleteMemory, agentMemory},
		{"GET /v1/memory_stores/{memory_store_id}/memory_versions", s.listMemoryVersions, agentMemory},
		{"GET /v1/memory_stores/{memory_store_id}/memory_versions/{memory_version_id}", s.getMemoryVersion, agentMemory},
		{"POST /v1/memory_stores/{memory_store_id}/memory_versions/{memory_version_id}/redact", s.redactMemoryVersion, agentMemory},

		{"GET /ostler/v1/gate_log", s.listGateLog, ""}, // this server's own

		{"GET /v1/models", s.listModels, ""},
		{"GET /v1/models/{model_id}", s.getModel, ""},
	}
}
