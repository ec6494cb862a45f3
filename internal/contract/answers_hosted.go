package contract

import (
	v1 "github.com/anthropics/anthropic-sdk-go"
	page1 "github.com/anthropics/anthropic-sdk-go/packages/pagination"
	v2 "github.com/anthropics/anthropic-sdk-go/v2"
	page2 "github.com/anthropics/anthropic-sdk-go/v2/packages/pagination"
)

// hostedAnswers are the routes around sessions: deployments, dreams, tunnels,
// webhooks, user profiles.
var hostedAnswers = []answer{
	of[v1.BetaManagedAgentsDeployment, v2.BetaManagedAgentsDeployment](
		"POST /v1/deployments",
		"GET /v1/deployments/{deployment_id}",
		"POST /v1/deployments/{deployment_id}",
		"POST /v1/deployments/{deployment_id}/archive",
		"POST /v1/deployments/{deployment_id}/pause",
		"POST /v1/deployments/{deployment_id}/unpause"),
	of[page1.PageCursor[v1.BetaManagedAgentsDeployment], page2.PageCursor[v2.BetaManagedAgentsDeployment]](
		"GET /v1/deployments"),
	of[v1.BetaManagedAgentsDeploymentRun, v2.BetaManagedAgentsDeploymentRun](
		"POST /v1/deployments/{deployment_id}/run",
		"GET /v1/deployment_runs/{deployment_run_id}"),
	of[page1.PageCursor[v1.BetaManagedAgentsDeploymentRun], page2.PageCursor[v2.BetaManagedAgentsDeploymentRun]](
		"GET /v1/deployment_runs"),

	of[v1.BetaDream, v2.BetaDream](
		"POST /v1/dreams",
		"GET /v1/dreams/{dream_id}",
		"POST /v1/dreams/{dream_id}/cancel",
		"POST /v1/dreams/{dream_id}/archive"),
	of[page1.PageCursor[v1.BetaDream], page2.PageCursor[v2.BetaDream]](
		"GET /v1/dreams"),

	of[v1.BetaTunnel, v2.BetaTunnel](
		"POST /v1/tunnels",
		"GET /v1/tunnels/{tunnel_id}",
		"POST /v1/tunnels/{tunnel_id}/archive"),
	of[page1.PageCursor[v1.BetaTunnel], page2.PageCursor[v2.BetaTunnel]](
		"GET /v1/tunnels"),
	of[v1.BetaTunnelToken, v2.BetaTunnelToken](
		"POST /v1/tunnels/{tunnel_id}/reveal_token",
		"POST /v1/tunnels/{tunnel_id}/rotate_token"),
	of[v1.BetaTunnelCertificate, v2.BetaTunnelCertificate](
		"POST /v1/tunnels/{tunnel_id}/certificates",
		"GET /v1/tunnels/{tunnel_id}/certificates/{certificate_id}",
		"POST /v1/tunnels/{tunnel_id}/certificates/{certificate_id}/archive"),
	of[page1.PageCursor[v1.BetaTunnelCertificate], page2.PageCursor[v2.BetaTunnelCertificate]](
		"GET /v1/tunnels/{tunnel_id}/certificates"),

	of[v1.BetaNewOrganizationWebhookEndpoint, v2.BetaNewOrganizationWebhookEndpoint](
		"POST /v1/organizations/webhooks"),
	of[v1.BetaOrganizationWebhookEndpoint, v2.BetaOrganizationWebhookEndpoint](
		"GET /v1/organizations/webhooks/{webhook_endpoint_id}",
		"POST /v1/organizations/webhooks/{webhook_endpoint_id}"),
	of[page1.Page[v1.BetaOrganizationWebhookEndpoint], page2.Page[v2.BetaOrganizationWebhookEndpoint]](
		"GET /v1/organizations/webhooks"),
	of[v1.BetaDeletedOrganizationWebhookEndpoint, v2.BetaDeletedOrganizationWebhookEndpoint](
		"DELETE /v1/organizations/webhooks/{webhook_endpoint_id}"),
	of[v1.BetaOrganizationWebhookEndpointSigningSecret, v2.BetaOrganizationWebhookEndpointSigningSecret](
		"POST /v1/organizations/webhooks/{webhook_endpoint_id}/regenerate_signing_secret"),

	of[v1.UserProfile, v2.UserProfile](
		"POST /v1/user_profiles",
		"GET /v1/user_profiles/{user_profile_id}",
		"POST /v1/user_profiles/{user_profile_id}"),
	of[page1.PageCursor[v1.UserProfile], page2.PageCursor[v2.UserProfile]](
		"GET /v1/user_profiles"),
	of[v1.DeletedUserProfile, v2.DeletedUserProfile](
		"DELETE /v1/user_profiles/{user_profile_id}"),
}
