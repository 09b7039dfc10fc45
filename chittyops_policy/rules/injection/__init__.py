"""Rules about values of others that become a part of a script, of its environment, or an option of a program."""
