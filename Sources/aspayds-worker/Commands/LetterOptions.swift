import ArgumentParser
import Contract

extension Rejection.Code: ExpressibleByArgument {}

/// Which dead letters are meant.
struct LetterFilterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only those that were read from this topic, such as payout.commands.",
            valueName: "topic"
        )
    )
    var topic: String?

    @Option(help: ArgumentHelp("Only those with this reason.", valueName: "code"))
    var reason: Rejection.Code?

    @Option(
        help: ArgumentHelp("Only those set aside at this time or later.", valueName: "time"),
        transform: Self.time
    )
    var since: Int64?

    @Option(
        help: ArgumentHelp("Only those set aside before this time.", valueName: "time"),
        transform: Self.time
    )
    var until: Int64?

    /// Whether nothing is left out.
    var isEmpty: Bool { topic == nil && reason == nil && since == nil && until == nil }

    /// The topic may be named with its prefix or without.
    func filter(_ settings: Settings) throws(ValidationError) -> LetterFilter {
        var filter = LetterFilter(reason: reason?.rawValue, since: since, until: until)
        guard let topic else { return filter }
        let names = Domain.allCases.map(Topics(prefix: settings.topicPrefix).commands)
        filter.topic = names.first { $0 == topic || $0 == settings.topicPrefix + topic }
        guard filter.topic != nil else {
            throw ValidationError(
                "--topic \"\(printable(topic))\": must be \(names.joined(separator: " or "))"
            )
        }
        return filter
    }

    private static func time(_ text: String) throws -> Int64 {
        guard let time = RFC3339.parse(text) else {
            throw ValidationError(
                "\"\(printable(text))\" is not a time like 2026-02-09T21:30:00Z"
            )
        }
        return time
    }
}

extension SettingsOptions {
    /// The positions among the words of a command.
    func letterPlaces(exactly count: Int? = nil) throws(ValidationError) -> [LetterPlace] {
        var places: [LetterPlace] = []
        for word in words {
            guard let place = LetterPlace(word) else {
                throw ValidationError(
                    "\"\(printable(word))\": must be a position such as 3/17, as list prints it"
                )
            }
            if !places.contains(place) { places.append(place) }
        }
        if let count, places.count != count {
            throw ValidationError("say \(count) position, such as 3/17, as list prints it")
        }
        return places
    }
}
