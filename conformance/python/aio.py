"""The asynchronous client and the SDK's own tool runner."""

import asyncio

from anthropic import AsyncAnthropic, beta_async_tool
from checks import WEATHER, check, equal, new_agent, new_client, new_session, script


@check
def async_turn(client):
    session = new_session(client)

    async def go():
        async with new_client(AsyncAnthropic) as aclient:
            said = ""
            stream = await aclient.beta.sessions.events.stream(session.id)
            async with stream:
                await aclient.beta.sessions.events.send(session.id, events=[script("hello")])
                async for event in stream:
                    if event.type == "agent.message":
                        said += event.content[0].text
                    if event.type == "session.status_idle":
                        break
            listed = [s.id async for s in aclient.beta.sessions.list(limit=2, agent_id=session.agent.id)]
            return said, listed

    equal(asyncio.run(go()), ("Hello, I am a scripted model.", [session.id]))


@check
def tool_runner(client):
    """The SDK answers custom tool calls by itself."""
    session = new_session(client, new_agent(client, tools=[WEATHER]))

    @beta_async_tool
    async def get_weather(city: str) -> str:
        """Says how the weather is in a city."""
        return f"sun in {city}"

    async def go():
        calls = []
        async with new_client(AsyncAnthropic) as aclient:
            await aclient.beta.sessions.events.send(session.id, events=[script("two-weathers")])
            async for call in aclient.beta.sessions.events.tool_runner(session.id, tools=[get_weather], max_idle=0.2):
                calls.append((call.name, call.is_error))
        return calls

    equal(asyncio.run(go()), [("get_weather", False), ("get_weather", False)])
    said = [e for e in client.beta.sessions.events.list(session.id, types=["agent.message"])]
    equal(said[-1].content[0].text, "Both tools say: sun in Oslo | sun in Rome")
