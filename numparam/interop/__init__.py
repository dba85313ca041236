"""Other libraries' models on parameters' memory; each module is imported only when asked for."""
