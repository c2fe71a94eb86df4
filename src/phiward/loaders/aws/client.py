"""Sessions, clients and single calls: the one module that knows the SDK.

One client for each account, region and service, made under a lock: sessions are not thread-safe, clients are, and the
adaptive retry mode learns a service's rate by client. Models are shared by all accounts. Nothing here can write: a
call goes out only if its operation is one that the collectors name.
"""

from __future__ import annotations

import gc
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from traceback import walk_tb
from typing import Any, Protocol

from phiward.errors import UsageError
from phiward.loaders.aws.answer_format import NotAnAnswer, held_to_format
from phiward.loaders.aws.calls import CREDENTIALS, Place
from phiward.record import dataclass

_ATTEMPTS = 6
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
NOT_OFFERED = "NotOffered"
"""The code of a call to a service that AWS does not have in a region: its list says so, and nobody answers."""
UNREACHED = frozenset({"EndpointConnectionError", "ConnectTimeoutError"})
_NO_CODE = "Unknown"
_CLOCK = "RequestTimeTooSkewed"
_SKEWED = re.compile(r"Signature (?:expired|not yet current)")
"""How services say that the clock is off which have no code of their own for it."""
_GC_THRESHOLD = (50_000, 50, 50)
"""Making a client allocates a model of thousands of shapes, and the collector would look at them over and over."""


class CallFailed(Exception):  # noqa: N818 - a state of the answer
    """An answer that is an error; `answer` holds the pages before it."""

    def __init__(
        self, code: str, http: int, request_id: str = "", answer: Mapping[str, Any] | None = None, message: str = ""
    ) -> None:
        """`message` is what AWS says; it may hold names that are nobody's business, so that nothing keeps it."""
        super().__init__(code)
        self.message = message
        self.code = code
        self.http = http
        self.request_id = request_id
        self.answer = answer or {}

    @property
    def by(self) -> str:
        """The kind of policy that a denial names; empty where AWS does not tell."""
        return next((policy for policy in _POLICIES if policy in self.message), "")

    def is_any(self, codes: Iterable[str]) -> bool:
        """Whether it is one of some codes; one that means several things stands with words of its message."""
        return any(
            self.code == code and words in self.message for code, _, words in (code.partition(": ") for code in codes)
        )


_POLICIES = ("service control policy", "resource control policy", "permissions boundary", "session policy",
             "VPC endpoint policy", "resource-based policy")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """All pages of an answer as one."""

    value: dict[str, Any]
    request_id: str
    time: str


class Api(Protocol):
    """What a crawl asks. An implementation may be an account, or answers that were written down."""

    def call(self, place: Place, service: str, operation: str, params: Mapping[str, Any]) -> Answer:
        """The answer. Raises CallFailed."""
        ...


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Let the garbage collector look less often while clients are made: that takes half the time."""
    before = gc.get_threshold()
    gc.set_threshold(*_GC_THRESHOLD)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Sessions:
    """The SDK's sessions of each account, over one loader of models. `endpoint_url` stands for every service's own."""

    def __init__(self, profile: str = "", endpoint_url: str = "") -> None:
        self._endpoint = _url(endpoint_url or os.environ.get("AWS_ENDPOINT_URL", ""))
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._by_account: dict[str, Any] = {}
        try:
            import botocore.session
        except ImportError as error:
            raise UsageError("the AWS SDK is not installed", hint="pip install 'phiward[aws]'") from error
        from botocore.exceptions import ProfileNotFound

        try:
            self.base = botocore.session.Session(profile=profile or None)
            self.base.get_scoped_config()  # reads the configuration file, which may be wrong
            self.region = os.environ.get("AWS_REGION") or str(self.base.get_config_variable("region") or "")
            self._attempts = max(0, self.base.get_config_variable("max_attempts") or 0) or _ATTEMPTS
        except ValueError as error:
            raise UsageError("AWS_MAX_ATTEMPTS is no number") from error
        except ProfileNotFound as error:
            raise UsageError(
                f"there is no profile {error.kwargs['profile']!r}", hint="`aws configure list-profiles` shows them"
            ) from error
        except Exception as error:
            if type(error).__module__ != "botocore.exceptions":
                raise
            raise UsageError(f"the AWS configuration cannot be read: {error}") from error

    def add(self, account: str, session: Any | None = None) -> None:
        """Use a session for an account; the base one where none is given."""
        self._by_account[account] = session or self.base

    def partition_of(self, region: str) -> str:
        """The partition that a region belongs to: `aws`, `aws-us-gov`, `aws-cn`. Raises UsageError for no region."""
        from botocore.exceptions import UnknownRegionError

        try:
            return str(self.base.get_partition_for_region(region))
        except UnknownRegionError as error:
            raise UsageError(f"there is no region {region!r}") from error

    def assumed(self, role_arn: str, external_id: str, name: str) -> Any:
        """A session of a role, whose keys are renewed while it is used."""
        import botocore.session
        from botocore.credentials import (
            AssumeRoleCredentialFetcher,
            DeferredRefreshableCredentials,
        )

        source = self.base.get_credentials()
        if source is None:
            raise UsageError("no credentials were found", hint="check `aws sts get-caller-identity` and --profile")
        session = botocore.session.Session()
        session.register_component("data_loader", self.base.get_component("data_loader"))
        extra = {"RoleSessionName": name, **({"ExternalId": external_id} if external_id else {})}
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=self._sts_creator(),
            source_credentials=source,
            role_arn=role_arn,
            extra_args=extra,
        )
        session._credentials = DeferredRefreshableCredentials(  # noqa: SLF001 - the SDK has no public way to set them
            method="assume-role", refresh_using=fetcher.fetch_credentials
        )
        return session

    def _sts_creator(self) -> Any:
        def create(service: str, **arguments: Any) -> Any:
            return self.base.create_client(
                service,
                region_name=self.region or "us-east-1",
                endpoint_url=self._endpoint or None,
                config=self._config(),
                **{k: v for k, v in arguments.items() if k.startswith("aws_")},
            )

        return create

    def client(self, place: Place, service: str) -> Any:
        """The one client of an account, a region and a service."""
        key = (place.account, place.region, service)
        client = self._clients.get(key)
        if client is None:
            with self._lock:
                client = self._clients.get(key)
                if client is None:
                    client = self._clients[key] = self._make(place, service)
        return client

    def _make(self, place: Place, service: str) -> Any:
        session = self._by_account.get(place.account, self.base)
        attempts = self._attempts if self.offers(place, service) else 1
        config = self._config(attempts)

        def make(config: Any) -> Any:
            return session.create_client(
                service, region_name=place.region, endpoint_url=self._endpoint or None, config=config
            )

        client = make(config)
        if client.meta.service_model.endpoint_discovery_required and _of_aws(client.meta.endpoint_url):
            client = make(config.merge(_discovering()))
        client.meta.events.register("before-parse", held_to_format)
        if self._endpoint and service == "s3control":
            client.meta.events.register("before-sign.s3-control", _same_host(self._endpoint))
        return client

    def offers(self, place: Place, service: str) -> bool:
        """Whether AWS's own list of endpoints has a service in a region; a list without any says nothing."""
        if self._endpoint:
            return True
        listed = self.base.get_available_regions(service, partition_name=place.partition)
        return not listed or place.region in listed

    def _config(self, attempts: int = 0) -> Any:
        from botocore.config import Config

        return Config(
            retries={"mode": "adaptive", "total_max_attempts": attempts or self._attempts},
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            max_pool_connections=32,
            endpoint_discovery_enabled=False,
            inject_host_prefix=not self._endpoint,
            user_agent_extra="phiward",
            s3={"addressing_style": "path"} if self._endpoint else None,
        )


def _of_aws(url: str) -> bool:
    """Whether AWS answers there, so that the host which it names instead is AWS's too."""
    from urllib.parse import urlsplit

    return (urlsplit(url).hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _discovering() -> Any:
    """For Timestream, of which each account has hosts of its own that AWS names."""
    from botocore.config import Config

    return Config(endpoint_discovery_enabled=True)


def _url(endpoint: str) -> str:
    """What stands for every service, or nothing. Raises UsageError for what is no address."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(endpoint)
        if not endpoint or (parts.scheme in ("http", "https") and parts.hostname and parts.port != 0):
            return endpoint
    except ValueError:
        pass
    raise UsageError("the endpoint is no address of HTTP", hint="--endpoint-url http://127.0.0.1:5000")


def _same_host(endpoint: str) -> Any:
    """S3 Control puts the account before the host, which a server at one address does not have."""
    from urllib.parse import urlsplit

    def rewrite(request: Any, **_: Any) -> None:
        parts = urlsplit(request.url)
        wanted = urlsplit(endpoint)
        request.url = parts._replace(scheme=wanted.scheme, netloc=wanted.netloc).geturl()

    return rewrite


class Account:
    """Calls to AWS, or to what `endpoint_url` names. Only what the collectors name is ever called."""

    def __init__(self, sessions: Sessions, allowed: frozenset[tuple[str, str]]) -> None:
        self._sessions = sessions
        self._allowed = allowed

    def call(self, place: Place, service: str, operation: str, params: Mapping[str, Any]) -> Answer:
        """All pages of an answer. Raises CallFailed."""
        if (service, operation) not in self._allowed:
            raise AssertionError(f"{service}:{operation} is none of the operations that may be called")
        pages: list[dict[str, Any]] = []
        results: list[str] = []
        time = now()
        try:
            client = self._sessions.client(place, service)
            results, paged = _paged(client, operation, params)
            for page in paged:
                pages.append(page)  # noqa: PERF402 - what was read before an error is kept
        except Exception as error:
            failed = _failed(error, _merged(pages, results))
            if failed.code in UNREACHED and not self._sessions.offers(place, service):
                failed.code = NOT_OFFERED
            raise failed from error
        request_id = str(pages[-1].get("ResponseMetadata", {}).get("RequestId", "")) if pages else ""
        return Answer(_merged(pages, results), request_id, time)


TOKENS = (
    *((name, name) for name in ("NextToken", "nextToken", "Marker", "NextMarker", "NextPageToken", "nextPageToken")),
    ("nextPageToken", "pageToken"),
)
"""What services call the token of an answer, and that of the next question."""


def _paged(client: Any, operation: str, params: Mapping[str, Any]) -> tuple[list[str], Iterator[dict[str, Any]]]:
    """The lists of an answer that go on from page to page, and the pages."""
    if client.can_paginate(operation):
        paginator = client.get_paginator(operation)
        return [key.expression for key in paginator.result_keys], iter(paginator.paginate(**params))
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
    answer = model.output_shape.members if model.output_shape else {}
    asked = model.input_shape.members if model.input_shape else {}
    tokens = next((pair for pair in TOKENS if pair[0] in answer and pair[1] in asked), ("", ""))
    lists = [name for name, shape in answer.items() if shape.type_name == "list"]
    more = next((name for name in answer if name.startswith("HasMore")), "")
    start = next((name for name in asked if name.startswith("ExclusiveStart")), "")
    if more and start:
        return lists, _by_last(getattr(client, operation), params, more, start, lists[0])
    return lists, _by_hand(getattr(client, operation), params, *tokens)


def _by_hand(
    ask: Callable[..., dict[str, Any]], params: Mapping[str, Any], token: str, asked: str
) -> Iterator[dict[str, Any]]:
    """The pages of an operation that the SDK has no paginator for. Raises CallFailed where one leads to itself."""
    further: dict[str, Any] = {}
    while True:
        page = ask(**params, **further)
        yield page
        at = page.get(token) if token else None
        if not at:
            return
        if further.get(asked) == at:
            raise CallFailed("PaginationError", 0)
        further = {asked: at}


def _by_last(
    ask: Callable[..., dict[str, Any]], params: Mapping[str, Any], more: str, start: str, listed: str
) -> Iterator[dict[str, Any]]:
    """The pages of an operation that goes on behind the last name, or key, that it was answered."""
    further: dict[str, Any] = {}
    while True:
        page = ask(**params, **further)
        yield page
        elements = page.get(listed)
        if not page.get(more) or not elements:
            return
        last = elements[-1]["Key"] if isinstance(elements[-1], dict) else elements[-1]
        if further.get(start) == last:
            raise CallFailed("PaginationError", 0)
        further = {start: last}


def _merged(pages: list[dict[str, Any]], results: list[str]) -> dict[str, Any]:
    """Pages as one: the lists that the service pages are joined, and of anything else the first is kept."""
    merged: dict[str, Any] = dict(pages[0]) if pages else {}
    merged.pop("ResponseMetadata", None)
    for page in pages[1:]:
        for path in results:
            *above, last = path.split(".")
            into: Any = merged
            more: Any = page
            for step in above:
                into, more = into.setdefault(step, {}), more.get(step, {})
            if isinstance(more.get(last), list):
                into[last] = [*into.get(last, []), *more[last]]
    return merged


def _failed(error: Exception, answer: dict[str, Any]) -> CallFailed:
    """What any failure of a call says of itself. Raises what is no failure of a call."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        metadata = response.get("ResponseMetadata", {})
        said = response.get("Error", {})
        message = str(said.get("Message", ""))
        http, request_id = int(metadata.get("HTTPStatusCode", 0)), str(metadata.get("RequestId", ""))
        code = str(said.get("Code", _NO_CODE))
        code = _CLOCK if _SKEWED.match(message) else str(http) if code == _NO_CODE else code
        return CallFailed(code, http, request_id, answer, message)
    module = type(error).__module__
    if module.startswith(("botocore", "urllib3", "ssl")):
        name = type(error).__name__
        # An answer that is not of the service's format: an operation that a server does not know, or an HTML page.
        return CallFailed("UnknownOperation" if name == "ResponseParserError" else name, 0, "", answer)
    if isinstance(error, OSError):
        return CallFailed(type(error).__name__, 0, "", answer)
    if isinstance(error, NotAnAnswer) or _inside_of_sdk(error):  # or a member is of another type than in the model
        return CallFailed("UnknownOperation", 0, "", answer)
    raise error


def _inside_of_sdk(error: Exception) -> bool:
    """Whether it was the SDK that could not go on, and not a line of ours."""
    frames = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)]
    ours = max((at for at, name in enumerate(frames) if name.startswith("phiward.")), default=-1)
    return any(name.startswith("botocore.") for name in frames[ours + 1 :])


def credential_problem(failed: CallFailed) -> str:
    """What is wrong where an account does not answer who asks; empty where it is something else."""
    if failed.code in CREDENTIALS:
        return "the credentials are not valid, or have expired"
    known = {
        "NoCredentialsError": "no credentials were found",
        "PartialCredentialsError": "the credentials are incomplete",
        "NoRegionError": "no region is configured",
        "EndpointConnectionError": "the endpoint cannot be reached",
        "UnknownOperation": "the endpoint does not answer as AWS does",
        "SSOTokenLoadError": "the SSO session has expired",
        "UnauthorizedSSOTokenError": "the SSO session has expired",
        "TokenRetrievalError": "the SSO session has expired",
        "CredentialRetrievalError": "the credentials could not be had",
        "ConnectTimeoutError": "the endpoint does not answer",
        "ReadTimeoutError": "the endpoint does not answer",
        "ConnectionClosedError": "the endpoint closed the connection",
        "RequestTimeTooSkewed": "the clock of this machine is off",
    }
    return known.get(failed.code, "")
