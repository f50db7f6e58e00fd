/**
 * Of the page: no font, image or script from anywhere; light and dark as the reader's system is; on paper black on white. On a telephone tables and
 * drawings are as large as elsewhere, and are moved.
 */
export const pageStyle = `
:root{color-scheme:light dark;--ground:#fff;--text:#1d2025;--small:#5a6069;--line:#d9dce1;--shade:#f5f6f8;--good:#146c3a;--bad:#b3261e;--accent:#0b5fa5}
@media (prefers-color-scheme:dark){:root{--ground:#16181c;--text:#e6e6e6;--small:#a5abb5;--line:#363b44;--shade:#1f2228;--good:#5fd08f;--bad:#ff8a80;--accent:#7cc0ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1180px;padding:24px 20px 60px;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,sans-serif}
h1{font-size:26px;line-height:1.25;margin:0 0 4px}
h2{font-size:20px;margin:0 0 2px}
h3{font-size:15px;margin:22px 0 6px}
p{margin:6px 0}
summary{font-weight:600;margin:14px 0 6px;cursor:pointer}
a{color:var(--accent)}
td a{white-space:nowrap}
.small{color:var(--small);font-size:13px}
section{border-top:2px solid var(--line);margin-top:34px;padding-top:20px}
blockquote{margin:10px 0;padding:4px 14px;border-left:3px solid var(--line);color:var(--small)}
blockquote cite{display:block;font-size:12px;font-style:normal;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:13px;line-height:1.4}
caption{text-align:left;font-weight:600;padding:4px 0}
th,td{border-bottom:1px solid var(--line);padding:5px 12px 5px 6px;text-align:left;vertical-align:top;unicode-bidi:isolate}
th{background:var(--shade);font-weight:600;white-space:nowrap}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td div{max-width:44em;overflow-wrap:break-word;font-variant-numeric:tabular-nums}
td.text:nth-child(2) div{min-width:13em}
td.lines div{white-space:nowrap}
td.lines p{max-width:44em;margin:3px 0;overflow-wrap:anywhere}
td.code div{font:12px/1.45 ui-monospace,monospace}
.good{color:var(--good);font-weight:600}
.bad{color:var(--bad);font-weight:600}
ul{margin:6px 0;padding-left:20px}
figure{margin:16px 0;overflow-x:auto}
svg.evenkeel-chart{max-width:100%;height:auto;border:1px solid var(--line);border-radius:4px}
@media screen and (max-width:700px){svg.evenkeel-chart{max-width:none}}
@media print{
details::details-content{content-visibility:visible}
:root{color-scheme:light;--ground:#fff;--text:#000;--small:#444;--line:#bbb;--shade:#f2f2f2;--good:#0d5229;--bad:#8f1d16;--accent:#000}
body{max-width:none;padding:0;font-size:11px}
section{break-before:page;margin-top:0}
figure,tr,blockquote{break-inside:avoid}
h2,h3,caption{break-after:avoid}
table{font-size:10px}
.scroll,figure{overflow:visible}
a{text-decoration:none}
}
`
