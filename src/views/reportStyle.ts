import { paletteVariables } from './palette.js'

/** The report's stylesheet: system fonts, light and dark, phone and print. */
export const reportStyle = `
:root{color-scheme:light dark;--page:#fcfcfa;--raised:#ffffff;--ink:#1c2430;--line:#dcdfe4;--link:#1d5fb8;--code:#f2f3f5;${paletteVariables('light')}}
@media (prefers-color-scheme:dark){:root{--page:#14171c;--raised:#1b1f26;--ink:#e4e8ee;--line:#343b46;--link:#86b7ff;--code:#20252d;${paletteVariables('dark')}}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--ink);font:1.0625rem/1.62 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.page{max-width:62rem;margin:0 auto;padding:3.5rem 1.5rem 4rem}
h1,h2,h3{line-height:1.22;text-wrap:balance;font-weight:650;letter-spacing:-.012em}
h1{font-size:clamp(1.9rem,1.4rem + 2.2vw,2.75rem);margin:0 0 .6rem}
h2{font-size:1.55rem;margin:0 0 .9rem}
h3{font-size:1.05rem;margin:2rem 0 .5rem}
p{margin:0 0 1rem;max-width:42rem;text-wrap:pretty}
.lead{font-size:1.18rem;color:var(--energia-muted)}
a{color:var(--link);text-underline-offset:.18em;text-decoration-thickness:1px}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:3px solid var(--link);outline-offset:3px;border-radius:3px}
.skip{position:absolute;left:1rem;top:-5rem;padding:.6rem 1rem;background:var(--raised);border:2px solid var(--link);border-radius:.4rem;z-index:1}
.skip:focus{top:1rem}
nav{margin:2rem 0 0;padding:1rem 0;border-block:1px solid var(--line)}
nav h2{font-size:.95rem;margin:0 0 .35rem;color:var(--energia-muted);font-weight:600;letter-spacing:0}
nav ol{margin:0;padding:0;list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1.6rem}
nav a{display:inline-block;padding:.25rem 0}
section{margin-top:3.5rem;scroll-margin-top:1.5rem}
main>section+section{padding-top:3rem;border-top:1px solid var(--line)}
.figures{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:2.2rem 2.5rem;margin:1.8rem 0}
figure{margin:0;min-width:0}
figure.full{grid-column:1/-1}
figure.half{align-self:start}
figure svg,figure img{display:block;max-width:100%;height:auto}
figure.half svg{width:100%}
img.crisp{image-rendering:pixelated}
figure img.paper{box-sizing:content-box;max-width:calc(100% - 1rem - 2px);background:#fff;border:1px solid var(--line);border-radius:.6rem;padding:.5rem}
@media screen and (prefers-color-scheme:dark){img.paper{filter:brightness(.82)}}
figcaption{margin-top:.7rem;font-size:.95rem;line-height:1.5;color:var(--energia-muted);max-width:42rem;text-wrap:pretty}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:1rem;font-variant-numeric:tabular-nums}
caption{text-align:start;color:var(--energia-muted);font-size:.95rem;padding-bottom:.5rem}
th,td{text-align:start;padding:.5rem 1.2rem .5rem 0;vertical-align:baseline;border-bottom:1px solid var(--line)}
thead th{font-size:.9rem;font-weight:600;color:var(--energia-muted)}
tbody th{font-weight:400}
tbody th[scope=rowgroup]{font-weight:650;padding-top:1.3rem}
td.value{font-weight:650;white-space:nowrap;text-align:end}
td.unit{padding-inline-start:0;color:var(--energia-muted);white-space:nowrap}
thead th.value{text-align:end}
td.note{color:var(--energia-muted);font-size:.95rem}
pre{margin:1rem 0 0;padding:1rem 1.2rem;background:var(--code);border:1px solid var(--line);border-radius:.5rem;overflow-x:auto;font:.92rem/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;tab-size:2}
footer{margin-top:4rem;padding-top:1.5rem;border-top:1px solid var(--line);font-size:.95rem;color:var(--energia-muted)}
footer h2{font-size:1.05rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.5rem;margin:0}
dd{margin:0;overflow-wrap:anywhere;color:var(--ink)}
.claims{display:block;margin:1.4rem 0;padding-inline-start:1.2rem;border-inline-start:3px solid var(--link);max-width:44rem}
.claims dt{font-weight:650;scroll-margin-top:1.5rem}.claims dd+dt{margin-top:1.1rem}
.claims dd{margin:.2rem 0 0}.claims .number{color:var(--energia-muted);font-weight:600;margin-inline-end:.4rem}
.reduced{font-size:.95rem;color:var(--energia-muted)}
.overview td.number{font-variant-numeric:tabular-nums;padding-inline-end:1rem}
.overview td.verdict{font-weight:650}
ul{margin:0;padding-inline-start:1.2rem;max-width:42rem}ul li+li{margin-top:.4rem}
@media (max-width:52rem){img.crisp{image-rendering:auto}.figures{grid-template-columns:minmax(0,1fr)}}
@media (max-width:38rem){
.page{padding:1.75rem 1.1rem 3rem}
section{margin-top:2.5rem}main>section+section{padding-top:2rem}
nav ol{flex-direction:column}nav a{padding:.4rem 0}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody tr{display:grid;grid-template-columns:minmax(9rem,1fr) auto auto;column-gap:.4rem;border-bottom:1px solid var(--line);padding:.45rem 0}
th,td{border:0;padding:0}
tbody th[scope=rowgroup]{grid-column:1/-1;padding-top:.8rem}
td.value{white-space:normal}td.note{grid-column:1/-1}td:empty{display:none}td.value:has(+td.unit:empty){grid-column:2/4}
dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}.claims dd{margin-bottom:0}
.overview tbody tr{grid-template-columns:2rem minmax(9rem,1fr) auto}.overview td.note{grid-column:2/-1}
}
@media print{
:root{color-scheme:light;--page:#fff;--raised:#fff;--ink:#000;--line:#bbb;--link:#000;--code:#fff;${paletteVariables('light')}}
@page{margin:16mm 15mm}
body{font-size:10.5pt}.page{max-width:none;padding:0}
nav,.skip,#summary{display:none}
th,td{padding:.25rem .8rem .25rem 0}table{font-size:9.5pt}caption,td.note,thead th{font-size:9pt}pre{font-size:8.5pt}
a{text-decoration:none}
section{margin-top:1.6rem}main>section+section{padding-top:1.2rem}
h1,h2,h3{break-after:avoid}figure,tr,pre,dl{break-inside:avoid}dt{break-after:avoid}
figure.full img{max-height:21cm;width:auto}
pre{white-space:pre-wrap;overflow:visible}
.figures{grid-template-columns:repeat(2,minmax(0,1fr));gap:1.4rem 1.6rem;margin:1rem 0}
}
`
  .trim()
  .replace(/\n/g, '')
