"""What is sent to a model: the rendered request, and the form of the reply that it asks for."""
