/// Reads the members of an order to the sandbox itself, strictly: unknown names are errors, and
/// every error names the field, the value and what is allowed.
struct Fields {
    private let json: JSON
    private let place: String
    private var problems: [Problem] = []

    init(_ json: JSON, place: String, names: [String]) throws(InvalidInput) {
        guard case .object(let members) = json else {
            throw InvalidInput([Problem(place, "\(place) must be a JSON object.")])
        }
        self.json = json
        self.place = place
        for member in members where !names.contains(member.name) {
            problems.append(
                Problem(
                    path(member.name),
                    "\(path(member.name)) is unknown; allowed: \(names.joined(separator: ", "))."
                )
            )
        }
    }

    private func path(_ name: String) -> String { place.isEmpty ? name : "\(place).\(name)" }

    private mutating func refuse(_ name: String, _ value: JSON, allowed: String) {
        let shown = String(decoding: value.bytes, as: UTF8.self).prefix(100)
        problems.append(
            Problem(path(name), "\(path(name)) is \(shown); allowed: \(allowed).")
        )
    }

    func isNull(_ name: String) -> Bool { json[name] == .null }

    mutating func choice(_ name: String, _ allowed: [String]) -> String? {
        guard let value = json[name] else { return nil }
        // A fault like 429 may be written as a number too.
        let text: String? = if case .number(let text) = value { text } else { value.text }
        if let text, allowed.contains(text) { return text }
        refuse(name, value, allowed: allowed.joined(separator: ", "))
        return nil
    }

    mutating func number(_ name: String, _ range: ClosedRange<Double>) -> Double? {
        guard let value = json[name] else { return nil }
        if let number = value.double, range.contains(number) { return number }
        refuse(
            name,
            value,
            allowed: "a number from \(Int(range.lowerBound)) to \(Int(range.upperBound))"
        )
        return nil
    }

    mutating func integer(_ name: String, _ range: ClosedRange<Int>) -> Int? {
        guard let value = json[name] else { return nil }
        if let number = value.integer, range.contains(number) { return number }
        refuse(
            name,
            value,
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)"
        )
        return nil
    }

    /// The error of a member that has to be there; it comes after what was already found.
    func failure(missing name: String, allowed: [String]) -> InvalidInput {
        guard json[name] == nil else { return InvalidInput(problems) }
        let message = "\(path(name)) is missing; allowed: \(allowed.joined(separator: ", "))."
        return InvalidInput(problems + [Problem(path(name), message)])
    }

    /// Throws everything that was found.
    func check() throws(InvalidInput) {
        guard problems.isEmpty else { throw InvalidInput(problems) }
    }
}

/// An order to the sandbox that it does not understand.
struct InvalidInput: Error {
    let problems: [Problem]

    init(_ problems: [Problem]) {
        self.problems = problems
    }
}
