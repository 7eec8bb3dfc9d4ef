import Aspayds
import Contract
import Engine
import Kafka
import Synchronization
import Testing

@testable import Workers

/// What is read back of ledgers that are written to the embedded Kafka.
@Suite(.timeLimit(.minutes(2))) struct LedgerRestorerTests {
    private static let topic = "ledger"

    /// A ledger, and what becomes of it when it is read.
    private struct Stage {
        let cluster: EmbeddedCluster
        var written: [Message] = []

        init(partitions: Int32 = 1) throws {
            cluster = try EmbeddedCluster()
            try cluster.createTopic(topic, partitions: partitions)
        }

        var kafka: KafkaConfiguration {
            KafkaConfiguration(properties: [
                "bootstrap.servers": cluster.bootstrapServers, "fetch.wait.max.ms": "10",
            ])
        }

        mutating func write(_ record: LedgerRecord, partition: Int32 = 0, index: Bool = true) {
            let encoded = record.encoded()
            write(encoded.value, encoded.headers.filter { index || $0.name != "index" }, partition)
        }

        mutating func write(
            _ value: [UInt8]?,
            _ headers: [(name: String, value: [UInt8]?)] = [],
            _ partition: Int32 = 0
        ) {
            written.append(
                Message(
                    topic: topic,
                    partition: partition,
                    value: value,
                    headers: headers.map { Header(name: $0.name, value: $0.value) }
                )
            )
        }

        func read(_ spans: [LedgerSpan] = [LedgerSpan(partition: 0)]) async throws -> [LedgerChunk]
        {
            let producer = try Producer(kafka) { error in Issue.record("\(error)") }
            let reports = await producer.send(written)
            #expect(reports.allSatisfy { (try? $0.get()) != nil })
            await producer.close(timeout: .seconds(5))
            let restorer = LedgerRestorer(topic: topic, group: "g", kafka: kafka)
            var chunks: [LedgerChunk] = []
            try await restorer.read(spans) { chunks.append($0) }
            return chunks
        }
    }

    private func claim(_ owner: String, group: String = "g") -> LedgerRecord {
        .claim(
            LedgerRecord.Claim(
                domain: .payout,
                group: group,
                owner: owner,
                number: 1,
                partitions: 1,
                at: 1
            )
        )
    }

    private func origin(_ reference: String) -> Event.Origin {
        let offset = Int64(reference.dropFirst()) ?? 0
        let source = CommandSource(topic: "commands", partition: 9, offset: offset + 100)
        return Event.Origin(id: reference, source: source)
    }

    private let details = OrderDetails(amount: Amount(thousandths: 5000), notAfter: 77)
    private let fingerprint = Contract.Fingerprint(
        PayoutCommand(
            order: PayoutOrder(
                transactionReference: "r",
                payoutMethodID: 1,
                amount: Amount(thousandths: 5000),
                recipientName: "n",
                recipientAccount: "12345678"
            )
        )
    )

    /// An intent for the command `rN`, which stands at the offset N.
    private func intent(_ reference: String, attempt: Int = 1, by owner: String) -> LedgerRecord {
        .intent(
            LedgerRecord.Intent(
                domain: .payout,
                reference: reference,
                attempt: attempt,
                fingerprint: fingerprint,
                sequence: 2,
                group: "g",
                owner: owner,
                number: 1,
                at: 3,
                command: origin(reference),
                offset: Int64(reference.dropFirst()) ?? 0,
                order: details
            )
        )
    }

    private func outcome(
        _ reference: String,
        _ state: LedgerRecord.State,
        attempt: Int = 1,
        by owner: String
    ) -> LedgerRecord {
        var outcome = LedgerRecord.Outcome(
            domain: .payout,
            reference: reference,
            attempt: attempt,
            fingerprint: fingerprint,
            command: origin(reference),
            offset: Int64(reference.dropFirst()) ?? 0,
            state: state,
            sequence: 3,
            owner: owner,
            number: 2,
            at: 4
        )
        if state.isOpen { outcome.order = details }
        if state == .accepted {
            outcome.event = Event(
                domain: .payout,
                kind: .requested,
                id: "event of \(reference)",
                reference: reference,
                occurredAt: 4
            )
        }
        return .outcome(outcome)
    }

    private func id(_ offset: Int64) -> RecordID { RecordID(partition: 0, offset: offset) }

    @Test func everyRecordIsGivenInItsOrder() async throws {
        var stage = try Stage()
        stage.write(claim("a"))
        stage.write(intent("r1", by: "a"))
        stage.write(outcome("r1", .accepted, by: "a"), index: false)
        stage.write(claim("b", group: "other"))
        let chunks = try await stage.read()
        let items = chunks.flatMap(\.items)
        try #require(items.count == 4)
        let (a, b) = (LedgerIndex.hash(of: "a"), LedgerIndex.hash(of: "b"))
        #expect(items[0] == .claim(LedgerClaim(owner: a, isForeign: false, offset: 0)))
        #expect(items[3] == .claim(LedgerClaim(owner: b, isForeign: true, offset: 3)))
        guard case .entry(let first) = items[1], case .entry(let second) = items[2] else {
            Issue.record("no entries")
            return
        }
        #expect(first.key == .init("R1") && first.state == .intent && first.notAfter == 77)
        #expect(first.record == id(1) && first.sequence == 2 && first.offset == 1)
        #expect(first.at == 3 && first.owner == a && first.attempt == 1)
        #expect(second.state == .accepted && second.record == id(1) && second.offset == 2)
        #expect(chunks.filter(\.isLast).count == 1)
        let last = try #require(chunks.last)
        #expect(last.isLast && last.end == 4 && last.owner == b)
        #expect(last.open.isEmpty && last.accepted.isEmpty && last.unreadable.isEmpty)
    }

    /// What is open at the end comes whole, and nothing else does.
    @Test func whatIsOpenIsParsed() async throws {
        var stage = try Stage()
        stage.write(claim("a"))
        for number in 1...6 { stage.write(intent("r\(number)", by: "a")) }
        stage.write(outcome("r1", .accepted, by: "a"))
        stage.write(outcome("r2", .refused, by: "a"))
        stage.write(outcome("r3", .inDoubt, by: "a"))
        stage.write(outcome("r4", .inDoubt, by: "a"))
        stage.write(outcome("r4", .review, by: "a"))
        // A second attempt that was not sent leaves the first one open.
        stage.write(outcome("r5", .released, by: "a"))
        stage.write(intent("r5", attempt: 2, by: "a"))
        stage.write(outcome("r5", .notSent, attempt: 2, by: "a"))
        let last = try #require(try await stage.read().last)
        let open = last.open
        #expect(Set(open.keys) == [id(3), id(4), id(5), id(6)])
        #expect(open[id(3)] == outcome("r3", .inDoubt, by: "a"))
        #expect(open[id(4)] == outcome("r4", .review, by: "a"))
        #expect(open[id(5)] == outcome("r5", .released, by: "a"))
        #expect(open[id(6)] == intent("r6", by: "a"))
        #expect(last.accepted.isEmpty)
    }

    /// What somebody writes who is not the owner any more says nothing, but for success.
    @Test func lateRecordsCloseNothing() async throws {
        var stage = try Stage()
        stage.write(claim("a"))
        for number in 1...4 { stage.write(intent("r\(number)", by: "a")) }
        stage.write(claim("b"))
        stage.write(outcome("r1", .notSent, by: "a"))
        stage.write(outcome("r2", .accepted, by: "a"))
        stage.write(outcome("r3", .accepted, by: "a"))
        stage.write(outcome("r3", .accepted, by: "b"))
        stage.write(intent("r5", by: "a"))
        stage.write(outcome("r4", .refused, by: "b"))
        let last = try #require(try await stage.read().last)
        #expect(last.open == [id(1): intent("r1", by: "a"), id(2): intent("r2", by: "a")])
        #expect(last.accepted.keys.sorted() == [id(2)])
        #expect(last.accepted[id(2)]?.event?.id == "event of r2")
        #expect(last.owner == LedgerIndex.hash(of: "b"))
    }

    /// A gap is read with what is known of before; what stands around it is not.
    @Test func aGapIsRead() async throws {
        var stage = try Stage()
        stage.write(claim("a"))
        for number in 1...3000 { stage.write(intent("r\(number)", by: "a")) }
        let owner = LedgerIndex.hash(of: "b")
        let span = LedgerSpan(partition: 0, from: 10, to: 2500, owner: owner)
        let chunks = try await stage.read([span])
        let offsets = chunks.flatMap(\.items).map(\.offset)
        #expect(offsets == Array(10..<2500))
        #expect(chunks.last?.isLast == true && chunks.last?.end == 2500)
        // All of it was late.
        #expect(chunks.last?.open.isEmpty == true && chunks.last?.owner == owner)
        #expect(chunks.dropLast().allSatisfy { !$0.isLast && $0.items.count <= 1024 })
    }

    @Test func partitionsEndOneByOneAndEmptyOnesAtOnce() async throws {
        var stage = try Stage(partitions: 3)
        for number in 1...10 { stage.write(intent("r\(number)", by: "a"), partition: 0) }
        stage.write(intent("r1", by: "a"), partition: 2)
        let chunks = try await stage.read((0..<3).map { LedgerSpan(partition: $0) })
        let last = chunks.filter(\.isLast)
        #expect(Set(last.map(\.partition)) == [0, 1, 2] && last.count == 3)
        #expect(last.first?.partition == 1 && last.first?.items.isEmpty == true)
        #expect(last.first { $0.partition == 0 }?.open.count == 10)
        #expect(last.first { $0.partition == 2 }?.open.keys.first?.partition == 2)
    }

    @Test func unreadableRecordsAreReported() async throws {
        var stage = try Stage()
        stage.write(claim("a"))
        stage.write(Array("{}".utf8))
        stage.write(nil)
        stage.write(intent("r1", by: "a"))
        // An index without its value is found out when the value is wanted.
        stage.write(nil, intent("r2", by: "a").encoded().headers)
        let chunks = try await stage.read()
        #expect(chunks.flatMap(\.unreadable).map(\.offset) == [1, 2, 4])
        #expect(chunks.last?.open.count == 1)
    }

    @Test func aLedgerThatLostRecordsIsRefused() async throws {
        var stage = try Stage()
        stage.write(claim("a"))
        await #expect(throws: ShortLedger(partition: 0, end: 1, known: 5)) {
            _ = try await stage.read([LedgerSpan(partition: 0, from: 5)])
        }
        await #expect(throws: ShortLedger(partition: 0, end: 2, known: 3)) {
            _ = try await stage.read([LedgerSpan(partition: 0, from: 1, to: 3)])
        }
    }

    /// Reading goes on after a fault where it was: nothing is missing, and nothing comes twice.
    @Test func aFaultIsSurvived() async throws {
        var stage = try Stage()
        stage.write(claim("a"))
        for number in 1...3000 { stage.write(intent("r\(number)", by: "a")) }
        _ = try await stage.read()
        let restorer = LedgerRestorer(topic: Self.topic, group: "g", kafka: stage.kafka)
        try stage.cluster.pushErrors(.listOffsets, [KafkaError.Code.unknownTopic])
        var faults: [String] = []
        var offsets: [Int64] = []
        let note = { (error: KafkaError) in faults.append(error.name) }
        try await restorer.read([LedgerSpan(partition: 0)], onFault: note) { chunk in
            offsets += chunk.items.map(\.offset)
        }
        #expect(offsets == Array(0...3000))
        #expect(!faults.isEmpty)
    }

    @Test func readingEndsWhenItIsCancelled() async throws {
        var stage = try Stage()
        stage.write(claim("a"))
        _ = try await stage.read()
        let restorer = LedgerRestorer(topic: Self.topic, group: "g", kafka: stage.kafka)
        try stage.cluster.setBroker(up: false)
        let reading = Task { try await restorer.read([LedgerSpan(partition: 0)]) { _ in } }
        reading.cancel()
        await #expect(throws: (any Error).self) { try await reading.value }
    }
}

extension LedgerItem {
    fileprivate var offset: Int64 {
        switch self {
        case .entry(let entry): entry.offset
        case .claim(let claim): claim.offset
        }
    }
}
