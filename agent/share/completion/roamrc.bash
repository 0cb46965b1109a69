# bash completion for roamrc; made by `python -m roamrc.terminal.share`

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
        words="status use auto apply log init learn login install uninstall explain facts check doctor demo run prompt --help --version"
    else
        case $command in
        status) options="--help -h --json" valued="" ;;
        use) options="--help -h --for --until-moved --dry-run --json" valued="--for" ;;
        auto) options="--help -h --dry-run --json" valued="" ;;
        apply) options="--help -h --dry-run --force --json" valued="" ;;
        log) options="--help -h -n --since --follow -f --json" valued="-n --since" ;;
        init) options="--help -h --yes --json" valued="" ;;
        learn) options="--help -h --json" valued="" ;;
        login) options="--help -h --stdin --json" valued="" ;;
        install) options="--help -h --yes --linger --json" valued="" ;;
        uninstall) options="--help -h --yes --purge --json" valued="" ;;
        explain) options="--help -h --facts --json" valued="--facts" ;;
        facts) options="--help -h --json" valued="" ;;
        check) options="--help -h --json" valued="" ;;
        doctor) options="--help -h --json" valued="" ;;
        demo) options="--help -h --fast --json" valued="" ;;
        run) options="--help -h --json" valued="" ;;
        prompt) options="--help -h --json" valued="" ;;
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
        use:--for) words="30m 1h 2h 8h 1d" ;;
        use:1) words="direct" kind=profiles ;;
        learn:1) kind=profiles ;;
        login:1) words="set test forget" ;;
        login:2) kind=profiles ;;
        explain:--facts) kind=files ;;
        explain:1) kind=profiles ;;
        check:[0-9]*) kind=files ;;
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
