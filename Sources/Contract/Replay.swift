/// A dead letter on its way back to its command topic.
///
/// It stays the command that it was: known by the place where that was read first, as if it had been
/// forwarded from there. So the owner of its reference takes all replays of a dead letter for copies
/// of one command, which is carried out once.
package enum Replay {
    /// The header with the place of the dead letter, `TOPIC/PARTITION/OFFSET`.
    package static let header = "aspayds_replay_of"

    /// The header with the time when it was set aside, as the dead letter has it.
    package static let timeHeader = DeadLetter.prefix + "time"

    /// The record for the home partition.
    ///
    /// - Parameters:
    ///   - key: The dead letter's own, or that of a value that is corrected.
    ///   - value: The dead letter's own, or a corrected one.
    ///   - headers: Those of the dead letter.
    ///   - source: Where the record was read before it was set aside; it may have been forwarded
    ///     there.
    ///   - place: Where the dead letter lies.
    /// - Returns: The record.
    package static func encoded(
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [(name: String, value: [UInt8]?)],
        source: CommandSource,
        deadLetter place: CommandSource
    ) -> EncodedRecord {
        let own = headers.filter {
            ($0.name == timeHeader || !$0.name.hasPrefix(DeadLetter.prefix)) && $0.name != header
                && $0.name != Forward.header
        }
        let mark = (name: header, value: Optional(Array(place.description.utf8)))
        return Forward.encoded(
            key: key,
            value: value,
            headers: own + [mark],
            source: Forward.origin(headers, readAt: source)
        )
    }

    /// The dead letter that a record was replayed from; nil if it says none.
    package static func deadLetter(_ headers: [(name: String, value: [UInt8]?)]) -> CommandSource? {
        headers.last { $0.name == header }?.value.flatMap { CommandSource($0) }
    }
}
