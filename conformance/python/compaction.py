"""A conversation that outgrows the model's context window."""

from anthropic import Anthropic
from anthropic.types.beta import sessions
from checks import check, equal, message, new_agent, new_session, script, text_of, the, turn, types


def small(client):
    """A session with a model that refuses prompts of more than 4000 tokens."""
    return new_session(client, new_agent(client, model="small-window"))


def wordy(name):
    return script(name, "There is no hurry. " * 500)


@check
def context_compacted(client):
    session = small(client)
    events = turn(client, session.id, wordy("hello"))
    assert "agent.thread_context_compacted" not in types(events), types(events)
    events = turn(client, session.id, wordy("hello"))
    compacted = the(events, "agent.thread_context_compacted")
    equal(set(compacted.to_dict()), {"id", "type", "processed_at"})
    equal((text_of(events), events[-1].stop_reason.type), ("Hello, I am a scripted model.", "end_turn"))
    ends = [e for e in events if e.type == "span.model_request_end"]
    equal([e.is_error for e in ends], [True, False, False], "the refused request, the summary, the answer")
    assert ends[1].model_usage.output_tokens > 0, ends[1]
    stored = list(client.beta.sessions.events.list(session.id, types=["agent.thread_context_compacted"]))
    equal([e.id for e in stored], [compacted.id])
    equal(len(list(client.beta.sessions.events.list(session.id, types=["user.message"]))), 2, "the log stays whole")


@check
def compaction_limit(client):
    if not hasattr(sessions, "BetaManagedAgentsCompactionLimitReachedErrorObject"):
        client = Anthropic(max_retries=0)  # an SDK older than this error passes it on, unless it is strict
    session = small(client)
    turn(client, session.id, script("hello"))
    events = turn(client, session.id, message("There is no hurry. " * 2000))
    error = the(events, "session.error").error
    equal((error.type, error.retry_status.type), ("compaction_limit_reached_error", "exhausted"))
    equal(events[-1].stop_reason.type, "retries_exhausted")
    events = turn(client, session.id, script("hello"))
    equal(text_of(events), "Hello, I am a scripted model.", "the session goes on")
