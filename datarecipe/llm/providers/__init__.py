"""What is known of each provider: hosts, keys, names of models, prices."""
