"""Refusals that are about the model and not about the key: the key is good, and the account, project, plan or region may not
use this model.

Providers have words of their own for them; each wording stands here with where it was seen.
"""

# ruff: noqa: E501  # one wording a line

from __future__ import annotations

from datarecipe.llm.failures.failure_row import Row, Wording, any_of, codes_of

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

ACCESS_ROWS: tuple[Row, ...] = (
    Row(
        "no access to the model",
        "403, 400 or 429 that says that the account, project, plan or region may not use this model",
        "http",
        "end",
        charged=False,
        says="gives this key no access to the model",
        hint="Allow the model for the key's account or project with the provider, or take another model. "
        "The key is read from {key_variables}.",
        statuses=frozenset({400, 403, 422, 429}),
        codes=codes_of(ACCESS),
        words=any_of(ACCESS),
        wordings=ACCESS,
    ),
)
