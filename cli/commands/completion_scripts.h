#pragma once

namespace mat {

// The three scripts only ask `mat __complete WORD…` for candidates, so that every shell offers the
// same, and names come from the registry. ":files" asks the shell for its own files.

constexpr const char* kBash = R"sh(_mat() {
  local IFS=$'\n'
  local cur="${COMP_LINE:0:COMP_POINT}"
  read -ra words <<< "${cur//$'\n'/ }"
  local IFS=' '
  read -ra words <<< "$cur"
  [[ "$cur" == *' ' ]] && words+=("")
  local last="${words[-1]}" prefix="" breaks=""
  # Readline splits at '@' and ':': only what follows the last one is replaced.
  [[ "${COMP_WORDBREAKS}" == *@* ]] && breaks+="@"
  [[ "${COMP_WORDBREAKS}" == *:* ]] && breaks+=":"
  [[ -n "$breaks" && "$last" == *[$breaks]* ]] && prefix="${last%"${last##*[$breaks]}"}"
  local IFS=$'\n'
  COMPREPLY=($(mat __complete -- "${words[@]:1}" 2>/dev/null))
  [[ -n "$prefix" ]] && COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
  if [[ "${COMPREPLY[0]}" == ":files" ]]; then
    COMPREPLY=()
    compopt -o default 2>/dev/null
  elif [[ "${COMPREPLY[0]}" == *= ]]; then
    compopt -o nospace 2>/dev/null
  fi
}
complete -F _mat mat
)sh";

constexpr const char* kZsh = R"sh(#compdef mat
_mat() {
  local -a candidates
  candidates=("${(@f)$(mat __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "${candidates[1]}" == ":files" ]]; then
    _files
  elif [[ -n "${candidates[1]}" ]]; then
    compadd -- "${candidates[@]}"
  fi
}
if [[ "${funcstack[1]}" == _mat ]]; then _mat "$@"; else compdef _mat mat; fi
)sh";

constexpr const char* kFish = R"sh(function __mat_complete
  set -l words (commandline -opc) (commandline -ct)
  mat __complete -- $words[2..-1] 2>/dev/null
end
complete -c mat -f -a '(__mat_complete | string match -v :files)'
complete -c mat -n '__mat_complete | string match -q :files' -F
)sh";

}  // namespace mat
