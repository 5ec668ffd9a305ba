#!/usr/bin/env bash
# What a change would do: findings as annotations, the plan in the log and, as a comment, in a page. Nothing is changed.
# Without credentials (a fork's pull request has none) the PBX is not asked, and the plan cannot be saved.
#
# In: FOLDER, CAMPAIGNOPS_ENV, CAMPAIGNOPS_CLIENT_ID and _SECRET. Out: `changes`, true or false; plan.json, campaigns.md.
set -euo pipefail
if [ -n "${CAMPAIGNOPS_CLIENT_SECRET:-}" ]; then
  how=(-o "$RUNNER_TEMP/plan.json")
else
  unset CAMPAIGNOPS_CLIENT_ID CAMPAIGNOPS_CLIENT_SECRET
  how=(--offline)
fi
code=0
campaignops -C "$FOLDER" plan "${how[@]}" --detailed-exitcode --format github --markdown "$RUNNER_TEMP/campaigns.md" || code=$?
case $code in
  0) echo "changes=false" >> "$GITHUB_OUTPUT" ;;
  2) echo "changes=true" >> "$GITHUB_OUTPUT" ;;
  *) exit "$code" ;;
esac
