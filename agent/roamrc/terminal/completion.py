"""Completion for bash, zsh and fish: commands, options, and the names of your profiles. Floor 4.

The scripts list the profiles by themselves: a start of Python at each press of a key would be felt. A profile's name is a file's
name and may be anything: it is quoted by the shell's own means and never expanded (bash's `compgen -W` would run `$(…)` in it).
"""

from __future__ import annotations

from collections.abc import Sequence

from .surface import Argument, Command

NOTE = "made by `python -m roamrc.terminal.share`"

BASH = r"""# bash completion for roamrc; @NOTE@

_roamrc_profiles() {
    local folder=${XDG_CONFIG_HOME:-$HOME/.config}/roamrc file
    folder=${ROAMRC_CONFIG_HOME:-$folder}/profiles
    for file in "$folder"/*.yaml "$folder"/*.yml; do
        [[ -e $file ]] || continue
        file=${file##*/}
        printf '%s\n' "${file%.*}"
    done
}

_roamrc() {
    local cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} options="" valued="" words="" kind="" place=1 i word
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words="@NAMES@ --help --version"
    else
        case $command in
@OPTIONS@
        esac
        for ((i = 2; i < COMP_CWORD; i++)); do
            if [[ " $valued " == *" ${COMP_WORDS[i]} "* ]]; then
                ((i++))
            elif [[ ${COMP_WORDS[i]} != -* ]]; then
                ((place++))
            fi
        done
        if [[ " $valued " == *" ${COMP_WORDS[COMP_CWORD - 1]} "* ]]; then
            place=${COMP_WORDS[COMP_CWORD - 1]}
        elif [[ $cur == -* ]]; then
            place=options
        fi
        case $command:$place in
        *:options) words=$options ;;
@PLACES@
        esac
    fi
    for word in $words; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
    done
    if [[ $kind == profiles ]]; then
        while IFS= read -r word; do
            [[ $word == "$cur"* || $(printf %q "$word") == "$cur"* ]] && COMPREPLY+=("$(printf %q "$word")")
        done < <(_roamrc_profiles)
    elif [[ $kind == files ]]; then
        compopt -o filenames 2>/dev/null
        while IFS= read -r word; do
            COMPREPLY+=("$word")
        done < <(compgen -f -- "$cur")
    fi
}

complete -F _roamrc roamrc
"""


def bash(commands: Sequence[Command]) -> str:
    """The script that bash-completion loads for `roamrc`; it needs nothing of bash-completion, and runs in bash 3.2."""
    options, places = [], []
    for c in commands:
        flags = " ".join(f for a in c.options for f in a.flags)
        valued = " ".join(f for a in c.options if a.value for f in a.flags)
        options += [f'        {c.name}) options="{flags}" valued="{valued}" ;;']
        for place, a in _places(c):
            told = [f'words="{" ".join(_words(c, a))}"'] if _words(c, a) else []
            told += [f"kind={a.kind}"] if a.kind in ("profiles", "files") else []
            places += [f"        {c.name}:{place}) {' '.join(told)} ;;"] if told else []
    return _filled(BASH, commands, OPTIONS="\n".join(options), PLACES="\n".join(places))


def _places(c: Command) -> list[tuple[str, Argument]]:
    """Where a value is completed, as the script names it: an option, or the number of the word (any, where it may be
    repeated)."""
    found = [(flag, a) for a in c.options if a.value for flag in a.flags]
    return found + [("[0-9]*" if a.many else str(n), a) for n, a in enumerate(c.words, 1)]


def _words(c: Command, a: Argument) -> tuple[str, ...]:
    return (*a.words, *(("direct",) if c.name == "use" and a.kind == "profiles" else ()))


ZSH = r"""#compdef roamrc
# zsh completion for roamrc; @NOTE@

_roamrc_profiles() {
    local folder=${ROAMRC_CONFIG_HOME:-${XDG_CONFIG_HOME:-$HOME/.config}/roamrc}/profiles
    local -a names
    names=($folder/*.(yaml|yml)(N:t:r) "$@")
    _wanted profiles expl 'profile' compadd -a names
}

_roamrc() {
    local -a commands
    commands=(
@COMMANDS@
    )
    if ((CURRENT == 2)); then
        _describe -t commands 'roamrc command' commands
        [[ $PREFIX == -* ]] && compadd -- --help --version
        return
    fi
    local command=$words[2]
    shift words
    ((CURRENT--))
    case $command in
@CASES@
    esac
}

_roamrc "$@"
"""


def zsh(commands: Sequence[Command]) -> str:
    """The function that zsh autoloads from site-functions."""
    named = "\n".join(f"        {_single(f'{c.name}:{c.summary}')}" for c in commands)
    cases = []
    for c in commands:
        specs = [f"{_flags(a)}{_zsh_kind(c, a)}" for a in c.options]
        specs += [
            _single(f"{'*' if a.many else n}:{a.value.lower()}") + _zsh_kind(c, a, word=True) for n, a in enumerate(c.words, 1)
        ]
        cases.append(f"    {c.name})\n        _arguments \\\n            " + " \\\n            ".join(specs) + "\n        ;;")
    return _filled(ZSH, commands, COMMANDS=named, CASES="\n".join(cases))


def _flags(a: Argument) -> str:
    told = a.help.replace("[", "\\[").replace("]", "\\]")
    if len(a.flags) == 1:
        return _single(f"{a.flags[0]}[{told}]" + (f":{a.value}" if a.value else ""))
    both = " ".join(a.flags)
    return _single(f"({both})") + "{" + ",".join(a.flags) + "}" + _single(f"[{told}]" + (f":{a.value}" if a.value else ""))


def _zsh_kind(c: Command, a: Argument, word: bool = False) -> str:
    if not a.value and not word:
        return ""
    words = " ".join(_words(c, a))
    if a.kind == "profiles":
        return _single(f":_roamrc_profiles {words}".rstrip())
    return _single({"files": ":_files", "words": f":({words})"}.get(a.kind, ": "))


FISH = r"""# fish completion for roamrc; @NOTE@

function __roamrc_profiles
    set -l folder $HOME/.config/roamrc
    test -n "$XDG_CONFIG_HOME"; and set folder $XDG_CONFIG_HOME/roamrc
    test -n "$ROAMRC_CONFIG_HOME"; and set folder $ROAMRC_CONFIG_HOME
    set -l files $folder/profiles/*.yaml $folder/profiles/*.yml
    for file in $files
        string replace -r '\.ya?ml$' '' -- (string replace -r '^.*/' '' -- $file)
    end
end

complete -c roamrc -f
complete -c roamrc -n __fish_use_subcommand -l help -d 'all commands'
complete -c roamrc -n __fish_use_subcommand -l version -d 'the version'
@LINES@
"""


def fish(commands: Sequence[Command]) -> str:
    """The file that fish loads from vendor_completions.d."""
    lines = [f"complete -c roamrc -n __fish_use_subcommand -a {c.name} -d {_fish(c.summary)}" for c in commands]
    for c in commands:
        seen = f"complete -c roamrc -n '__fish_seen_subcommand_from {c.name}'"
        for a in c.options:
            flags = " ".join(f"-l {f[2:]}" if f.startswith("--") else f"-s {f[1:]}" for f in a.flags)
            lines.append(f"{seen} {flags}{_fish_kind(c, a) if a.value else ''} -d {_fish(a.help)}")
        lines += [f"{seen}{_fish_kind(c, a, word=True)}" for a in c.words if a.kind]
    return _filled(FISH, commands, LINES="\n".join(lines))


def _fish_kind(c: Command, a: Argument, word: bool = False) -> str:
    words = " ".join((*_words(c, a), *(("(__roamrc_profiles)",) if a.kind == "profiles" else ())))
    if a.kind == "files":
        return " -F" if word else " -r -F"
    offered = f" -a {_fish(words)}" if words else ""
    return offered if word else f" -x{offered}"


def _filled(text: str, commands: Sequence[Command], **blanks: str) -> str:
    for name, value in {"NOTE": NOTE, "NAMES": " ".join(c.name for c in commands), **blanks}.items():
        text = text.replace(f"@{name}@", value)
    return text


def _single(text: str) -> str:
    """In single quotes, for bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
