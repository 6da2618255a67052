"""What is settled before a run: model, host, folders, identity, prices."""
