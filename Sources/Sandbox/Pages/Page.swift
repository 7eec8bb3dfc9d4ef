/// A whole page of the sandbox.
struct Page {
    let title: String
    let main: HTML
    /// Whether `/assets/console.js` keeps it up to date.
    var isLive = false

    private var html: HTML {
        let script: HTML = #"<script src="/assets/console.js" defer></script>"#
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title)</title>
            <link rel="stylesheet" href="/assets/style.css">
            <link rel="icon" href="data:,">
            \(isLive ? script : nil)
            </head>
            <body>
            <main>
            <h1>\(title)</h1>
            \(main)
            </main>
            <footer>This is a sandbox. No money moves here.</footer>
            </body>
            </html>

            """
    }

    func answer(_ status: Int = 200) -> Answer {
        var answer = Answer(status, bytes: Array(html.text.utf8), type: "text/html; charset=utf-8")
        answer.headers += [
            (
                "Content-Security-Policy",
                // No form-action: the checkout's forms are redirected to the shop.
                "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
                    + "img-src data:; base-uri 'none'; frame-ancestors 'none'"
            ),
            ("Cache-Control", "no-store"),
        ]
        return answer
    }

    /// Something did not work.
    static func problem(_ status: Int, _ title: String, _ text: String) -> Answer {
        Page(title: title, main: "<p>\(text)</p>").answer(status)
    }
}

extension Answer {
    init(_ status: Int, bytes: [UInt8], type: String) {
        self.status = status
        body = bytes
        headers = [("Content-Type", type), ("X-Content-Type-Options", "nosniff")]
    }

    /// The browser goes there, with GET.
    static func seeOther(_ location: String) -> Answer {
        var answer = Answer(303, bytes: [], type: "text/plain")
        answer.headers.append(("Location", location))
        return answer
    }
}
