"""The web, and files that the model is shown."""

import anthropic
from checks import WEATHER, check, equal, new_agent, new_session, raises, script, text_of, the, turn


@check
def web_tools(client):
    events = turn(client, new_session(client).id, script("web"))
    results = [e for e in events if e.type == "agent.tool_result"]
    equal([e.is_error for e in results], [False] * 3)
    blocks = [b for e in results for b in e.content]
    equal([b.type for b in blocks], ["search_result", "text", "text", "document"])
    found = blocks[0]
    equal((found.source, found.title, found.content[0].text), ("http://pages.test/guide", "The guide", "How to keep horses."))
    equal(found.citations.enabled, False)
    assert "# Horses\n\nThey want hay." in blocks[1].text, blocks[1].text
    equal(blocks[3].source.media_type, "application/pdf")
    equal(text_of(events), "Read: URL: http://pages.test/guide.pdf")


@check
def files_by_id(client):
    file = client.beta.files.upload(file=("word.txt", b"The word is marigold.", "text/plain"))
    session = new_session(client)
    ask = script("read-document")
    ask["content"].append({"type": "document", "source": {"type": "file", "file_id": file.id}, "title": "A word"})
    equal(text_of(turn(client, session.id, ask)), "It says: The word is marigold.")
    ask["content"][1] = {"type": "image", "source": {"type": "file", "file_id": file.id}}
    send = lambda: client.beta.sessions.events.send(session.id, events=[ask])  # noqa: E731
    raises(anthropic.BadRequestError, send, "events[0].content[1].source.file_id")
    image = client.beta.files.upload(file=("dot.png", b"\x89PNG\r\n\x1a\n", "image/png"))
    ask["content"][1]["source"]["file_id"] = image.id
    equal(text_of(turn(client, session.id, ask)), "It says: ")


@check
def search_results_of_a_tool(client):
    session = new_session(client, new_agent(client, tools=[WEATHER]))
    use = the(turn(client, session.id, script("weather")), "agent.custom_tool_use")
    found = {
        "type": "search_result",
        "source": "https://weather.example/oslo",
        "title": "Oslo",
        "content": [{"type": "text", "text": "Rain."}],
        "citations": {"enabled": True},
    }
    events = turn(client, session.id, {"type": "user.custom_tool_result", "custom_tool_use_id": use.id, "content": [found]})
    equal(the(events, "user.custom_tool_result").content[0].to_dict(), found)
    equal(events[-1].stop_reason.type, "end_turn")
