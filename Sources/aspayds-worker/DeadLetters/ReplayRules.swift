import Aspayds
import Contract

/// A dead letter as it would go back: a valid command.
struct ReplayDraft {
    let place: LetterPlace
    /// When it was set aside, in milliseconds since 1970.
    let time: Int64
    let domain: Domain
    let command: Command
    let record: EncodedRecord
    /// Whether only the correction names the reference: one before may have named another.
    var isNamedAnew = false

    /// Where the record was read first, by which the command is known.
    var source: CommandSource { command.source }

    /// The reference of an order; nil for a question, of which the ledger knows nothing.
    var key: LedgerBook.Key? {
        switch command.body {
        case .createPayment, .requestPayout:
            command.reference.map { LedgerBook.Key(domain, $0) }
        case .checkPayment, .checkPayout, .payoutMethods: nil
        }
    }
}

/// Why a dead letter does not go back.
struct ReplayRefusal: Error, Equatable {
    let reason: String
    /// Whether another value might.
    var isCorrectable = false
}

/// When a dead letter may go back to its command topic.
///
/// The owner of its reference judges it again, by the same ledger; here a person hears why not.
struct ReplayRules {
    let topics: Topics
    /// Makes the workers' own callback addresses, where they serve any.
    let callback: CallbackAddress?

    /// What the ledger says of it.
    enum Verdict: Equatable {
        case ready
        /// Its command was taken up already: to replay it again would change nothing.
        case taken(String)
        /// The reference may have been sent.
        case refused(String)
    }

    /// The command of a dead letter, by the worker's own rules, or of a value that corrects it.
    func draft(_ letter: Letter, value: [UInt8]? = nil) throws(ReplayRefusal) -> ReplayDraft {
        guard let source = letter.note.source else {
            throw ReplayRefusal(reason: "its headers do not say where it was read")
        }
        guard let domain = letter.domain(topics) else {
            let topic = printable(source.topic)
            throw ReplayRefusal(
                reason: "it was read from \(topic), which is none of the command topics"
            )
        }
        guard let value else {
            let record = record(of: letter, from: source, letter.key, letter.value)
            return ReplayDraft(
                place: letter.place,
                time: letter.time,
                domain: domain,
                command: try command(in: record, domain, source),
                record: record
            )
        }
        return try correction(of: letter, value, domain, source)
    }

    /// A correction is about the same reference: another one is another command.
    ///
    /// Where the dead letter tells none, the correction names it, to the key too.
    private func correction(
        of letter: Letter,
        _ value: [UInt8],
        _ domain: Domain,
        _ source: CommandSource
    ) throws(ReplayRefusal) -> ReplayDraft {
        var record = record(of: letter, from: source, nil, value)
        let command = try command(in: record, domain, source)
        let name = letter.key.flatMap { Self.reference($0, domain) }
        let known = name ?? readableReference(letter, domain, source)
        record.key = name == nil ? command.reference.map { Array($0.utf8) } : letter.key
        if let known, let reference = command.reference,
            Reference.uppercased(known) != Reference.uppercased(reference)
        {
            throw ReplayRefusal(
                reason: "the value is about \(reference), and the dead letter about \(known); "
                    + "publish another command with `aspayds-worker send`"
            )
        }
        return ReplayDraft(
            place: letter.place,
            time: letter.time,
            domain: domain,
            command: command,
            record: record,
            isNamedAnew: known == nil
        )
    }

    /// Whether an order may go back.
    ///
    /// - Parameters:
    ///   - history: What the ledger says of its reference.
    ///   - taken: What the ledger says of the reference under which its very command was taken up.
    /// - Returns: What is to become of it.
    static func verdict(_ history: History?, taken: History?) -> Verdict {
        if let taken { return .taken(Self.taken(taken)) }
        guard let history else { return .ready }
        if let late = history.lateAcceptances.last {
            let name = "\(history.domain.rawValue) \(history.reference)"
            return .refused("a late record says that \(name) was accepted (\(late.place))")
        }
        switch history.standing?.record {
        case .outcome(let outcome)? where outcome.state.isNothing: return .ready
        case .intent?, .outcome?: return .refused("the ledger knows \(history.summary)")
        case .claim?, nil: return .ready
        }
    }

    static func taken(_ history: History) -> String {
        "its command is in the ledger already (\(history.summary))"
    }

    // MARK: Parts

    private func record(
        of letter: Letter,
        from source: CommandSource,
        _ key: [UInt8]?,
        _ value: [UInt8]?
    ) -> EncodedRecord {
        Replay.encoded(
            key: key,
            value: value,
            headers: letter.headers,
            source: source,
            deadLetter: letter.place.source(in: topics.deadLetters)
        )
    }

    private func command(
        in record: EncodedRecord,
        _ domain: Domain,
        _ source: CommandSource
    ) throws(ReplayRefusal) -> Command {
        do {
            return try CommandDecoder(domain: domain, callback: callback)
                .decode(record, source: source).get()
        } catch {
            let end = error.reference == nil ? "dead-lettered again" : "refused"
            let reason = "it would be \(end): \(error.code.rawValue): \(error.message)"
            throw ReplayRefusal(reason: maskingDigits(printable(reason)), isCorrectable: true)
        }
    }

    /// The reference that the value of a dead letter names, whatever else is wrong with it.
    private func readableReference(
        _ letter: Letter,
        _ domain: Domain,
        _ source: CommandSource
    ) -> String? {
        let decoder = CommandDecoder(domain: domain, callback: callback)
        let record = record(of: letter, from: source, nil, letter.value)
        switch decoder.decode(record, source: source) {
        case .success(let command): return command.reference
        case .failure(let rejection): return rejection.reference
        }
    }

    private static func reference(_ key: [UInt8], _ domain: Domain) -> String? {
        String(validating: key, as: UTF8.self).flatMap { Reference.isValid($0, domain) ? $0 : nil }
    }
}

extension History {
    /// `payout WD-1: accepted`.
    fileprivate var summary: String {
        "\(domain.rawValue) \(reference): \(Terms.state(standing?.record))"
    }
}

extension LedgerRecord.State {
    /// Whether nothing was created, so that a later command may try the reference again.
    fileprivate var isNothing: Bool {
        switch self {
        case .refused, .notSent, .expired, .conflict: true
        case .accepted, .inDoubt, .review, .released, .processing, .completed, .rejected,
            .cancelled, .changed, .overdue, .disputed, .held, .approved:
            false
        }
    }
}

extension LetterPlace {
    func source(in topic: String) -> CommandSource {
        CommandSource(topic: topic, partition: partition, offset: offset)
    }
}
