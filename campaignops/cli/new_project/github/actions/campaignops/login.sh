# Lets git push and fetch with GITHUB_TOKEN, or on GitLab STATE_TOKEN or GITLAB_TOKEN, without writing it down. To be sourced.
export GIT_TERMINAL_PROMPT=0
gitlab=${STATE_TOKEN:-${GITLAB_TOKEN:-}}
if [ -n "${GITHUB_TOKEN:-}$gitlab" ]; then
  login=$(printf '%s' "${GITHUB_TOKEN:+x-access-token:$GITHUB_TOKEN}${gitlab:+oauth2:$gitlab}" | base64 | tr -d '\n')
  if [ -n "${GITHUB_TOKEN:-}" ]; then echo "::add-mask::$login"; fi
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.extraheader GIT_CONFIG_VALUE_0="authorization: basic $login"
fi
