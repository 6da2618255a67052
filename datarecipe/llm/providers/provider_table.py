"""The table of providers: one row for each, with all that is known of it. No other module spells a provider's name.

**A model's name may decide a path, never a host.** `hosts` are the only hosts that a provider is asked at, unless the user
names another one. They are checked against what litellm really asks by `tests/llm/test_hosts_asked.py`. A provider without a
row is unknown: a recipe can't choose it without `--trust`.

Names, hosts and variables are litellm 1.110.2's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from datarecipe.llm.providers.dialects import (
    EFFORT,
    FIREWORKS_NOT_HERE,
    NOT_SPOKEN,
    OPENAI_NO_SYSTEM,
    OPENAI_NOT_HERE,
    OPENAI_THINKING,
    Dialect,
)

OPENAI = "openai"
"""Whose protocol others speak: a name without a provider is one of its at a server of the user's."""
PLAIN = "hosted_vllm"
"""Asked in OpenAI's protocol, and with nothing that only OpenAI takes."""

_REGION = r"[a-z0-9-]{1,40}"
_PART = r"(?!(?i:arn:|agentcore/|agent/|async_invoke/|claude_platform/))[A-Za-z0-9][A-Za-z0-9._:-]*"
_ARN = rf"arn:aws[a-z-]*:(?:bedrock|sagemaker):(?:{_REGION})?:[0-9]*:[A-Za-z0-9._/:-]+"
AWS_NAME = rf"(?:{_PART}/)*(?:{_PART}|{_ARN})"
"""A model or an ARN with a region that is one, behind parts of a path. Bedrock's agents run a stranger's code."""

_AWS_TOKENS = (
    "sts.amazonaws.com", "sts.*.amazonaws.com", "oidc.*.amazonaws.com", "portal.sso.*.amazonaws.com",
    "http://169.254.169.254:80", "http://169.254.170.2:80", "http://169.254.170.23:80",
)  # fmt: skip
_GOOGLE_TOKENS = (
    "oauth2.googleapis.com", "sts.googleapis.com", "iamcredentials.googleapis.com", "www.googleapis.com",
    "http://metadata.google.internal:80", "http://169.254.169.254:80",
)  # fmt: skip
_VERTEX = ("aiplatform.googleapis.com", "*-aiplatform.googleapis.com", "aiplatform.*.rep.googleapis.com")
_SAGEMAKER = ("runtime.sagemaker.*.amazonaws.com", "runtime.sagemaker.*.amazonaws.com.cn")

FETCHES = "litellm would fetch a chat template or a configuration from another host before it asks"
ON_THIS_MACHINE = "it is a program on this machine, which may do more than answer"
NO_TLS = "litellm sends its key without checking the server's certificate"
UNBOUNDED = "litellm reads its replies without a bound"
IN_PROCESS = "litellm would load the model into this process, with any code that comes with it"


@dataclass(frozen=True, slots=True)
class Provider:
    """What is known of one provider."""

    hosts: tuple[str, ...] = ()
    """The hosts of its own, asked over TLS at port 443; `*` stands for one part of letters, digits and hyphens, as a region.
    One at another port, or without TLS, is written as a URL. None: it is asked where the user says."""
    keys: tuple[str, ...] = ()
    """The variables that may hold its key, the usual one first; none: as `provider_facts.key_variables` makes it."""
    stems: tuple[str, ...] = ()
    """How the variables that may name its URL begin; none: as the provider's name."""
    also: tuple[str, ...] = ()
    """More variables in which a user may name a host, which litellm reads by itself."""
    tokens: tuple[str, ...] = ()
    """Where credentials are exchanged for a token, written as `hosts`."""
    cloud: bool = False
    """It finds its credentials in many places besides one variable, and signs with them wherever a request goes."""
    needs_key: bool = False
    """It cannot be used at its own host without a key in one of its variables."""
    keyless: bool = False
    """A server that people run themselves, mostly without a key."""
    needs_url: bool = False
    """It has no host of its own, or litellm would send its requests to another company's."""
    dialect: Dialect = NOT_SPOKEN
    """How direct requests speak to it."""
    names: str = ""
    """The names that its models may have, as a pattern; none: any that a model's name can be."""
    doubt: str = ""
    """Why a recipe cannot choose it by itself: `--trust`, or the user's own word, is needed."""
    always_doubted: bool = False
    """The user's choice of the model is not enough either: `--trust` is needed."""
    asks_a_person: bool = False
    """It prints a code and waits for somebody to log in, inside the call."""
    bare: tuple[str, ...] = ()
    """How the names of models begin that are its where none is named, whether the price map has them or not."""
    openai_client: bool = False
    """litellm asks it with the openai client, which is a large import by itself."""
    names_account: bool = False
    """Headers say which account, organisation and project pay."""
    priced: bool = False
    """The price map holds at its hosts, also where a user names one by its URL. Of others nobody has checked that."""
    domains: tuple[str, ...] = ()
    """Each customer has a host below, which charges its prices too. Elsewhere one below (`eu.api.openai.com`) has others."""
    charges_as: str = ""
    """The provider under which the price map has its models; none: itself."""
    listed_for: str = ""
    """The provider that litellm takes a bare name to mean which the price map has under this one; none: itself."""
    searches: bool = False
    """Each of its models searches the web at each request, and charges for it."""

    @property
    def direct(self) -> bool:
        """Whether it speaks OpenAI's protocol, so that a request can be sent without what litellm adds for it."""
        return self.dialect is not NOT_SPOKEN

    @property
    def base(self) -> str | None:
        """Its own address, to which direct requests add paths; None for servers that people run at an address of theirs."""
        for host in self.hosts if self.direct else ():
            return f"{host if '://' in host else f'https://{host}'}{self.dialect.path}"
        return None


_AZURE = Provider(
    ("*.openai.azure.com", "*.cognitiveservices.azure.com", "*.services.ai.azure.com"),
    cloud=True,
    tokens=("login.microsoftonline.com", "http://169.254.169.254:80"),
    domains=("azure.com",),
)
_BEDROCK = Provider(
    (
        "bedrock-runtime.*.amazonaws.com", "bedrock-runtime-fips.*.amazonaws.com", "bedrock-runtime.*.amazonaws.com.cn",
        "bedrock-agentcore.*.amazonaws.com", "bedrock-agent-runtime.*.amazonaws.com",
    ),
    cloud=True,
    also=("AWS_BEDROCK_RUNTIME_ENDPOINT",),
    tokens=_AWS_TOKENS,
    names=AWS_NAME,
    domains=("amazonaws.com",),
)  # fmt: skip
_COHERE = Provider(
    ("api.cohere.com", "api.cohere.ai"), keys=("COHERE_API_KEY", "CO_API_KEY"), needs_key=True, priced=True
)
_OLLAMA = Provider(("http://localhost:11434",), keyless=True, dialect=Dialect("/v1", as_plain=True))
_WATSONX = Provider(
    ("*.ml.cloud.ibm.com",),
    cloud=True,
    also=("WATSONX_API_BASE", "WATSONX_URL", "WX_URL", "WML_URL", "WATSONX_IAM_URL"),
    tokens=("iam.cloud.ibm.com",),
    domains=("cloud.ibm.com",),
)

_AT_ONE_HOST = {
    "abliteration": "api.abliteration.ai", "aiand": "api.aiand.com", "aihubmix": "aihubmix.com",
    "aiml": "api.aimlapi.com", "amazon_nova": "api.nova.amazon.com", "assemblyai": "llm-gateway.assemblyai.com",
    "baseten": "inference.baseten.co", "bigmodel": "open.bigmodel.cn", "bytez": "api.bytez.com",
    "cerebras": "api.cerebras.ai", "charity_engine": "api.charityengine.services", "chutes": "llm.chutes.ai",
    "clarifai": "api.clarifai.com", "clf_ai_gateway": "api.clfaigateway.dev", "cloudflare": "api.cloudflare.com",
    "codestral": "codestral.mistral.ai", "cognition": "api.cognition.ai", "cometapi": "api.cometapi.com",
    "compactifai": "api.compactif.ai", "coralbricks": "inference.coralbricks.ai", "cortecs": "api.cortecs.ai",
    "crusoe": "api.inference.crusoecloud.com", "darkbloom": "api.darkbloom.dev", "edenai": "api.edenai.run",
    "empiriolabs": "api.empiriolabs.ai", "empower": "app.empower.dev", "featherless_ai": "api.featherless.ai",
    "galadriel": "api.galadriel.com", "gmi": "api.gmi-serving.com", "helicone": "ai-gateway.helicone.ai",
    "hostinger_router": "router.hostinger.com", "hyperbolic": "api.hyperbolic.xyz", "inception": "api.inceptionlabs.ai",
    "inferenceapis": "api.inferenceapis.com", "kyma": "kymaapi.com", "libertai": "api.libertai.io",
    "llamagate": "api.llamagate.dev", "maritalk": "chat.maritaca.ai", "meta": "api.meta.ai",
    "modelscope": "api-inference.modelscope.cn", "morph": "api.morphllm.com", "nadir": "api.getnadir.com",
    "neosantara": "api.neosantara.xyz", "nlp_cloud": "api.nlpcloud.io", "novita": "api.novita.ai",
    "nscale": "inference.api.nscale.com", "nvidia_nim": "integrate.api.nvidia.com", "opencode_go": "opencode.ai",
    "openinfer": "api.openinfer.ai", "ovhcloud": "oai.endpoints.kepler.ai.cloud.ovh.net", "parasail": "api.parasail.io",
    "pinstripes": "pinstripes.io", "poe": "api.poe.com", "prism": "api.prisminference.com",
    "publicai": "api.publicai.co", "qwen_ai_platform": "dashscope.aliyuncs.com",
    "qwencloud": "dashscope-intl.aliyuncs.com", "refuseless": "api.refuseless.com", "reka": "api.reka.ai",
    "sail": "api.sailresearch.com", "sambanova": "api.sambanova.ai", "sarvam": "api.sarvam.ai",
    "scaledown": "api.scaledown.xyz", "streamlake": "vanchin.streamlake.ai", "synthetic": "api.synthetic.new",
    "v0": "api.v0.dev", "vercel_ai_gateway": "ai-gateway.vercel.sh", "volcengine": "ark.cn-beijing.volces.com",
    "wally": "inference.runanywhere.ai", "wandb": "api.inference.wandb.ai", "xiaomi_mimo": "api.xiaomimimo.com",
    "zai": "api.z.ai", "zerogpu": "api.zerogpu.ai",
}  # fmt: skip
"""Providers of which no more is known than their host."""

TABLE: Mapping[str, Provider] = {
    # Direct requests reach these.
    "deepinfra": Provider(
        ("api.deepinfra.com",), needs_key=True, priced=True, dialect=Dialect("/v1/openai", seed=None, not_here=EFFORT)
    ),
    "deepseek": Provider(("api.deepseek.com",), needs_key=True, priced=True, dialect=Dialect("/beta", not_here=EFFORT)),
    "fireworks_ai": Provider(
        ("api.fireworks.ai",),
        keys=("FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN"),
        stems=("FIREWORKS", "FIREWORKS_AI"),
        needs_key=True,
        priced=True,
        dialect=Dialect(
            "/inference/v1", not_here=EFFORT, prefix="accounts/fireworks/models/", models_not_here=FIREWORKS_NOT_HERE
        ),
    ),
    "groq": Provider(
        ("api.groq.com",), needs_key=True, priced=True, dialect=Dialect("/openai/v1", not_here=EFFORT | {"json_schema"})
    ),
    PLAIN: Provider(keyless=True, needs_url=True, dialect=Dialect()),
    "litellm_proxy": Provider(needs_url=True, dialect=Dialect()),
    "llamafile": Provider(
        ("http://127.0.0.1:8080",), keyless=True, dialect=Dialect("/v1", not_here=EFFORT), doubt=ON_THIS_MACHINE
    ),
    "lm_studio": Provider(keyless=True, needs_url=True, dialect=Dialect(not_here=EFFORT)),
    "mistral": Provider(
        ("api.mistral.ai",),
        needs_key=True,
        priced=True,
        dialect=Dialect("/v1", seed="random_seed", not_here=EFFORT | {"presence_penalty", "frequency_penalty"}),
    ),
    "ollama": _OLLAMA,
    "ollama_chat": replace(_OLLAMA, keys=("OLLAMA_API_KEY",), stems=("OLLAMA",)),
    OPENAI: Provider(
        ("api.openai.com",),
        needs_key=True,
        priced=True,
        bare=("gpt-", "ft:gpt-"),
        openai_client=True,
        names_account=True,
        dialect=Dialect(
            "/v1", models_not_here=OPENAI_NOT_HERE, completion_tokens=OPENAI_THINKING, no_system=OPENAI_NO_SYSTEM
        ),
    ),
    "openai_like": Provider(needs_url=True, dialect=Dialect()),
    "openrouter": Provider(
        ("openrouter.ai",),
        keys=("OPENROUTER_API_KEY", "OR_API_KEY"),
        needs_key=True,
        priced=True,
        dialect=Dialect("/api/v1", not_here=EFFORT, prefix="openrouter/", extra={"usage": {"include": True}}),
    ),
    "together_ai": Provider(
        ("api.together.ai", "api.together.xyz"),
        keys=("TOGETHER_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHER_AI_TOKEN"),
        needs_key=True,
        priced=True,
        dialect=Dialect("/v1", not_here=EFFORT),
    ),
    "xai": Provider(
        ("api.x.ai",),
        needs_key=True,
        priced=True,
        dialect=Dialect(
            "/v1",
            not_here=EFFORT | {"stop", "presence_penalty", "frequency_penalty"},
            models_not_here=".*multi-agent",
        ),
    ),
    # litellm reaches these.
    **{name: Provider((host,)) for name, host in _AT_ONE_HOST.items()},
    "ai21": Provider(needs_url=True),
    "ai21_chat": Provider(("api.ai21.com",), keys=("AI21_API_KEY",)),
    "aiohttp_openai": Provider(needs_url=True, doubt=UNBOUNDED, always_doubted=True),
    "anthropic": Provider(
        ("api.anthropic.com",),
        keys=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        needs_key=True,
        priced=True,
        bare=("claude-",),
    ),
    "anthropic_text": Provider(
        ("api.anthropic.com",), keys=("ANTHROPIC_API_KEY",), priced=True, charges_as="anthropic"
    ),
    "anyscale": Provider(needs_url=True),
    "apertis": Provider(("api.stima.tech",), keys=("STIMA_API_KEY",)),
    "azure": replace(_AZURE, also=("AZURE_OPENAI_ENDPOINT",), openai_client=True),
    "azure_ai": _AZURE,
    "azure_text": replace(_AZURE, also=("AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT"), charges_as="azure"),
    "bedrock": _BEDROCK,
    "bedrock_converse": replace(_BEDROCK, charges_as="bedrock", listed_for="bedrock"),
    "bedrock_mantle": Provider(("bedrock-mantle.*.api.aws",), cloud=True, tokens=_AWS_TOKENS, names=AWS_NAME),
    "chatgpt": Provider(asks_a_person=True),
    "cohere": _COHERE,
    "cohere_chat": replace(_COHERE, charges_as="cohere"),
    "custom_openai": Provider(keys=("OPENAI_API_KEY",), stems=("OPENAI",), needs_url=True, openai_client=True),
    "dashscope": Provider(("dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com")),
    "databricks": Provider(
        ("*.cloud.databricks.com", "*.*.azuredatabricks.net", "*.*.gcp.databricks.com"),
        cloud=True,
        also=("DATABRICKS_HOST",),
        domains=("databricks.com", "azuredatabricks.net"),
    ),
    "datarobot": Provider(("app.datarobot.com",), keys=("DATAROBOT_API_TOKEN",), also=("DATAROBOT_ENDPOINT",)),
    "docker_model_runner": Provider(("http://localhost:22088",), keyless=True, doubt=ON_THIS_MACHINE),
    "friendliai": Provider(("api.friendli.ai",), keys=("FRIENDLIAI_API_KEY", "FRIENDLI_TOKEN"), stems=("FRIENDLI",)),
    "gdc": Provider(needs_url=True),
    "gemini": Provider(
        ("generativelanguage.googleapis.com",), keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"), needs_key=True, priced=True
    ),
    "gigachat": Provider(
        ("gigachat.devices.sberbank.ru",),
        doubt=NO_TLS,
        always_doubted=True,
        tokens=("https://ngw.devices.sberbank.ru:9443",),
        also=("GIGACHAT_AUTH_URL",),
    ),
    "github": Provider(("models.inference.ai.azure.com", "models.github.ai")),
    "github_copilot": Provider(asks_a_person=True),
    "gradient_ai": Provider(("inference.do-ai.run",), also=("GRADIENT_AI_AGENT_ENDPOINT",)),
    "heroku": Provider(needs_url=True),
    "huggingface": Provider(
        ("router.huggingface.co", "huggingface.co", "api-inference.huggingface.co"),
        keys=("HUGGINGFACE_API_KEY", "HF_TOKEN"),
        stems=("HF", "HUGGINGFACE"),
        doubt=FETCHES,
    ),
    "infinity": Provider(needs_url=True),
    "lambda_ai": Provider(("api.lambda.ai",), keys=("LAMBDA_API_KEY",), stems=("LAMBDA",)),
    "langflow": Provider(("http://localhost:7860",), doubt=ON_THIS_MACHINE),
    "langgraph": Provider(("http://localhost:2024",), doubt=ON_THIS_MACHINE),
    "lemonade": Provider(("http://localhost:8000",), keyless=True, doubt=ON_THIS_MACHINE),
    "meta_llama": Provider(("api.llama.com",), keys=("LLAMA_API_KEY",), stems=("LLAMA",)),
    "minimax": Provider(("api.minimax.io", "api.minimaxi.com")),
    "moonshot": Provider(("api.moonshot.ai", "api.moonshot.cn")),
    "nano-gpt": Provider(("nano-gpt.com",), keys=("NANOGPT_API_KEY",)),
    "nebius": Provider(("api.studio.nebius.ai", "api.studio.nebius.com", "api.tokenfactory.nebius.com")),
    "oci": Provider(("inference.generativeai.*.oci.oraclecloud.com",), cloud=True),
    "oobabooga": Provider(keyless=True, needs_url=True),
    "perplexity": Provider(("api.perplexity.ai",), keys=("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"), searches=True),
    "petals": Provider(("chat.petals.dev",), doubt=FETCHES),
    "predibase": Provider(("serving.app.predibase.com",), doubt=FETCHES),
    "ragflow": Provider(needs_url=True),
    "replicate": Provider(("api.replicate.com",), keys=("REPLICATE_API_KEY", "REPLICATE_API_TOKEN"), doubt=FETCHES),
    "sagemaker": Provider(_SAGEMAKER, cloud=True, tokens=_AWS_TOKENS, names=AWS_NAME, doubt=FETCHES),
    "sagemaker_chat": Provider(_SAGEMAKER, cloud=True, tokens=_AWS_TOKENS, names=AWS_NAME),
    "sagemaker_nova": Provider(_SAGEMAKER, cloud=True, tokens=_AWS_TOKENS, names=AWS_NAME),
    "sap": Provider(
        ("api.ai.*.*.*.ml.hana.ondemand.com",), cloud=True, tokens=("*.authentication.*.hana.ondemand.com",)
    ),
    "scaleway": Provider(("api.scaleway.ai",), keys=("SCW_SECRET_KEY",)),
    "scx-ai": Provider(("api.scx.ai",), keys=("SCX_AI_API_KEY", "SCX_API_KEY")),
    "snowflake": Provider(
        ("*.snowflakecomputing.com", "*.*.snowflakecomputing.com", "*.*.*.snowflakecomputing.com"),
        cloud=True,
        domains=("snowflakecomputing.com",),
    ),
    "tencent": Provider(("tokenhub-intl.tencentcloudmaas.com", "tokenhub.tencentcloudmaas.com")),
    "tensormesh": Provider(("serverless.tensormesh.ai",), keys=("TENSORMESH_INFERENCE_API_KEY",)),
    "text-completion-codestral": Provider(
        ("codestral.mistral.ai",), keys=("CODESTRAL_API_KEY",), doubt=FETCHES, charges_as="codestral"
    ),
    "text-completion-inception": Provider(("api.inceptionlabs.ai",), keys=("INCEPTION_API_KEY",), stems=("INCEPTION",)),
    "text-completion-openai": Provider(
        ("api.openai.com",), keys=("OPENAI_API_KEY",), stems=("OPENAI",), priced=True, charges_as=OPENAI
    ),
    "triton": Provider(needs_url=True),
    "veniceai": Provider(("api.venice.ai",), keys=("VENICE_AI_API_KEY",)),
    "vertex_ai": Provider(
        _VERTEX, cloud=True, tokens=_GOOGLE_TOKENS, stems=("VERTEXAI", "VERTEX"), domains=("googleapis.com",)
    ),
    "vertex_ai_beta": Provider(_VERTEX, cloud=True, tokens=_GOOGLE_TOKENS, stems=("VERTEXAI", "VERTEX")),
    "vllm": Provider(keyless=True, doubt=IN_PROCESS, always_doubted=True),
    "watsonx": _WATSONX,
    "watsonx_text": replace(_WATSONX, domains=()),
    "xinference": Provider(needs_url=True),
}
