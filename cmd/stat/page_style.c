/*
 * stat/page_style.c - the style sheet of the page for people
 *
 * One column of text and tables.  Colours are a few variables, once for light and once for
 * dark, with a contrast of 4.5:1 at least; whatever a colour says is said in words as well.
 * On a phone, the table of all queues keeps its first columns (the queue's own section below
 * has the others), and the other tables scroll within their frames.
 */
#include "stat/page_style.h"

const char page_style[] =
    ":root{color-scheme:light dark;--bg:#fdfdfb;--fg:#1d2125;--mute:#5a636d;--line:#e3e3dd;"
    "--panel:#f4f4ef;--link:#0b5394;--bad:#a61b12;--note:#7a4b00;--badbg:#fcefec;--notebg:#fbf4e4}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#15181b;--fg:#e3e6e8;--mute:#9ba5ae;"
    "--line:#2c3136;--panel:#1d2125;--link:#82b8f2;--bad:#ff9a8f;--note:#efc26a;"
    "--badbg:#2c1a19;--notebg:#29231a}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:70rem;padding:1.5rem 1.25rem 3rem;background:var(--bg);"
    "color:var(--fg);font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",\"Noto Sans\",\"DejaVu Sans\",sans-serif;"
    "overflow-wrap:anywhere}\n"
    "a{color:var(--link);text-decoration:none}a:hover,a:focus{text-decoration:underline}\n"
    ":focus-visible{outline:2px solid var(--link);outline-offset:2px}\n"
    "header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.1rem 1.25rem}\n"
    "h1{font-size:1.45rem;line-height:1.3;margin:0;font-weight:650}\n"
    "h2{font-size:1rem;margin:2.25rem 0 .5rem;font-weight:650}\n"
    "h3{font-size:1.1rem;margin:0;font-weight:650}\n"
    "p{margin:.35rem 0}.m,header p,caption,footer{color:var(--mute)}\n"
    ".m,header p,footer{font-size:.875rem}\n"
    "header p{margin:0}header .go{margin-left:auto;white-space:nowrap}\n"
    "code,pre{font:.85em/1.45 ui-monospace,\"DejaVu Sans Mono\",monospace}\n"
    /* The numbers of the whole spool. */
    ".all{display:flex;flex-wrap:wrap;gap:.4rem 2.25rem;margin:1.1rem 0 0;padding:0}\n"
    ".all div{display:flex;flex-direction:column-reverse}.all dt{color:var(--mute);font-size:.8125rem}\n"
    ".all dd{margin:0;font-size:1.3rem;line-height:1.35;font-variant-numeric:tabular-nums}\n"
    /* What needs attention. */
    ".need{list-style:none;margin:0;padding:0}.need>li{padding:.45rem .8rem;margin:0 0 .3rem;"
    "border-left:4px solid var(--bad);background:var(--badbg);border-radius:0 4px 4px 0;"
    "display:grid;grid-template-columns:minmax(8rem,13rem) 1fr;gap:0 1rem}\n"
    ".need>.n{border-color:var(--note);background:var(--notebg)}\n"
    ".need a,.need b.q{font-weight:650}.need ul,.why{margin:0;padding:0;list-style:none}\n"
    ".why{color:var(--note)}.b .why{color:var(--bad)}.why b{font-weight:650}\n"
    /* Tables. */
    ".s{overflow-x:auto;margin:.5rem 0}\n"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
    "caption{text-align:left;font-size:.8125rem;padding:0 0 .2rem}\n"
    "th,td{padding:.28rem .65rem;text-align:right;border-bottom:1px solid var(--line);"
    "font-weight:400;vertical-align:baseline;white-space:nowrap}\n"
    "thead th{color:var(--mute);font-size:.8125rem;border-bottom-color:var(--mute)}\n"
    "tr>:first-child{text-align:left;padding-left:0}tr>:last-child{padding-right:0}\n"
    "tbody th{white-space:normal;min-width:6rem}.l{text-align:left}\n"
    "tbody tr:hover{background:var(--panel)}\n"
    ".bad{color:var(--bad);font-weight:650}.note{color:var(--note);font-weight:650}\n"
    /* Sections. */
    "section section{border-top:1px solid var(--line);padding:.9rem 0;scroll-margin-top:.5rem}\n"
    "section section:target h3{text-decoration:underline;text-decoration-color:var(--link)}\n"
    ".f{display:flex;flex-wrap:wrap;gap:0 1.4rem;margin:.2rem 0;padding:0;list-style:none;"
    "font-size:.875rem;color:var(--mute)}.f b{color:var(--fg);font-weight:500}\n"
    "details{margin:.35rem 0}summary{cursor:pointer;width:fit-content;color:var(--link)}\n"
    ".dl{margin:.4rem 0;padding:0;list-style:none}.dl>li{padding:.4rem 0 .4rem .8rem;"
    "border-left:2px solid var(--line);margin:0 0 .4rem}\n"
    "pre{margin:.3rem 0 0;padding:.4rem .6rem;background:var(--panel);border-radius:4px;"
    "white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.6rem}\n"
    "@media(max-width:44rem){body{padding:1rem .8rem 2rem}header .go{margin-left:0}\n"
    ".sum :is(th,td):nth-child(n+5){display:none}.all{gap:.4rem 1.5rem}.all dd{font-size:1.15rem}\n"
    ".need>li{grid-template-columns:1fr}"
    ".sum{font-size:.875rem}.sum :is(th,td){padding-inline:.3rem}\n"
    ".sum tr>:first-child{padding-left:0}.sum tbody th{min-width:6.5rem}\n"
    "th,td{padding:.4rem .45rem}summary{padding:.3rem 0}}\n"
    "@media print{header .go{display:none}body{max-width:none}}\n";
