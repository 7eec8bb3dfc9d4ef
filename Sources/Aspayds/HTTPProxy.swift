import AsyncHTTPClient
import Foundation

/// A proxy that carries connections to the provider (`CONNECT`), spoken to in plain HTTP.
///
/// Nothing of a request is handed over before the proxy has let its connection through.
public struct HTTPProxy: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The proxy's host name or address.
    public let host: String
    /// The proxy's port.
    public let port: Int
    private let user: String?
    private let password: String

    /// What an address must be, in words that complete "must be …".
    public static let allowed = "http://[user:password@]host[:port]"

    /// The proxy with an address; nil where that is none.
    ///
    /// The scheme may be left out, the port is then 80 as with it. Percent signs in the login are
    /// decoded.
    public init?(_ address: String) {
        let url = address.contains("://") ? address : "http://" + address
        guard let parts = URLComponents(string: url), parts.scheme?.lowercased() == "http",
            let host = parts.host, !host.isEmpty, ["", "/"].contains(parts.path),
            parts.query == nil, parts.fragment == nil, (1...65_535).contains(parts.port ?? 80)
        else { return nil }
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = parts.port ?? 80
        user = parts.user
        password = parts.password ?? ""
    }

    /// The address without the login.
    public var description: String {
        "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// Shows no login either.
    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }

    var settings: HTTPClient.Configuration.Proxy {
        .server(
            host: host,
            port: port,
            authorization: user.map { .basic(username: $0, password: password) }
        )
    }
}

extension HTTPProxy {
    /// A variable of the environment that names no proxy; its value is not shown.
    public struct Invalid: Error, Sendable, CustomStringConvertible {
        /// The variable.
        public let variable: String

        /// The variable, and what it must be.
        public var description: String { "\(variable) must be \(HTTPProxy.allowed)" }
    }

    /// What an environment says of the way to an address.
    public enum Route: Sendable, Hashable {
        /// No variable names a proxy.
        case direct
        /// The variable names one.
        case through(HTTPProxy, variable: String)
        /// The variable names one, and the host is excepted.
        case excepted(variable: String)
    }

    /// The way to an address, by the usual variables.
    ///
    /// `HTTPS_PROXY` is for https addresses, `HTTP_PROXY` for http; `NO_PROXY` excepts hosts
    /// (``ProxyExceptions``). Of a name in small letters and the same in capitals the small one counts,
    /// as for curl; an empty variable counts as none.
    public static func route(
        to address: String,
        in environment: [String: String]
    ) throws(Invalid) -> Route {
        guard let target = URLComponents(string: address), let host = target.host else {
            return .direct
        }
        let isSecure = target.scheme?.lowercased() == "https"
        let name = isSecure ? "HTTPS_PROXY" : "HTTP_PROXY"
        guard let (variable, text) = find(name, in: environment) else { return .direct }
        guard let proxy = HTTPProxy(text) else { throw Invalid(variable: variable) }
        let exceptions = ProxyExceptions(find("NO_PROXY", in: environment)?.text ?? "")
        let port = target.port ?? (isSecure ? 443 : 80)
        return exceptions.cover(host: host, port: port)
            ? .excepted(variable: variable) : .through(proxy, variable: variable)
    }

    /// A variable that is set, in small letters or in capitals.
    public static func find(
        _ name: String,
        in environment: [String: String]
    ) -> (variable: String, text: String)? {
        for variable in [name.lowercased(), name] {
            guard let text = environment[variable], !text.isEmpty else { continue }
            return (variable, text)
        }
        return nil
    }
}
