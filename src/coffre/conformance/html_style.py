"""How a report looks: on a screen light or dark, and on paper. One font that every system has."""

from __future__ import annotations

STYLE = """\
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1c1e21; --faint: #5b6068; --line: #d5d8dd; --panel: #f5f6f8;
  --passed: #17643a; --failed: #a3161c; --untried: #5b6068;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181c; --ink: #e6e8eb; --faint: #a0a6b0; --line: #383d45; --panel: #1f2329;
    --passed: #6fd08f; --failed: #ff8f8a; --untried: #a0a6b0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem;
  background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0 0 .5rem; }
p { margin: .5rem 0; }
code, pre { font: .875rem/1.45 ui-monospace, monospace; }
pre {
  margin: .25rem 0 0; padding: .5rem .75rem; background: var(--page);
  border: 1px solid var(--line); white-space: pre-wrap; overflow-wrap: anywhere;
}
code { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; padding-right: 1.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; margin: 0; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
.verdict { font-size: 1.1rem; font-weight: 600; margin: .5rem 0 1.5rem; }
.passed { color: var(--passed); }
.failed { color: var(--failed); }
.untried { color: var(--untried); }
article {
  margin: 0 0 1.25rem; padding: 1rem 1.25rem; background: var(--panel);
  border-left: .3rem solid var(--failed);
}
blockquote { margin: 0 0 .75rem; font-style: italic; }
blockquote footer { font-style: normal; color: var(--faint); font-size: .875rem; }
article ol { margin: 0; padding-left: 1.5rem; }
summary { cursor: pointer; margin: .5rem 0; }
ul { padding-left: 1.25rem; }
.note { color: var(--faint); }
@media (max-width: 40rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
}
@media print {
  :root { --page: #fff; --ink: #000; --faint: #444; --line: #bbb; --panel: #fff;
    --passed: #17643a; --failed: #a3161c; --untried: #444; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  article, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
"""
