import Contract

/// Something that was told of a reference, by whoever.
struct StoryEntry {
    /// Who tells it; the raw value is for people.
    enum Teller: String {
        case command
        /// A question to the provider, perhaps because of a hint.
        case check
        case event
        case webhook
        /// The customer's browser came back.
        case `return`
        case notification
        case deadLetter = "dead letter"
        /// A person's decision.
        case decision
    }

    let teller: Teller
    let domain: Domain?
    let source: CommandSource
    /// When it happened, in milliseconds since 1970.
    var time: Int64
    var text: String
    /// The reference as it is written there.
    var reference: String?
    var style: Style?
    /// The same for all that say the same.
    var id: String?
    /// When it was published, which differs where it was published again.
    var publishedAt: Int64?
    /// The event's kind.
    var event: Event.Kind?
    /// The command that ends with it.
    var ending: String?
}

extension StoryEntry {
    init(event sighting: Sighting, publishedAt: Int64) {
        var parts = [sighting.state]
        if sighting.event == .needsReview, let certainty = sighting.certainty {
            parts.append(certainty)
        }
        parts += [sighting.amount, sighting.reason].compactMap(\.self)
        if let trigger = sighting.trigger, trigger != .command {
            parts.append("(by \(trigger.rawValue))")
        }
        self.init(
            teller: .event,
            domain: sighting.domain,
            source: sighting.source,
            time: sighting.time,
            text: parts.joined(separator: "  "),
            reference: sighting.reference,
            style: sighting.style,
            id: sighting.eventID,
            publishedAt: publishedAt,
            event: sighting.event,
            ending: sighting.endsCommand ? sighting.commandKey : nil
        )
    }

    init(deadLetter sighting: Sighting, domain: Domain?) {
        self.init(
            teller: .deadLetter,
            domain: domain,
            source: sighting.source,
            time: sighting.time,
            text: sighting.reason ?? "-",
            style: sighting.style,
            ending: sighting.commandKey
        )
    }

    /// A person's decision, as the ledger has it.
    init?(_ line: LedgerLine, of domain: Domain) {
        guard line.counts, let decision = line.record.decision else { return nil }
        self.init(
            teller: .decision,
            domain: domain,
            source: line.place,
            time: decision.at,
            text: "\(Terms.word(decision.verdict)) by \(decision.by): \(decision.why)",
            reference: line.record.reference,
            style: .attention,
            id: "decision/\(decision.number)"
        )
    }
}
