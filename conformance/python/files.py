"""Files: into a session, out of a session."""

import anthropic
from checks import check, equal, new_session, raises, script, text_of, turn

# Newer SDKs have a class of their own for some error codes.
NotDownloadable = getattr(anthropic.types, "FileNotDownloadableError", anthropic.BadRequestError)

CSV = b"a,b\n1,2\n3,4\n"


@check
def file_life(client):
    file = client.beta.files.upload(file=("table.csv", CSV, "text/csv"))
    equal((file.filename, file.mime_type, file.size_bytes, file.downloadable), ("table.csv", "text/csv", len(CSV), False))
    equal(client.beta.files.retrieve_metadata(file.id), file)
    assert file.id in [f.id for f in client.beta.files.list(limit=1)]
    raises(NotDownloadable, lambda: client.beta.files.download(file.id))
    equal(client.beta.files.delete(file.id).type, "file_deleted")
    raises(anthropic.NotFoundError, lambda: client.beta.files.retrieve_metadata(file.id))


@check
def mount_and_outputs(client):
    file = client.beta.files.upload(file=("table.csv", CSV, "text/csv"))
    session = new_session(client, resources=[{"type": "file", "file_id": file.id, "mount_path": "/workspace/input.csv"}])
    equal(session.resources[0].mount_path, "/workspace/input.csv")
    events = turn(client, session.id, script("count-lines"))
    equal(text_of(events), "Counted: done")
    outputs = {f.filename: f for f in client.beta.files.list(scope_id=session.id)}
    equal(sorted(outputs), ["copy.csv", "count.txt"])
    equal(client.beta.files.download(outputs["copy.csv"].id).read(), CSV)
    equal(client.beta.files.download(outputs["count.txt"].id).read().strip(), b"3")
    equal((outputs["copy.csv"].downloadable, outputs["copy.csv"].size_bytes), (True, len(CSV)))


@check
def session_resources(client):
    file = client.beta.files.upload(file=("later.txt", b"later", "text/plain"))
    session = new_session(client)
    added = client.beta.sessions.resources.add(session.id, type="file", file_id=file.id)
    listed = list(client.beta.sessions.resources.list(session.id))
    equal([r.id for r in listed], [added.id])
    equal(client.beta.sessions.resources.retrieve(added.id, session_id=session.id), listed[0])
    equal(client.beta.sessions.resources.delete(added.id, session_id=session.id).id, added.id)
    equal(list(client.beta.sessions.resources.list(session.id)), [])
