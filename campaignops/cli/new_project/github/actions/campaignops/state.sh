#!/usr/bin/env bash
# The state of a project, on a branch of its own: runners do not last. `fetch` it before a run, `push` it after each step.
# A push counts only while the branch is where this machine saw it last; else somebody else has applied something.
#
# In: FOLDER (the project), STATE_BRANCH, and a token for login.sh where the remote needs one.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/login.sh"
cd "${FOLDER:-.}"
branch=refs/heads/${STATE_BRANCH:-campaignops-state}
seen=refs/campaignops/${STATE_BRANCH:-campaignops-state}

fetch() {
  if [ -n "$(git ls-files -- '*.state.json')" ]; then
    echo "::error::a *.state.json is committed here; move it to the branch ${branch#refs/heads/}: see docs/pipeline.md"
    exit 1
  fi
  rm -f -- *.state.json *.state.json.journal
  # No branch is no state yet. No answer is an error: an empty state must not come from a broken line.
  local found
  found=$(git ls-remote origin "$branch")
  if [ -z "$found" ]; then
    git update-ref -d "$seen"
    return
  fi
  git fetch --quiet --depth=1 origin "+$branch:$seen"
  git ls-tree --full-tree --name-only "$seen" | while IFS= read -r name; do
    git cat-file blob "$seen:$name" > "$name"
  done
}

push() {
  local tree old commit
  tree=$(for name in *.state.json *.state.json.journal; do
    [ ! -f "$name" ] || printf '100644 blob %s\t%s\n' "$(git hash-object -w -- "$name")" "$name"
  done | git mktree)
  old=$(git rev-parse --quiet --verify "$seen" || true)
  if [ "$tree" = "$(git rev-parse --quiet --verify "$seen^{tree}" || git mktree < /dev/null)" ]; then
    return
  fi
  export GIT_AUTHOR_NAME=campaignops GIT_AUTHOR_EMAIL=campaignops@users.noreply.github.com
  export GIT_COMMITTER_NAME=campaignops GIT_COMMITTER_EMAIL=campaignops@users.noreply.github.com
  commit=$(git commit-tree ${old:+-p "$old"} -m "Record campaigns" "$tree")
  git push --quiet --force-with-lease="$branch:$old" origin "$commit:$branch"
  git update-ref "$seen" "$commit"
}

"$1"
