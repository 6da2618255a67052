"""What one writes without a framework, over litellm: python -m benchmarks.bare_litellm BASE_URL REQUESTS IN_FLIGHT OUTPUT"""

import asyncio
import json
import sys
from pathlib import Path

import litellm

INSTRUCTION = (Path(__file__).parent / "bare_instruction.txt").read_text()
EXAMPLE = '{"options": ["yes", "no"], "answer": "no", "question": "Is the moon larger than the earth?"}'


async def ask(base_url: str, number: int) -> list[dict[str, object]]:
    """The examples of one reply."""
    reply = await litellm.acompletion(
        model="openai/benchmark",
        messages=[{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": EXAMPLE}],
        api_base=base_url,
        api_key="x",
        seed=number,
        temperature=1,
        max_tokens=768,
    )
    examples: list[dict[str, object]] = json.loads(reply.choices[0].message.content)["examples"]
    return examples


async def main(base_url: str, requests: int, in_flight: int, output: Path) -> None:
    """Ask `requests` times, write every example down."""
    room = asyncio.Semaphore(in_flight)
    with output.open("w") as file:

        async def one(number: int) -> None:
            async with room:
                for example in await ask(base_url, number):
                    file.write(json.dumps(example) + "\n")

        await asyncio.gather(*map(one, range(requests)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
