"""Chooses how a request's model is looked for (HTTP specification, section 6.1)."""

from pathlib import Path

from llamaswap_desktop.http1 import Request
from llamaswap_desktop.proxy.body import Body
from llamaswap_desktop.proxy.form_body import FormBody, MultipartBody, boundary_of
from llamaswap_desktop.proxy.json_body import JsonBody


def body_for(request: Request, folder: Path | None) -> Body:
    """Return an empty body of the kind that ``request`` announces; a large one is spooled in ``folder``."""
    size = request.length or 0
    if request.method in {"GET", "HEAD"}:
        return FormBody(folder, request.query, is_form=False)
    content_type: str | None = request.notes.get(body_for)
    if content_type is None:
        content_type = request.notes[body_for] = request.content_type
    if "application/json" in content_type:
        return JsonBody(folder, announced_bytes=size)
    if "multipart/form-data" in content_type:
        return MultipartBody(folder, boundary_of(request.header(b"content-type")), announced_bytes=size)
    is_form = content_type.partition(";")[0].strip() == "application/x-www-form-urlencoded"
    return FormBody(folder, request.query, is_form=is_form)
