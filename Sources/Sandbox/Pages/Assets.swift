/// The files that pages refer to.
enum Assets {
    static func answer(_ name: String) -> Answer? {
        switch name {
        case "style.css": Answer(200, bytes: Array(style.utf8), type: "text/css; charset=utf-8")
        case "console.js":
            Answer(200, bytes: Array(script.utf8), type: "text/javascript; charset=utf-8")
        default: nil
        }
    }

    /// Colours have a contrast of 4.5:1 or more, in the light and in the dark.
    private static let style = """
        :root {
          color-scheme: light dark;
          --text: #1a1a1a; --back: #fff; --line: #767676; --soft: #f2f2f2; --strong: #0b5394;
          --good: #1b6e1b; --bad: #b00020;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --text: #eee; --back: #161616; --line: #8a8a8a; --soft: #262626; --strong: #8ec5ff;
            --good: #7fd67f; --bad: #ff8a8a;
          }
        }
        body {
          margin: 0 auto; max-width: 75rem; padding: 1rem;
          font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
        }
        a { color: var(--strong); }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
        dt { font-weight: 600; }
        dd { margin: 0; overflow-wrap: anywhere; }
        form { display: inline; }
        button, select, input { font: inherit; padding: .15rem .6rem; }
        button.main { background: var(--strong); color: var(--back); border: 0; padding: .5rem 2rem; }
        button.other { padding: .5rem 2rem; }
        :focus-visible { outline: 3px solid var(--strong); outline-offset: 2px; }
        .scroll { overflow-x: auto; margin-bottom: 1.5rem; }
        table { border-collapse: collapse; width: 100%; font-size: .9rem; }
        caption { text-align: left; font-weight: 600; font-size: 1.1rem; padding: .5rem 0; }
        th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
        th { background: var(--soft); }
        td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
        .good { color: var(--good); }
        .bad { color: var(--bad); font-weight: 600; }
        fieldset { border: 1px solid var(--line); margin-bottom: 1rem; }
        footer { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: .5rem; }

        """

    private static let script = """
        "use strict";
        // Shows what is new without a reload. The page is complete without it.
        async function refresh() {
          const live = document.getElementById("live");
          if (document.hidden || live.contains(document.activeElement)) return;
          const answer = await fetch("/");
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          if (!live.contains(document.activeElement)) live.replaceWith(page.getElementById("live"));
        }
        async function keep() {
          try { await refresh(); } catch { /* The sandbox is away; it may come back. */ }
          setTimeout(keep, 1000);
        }
        setTimeout(keep, 1000);

        """
}
