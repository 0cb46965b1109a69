# fish completion for roamrc; made by `python -m roamrc.share`

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
complete -c roamrc -n __fish_use_subcommand -a status -d 'which profile is in force, why, and what was written'
complete -c roamrc -n __fish_use_subcommand -a use -d 'choose a profile by hand, for a while or until you move'
complete -c roamrc -n __fish_use_subcommand -a auto -d 'end the choice by hand; the network decides again'
complete -c roamrc -n __fish_use_subcommand -a apply -d 'look at the network once and bring npm\'s settings in line'
complete -c roamrc -n __fish_use_subcommand -a log -d 'the switches so far: when, from, to, why, and which keys'
complete -c roamrc -n __fish_use_subcommand -a init -d 'write the first profiles'
complete -c roamrc -n __fish_use_subcommand -a learn -d 'make this network a profile'
complete -c roamrc -n __fish_use_subcommand -a uninstall -d 'stop it and put every setting back as it was'
complete -c roamrc -n __fish_use_subcommand -a explain -d 'every profile and every check behind the decision'
complete -c roamrc -n __fish_use_subcommand -a facts -d 'what is known of this network, and by which means'
complete -c roamrc -n __fish_use_subcommand -a check -d 'every fault in your profiles and settings, each with its place and a hint'
complete -c roamrc -n __fish_use_subcommand -a doctor -d 'what stands in the way, and the cure'
complete -c roamrc -n __fish_use_subcommand -a run -d 'the agent itself, in the foreground: watches the network and has npm\'s settings follow'
complete -c roamrc -n __fish_use_subcommand -a prompt -d 'the profile\'s name, for a shell prompt'
complete -c roamrc -n '__fish_seen_subcommand_from status' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from status' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
complete -c roamrc -n '__fish_seen_subcommand_from use' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from use' -l for -x -a '30m 1h 2h 8h 1d' -d 'for so long: 30s, 45m, 2h, 1h30m, 1d'
complete -c roamrc -n '__fish_seen_subcommand_from use' -l until-moved -d 'until the gateway is another one'
complete -c roamrc -n '__fish_seen_subcommand_from use' -l dry-run -d 'print what would change, and change nothing'
complete -c roamrc -n '__fish_seen_subcommand_from use' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
complete -c roamrc -n '__fish_seen_subcommand_from use' -a 'direct (__roamrc_profiles)'
complete -c roamrc -n '__fish_seen_subcommand_from auto' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from auto' -l dry-run -d 'print what would change, and change nothing'
complete -c roamrc -n '__fish_seen_subcommand_from auto' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
complete -c roamrc -n '__fish_seen_subcommand_from apply' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from apply' -l dry-run -d 'print the diff and change nothing'
complete -c roamrc -n '__fish_seen_subcommand_from apply' -l force -d 'overwrite hand edits, and a proxy that no profile knows'
complete -c roamrc -n '__fish_seen_subcommand_from apply' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
complete -c roamrc -n '__fish_seen_subcommand_from log' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from log' -s n -x -d 'the last N only (20, or with --since all)'
complete -c roamrc -n '__fish_seen_subcommand_from log' -l since -x -d 'since a time (2026-01-31, 2026-01-31T09:00:00Z) or for so long (2h)'
complete -c roamrc -n '__fish_seen_subcommand_from log' -l follow -s f -d 'go on with new ones until stopped'
complete -c roamrc -n '__fish_seen_subcommand_from log' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
complete -c roamrc -n '__fish_seen_subcommand_from init' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from init' -l yes -d 'write without asking'
complete -c roamrc -n '__fish_seen_subcommand_from init' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
complete -c roamrc -n '__fish_seen_subcommand_from learn' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from learn' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
complete -c roamrc -n '__fish_seen_subcommand_from learn' -a '(__roamrc_profiles)'
complete -c roamrc -n '__fish_seen_subcommand_from uninstall' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from uninstall' -l yes -d 'do not ask'
complete -c roamrc -n '__fish_seen_subcommand_from uninstall' -l purge -d 'remove your profiles and settings as well'
complete -c roamrc -n '__fish_seen_subcommand_from uninstall' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
complete -c roamrc -n '__fish_seen_subcommand_from explain' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from explain' -l facts -r -F -d 'judge a network saved by `roamrc facts --json` instead of this one'
complete -c roamrc -n '__fish_seen_subcommand_from explain' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
complete -c roamrc -n '__fish_seen_subcommand_from explain' -a '(__roamrc_profiles)'
complete -c roamrc -n '__fish_seen_subcommand_from facts' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from facts' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
complete -c roamrc -n '__fish_seen_subcommand_from check' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from check' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
complete -c roamrc -n '__fish_seen_subcommand_from check' -F
complete -c roamrc -n '__fish_seen_subcommand_from doctor' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from doctor' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
complete -c roamrc -n '__fish_seen_subcommand_from run' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from run' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
complete -c roamrc -n '__fish_seen_subcommand_from prompt' -l help -s h -d 'show this help'
complete -c roamrc -n '__fish_seen_subcommand_from prompt' -l json -d 'print JSON for scripts; its keys stay the same from version to version'
