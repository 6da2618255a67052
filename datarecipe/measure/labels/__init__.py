"""What labels say of texts: whether they come evenly, can be learned, contradict them."""
