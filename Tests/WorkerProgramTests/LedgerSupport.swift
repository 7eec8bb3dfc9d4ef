import Contract
import Foundation
import JSON
import Kafka
import Testing

@testable import aspayds_worker

/// Ledgers as workers would write them, from a few words.
struct LedgerScript {
    /// When the first record is written, in milliseconds since 1970.
    static let start: Int64 = 1_770_672_600_000

    /// The fields of an attempt of payout WD-1, with some changed; they are JSON.
    static func record(
        _ word: String,
        of reference: String = "WD-1",
        domain: Domain = .payout,
        attempt: Int = 1,
        by owner: String = "a",
        at: Int64 = start,
        _ more: [(name: String, json: String)] = []
    ) throws -> LedgerRecord {
        let bytes = JSONWriter.object { w in
            let isOutcome = LedgerRecord.State(rawValue: word) != nil
            w.field("kind", isOutcome ? "outcome" : word)
            w.field("state", isOutcome ? word : nil)
            w.field("domain", domain.rawValue)
            w.field("owner", owner)
            w.field("group", "aspayds-payouts")
            w.field("at", RFC3339.format(at))
            w.field("number", 1)
            w.field("partitions", 3)
            w.field(Reference.field, reference)
            w.field("attempt", attempt)
            w.field("fingerprint", String(repeating: "0", count: 32))
            w.field("sequence", 1)
            w.field("offset", 7)
            if !more.contains(where: { $0.name == "command" }) { w.field("command", raw: command) }
            if !more.contains(where: { $0.name == "order" }) { w.field("order", raw: order) }
            for (name, json) in more { w.field(name, raw: json) }
        }
        return try bytes.withUnsafeBytes { try LedgerRecord(value: $0) }
    }

    private static let command = #"{"id":"c-1","topic":"t","partition":1,"offset":7}"#

    static let order = """
        {"amount":400,"currency":"BDT","payout_method_id":1,"recipient_account":"01612345678"}
        """

    /// A review with its evidence.
    static func review(
        of reference: String = "WD-1",
        domain: Domain = .payout,
        attempt: Int = 1,
        by owner: String = "a",
        since: Int64 = start,
        order: String = order
    ) throws -> LedgerRecord {
        try record(
            "review",
            of: reference,
            domain: domain,
            attempt: attempt,
            by: owner,
            at: since + 900_000,
            [
                ("order", order), ("since", "\"\(RFC3339.format(since))\""),
                ("reason", #"{"code":"absent","message":"it is not there"}"#),
                (
                    "evidence",
                    #"{"lookups":14,"last_answer":"absent","transmission":"timeout"}"#
                ),
            ]
        )
    }

    /// What a worker writes when it has taken an order.
    static func taken(_ order: ReviewOrder, by owner: String = "a") throws -> LedgerRecord {
        let words: [Decision.Verdict: String] = [
            .release: "released", .done: "accepted", .notDone: "refused",
        ]
        return try record(
            words[order.verdict] ?? "-",
            of: order.reference,
            domain: order.domain,
            attempt: order.attempt,
            by: owner,
            [decision(order)]
        )
    }

    /// What a record says of an order that it follows.
    static func decision(_ order: ReviewOrder) -> (name: String, json: String) {
        (
            "decision",
            """
            {"number":"\(order.number)","by":"\(order.by)","why":"\(order.why)",\
            "at":"\(RFC3339.format(order.at))","verdict":"\(order.verdict.rawValue)"}
            """
        )
    }
}

extension LedgerBook {
    /// Takes records of one partition, at the offsets from 0 on.
    mutating func add(_ records: [LedgerRecord]) {
        for (offset, record) in records.enumerated() {
            let place = CommandSource(topic: "l", partition: 0, offset: Int64(offset))
            add(record, at: place)
        }
    }

    /// The words of what is not late about a reference.
    func words(_ domain: Domain, _ reference: String) -> [String] {
        let lines = histories[Key(domain, reference)]?.lines ?? []
        return lines.map { ($0.isLate ? "late " : "") + $0.record.word }
    }
}
