package contract

import (
	v1 "github.com/anthropics/anthropic-sdk-go"
	page1 "github.com/anthropics/anthropic-sdk-go/packages/pagination"
	v2 "github.com/anthropics/anthropic-sdk-go/v2"
	page2 "github.com/anthropics/anthropic-sdk-go/v2/packages/pagination"
)

// storeAnswers are the routes of what sessions use: files, skills, models,
// memory, vaults.
var storeAnswers = []answer{
	of[v1.BetaFileMetadata, v2.BetaFileMetadata](
		"POST /v1/files",
		"GET /v1/files/{file_id}"),
	of[page1.PageCursor[v1.BetaFileMetadata], page2.PageCursor[v2.BetaFileMetadata]](
		"GET /v1/files"),
	of[v1.BetaDeletedFile, v2.BetaDeletedFile](
		"DELETE /v1/files/{file_id}"),

	of[v1.BetaModelInfo, v2.BetaModelInfo](
		"GET /v1/models/{model_id}"),
	of[page1.Page[v1.BetaModelInfo], page2.Page[v2.BetaModelInfo]](
		"GET /v1/models"),

	of[v1.BetaSkill, v2.BetaSkill](
		"POST /v1/skills",
		"GET /v1/skills/{skill_id}"),
	of[page1.PageCursor[v1.BetaSkill], page2.PageCursor[v2.BetaSkill]](
		"GET /v1/skills"),
	of[v1.BetaDeletedSkill, v2.BetaDeletedSkill](
		"DELETE /v1/skills/{skill_id}"),
	of[v1.BetaSkillVersion, v2.BetaSkillVersion](
		"POST /v1/skills/{skill_id}/versions",
		"GET /v1/skills/{skill_id}/versions/{version}"),
	of[page1.PageCursor[v1.BetaSkillVersion], page2.PageCursor[v2.BetaSkillVersion]](
		"GET /v1/skills/{skill_id}/versions"),
	of[v1.BetaDeletedSkillVersion, v2.BetaDeletedSkillVersion](
		"DELETE /v1/skills/{skill_id}/versions/{version}"),

	of[v1.BetaManagedAgentsVault, v2.BetaManagedAgentsVault](
		"POST /v1/vaults",
		"GET /v1/vaults/{vault_id}",
		"POST /v1/vaults/{vault_id}",
		"POST /v1/vaults/{vault_id}/archive"),
	of[page1.PageCursor[v1.BetaManagedAgentsVault], page2.PageCursor[v2.BetaManagedAgentsVault]](
		"GET /v1/vaults"),
	of[v1.BetaManagedAgentsDeletedVault, v2.BetaManagedAgentsDeletedVault](
		"DELETE /v1/vaults/{vault_id}"),
	of[v1.BetaManagedAgentsCredential, v2.BetaManagedAgentsCredential](
		"POST /v1/vaults/{vault_id}/credentials",
		"GET /v1/vaults/{vault_id}/credentials/{credential_id}",
		"POST /v1/vaults/{vault_id}/credentials/{credential_id}",
		"POST /v1/vaults/{vault_id}/credentials/{credential_id}/archive"),
	of[page1.PageCursor[v1.BetaManagedAgentsCredential], page2.PageCursor[v2.BetaManagedAgentsCredential]](
		"GET /v1/vaults/{vault_id}/credentials"),
	of[v1.BetaManagedAgentsDeletedCredential, v2.BetaManagedAgentsDeletedCredential](
		"DELETE /v1/vaults/{vault_id}/credentials/{credential_id}"),
	of[v1.BetaManagedAgentsCredentialValidation, v2.BetaManagedAgentsCredentialValidation](
		"POST /v1/vaults/{vault_id}/credentials/{credential_id}/mcp_oauth_validate"),

	of[v1.BetaManagedAgentsMemoryStore, v2.BetaManagedAgentsMemoryStore](
		"POST /v1/memory_stores",
		"GET /v1/memory_stores/{memory_store_id}",
		"POST /v1/memory_stores/{memory_store_id}",
		"POST /v1/memory_stores/{memory_store_id}/archive"),
	of[page1.PageCursor[v1.BetaManagedAgentsMemoryStore], page2.PageCursor[v2.BetaManagedAgentsMemoryStore]](
		"GET /v1/memory_stores"),
	of[v1.BetaManagedAgentsDeletedMemoryStore, v2.BetaManagedAgentsDeletedMemoryStore](
		"DELETE /v1/memory_stores/{memory_store_id}"),
	of[v1.BetaManagedAgentsMemory, v2.BetaManagedAgentsMemory](
		"POST /v1/memory_stores/{memory_store_id}/memories",
		"GET /v1/memory_stores/{memory_store_id}/memories/{memory_id}",
		"POST /v1/memory_stores/{memory_store_id}/memories/{memory_id}"),
	of[page1.PageCursor[v1.BetaManagedAgentsMemoryListItemUnion], page2.PageCursor[v2.BetaManagedAgentsMemoryListItemUnion]](
		"GET /v1/memory_stores/{memory_store_id}/memories"),
	of[v1.BetaManagedAgentsDeletedMemory, v2.BetaManagedAgentsDeletedMemory](
		"DELETE /v1/memory_stores/{memory_store_id}/memories/{memory_id}"),
	of[v1.BetaManagedAgentsMemoryVersion, v2.BetaManagedAgentsMemoryVersion](
		"GET /v1/memory_stores/{memory_store_id}/memory_versions/{memory_version_id}",
		"POST /v1/memory_stores/{memory_store_id}/memory_versions/{memory_version_id}/redact"),
	of[page1.PageCursor[v1.BetaManagedAgentsMemoryVersion], page2.PageCursor[v2.BetaManagedAgentsMemoryVersion]](
		"GET /v1/memory_stores/{memory_store_id}/memory_versions"),
}
