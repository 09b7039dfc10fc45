"""Other tools whose findings come under the same policy; a run loads this folder only when it asks for one."""
