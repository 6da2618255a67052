"""What one writes without a framework, over aiohttp: python -m benchmarks.bare_aiohttp BASE_URL REQUESTS IN_FLIGHT OUTPUT"""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp

INSTRUCTION = (Path(__file__).parent / "bare_instruction.txt").read_text()
EXAMPLE = '{"options": ["yes", "no"], "answer": "no", "question": "Is the moon larger than the earth?"}'


async def ask(session: aiohttp.ClientSession, url: str, number: int) -> list[dict[str, object]]:
    """The examples of one reply."""
    messages = [{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": EXAMPLE}]
    body = {"model": "benchmark", "messages": messages, "seed": number, "temperature": 1, "max_tokens": 768}
    async with session.post(url, json=body, headers={"Authorization": "Bearer x"}) as response:
        response.raise_for_status()
        reply = await response.json()
    examples: list[dict[str, object]] = json.loads(reply["choices"][0]["message"]["content"])["examples"]
    return examples


async def main(base_url: str, requests: int, in_flight: int, output: Path) -> None:
    """Ask `requests` times, write every example down."""
    room = asyncio.Semaphore(in_flight)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        with output.open("w") as file:

            async def one(number: int) -> None:
                async with room:
                    for example in await ask(session, f"{base_url}/chat/completions", number):
                        file.write(json.dumps(example) + "\n")

            await asyncio.gather(*map(one, range(requests)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
