"""The audit of whole organisations: which repositories, what was found, what is proposed, what became of it."""
