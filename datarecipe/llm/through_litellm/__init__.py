"""How a request goes through litellm, and the walls around it."""
