"""What may hang or talk in secret is asked by short-lived children: the network's answers, the proxy's life, the keyring."""
