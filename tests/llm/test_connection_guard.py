"""Whatever library opens a connection: for a guarded request it comes about with the endpoint's hosts alone."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import importlib
import socket
import threading
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import aiohttp
import pytest

from datarecipe.llm.providers.allowed_hosts import AllowedHosts, allowed_hosts
from datarecipe.llm.providers.endpoint import resolve_endpoint
from datarecipe.llm.through_litellm import litellm_thread
from datarecipe.llm.through_litellm.connection_guard import Guard, RefusedHostError, guarded
from datarecipe.llm.through_litellm.http_guard import hold_clients


@contextlib.contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A server that says nothing and counts who comes."""
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        came.append(connection.recv(65536))
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], came
        # accept() is not woken by closing the socket
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", server.getsockname()[1]), 1).close()


def allowing(*urls: tuple[str, str, int]) -> AllowedHosts:
    return AllowedHosts(named=frozenset(urls))


async def over_asyncio(host: str, port: int) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    await reader.read()  # the server has counted who came before it answers
    writer.close()


async def over_aiohttp(host: str, port: int) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"http://{host}:{port}/") as response:
        await response.read()


async def over_httpx(host: str, port: int, name: str = "httpx") -> None:
    async with importlib.import_module(name).AsyncClient(trust_env=False) as client:
        await client.get(f"http://{host}:{port}/")


async def over_httpx2(host: str, port: int) -> None:
    pytest.importorskip("httpx2")
    await over_httpx(host, port, "httpx2")


def waiting_for_httpx(host: str, port: int) -> None:
    importlib.import_module("httpx").get(f"http://{host}:{port}/", trust_env=False)


def waiting_for_requests(host: str, port: int) -> None:
    session = pytest.importorskip("requests").Session()
    session.trust_env = False
    session.get(f"http://{host}:{port}/", timeout=5)


def waiting_for_urllib(host: str, port: int) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(f"http://{host}:{port}/", timeout=5).close()


def waiting_for_http_client(host: str, port: int) -> None:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    connection.request("GET", "/")
    connection.close()


def waiting_for_a_socket(host: str, port: int) -> None:
    with socket.socket() as plain:
        plain.settimeout(5)
        plain.connect((host, port))


def waiting_for_a_socket_without_an_error(host: str, port: int) -> None:
    with socket.socket() as plain:
        plain.settimeout(5)
        plain.connect_ex((host, port))


def waiting_for_a_datagram(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.sendto(b"key", (host, port))


WAITING: list[Callable[[str, int], None]] = [
    waiting_for_httpx,
    waiting_for_requests,
    waiting_for_urllib,
    waiting_for_http_client,
    waiting_for_a_socket,
    waiting_for_a_socket_without_an_error,
    waiting_for_a_datagram,
]
OPENING: list[Callable[[str, int], Coroutine[Any, Any, None]]] = [
    over_asyncio,
    over_aiohttp,
    over_httpx,
    over_httpx2,
]


async def in_the_loop(function: Callable[[str, int], None], host: str, port: int) -> None:
    function(host, port)


async def in_a_thread(function: Callable[[str, int], None], host: str, port: int) -> None:
    await asyncio.to_thread(function, host, port)


async def in_the_executor(function: Callable[[str, int], None], host: str, port: int) -> None:
    await asyncio.get_running_loop().run_in_executor(None, function, host, port)


async def over_anyio(function: Callable[[str, int], None], host: str, port: int) -> None:
    await importlib.import_module("anyio").to_thread.run_sync(function, host, port)


async def attempt(what: Coroutine[Any, Any, None], guard: Guard | None) -> BaseException | None:
    """What came of it in litellm's loop."""

    async def run() -> BaseException | None:
        hold_clients()
        with guarded(guard) if guard is not None else contextlib.nullcontext():
            try:
                await what
            except Exception as error:  # noqa: BLE001  # each library's own
                return error
        return None

    thread = litellm_thread.enter()
    try:
        return await thread.run(run())
    finally:
        await litellm_thread.leave(thread, _nothing)


async def _nothing() -> None:
    pass


def refused(error: BaseException | None) -> bool:
    seen = error
    while seen is not None and not isinstance(seen, RefusedHostError):
        seen = seen.__cause__ or seen.__context__ or getattr(seen, "os_error", None)
    return seen is not None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("opening", OPENING)
async def test_a_loop_s_connections(opening: Callable[[str, int], Coroutine[Any, Any, None]], host: str) -> None:
    with listening() as (port, came):
        guard = Guard(allowing(("https", "api.openai.com", 443), ("http", host, port + 1)))
        assert await attempt(opening(host, port), guard) is not None
        assert guard.refused is not None
        assert came == []
        assert await attempt(opening(host, port), Guard(allowing(("http", host, port)))) is None
        assert await attempt(opening(host, port), None) is None
        assert len(came) == 2


@pytest.mark.parametrize("where", [in_the_loop, in_a_thread, in_the_executor, over_anyio])
@pytest.mark.parametrize("waiting", WAITING)
async def test_connections_that_code_waits_for(
    waiting: Callable[[str, int], None],
    where: Callable[[Callable[[str, int], None], str, int], Coroutine[Any, Any, None]],
) -> None:
    with listening() as (port, came):
        guard = Guard(allowing(("https", "api.openai.com", 443)))
        assert await attempt(where(waiting, "127.0.0.1", port), guard) is not None
        assert guard.refused is not None
        assert came == []
        assert await attempt(where(waiting, "127.0.0.1", port), Guard(allowing(("http", "127.0.0.1", port)))) is None


async def test_a_name_that_leads_to_an_allowed_address_is_still_another_host() -> None:
    """As two customers of one content network."""
    with listening() as (port, came):
        hosts = allowing(("http", "127.0.0.1", port))
        assert refused(await attempt(over_asyncio("localhost", port), Guard(hosts)))
        assert came == []


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://bedrock-runtime.us-east-1.amazonaws.com", True),
        ("https://BEDROCK-RUNTIME.us-gov-west-1.amazonaws.com.", True),
        ("https://sts.us-east-1.amazonaws.com", True),
        ("http://169.254.169.254", True),
        ("http://bedrock-runtime.us-east-1.amazonaws.com", False),
        ("https://bedrock-runtime.us-east-1.amazonaws.com:8443", False),
        ("https://bedrock-runtime.evil.example.amazonaws.com", False),
        ("https://bedrock-runtime.us-east-1.amazonaws.com.evil.example", False),
        ("https://bedrock-runtime..amazonaws.com", False),
        ("https://evil.example", False),
        ("https://x.s3.amazonaws.com", False),
        ("https://bedrock-agentcore.evil.example", False),
        ("https://bedrock-agentcore.x.execute-api.us-east-1.amazonaws.com", False),
        ("https://api.openai.com", False),
        ("https://169.254.169.254", False),
    ],
)
def test_the_hosts_of_a_cloud(url: str, allowed: bool) -> None:
    endpoint = resolve_endpoint(
        "bedrock/m", flag_api_base=None, recipe_api_base=None, config_api_base=None, trust=False, environ={}
    )
    scheme, _, rest = url.partition("://")
    host, _, port = rest.partition(":")
    hosts = allowed_hosts(endpoint, {})
    assert hosts.allows(scheme, host, int(port) if port else None) is allowed


def test_the_user_s_host_takes_the_place_of_the_provider_s() -> None:
    endpoint = resolve_endpoint(
        "anthropic/m",
        flag_api_base="http://gateway.example:81/v1",
        recipe_api_base=None,
        config_api_base=None,
        trust=False,
        environ={},
    )
    hosts = allowed_hosts(endpoint, {}, ["http://user:pass@proxy.example:3128", "proxy2.example:80"])
    assert hosts.allows("http", "gateway.example", 81)
    assert not hosts.allows("https", "api.anthropic.com", 443)
    assert not hosts.allows("http", "proxy.example", 3128)
    assert hosts.allows_connection("proxy.example", 3128)
    assert hosts.allows_connection("proxy2.example", 80)
    assert not hosts.allows_connection("proxy.example", 80)
