"""Jinja, fenced in. Importing `render` is cheap; jinja2 itself comes with the first expression that needs it.

render        texts and names in, texts out; template: a whole `*.yaml.j2` and the way back to its lines
expressions   compiled and rendered; fence: what is allowed, and how much of it; paid, filters: the filters
errors        what failed, in the author's words; included: files to import from
"""
