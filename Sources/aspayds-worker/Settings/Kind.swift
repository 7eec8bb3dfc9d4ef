import Aspayds
import Contract
import Foundation

/// How the text of a setting becomes a value, and what is said when it does not.
struct Kind<Value: Sendable>: Sendable {
    /// What is allowed, in words that complete "must be …".
    let allowed: String

    /// Reads the text, or answers nil where it is not allowed.
    let parse: @Sendable (String) -> Value?
}

extension Kind where Value == Bool {
    static var bool: Kind {
        Kind(allowed: "true or false") { ["true": true, "false": false][$0.lowercased()] }
    }
}

extension Kind where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Kind {
        Kind(allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Kind where Value == Double {
    static func number(_ range: ClosedRange<Double>) -> Kind {
        let (low, high) = (Self.plain(range.lowerBound), Self.plain(range.upperBound))
        return Kind(allowed: "a number from \(low) to \(high)") { text in
            // Plain digits only: Double("0x1p3"), "inf" and "1e3" are numbers to Swift, not to people.
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }) else {
                return nil
            }
            return Double(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    private static func plain(_ number: Double) -> String {
        number == number.rounded() ? String(Int(number)) : String(number)
    }
}

extension Kind where Value == Amount {
    static var amount: Kind {
        Kind(allowed: "a positive amount such as 50000 or 0.5, with at most 3 decimals") { text in
            guard let amount = try? Amount(text, fractionDigits: 3), amount > .zero else {
                return nil
            }
            return amount
        }
    }
}

extension Kind where Value == Duration {
    static func duration(_ range: ClosedRange<Duration>) -> Kind {
        let (low, high) = (
            DurationText.write(range.lowerBound), DurationText.write(range.upperBound)
        )
        return Kind(
            allowed: "a duration from \(low) to \(high), written like 500ms, 20s, 15m or 72h"
        ) { text in
            DurationText.read(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Kind where Value == String {
    /// What Kafka allows in the name of a topic or a group, for the beginning of one.
    static var namePrefix: Kind {
        Kind(allowed: "at most 100 characters of A–Z a–z 0–9 . _ -") { text in
            let allowed = text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2E, 0x2D, 0x5F: true
                default: false
                }
            }
            return allowed && text.utf8.count <= 100 ? text : nil
        }
    }

    /// An http or https address without user, query or fragment; a trailing slash is dropped.
    static var address: Kind {
        Kind(allowed: "https://host[:port][/path], without user, query or fragment") { text in
            guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
                ["http", "https"].contains(parts.scheme?.lowercased()),
                parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil
            else { return nil }
            return text.hasSuffix("/") ? String(text.dropLast()) : text
        }
    }
}

extension Kind where Value == String {
    /// What every callback address begins with, so short that a token still fits behind it.
    static var publicAddress: Kind {
        let longest = CallbackAddress.longestBase
        return Kind(allowed: "\(address.allowed), at most \(longest) characters") { text in
            address.parse(text).flatMap {
                WebAddress.isValid($0) && $0.utf8.count <= longest ? $0 : nil
            }
        }
    }

    /// A page on the web, as commands name one.
    static var webAddress: Kind {
        let longest = WebAddress.longest
        return Kind(
            allowed: "an http or https address with a host, at most \(longest) characters"
        ) { WebAddress.isValid($0) ? $0 : nil }
    }
}

extension Kind where Value == CallbackKeys {
    static var callbackKeys: Kind {
        Kind(allowed: CallbackKeys.rule) { CallbackKeys($0) }
    }
}

extension Kind where Value == Secret {
    /// What may stand in a request header: it cannot end the line, so it cannot add a header.
    static var secret: Kind {
        Kind(allowed: "1 to 512 visible ASCII characters") { text in
            let visible = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            return visible && (1...512).contains(text.utf8.count) ? Secret(text) : nil
        }
    }
}

extension Kind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    static func choice(_: Value.Type = Value.self) -> Kind {
        Kind(allowed: Self.alternatives) { Value(rawValue: $0.lowercased()) }
    }

    fileprivate static var alternatives: String {
        Value.allCases.map(\.rawValue).joined(separator: ", ")
    }
}

extension Kind {
    /// A list of choices, separated by commas.
    static func list<Element>(of _: Element.Type) -> Kind
    where
        Value == Set<Element>,
        Element: RawRepresentable & CaseIterable & Hashable & Sendable,
        Element.RawValue == String
    {
        let choice = Kind<Element>.choice()
        return Kind(allowed: "one or more of \(choice.allowed), separated by commas") { text in
            let names = text.split(separator: ",", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            let elements = names.compactMap { choice.parse($0) }
            guard !elements.isEmpty, elements.count == names.count else { return nil }
            return Set(elements)
        }
    }
}
