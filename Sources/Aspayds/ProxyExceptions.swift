import Foundation

/// Hosts that are reached without the proxy: `NO_PROXY`, as Go and curl read it.
///
/// A list with commas of names (`example.com` is meant with everything below it, `.example.com` only
/// what is below), addresses, ranges of addresses (`10.0.0.0/8`), each perhaps with a port, or `*`.
/// This machine itself is always excepted.
public struct ProxyExceptions: Sendable {
    private enum Entry {
        case everything
        case name(String, includesItself: Bool, port: Int?)
        case range([UInt8], bits: Int, port: Int?)
    }

    private let entries: [Entry]

    /// The exceptions in a list; what cannot be read in it excepts nothing.
    public init(_ text: String) {
        entries = text.split(separator: ",").compactMap { Self.entry($0.filter { $0 != " " }) }
    }

    /// Whether a host is reached without the proxy.
    public func cover(host: String, port: Int) -> Bool {
        let host = Self.bare(host.lowercased())
        let address = Self.bytes(host)
        if host == "localhost" || address.map(Self.isLoopback) == true { return true }
        return entries.contains { entry in
            switch entry {
            case .everything: true
            case .name(let name, let includesItself, let only):
                (only ?? port) == port
                    && (includesItself && host == name || host.hasSuffix("." + name))
            case .range(let start, let bits, let only):
                (only ?? port) == port && address.map { Self.is($0, in: start, bits) } == true
            }
        }
    }

    private static func entry(_ text: String) -> Entry? {
        if text == "*" { return .everything }
        if let (start, bits) = range(text) { return .range(start, bits: bits, port: nil) }
        let (host, port) = cut(text.lowercased())
        if let address = bytes(host) {
            return .range(address, bits: address.count * 8, port: port)
        }
        let isBelow = host.hasPrefix(".") || host.hasPrefix("*.")
        let name = isBelow ? String(host.drop { $0 == "*" }.dropFirst()) : host
        return name.isEmpty ? nil : .name(name, includesItself: !isBelow, port: port)
    }

    /// A range such as `10.0.0.0/8`.
    private static func range(_ text: String) -> ([UInt8], Int)? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let start = bytes(String(parts[0])), let bits = Int(parts[1]),
            (0...start.count * 8).contains(bits)
        else { return nil }
        return (start, bits)
    }

    /// A host and the port behind it, if there is one.
    private static func cut(_ text: String) -> (String, Int?) {
        if bytes(text) != nil { return (text, nil) }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...])
        else { return (bare(text), nil) }
        return (bare(String(text[..<colon])), port)
    }

    /// Without the brackets around an address, and the dot at the end of a name.
    private static func bare(_ host: String) -> String {
        if host.hasPrefix("["), host.hasSuffix("]") { return String(host.dropFirst().dropLast()) }
        return host.hasSuffix(".") ? String(host.dropLast()) : host
    }

    private static func isLoopback(_ address: [UInt8]) -> Bool {
        address.count == 4 ? address[0] == 127 : address == [UInt8](repeating: 0, count: 15) + [1]
    }

    private static func `is`(_ address: [UInt8], in start: [UInt8], _ bits: Int) -> Bool {
        guard address.count == start.count else { return false }
        let (whole, rest) = bits.quotientAndRemainder(dividingBy: 8)
        guard address.prefix(whole) == start.prefix(whole) else { return false }
        return rest == 0 || (address[whole] ^ start[whole]) >> (8 - rest) == 0
    }

    /// The bytes of an address; nil for a name.
    private static func bytes(_ host: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, host, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
