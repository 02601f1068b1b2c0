"""Each endpoint as a call in curl, Python, JavaScript and PowerShell; the key comes from the environment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One call in one language."""

    language: str
    """Its short name in classes: curl, python, javascript, powershell."""
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call to show: it sends `photo.jpg` or nothing, and writes `saved_as` or prints what comes back."""

    method: str
    path: str
    fields: Mapping[str, str]
    sends_photo: bool = True
    saved_as: str | None = "cutout.png"


CALLS = {
    "removeBackground": Call(method="POST", path="/v1/remove", fields={"size": "full"}),
    "getAccount": Call(method="GET", path="/v1/me", fields={}, sends_photo=False, saved_as=None),
    "removebg": Call(method="POST", path="/v1.0/removebg", fields={"size": "auto"}),
    "removebgAccount": Call(method="GET", path="/v1.0/account", fields={}, sends_photo=False, saved_as=None),
    "removebgImprove": Call(method="POST", path="/v1.0/improve", fields={}, saved_as=None),
}
"""By the operationId of the endpoint."""


def samples_of(operation: str) -> list[Sample]:
    """Return the call in each language."""
    call = CALLS[operation]
    return [
        Sample(language="curl", title="curl", text=_curl(call)),
        Sample(language="python", title="Python", text=_python(call)),
        Sample(language="javascript", title="JavaScript", text=_javascript(call)),
        Sample(language="powershell", title="PowerShell", text=_powershell(call)),
    ]


def _curl(call: Call) -> str:
    lines = [f"curl --fail-with-body {settings.PUBLIC_URL}{call.path}", '-H "x-api-key: $KEY"']
    if call.sends_photo:
        lines.append("-F image_file=@photo.jpg")
    lines += [f"-F {name}={value}" for name, value in call.fields.items()]
    if call.saved_as:
        lines.append(f"-o {call.saved_as}")
    return " \\\n  ".join(lines)


def _powershell(call: Call) -> str:
    """Return the call in one line for Windows, where `curl` alone may be another command."""
    words = [f"curl.exe --fail-with-body {settings.PUBLIC_URL}{call.path}", '-H "x-api-key: $env:KEY"']
    if call.sends_photo:
        words.append('-F "image_file=@photo.jpg"')
    words += [f'-F "{name}={value}"' for name, value in call.fields.items()]
    if call.saved_as:
        words.append(f"-o {call.saved_as}")
    return " ".join(words)


def _python(call: Call) -> str:
    lines = ["# pip install requests", "import os", "", "import requests", ""]
    arguments = [f'"{settings.PUBLIC_URL}{call.path}"', 'headers={"x-api-key": os.environ["KEY"]}']
    indent = ""
    if call.sends_photo:
        lines.append('with open("photo.jpg", "rb") as photo:')
        arguments.append('files={"image_file": photo}')
        indent = "    "
    if call.fields:
        arguments.append(f"data={json.dumps(dict(call.fields))}")
    arguments.append("timeout=120")
    lines.append(f"{indent}answer = requests.{call.method.lower()}(")
    lines += [f"{indent}    {argument}," for argument in arguments]
    lines += [f"{indent})", "answer.raise_for_status()"]
    if call.saved_as:
        lines += [f'with open("{call.saved_as}", "wb") as cutout:', "    cutout.write(answer.content)"]
    else:
        lines.append("print(answer.json())")
    return "\n".join(lines)


def _javascript(call: Call) -> str:
    lines = ["// Node 20 or newer; save as call.mjs"]
    sends = []
    uses = [name for name, is_used in (("openAsBlob", call.sends_photo), ("writeFileSync", call.saved_as)) if is_used]
    if uses:
        lines += [f'import {{ {", ".join(uses)} }} from "node:fs";', ""]
    if call.sends_photo:
        lines += [
            "const body = new FormData();",
            'body.append("image_file", await openAsBlob("photo.jpg"), "photo.jpg");',
        ]
        lines += [f'body.append("{name}", "{value}");' for name, value in call.fields.items()]
        sends = [f'  method: "{call.method}",', "  body,"]
    lines += [
        f'const answer = await fetch("{settings.PUBLIC_URL}{call.path}", {{',
        *sends,
        '  headers: { "x-api-key": process.env.KEY },',
        "});",
        "if (!answer.ok) throw new Error(await answer.text());",
        f'writeFileSync("{call.saved_as}", Buffer.from(await answer.arrayBuffer()));'
        if call.saved_as
        else "console.log(await answer.json());",
    ]
    return "\n".join(lines)
