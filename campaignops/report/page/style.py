"""How the preview looks: light and dark, on a screen and on paper. No font, picture or script from elsewhere."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5c636b; --paper: #f4f5f7; --card: #fff; --line: #d9dde2;
  --sms: #e4e6eb; --whatsapp: #d9fdd3; --wall: #efe7de; --link: #0a66c2; --red: #b3261e; --green: #146c2e;
  --amber: #8a5a00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaed; --soft: #a3abb3; --paper: #15181b; --card: #1e2226; --line: #353b41; --sms: #32373c;
    --whatsapp: #10503f; --wall: #0c1418; --link: #74b5ff; --red: #ff8f85; --green: #74d68b; --amber: #f0c060; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Color Emoji", sans-serif; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .75rem; }
h3 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .25rem 0; }
code, .facts dd, .place { overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.sum { font-size: 1.1rem; font-weight: 600; }
.card { display: grid; grid-template-columns: minmax(0, 1fr) 21rem; gap: 1.5rem; background: var(--card);
  border: 1px solid var(--line); border-left: .3rem solid var(--line); border-radius: .6rem; padding: 1.1rem 1.25rem;
  margin: 0 0 1rem; break-inside: avoid; }
.create { border-left-color: var(--green); } .update { border-left-color: var(--amber); }
.delete, .blocked { border-left-color: var(--red); }
.action { display: inline-block; min-width: 4.5rem; font-weight: 600; }
.create .action { color: var(--green); } .update .action { color: var(--amber); }
.delete .action, .blocked .action, .error { color: var(--red); } .warning { color: var(--amber); }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1rem; margin: .75rem 0 0; }
.facts dt { color: var(--soft); } .facts dd { margin: 0; white-space: pre-wrap; }
del { color: var(--red); } ins { color: var(--green); text-decoration: none; font-weight: 600; }
.phone { align-self: start; border: .5rem solid #2b2f33; border-radius: 1.6rem; overflow: hidden;
  background: var(--card); }
.phone > header { padding: .6rem .9rem; border-bottom: 1px solid var(--line); font-weight: 600; }
.screen { padding: .9rem .7rem; min-height: 7rem; } .whatsapp .screen { background: var(--wall); }
.bubble { background: var(--sms); border-radius: .2rem 1rem 1rem 1rem; padding: .55rem .75rem; margin: 0 1.2rem .2rem 0;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.whatsapp .bubble { background: var(--whatsapp); border-radius: .2rem .6rem .6rem .6rem; }
.bubble img { display: block; width: 100%; border-radius: .4rem; margin-bottom: .4rem; }
.bubble .file { display: block; border: 1px dashed var(--soft); border-radius: .4rem; padding: .6rem;
  margin-bottom: .4rem; }
.bubble b, .bubble small { display: block; } .bubble small { color: var(--soft); margin-top: .3rem; }
.button { margin: 0 1.2rem .2rem 0; padding: .45rem; border-radius: .6rem; background: var(--card); color: var(--link);
  text-align: center; }
.part { color: var(--soft); font-size: .8rem; margin: 0 0 .6rem .3rem; }
.months { display: flex; margin-top: .75rem; flex-wrap: wrap; gap: 1.25rem; }
table { border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: .15rem .9rem .15rem 0; }
.month { table-layout: fixed; width: min(100%, 34rem); }
.month caption { text-align: left; font-weight: 600; padding-bottom: .25rem; }
.month th, .month td { padding: .2rem .3rem; border: 1px solid var(--line); font-size: .8rem; width: 14.28%;
  overflow-wrap: anywhere; }
.month .busy { background: var(--whatsapp); font-weight: 600; }
.findings li { margin-bottom: .5rem; } .findings { padding-left: 1.1rem; }
@media (max-width: 50rem) { .card { grid-template-columns: minmax(0, 1fr); } }
@media print { body { background: #fff; color: #000; max-width: none; padding: 0; } .card { border-color: #999; } }
"""
