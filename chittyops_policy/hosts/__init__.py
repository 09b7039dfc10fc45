"""Hosts: where repositories live and what may be asked of them over the network."""
