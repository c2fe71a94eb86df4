"""What is likely to be a secret, by the name that it is given or by its form."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode

from phiward.pattern import pattern

_HIDDEN = pattern(r"password|secret|token|private_key|credential|auth_key|connection_string", re.IGNORECASE)
_NOT_HIDDEN = pattern(r"(?:_arn|_id|_name|_length|_version|_policy|_days|_enabled)$|^manage_", re.IGNORECASE)
_NAMED = pattern(
    r"passw(?:or)?d|passphrase|pwd$|secret|(?<!csrf)token|api[_.-]?key|private[_.-]?key|access[_.-]?key|credential"
    r"|auth[_.-]?key|encryption[_.-]?key|signing[_.-]?key",
    re.IGNORECASE,
)
_CONNECTION = pattern(r"connection[_.-]?string$", re.IGNORECASE)
_CREDENTIAL = pattern(r"(?:passw(?:or)?d|pwd|key|secret|token|sig(?:nature)?)[ \t]*=[ \t]*[^\s;$]", re.IGNORECASE)
"""What makes a secret of a connection string: another one only says where something is."""
_POINTER = pattern(
    r"(?:file|path|dir|name|arn|ref|url|uri|host|endpoint|id|ttl|expir\w*|duration|seconds|minutes|days|length|size|"
    r"version|policy|enabled|required|type|mode|algorithm|class|provider|issuer|audience|header|region|prefix|count)$",
    re.IGNORECASE,
)
_FORMS = pattern(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."
    r"|\b[a-z][a-z0-9+.-]*://[^\s:/@]+:[^\s/@${}]+@"
)
_HARMLESS = pattern(r"(?:true|false|none|null|yes|no|\d+|/[\w./-]*|\$\(\w+\)|<[^>]*>|[\[\]{}|>-]+)?", re.IGNORECASE)
"""Values that are no secret whatever their name is: switches, numbers, paths, brackets, references to variables."""
_PLACEHOLDER = pattern(r"\$(?:[A-Z_][A-Z0-9_]*|[a-z][a-z0-9]*(?:[-_:.][a-z0-9]+)+)")
"""What another tool puts a value in the place of: `$SLACK_TOKEN`, or, as Argo has it, `$slack-token`."""


def may_be_secret(name: str) -> bool:
    """Whether a value of this name is better not shown: rather too often than too seldom."""
    return bool(_HIDDEN.search(name)) and not _NOT_HIDDEN.search(name)


def is_secret(name: str, value: str) -> bool:
    """Whether a value that is written in plain text is a secret: by its form, or by its name where it may be one."""
    if _FORMS.search(value):
        return True
    text = value.strip()
    if _HARMLESS.fullmatch(text) or _PLACEHOLDER.fullmatch(text) or _POINTER.search(name):
        return False
    return bool(_NAMED.search(name) or (_CONNECTION.search(name) and _CREDENTIAL.search(text)))


_SETTING = pattern(
    r"(?:^|[\s;])(?:export\s+|set\s+)?[\"']?([\w.-]+)[\"']?[ \t]*[=:][ \t]*[\"']?([^\s\"'#,;]+)", re.MULTILINE
)
"""A line of a script or of a configuration file in it: `export DB_PASSWORD=x`, `"token": "x"`."""
_STORED = pattern(r"\{\{resolve:|^arn:aws[\w-]*:(?:secretsmanager|ssm):|^\$")
_EXPRESSION = pattern(r"^(?:!|(?:var|local|module|data|each|(?:aws|random)_\w+)[.\[])")
"""How what stands for a value begins in the text of Terraform and of templates."""


def is_stored(value: str) -> bool:
    """Whether a value only says where a secret is kept, or is one that the shell fills in."""
    return bool(_STORED.search(value))


def secrets_in(text: str) -> list[str]:
    """The names of the settings in a script that are secrets; `a key` for one that stands there without a name."""
    settings = _SETTING.findall(text)
    named = [name for name, value in settings if not is_stored(value) and is_secret(name, value)]
    return [*dict.fromkeys(named)] or (["a key"] if is_secret("", text) else [])


def shows_secret(line: str) -> bool:
    """Whether a line of configuration spells a secret out, so that no report may quote it."""
    named = (
        not (is_stored(value) or _EXPRESSION.search(value)) and is_secret(name, value)
        for name, value in _SETTING.findall(line)
    )
    return any(named) or is_secret("", line)


def decoded(text: str) -> str:
    """The text that is written in Base64; what is no Base64 as it stands."""
    try:
        return b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return text
