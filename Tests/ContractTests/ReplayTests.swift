import Contract
import Testing

/// How a dead letter goes back, and what its headers say.
@Suite struct ReplayTests {
    private static let place = CommandSource(
        topic: "aspayds.dead-letters",
        partition: 3,
        offset: 17
    )

    private func setAside(
        _ headers: [(name: String, value: [UInt8]?)],
        readAt place: CommandSource = source
    ) -> EncodedRecord {
        DeadLetter.encoded(
            key: [1],
            value: [0xFF],
            headers: headers,
            source: place,
            rejection: Rejection(
                code: .invalidField,
                message: "m",
                field: "amount",
                commandID: "c",
                source: place
            ),
            now: 1_770_672_600_000
        )
    }

    private func replayed(
        _ letter: EncodedRecord,
        readAt place: CommandSource = source
    )
        -> EncodedRecord
    {
        Replay.encoded(
            key: letter.key,
            value: letter.value,
            headers: letter.headers,
            source: place,
            deadLetter: Self.place
        )
    }

    @Test func aDeadLetterGoesBackAsTheCommandThatItWas() {
        let own: [(name: String, value: [UInt8]?)] = [("ce_id", [65]), ("h", nil), ("h", [2])]
        let record = replayed(setAside(own))
        #expect(record.key == [1])
        #expect(record.value == [0xFF])
        let names = [
            "ce_id", "h", "h", "dead_letter_time", "aspayds_replay_of", "aspayds_origin",
        ]
        #expect(record.headers.map(\.name) == names)
        #expect(record.headers.prefix(3).map(\.value) == own.map(\.value))
        #expect(Replay.deadLetter(record.headers) == Self.place)
        let told = ReplayedLetter(place: Self.place, time: 1_770_672_600_000)
        #expect(ReplayedLetter(record.headers) == told)
        #expect(ReplayedLetter(record.headers.filter { $0.name != Replay.timeHeader }) == nil)
        let elsewhere = CommandSource(topic: source.topic, partition: 0, offset: 0)
        #expect(Forward.origin(record.headers, readAt: elsewhere) == source)
    }

    @Test func whatWasForwardedIsKnownByItsFirstPlace() {
        let origin = (
            name: Forward.header, value: Optional(Array("\(ForwardTests.elsewhere)".utf8))
        )
        let record = replayed(setAside([origin]))
        #expect(Forward.origin(record.headers, readAt: source) == ForwardTests.elsewhere)
    }

    @Test func replaysDoNotPileUp() {
        let first = replayed(setAside([]))
        let later = CommandSource(topic: source.topic, partition: 2, offset: 99)
        let again = replayed(setAside(first.headers, readAt: later), readAt: later)
        #expect(again.headers.map(\.name) == first.headers.map(\.name))
        // However often: it is one command.
        #expect(Forward.origin(again.headers, readAt: later) == source)
    }

    @Test func theHeadersAreReadBack() {
        let note = DeadLetter.Note(setAside([("dead_letter_reason", [1])]).headers)
        #expect(note.reason == "invalid_field")
        #expect(note.message == "m")
        #expect(note.field == "amount")
        #expect(note.source == source)
        #expect(note.time == 1_770_672_600_000)
    }

    @Test(
        arguments: [
            ("topic", nil), ("partition", "-1"), ("partition", "x"), ("offset", "01"),
            ("topic", "a/b"),
            ("topic", String(repeating: "t", count: 5000)),
        ] as [(String, String?)]
    )
    func aPlaceThatIsNotWholeIsNone(name: String, text: String?) {
        var headers = setAside([]).headers.filter { $0.name != "dead_letter_\(name)" }
        if let text { headers.append(("dead_letter_\(name)", Array(text.utf8))) }
        #expect(DeadLetter.Note(headers).source == nil)
    }

    @Test func whatIsThereTwiceIsNotBelieved() {
        let headers = setAside([]).headers
        let twice = DeadLetter.Note(headers + headers)
        #expect(twice.source == nil && twice.reason == nil && twice.time == nil)
        #expect(DeadLetter.Note([("dead_letter_reason", [0xFF])]).reason == nil)
        #expect(DeadLetter.Note([("dead_letter_reason", nil)]).reason == nil)
    }
}
