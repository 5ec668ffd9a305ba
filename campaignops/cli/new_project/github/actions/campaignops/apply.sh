#!/usr/bin/env bash
# Do what plan.json says, and nothing else. `exec`: a cancelled job's signal reaches the apply, which ends safely.
#
# Where the branch has moved on since the plan, its newer run has a plan, and a question, of its own.
#
# In: FOLDER, CAMPAIGNOPS_ENV, CAMPAIGNOPS_CLIENT_ID and _SECRET, GITHUB_TOKEN and STATE_BRANCH for state.sh.
set -euo pipefail
. "$GITHUB_ACTION_PATH/login.sh"
git fetch --quiet --depth=1 origin "$GITHUB_REF"
if ! git diff --quiet "$GITHUB_SHA" FETCH_HEAD -- "$FOLDER"; then
  echo "::error::${GITHUB_REF#refs/heads/} has changed since this run began; its newer run applies everything"
  exit 10
fi
exec campaignops -C "$FOLDER" apply "$RUNNER_TEMP/plan.json" --auto-approve --markdown "$RUNNER_TEMP/campaigns.md" \
  --checkpoint "bash '$GITHUB_ACTION_PATH/state.sh' push"
