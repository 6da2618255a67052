"""What a failure of a provider or of the network means for the request."""
