extension RunReport {
  static let style = """
    body { overflow-wrap: anywhere; }
    h1 { margin-bottom: .2rem; }
    .status { margin-top: 0; opacity: .8; }
    .status.running::before { content: "●"; color: var(--series-2); margin-right: .4rem; }
    .status.interrupted::before { content: "■"; color: var(--series-1); margin-right: .4rem; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem; }
    .tiles div { border: 1px solid #8884; border-radius: 6px; padding: .4rem .7rem; }
    .tiles span { display: block; font-size: .8rem; opacity: .75; }
    .tiles b { font-variant-numeric: tabular-nums; white-space: nowrap; }
    nav { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: 1rem 0; }
    a { color: var(--series-0); }
    summary { cursor: pointer; font-weight: 600; margin: .8rem 0 .4rem; }
    summary small, .prompt small { font-weight: 400; opacity: .75; }
    .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); gap: .4rem 1.2rem; }
    .charts figure { margin: .3rem 0; min-width: 0; }
    .charts figcaption { font-size: .85rem; }
    .bar { display: flex; height: 1.1rem; border-radius: 4px; overflow: hidden; margin: .6rem 0; }
    .bar i { display: block; }
    .settings td { text-align: left; vertical-align: top; white-space: pre-line; } .settings th { text-align: left; }
    .settings td { min-width: 7rem; } .settings td:first-child { white-space: nowrap; }
    th { overflow-wrap: normal; white-space: nowrap; }
    .still { font-size: .85rem; opacity: .8; } .still span { white-space: nowrap; }
    @media (max-width: 32rem) {
      th, td { padding: .2rem .35rem; }
      .settings td { min-width: 0; } .settings td:first-child { white-space: normal; }
    }
    .choices { position: sticky; top: 0; background: Canvas; padding: .4rem 0; display: flex; flex-wrap: wrap; gap: .2rem .9rem; z-index: 1; }
    .choices label { white-space: nowrap; } .choices input { margin: 0 .3rem 0 0; }
    .key { display: none; font-size: .85rem; opacity: .8; margin: .2rem 0; }
    .prompt { margin-top: .8rem; }
    pre, .tokens { white-space: pre-wrap; margin: .3rem 0; }
    article { border-left: 3px solid #8884; padding: .1rem 0 .1rem .8rem; margin: .7rem 0; }
    article header { display: flex; flex-wrap: wrap; gap: .1rem .9rem; font-size: .85rem; }
    .verdict.right { color: var(--series-2); } .verdict.wrong { color: var(--series-1); }
    .verdict.failed { color: var(--alarm); }
    .tokens { font: 13px/1.9 ui-monospace, monospace; }
    .tokens b { font-weight: 400; border-radius: 3px; padding: .1rem .04rem; }
    .tokens b.m { opacity: .5; text-decoration: line-through; }
    .samples:has(#by-entropy:checked) .tokens b { background: rgb(213 94 0 / calc(.75 * var(--e))); }
    .samples:has(#by-logprob:checked) .tokens b { background: rgb(140 81 190 / calc(.75 * var(--l))); }
    .samples:has(#by-advantage:checked) .tokens b { background: rgb(0 114 178 / calc(.7 * var(--a))); }
    .samples:has(#by-advantage:checked) .tokens b.n { background: rgb(213 94 0 / calc(.7 * var(--a))); }
    .samples:has(#by-author:checked) .tokens b.w1 { background: rgb(0 158 115 / .4); }
    .samples:has(#by-author:checked) .tokens b.w2 { background: #8885; }
    .samples:has(#by-entropy:checked) .key.by-entropy, .samples:has(#by-logprob:checked) .key.by-logprob,
    .samples:has(#by-advantage:checked) .key.by-advantage, .samples:has(#by-author:checked) .key.by-author { display: block; }
    """
}
