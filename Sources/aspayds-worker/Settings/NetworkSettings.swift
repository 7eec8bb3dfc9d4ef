import Aspayds
import Foundation

/// The way to the provider, by variables that are not ours alone: other programs obey them too.
struct NetworkSettings: Sendable {
    /// A variable that applies, as it may be shown.
    struct Shown: Sendable {
        let name: String
        let value: String?
        let source: String
    }

    /// The README's rows.
    static let variables = [
        (
            names: "`SSL_CERT_FILE`, `SSL_CERT_DIR`",
            summary: "certificates (PEM) of the authorities to trust, instead of the system's"
        ),
        (
            names: "`HTTPS_PROXY`, `HTTP_PROXY`",
            summary: "the proxy to the provider: `\(HTTPProxy.allowed)`; small letters too"
        ),
        (names: "`NO_PROXY`", summary: "hosts that are reached without it; small letters too"),
    ]

    let proxy: HTTPProxy?
    let trust: TrustRoots
    let shown: [Shown]

    /// Reads what applies to an address; what does not is not looked at.
    init(address: String, _ environment: [String: String]) throws(SettingsError) {
        var problems: [SettingProblem] = []
        var shown: [Shown] = []
        func note(_ variable: String, _ value: String?, _ source: String = "environment") {
            shown.append(Shown(name: variable, value: value, source: source))
        }

        var trust = TrustRoots.system
        do {
            trust = try TrustRoots(environment: environment)
        } catch { problems.append(SettingProblem(message: "\(error)")) }
        for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            if let text = environment[variable], !text.isEmpty { note(variable, text) }
        }

        var proxy: HTTPProxy?
        do {
            let route = try HTTPProxy.route(to: address, in: environment)
            switch route {
            case .direct: break
            case .through(let found, let variable):
                proxy = found
                note(variable, "\(found)")
            case .excepted(let variable):
                note(variable, nil, "environment, not used: NO_PROXY, or this machine")
            }
            if route != .direct, let (variable, text) = HTTPProxy.find("NO_PROXY", in: environment)
            {
                note(variable, text)
            }
        } catch { problems.append(SettingProblem(message: "\(error)")) }

        guard problems.isEmpty else { throw SettingsError(problems) }
        (self.proxy, self.trust, self.shown) = (proxy, trust, shown)
    }
}
