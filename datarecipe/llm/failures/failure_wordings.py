"""In which words providers say that a key has no access to the model, or refuse one request and not the key.

Each wording stands here with where it was seen.
"""

# ruff: noqa: E501  # one wording a line; some are in Chinese

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """One way in which providers say the same."""

    sample: str
    """In their words, as far as they are always the same."""
    seen: str
    """Where: the provider or server, with an issue or a page where it is written down."""
    pattern: str = ""
    """A regular expression; without one the sample itself, in whatever case."""
    code: str = ""
    """The short word that says it, where one does."""

    @property
    def words(self) -> str:
        """A regular expression for it; empty where the code alone says it."""
        return self.pattern or ("" if self.code else re.escape(self.sample))


CONTEXT = (
    Wording("context_length_exceeded", "OpenAI, Groq, DeepSeek, OpenRouter", code="context_length_exceeded"),
    Wording("maximum context length is 4096 tokens", "OpenAI, vLLM, SGLang, DeepSeek, OpenRouter", r"maximum context (?:length|limit)"),
    Wording("Your input exceeds the context window of this model", "OpenAI (Responses)", r"exceeds? (?:the |your )?(?:model'?s? |available )?(?:maximum )?context (?:length|window|size|limit)"),
    Wording("exceed_context_size_error", "llama.cpp", code="exceed_context_size_error"),
    Wording("Context size has been exceeded", "llama.cpp, LM Studio", r"context (?:size|length|window) (?:has been )?exceeded"),
    Wording("context_window_exceeded", "litellm", code="context_window_exceeded"),
    Wording("model_context_window_exceeded", "Z.ai", r"model_context_window_exceeded", code="model_context_window_exceeded"),
    Wording("longer than the model's context length", "SGLang", r"longer than the (?:model's )?context"),
    Wording("larger than the context", "llama.cpp", r"larger than the (?:model's )?context"),
    Wording("greater than the context length", "LM Studio"),
    Wording("trying to keep the first 5000 tokens when context the overflows", "LM Studio", r"tokens when context the overflows"),
    Wording("prompt is too long: 213462 tokens > 200000 maximum", "Anthropic, Fireworks", r"prompt (?:is too long|contains too many tokens)"),
    Wording("input length and `max_tokens` exceed context limit", "Anthropic", r"exceed context limit"),
    Wording("Input is too long for requested model", "Amazon Bedrock"),
    Wording("prompt too long; exceeded max context length", "Ollama", r"exceeded (?:max )?context length"),
    Wording("Prompt contains 40000 tokens ... too large for model with 32768 maximum context length", "Mistral", r"too (?:long|large) for model with \d+ maximum context"),
    Wording("Input tokens exceed the configured limit", "OpenAI"),
    Wording("`inputs` tokens + `max_new_tokens` must be <= 4096", "TGI, Together AI, Hugging Face", r"`?inputs`? tokens \+ `?max_new_tokens`? must be"),
    Wording("`inputs` must have less than 1024 tokens", "TGI", r"`?inputs`? must have less than \d+ tokens"),
    Wording("input token count (1196265) exceeds the maximum number of tokens allowed", "Gemini", r"exceeds the maximum number of tokens allowed"),
    Wording("maximum input length is 8000 tokens", "DeepInfra", r"maximum input length is \d+ tokens"),
    Wording("Please reduce the length of the messages or completion", "Groq, Cerebras", r"reduce the length of the messages"),
    Wording("Current length is 9000 while limit is 8192", "Cerebras", r"current length is \d+ while limit is"),
    Wording("longer than the maximum model length", "vLLM"),
    Wording("context length is only 4096 tokens", "vLLM", r"context length (?:is|of) only"),
    Wording("This model's maximum prompt length is 131072", "xAI", r"maximum prompt length"),
    Wording("context window exceeds limit", "MiniMax"),
    Wording("Your request exceeded model token limit: 262144", "Moonshot", r"exceeded model token limit"),
    Wording("Range of input length should be [1, 129024]", "DashScope (error codes of Model Studio)", r"range of input length should be"),
    Wording("Prompt exceeds max length", "Zhipu, Z.ai (error codes: 1261)", code="1261"),
    Wording("prompt token count of 70000 exceeds the limit of 64000", "GitHub Copilot", r"prompt token count of \d+ exceeds the limit of"),
    Wording("Prompt has 32769 tokens, but the configured context size is 32768 tokens", "DS4", r"but the configured context size is"),
    Wording("too many tokens", "Cohere"),
)  # fmt: skip

POLICY = (
    Wording("content_policy_violation", "OpenAI, litellm", code="content_policy_violation"),
    Wording("rejected by the safety system", "OpenAI", r"safety system"),
    Wording("your prompt was flagged as potentially violating our usage policy", "OpenAI (`invalid_prompt`)", r"flagged (?:as potentially violating|by (?:our )?moderation)"),
    Wording("we've limited access to this content for safety reasons", "OpenAI (`invalid_prompt`, PyRIT #1463)", r"limited access to this content for safety reasons"),
    Wording("moderation_blocked", "OpenAI", code="moderation_blocked"),
    Wording("content_filter", "Azure OpenAI, Moonshot", code="content_filter"),
    Wording("ResponsibleAIPolicyViolation", "Azure OpenAI", code="responsibleaipolicyviolation"),
    Wording("content_filter_policy", "litellm", code="content_filter_policy"),
    Wording("triggering Azure OpenAI's content management policy", "Azure OpenAI", r"content management policy"),
    Wording("Output blocked by content filtering policy", "Anthropic (claude-code #6195)", r"blocked by content filtering policy"),
    Wording("Content violates usage guidelines ... Failed check: SAFETY_CHECK_TYPE_BIO", "xAI, 403 and 400 (inspect_ai #2267)", r"content violates usage guidelines|failed check: safety_check_type"),
    Wording("requires moderation on Azure. Your input was flagged for \"violence\"", "OpenRouter, 403", r"input was flagged"),
    Wording("Content Exists Risk", "DeepSeek (DeepSeek-V2 #30)"),
    Wording("The request was rejected because it was considered high risk", "Moonshot", r"rejected because it was considered high risk"),
    Wording("data_inspection_failed", "DashScope (owl #432)", code="data_inspection_failed"),
    Wording("DataInspectionFailed", "DashScope (qwen-code #2905)", r"datainspectionfailed", code="datainspectionfailed"),
    Wording("Input data may contain inappropriate content", "DashScope", r"(?:in|out)put(?: \w+)? data may contain inappropriate content"),
    Wording("1301: 系统检测到输入或生成内容可能包含不安全或敏感内容", "Zhipu (langchain4j #1079)", r"系统检测到输入或生成内容可能包含不安全或敏感内容", code="1301"),
    Wording("System detected potentially unsafe or sensitive content in input or generation", "Z.ai (error codes: 1301)", r"system detected potentially unsafe or sensitive content"),
    Wording("input new_sensitive (1026), output new_sensitive (1027)", "MiniMax, 422 and inside a 200 (DeepSeek-Reasonix #6818)", r"\b(?:in|out)put new_sensitive\b"),
    Wording("InputTextSensitiveContentDetected", "Volcengine Ark", r"sensitivecontentdetected"),
    Wording("sensitive_words_detected", "one-api, new-api (openai-cookbook #1224)", r"input contains sensitive words", code="sensitive_words_detected"),
    Wording("input_guardrail_triggered", "Databricks AI Gateway", r"(?:in|out)put_guardrail_triggered", code="input_guardrail_triggered"),
)  # fmt: skip

GENERATION = (
    Wording("json_validate_failed", "Groq (amurex-backend #38)", code="json_validate_failed"),
    Wording("Failed to generate JSON, Failed to validate JSON", "Groq (infinite-bookshelf #42)", r"failed to (?:generate|validate) json"),
    Wording("Generated JSON does not match the expected schema", "Groq (Structured Outputs)"),
    Wording("max completion tokens reached before generating a valid document", "Groq"),
    Wording("tool_use_failed", "Groq", code="tool_use_failed"),
    Wording("Failed to call a function. Please adjust your prompt", "Groq", r"failed to call a function"),
    Wording("output_parse_failed", "Groq", code="output_parse_failed"),
    Wording("Failed to generate tool_calls", "Cerebras (`parser_error`)"),
    Wording("error parsing tool call: raw='...'", "Ollama, 500", r"error parsing tool call: raw="),
    Wording("unexpected tokens remaining in message header", "vLLM 0.10, 400 and 500 (vllm #23567)"),
    Wording("Failed to parse input at pos 13", "llama.cpp, 500 (llama.cpp #20650)", r"failed to parse input at pos \d"),
)  # fmt: skip

ACCESS = (
    Wording("Project `proj_x` does not have access to model `gpt-4o`", "OpenAI, 403 (aider #604, continue #10120)", r"(?:not|n't) have (?:any )?(?:access|permission)s? (?:to|for) (?:(?:use|access|call|the|this|that|requested|specified|selected|your) ){0,3}models?\b"),
    Wording("You don't have access to the model with the specified model ID", "Amazon Bedrock, 403 (claude-code #536)"),
    Wording("No access to model", "GitHub Models, 403 (ai-rss-feeds #42)", r"no access to (?:the |this )?model\b"),
    Wording("Model access is denied due to IAM user or service role is not authorized", "Amazon Bedrock (modernisation-platform-environments #18323)", r"model access (?:is )?denied"),
    Wording("Access to model denied. Please make sure you are eligible for using the model", "DashScope, 403 (qwen-code #9605)", r"access to (?:the |this )?model (?:is |was )?denied"),
    Wording("AccessDenied.Unpurchased", "DashScope, 403 (MoneyPrinterTurbo #279)", code="accessdenied.unpurchased"),
    Wording("Permission 'aiplatform.endpoints.predict' denied on resource '.../publishers/google/models/gemini-pro'", "Google Vertex AI, 403 (gemini-php #4)", r"permission '[\w.]+' denied on resource '[^']{1,200}/models/"),
    Wording("model_permission_blocked_org", "Groq, 403 (Model Permissions)", code="model_permission_blocked_org"),
    Wording("model_permission_blocked_project", "Groq, 403 (Model Permissions)", code="model_permission_blocked_project"),
    Wording("This model is not available in your region", "OpenRouter, 403 (dmux #43)", r"\bmodel\b[^.\n]{0,80} not (?:available|supported|included|enabled) (?:in|on|for|with|under|at) your (?:current )?(?:region|country|location|plan|tier|subscription|account|organi[sz]ation|project|team)"),
    Wording("This model is not available in your country", "OpenCode Zen, 403 (opencode #43692)", code="regionerror"),
    Wording("this model requires a subscription, upgrade for access", "Ollama Cloud, 403 (ollama #15990)", r"model requires a (?:\w+ )?(?:subscription|plan)"),
    Wording("Your current subscription plan does not yet include access to GLM-5", "Z.ai, 429 (error codes: 1311; oh-my-pi #39)", r"plan does not (?:yet )?include access to", code="1311"),
    Wording("Unable to access non-serverless model", "Together AI, 400 (puter #3168)", code="model_not_available"),
    Wording("Access to model google/gemma-3-4b-pt is restricted", "Hugging Face, 403 (gemma3-object-detection #5)", r"access to model \S{1,200} is restricted"),
    Wording("Model disabled.", "SiliconFlow, 403 (continue #10839)", r"\bmodel (?:is )?disabled\b"),
    Wording("key not allowed to access model. This key can only access models=['x']", "litellm, 403 (litellm #39660)", r"not (?:allowed|authori[sz]ed) to (?:access|use|call) (?:the |this )?model\b", code="key_model_access_denied"),
    Wording("team not allowed to access model. This team can only access models=['x']", "litellm, 403 (litellm #38629)", code="team_model_access_denied"),
    Wording("User x is not authorized to access model y or model does not exist", "TrueFoundry, 403 (truefoundry/models #949)", r"not (?:allowed|authori[sz]ed) to (?:access|use|call) (?:the |this )?model\b"),
)  # fmt: skip
