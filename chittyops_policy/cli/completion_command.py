"""``chittyops-policy completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(short_help="Print a shell completion script.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the script that makes SHELL complete commands, options and rule ids.

    \b
      bash: chittyops-policy completion bash > ~/.local/share/bash-completion/completions/chittyops-policy
      zsh:  chittyops-policy completion zsh > "${fpath[1]}/_chittyops-policy"
      fish: chittyops-policy completion fish > ~/.config/fish/completions/chittyops-policy.fish
    """
    root = click.get_current_context().find_root().command
    factory = get_completion_class(shell)
    assert factory is not None
    click.echo(factory(root, {}, "chittyops-policy", "_CHITTYOPS_POLICY_COMPLETE").source())
    return 0
