"""Shell completion, written out from the parser: commands, their options, the choices of those, and else files."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SHELLS = ("bash", "zsh", "fish")
Words = dict[str, str] | tuple[str, ...]  # with their help, or alone


@dataclass(frozen=True)
class Node:
    """A command by its words (`data show`): subcommands and options with their help, and the choices of options."""

    words: tuple[str, ...]
    commands: dict[str, str]
    options: dict[str, str]
    choices: dict[str, tuple[str, ...]]


def nodes(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[Node]:
    """The parser and all below it, itself first."""
    commands: dict[str, str] = {}
    options: dict[str, str] = {}
    choices: dict[str, tuple[str, ...]] = {}
    below: list[Node] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            commands |= {name: helps.get(name, "") for name in action.choices}
            for name, sub in action.choices.items():
                below += nodes(sub, (*words, name))
        elif action.choices:
            for key in action.option_strings or [""]:  # "" is the argument without a name
                choices[key] = tuple(map(str, action.choices))
        for option in action.option_strings:
            options[option] = action.help or ""
    yield Node(words, commands, options, choices)
    yield from below


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """The text that the shell is to read."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](parser.prog, list(nodes(parser)))


def _cases(found: list[Node], line: Callable[[str, Words], str]) -> str:
    """A line for all that a command is asked: `|` and the option whose value it is, `-` for options, nothing for the rest."""
    lines = []
    for node in found:
        key = " ".join(node.words)
        lines += [line(f"{key}|{option}", values) for option, values in node.choices.items()]
        if not node.choices.get(""):
            lines.append(line(f"{key}|", node.commands))
        lines.append(line(f"{key}|-", node.options))
    return "\n".join(f"    {one}" for one in lines)


def _bash(program: str, found: list[Node]) -> str:
    """The words before the cursor that are no options are the command; unknown ones are arguments."""
    known = " ".join(f"'{' '.join(node.words)}'" for node in found if node.words)
    cases = _cases(found, lambda key, words: f"'{key}') words='{' '.join(words)}' ;;")
    return f"""\
# bash completion of {program}: eval "$({program} completion bash)"
_{program}() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command='' words='' one try
  for one in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    for try in {known}; do
      if [ "${{command:+$command }}$one" = "$try" ]; then command=$try; break; fi
    done
  done
  _{program}_words() {{
    case $1 in
{cases}
    esac
  }}
  if [[ $before == -* ]]; then _{program}_words "$command|$before"; fi
  if [ -z "$words" ]; then
    if [[ $word == -* ]]; then _{program}_words "$command|-"; else _{program}_words "$command|"; fi
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _{program} {program}
"""


def _zsh(program: str, found: list[Node]) -> str:
    """Without remarks: `eval` in an interactive zsh would run them."""
    known = "|".join(f"'{' '.join(node.words)}'" for node in found if node.words)
    cases = _cases(found, lambda key, words: f"('{key}') found=({_described(words)}) ;;")
    return f"""\
_{program}_words() {{
  case $1 in
{cases}
  esac
}}
_{program}() {{
  local command='' one
  local -a found
  for one in "${{(@)words[2,CURRENT-1]}}"; do
    case "${{command:+$command }}$one" in
      ({known}) command="${{command:+$command }}$one" ;;
    esac
  done
  [[ ${{words[CURRENT-1]}} == -* ]] && _{program}_words "$command|${{words[CURRENT-1]}}"
  if (( ! $#found )); then
    if [[ ${{words[CURRENT]}} == -* ]]; then _{program}_words "$command|-"; else _{program}_words "$command|"; fi
  fi
  if (( $#found )); then _describe {program} found; else _files; fi
}}
(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit -i }}
compdef _{program} {program}
"""


def _described(words: Words) -> str:
    told = [f"{name}:{help_}" for name, help_ in words.items()] if isinstance(words, dict) else words
    return " ".join(map(_quoted, told))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fish(program: str, found: list[Node]) -> str:
    """As in bash, the words that are no options are the command; fish's own helper would take any word for one, a folder too."""
    known = " ".join(_fish_quoted(" ".join(node.words)) for node in found if node.words)
    lines = [
        f"# fish completion of {program}: {program} completion fish | source",
        f"function __{program}_at",
        "    set -l command",
        "    for one in (commandline -opc)[2..]",
        f"        if contains -- (string join ' ' -- $command $one) {known}",
        "            set -a command $one",
        "        end",
        "    end",
        '    test "$command" = "$argv"',
        "end",
    ]
    for node in found:
        when = f"-n '{' '.join([f'__{program}_at', *node.words])}'"
        for name, help_ in node.commands.items():
            lines.append(f"complete -c {program} -f {when} -a {name} -d {_fish_quoted(help_)}")
        for value in node.choices.get("", ()):
            lines.append(f"complete -c {program} -f {when} -a {value}")
        for option, help_ in node.options.items():
            flag = f"-l {option[2:]}" if option.startswith("--") else f"-s {option[1:]}"
            values = f" -x -a '{' '.join(node.choices[option])}'" if option in node.choices else ""
            lines.append(f"complete -c {program} {when} {flag}{values} -d {_fish_quoted(help_)}")
    return "\n".join(lines) + "\n"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
