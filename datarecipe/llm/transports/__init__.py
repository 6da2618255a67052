"""How a request goes over the wire: directly, in OpenAI's protocol, and what comes back."""
