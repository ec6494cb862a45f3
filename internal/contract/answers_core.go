package contract

import (
	v1 "github.com/anthropics/anthropic-sdk-go"
	page1 "github.com/anthropics/anthropic-sdk-go/packages/pagination"
	v2 "github.com/anthropics/anthropic-sdk-go/v2"
	page2 "github.com/anthropics/anthropic-sdk-go/v2/packages/pagination"
)

// coreAnswers are the routes of agents, environments and sessions.
var coreAnswers = []answer{
	of[v1.BetaManagedAgentsAgent, v2.BetaManagedAgentsAgent](
		"POST /v1/agents",
		"GET /v1/agents/{agent_id}",
		"POST /v1/agents/{agent_id}",
		"POST /v1/agents/{agent_id}/archive"),
	of[page1.PageCursor[v1.BetaManagedAgentsAgent], page2.PageCursor[v2.BetaManagedAgentsAgent]](
		"GET /v1/agents",
		"GET /v1/agents/{agent_id}/versions"),

	of[v1.BetaEnvironment, v2.BetaEnvironment](
		"POST /v1/environments",
		"GET /v1/environments/{environment_id}",
		"POST /v1/environments/{environment_id}",
		"POST /v1/environments/{environment_id}/archive"),
	of[page1.PageCursor[v1.BetaEnvironment], page2.PageCursor[v2.BetaEnvironment]](
		"GET /v1/environments"),
	of[v1.BetaEnvironmentDeleteResponse, v2.BetaEnvironmentDeleteResponse](
		"DELETE /v1/environments/{environment_id}"),
	of[v1.BetaSelfHostedWork, v2.BetaSelfHostedWork](
		"GET /v1/environments/{environment_id}/work/poll",
		"GET /v1/environments/{environment_id}/work/{work_id}",
		"POST /v1/environments/{environment_id}/work/{work_id}",
		"POST /v1/environments/{environment_id}/work/{work_id}/ack",
		"POST /v1/environments/{environment_id}/work/{work_id}/stop"),
	of[page1.PageCursor[v1.BetaSelfHostedWork], page2.PageCursor[v2.BetaSelfHostedWork]](
		"GET /v1/environments/{environment_id}/work"),
	of[v1.BetaSelfHostedWorkHeartbeatResponse, v2.BetaSelfHostedWorkHeartbeatResponse](
		"POST /v1/environments/{environment_id}/work/{work_id}/heartbeat"),
	of[v1.BetaSelfHostedWorkQueueStats, v2.BetaSelfHostedWorkQueueStats](
		"GET /v1/environments/{environment_id}/work/stats"),

	of[v1.BetaManagedAgentsSession, v2.BetaManagedAgentsSession](
		"POST /v1/sessions",
		"GET /v1/sessions/{session_id}",
		"POST /v1/sessions/{session_id}",
		"POST /v1/sessions/{session_id}/archive"),
	of[page1.BidirectionalPageCursor[v1.BetaManagedAgentsSession], page2.BidirectionalPageCursor[v2.BetaManagedAgentsSession]](
		"GET /v1/sessions"),
	of[v1.BetaManagedAgentsDeletedSession, v2.BetaManagedAgentsDeletedSession](
		"DELETE /v1/sessions/{session_id}"),

	of[v1.BetaManagedAgentsSendSessionEvents, v2.BetaManagedAgentsSendSessionEvents](
		"POST /v1/sessions/{session_id}/events"),
	of[page1.PageCursor[v1.BetaManagedAgentsSessionEventUnion], page2.PageCursor[v2.BetaManagedAgentsSessionEventUnion]](
		"GET /v1/sessions/{session_id}/events",
		"GET /v1/sessions/{session_id}/threads/{thread_id}/events"),
	of[v1.BetaManagedAgentsStreamSessionEventsUnion, v2.BetaManagedAgentsStreamSessionEventsUnion](
		"GET /v1/sessions/{session_id}/events/stream"),
	of[v1.BetaManagedAgentsStreamSessionThreadEventsUnion, v2.BetaManagedAgentsStreamSessionThreadEventsUnion](
		"GET /v1/sessions/{session_id}/threads/{thread_id}/stream"),

	of[page1.PageCursor[v1.BetaManagedAgentsSessionThread], page2.PageCursor[v2.BetaManagedAgentsSessionThread]](
		"GET /v1/sessions/{session_id}/threads"),
	of[v1.BetaManagedAgentsSessionThread, v2.BetaManagedAgentsSessionThread](
		"GET /v1/sessions/{session_id}/threads/{thread_id}",
		"POST /v1/sessions/{session_id}/threads/{thread_id}/archive"),

	of[page1.PageCursor[v1.BetaManagedAgentsSessionResourceUnion], page2.PageCursor[v2.BetaManagedAgentsSessionResourceUnion]](
		"GET /v1/sessions/{session_id}/resources"),
	of[v1.BetaManagedAgentsFileResource, v2.BetaManagedAgentsFileResource](
		"POST /v1/sessions/{session_id}/resources"),
	of[v1.BetaSessionResourceGetResponseUnion, v2.BetaSessionResourceGetResponseUnion](
		"GET /v1/sessions/{session_id}/resources/{resource_id}"),
	of[v1.BetaSessionResourceUpdateResponseUnion, v2.BetaSessionResourceUpdateResponseUnion](
		"POST /v1/sessions/{session_id}/resources/{resource_id}"),
	of[v1.BetaManagedAgentsDeleteSessionResource, v2.BetaManagedAgentsDeleteSessionResource](
		"DELETE /v1/sessions/{session_id}/resources/{resource_id}"),
}
