// The shells ask the program itself: what is offered is always of the version that is installed, and all three offer the same.
// The first argument names the shell, for each cuts a line into words in its own way.

/** The word by which shells ask for completion; it is in no help, since nobody types it. */
export const completeWord = "__complete";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

// Also for the bash 3.2 of macOS, which has neither `mapfile` nor `compopt`.
const bash = `# bash completion of mothership; made by "mothership completions bash"
_mothership() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" line file
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :files*)
        case "$cur" in =|:|@) cur="" ;; esac
        compopt -o filenames 2>/dev/null
        while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$cur")
        ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(mothership ${completeWord} bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _mothership mothership
`;

const zsh = `#compdef mothership
# zsh completion of mothership; made by "mothership completions zsh"
_mothership() {
  local -a lines entries
  local line
  lines=("\${(@f)$(mothership ${completeWord} zsh "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  for line in $lines; do
    case "$line" in
      :files*)
        compset -P '--*='
        _files
        return
        ;;
      *) entries+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done
  (( $#entries )) && _describe -t mothership mothership entries
}
if [[ "$funcstack[1]" = _mothership ]]; then
  _mothership "$@"
else
  compdef _mothership mothership
fi
`;

const fish = `# fish completion of mothership; made by "mothership completions fish"
function __mothership_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  for line in (mothership ${completeWord} fish $words[2..-1] "$current" 2>/dev/null)
    if string match -q -- ':files*' $line
      set -l prefix (string replace -- ':files' '' $line)
      set -l path (string sub -s (math (string length -- "$prefix") + 1) -- "$current")
      for file in (__fish_complete_path "$path")
        printf '%s%s\\n' $prefix $file
      end
    else
      printf '%s\\n' $line
    end
  end
end
complete -c mothership -f -a '(__mothership_complete)'
`;

/** What a shell has to read once to complete the words of this program. */
export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
