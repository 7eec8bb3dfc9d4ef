import Contract
import HTTPTypes

/// What a customer gets who comes back from the checkout.
///
/// Nothing here is verified, and nothing says that it is.
enum ReturnPage {
    /// Sends the customer on, or shows a page where there is nowhere to go.
    static func answer(_ reference: String, _ status: ReturnStatus, next: String?) -> Answer {
        guard let next else { return page(.ok, reference, text(status), link: nil) }
        return Answer(
            status: .seeOther,
            body: "",
            fields: [(.location, address(next, reference, status))]
        )
    }

    /// What the customer gets while the return cannot be noted: the way on stays open.
    static func unavailable(_ reference: String, _ status: ReturnStatus, next: String?) -> Answer {
        let text = Text(
            title: "One moment, please",
            paragraph: "We could not note your return just now. Your payment is not affected by it."
        )
        let link = next.map { address($0, reference, status) }
        var answer = page(.serviceUnavailable, reference, text, link: link)
        answer.fields.append((.retryAfter, "5"))
        return answer
    }

    /// The page's address with reference and status at the end of its query.
    static func address(_ page: String, _ reference: String, _ status: ReturnStatus) -> String {
        let parts = page.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let start = parts.first ?? ""
        let fragment = parts.count == 2 ? "#" + parts[1] : ""
        let joint =
            !start.contains("?") ? "?" : start.hasSuffix("?") || start.hasSuffix("&") ? "" : "&"
        // A reference has no character that an address would have to escape.
        return
            "\(start)\(joint)\(Reference.field)=\(reference)&status=\(status.rawValue)\(fragment)"
    }

    private struct Text {
        let title: String
        let paragraph: String
    }

    private static func text(_ status: ReturnStatus) -> Text {
        switch status {
        case .success:
            Text(
                title: "Thank you",
                paragraph: "Your payment is being confirmed. You can close this page."
            )
        case .cancel:
            Text(
                title: "Payment not completed",
                paragraph:
                    "You left the checkout. If you have paid nevertheless, it will be noticed."
            )
        case .unknown:
            Text(
                title: "Payment being checked",
                paragraph: "We are asking for the state of your payment. You can close this page."
            )
        }
    }

    private static func page(
        _ status: HTTPResponse.Status,
        _ reference: String,
        _ text: Text,
        link: String?
    ) -> Answer {
        let next = link.map { "<p><a href=\"\(escaped($0))\">Continue</a></p>\n" } ?? ""
        let html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(text.title)</title>
            <style>body{font:1.125rem/1.5 sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}</style>
            </head>
            <body>
            <main>
            <h1>\(text.title)</h1>
            <p role="status">\(text.paragraph)</p>
            <p>Reference: <strong>\(escaped(reference))</strong></p>
            \(next)</main>
            </body>
            </html>

            """
        let policy =
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
            + "form-action 'none'; frame-ancestors 'none'"
        return Answer(
            status: status,
            contentType: "text/html; charset=utf-8",
            body: html,
            fields: [(.contentSecurityPolicy, policy)]
        )
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
