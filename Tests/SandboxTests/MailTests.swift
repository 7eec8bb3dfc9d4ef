import Testing

@testable import Sandbox

/// The decisions of the outbox, without a network.
struct MailTests {
    private func webhook(_ sequence: Int = 1) throws -> Webhook {
        let record = Record(
            id: "ATINV\(sequence)",
            sequence: sequence,
            reference: "T\(sequence)",
            amount: Money(100),
            details: .payment(customerName: "John", callbackURL: "http://127.0.0.1/x"),
            createdAt: 0,
            status: .paid,
            settledAt: 1
        )
        return try #require(Webhook(record, now: 0))
    }

    @Test func `the pause doubles up to ten minutes`() {
        let retries = Mail.Retries(attempts: 20, pause: .seconds(1))
        #expect((1...4).map(retries.pause(after:)) == [1, 2, 4, 8].map { .seconds($0) })
        #expect(retries.pause(after: 19) == .seconds(600))
    }

    @Test func `sends so many at a time, and then the rest`() throws {
        var mail = Mail()
        for number in 1...100 { mail.send(try webhook(number), now: 0) }
        let first = mail.due(now: 0)
        #expect(first.count == Mail.concurrency && mail.next == nil)
        #expect(mail.due(now: 0).isEmpty)
        let retries = Mail.Retries(attempts: 1, pause: .zero)
        for webhook in first { mail.ended(webhook, .status(200), retries, now: 0) }
        #expect(mail.due(now: 0).count == 100 - Mail.concurrency)
    }

    @Test func `sends one of a record at a time, in order`() throws {
        var mail = Mail()
        let webhook = try webhook()
        for _ in 0..<3 { mail.send(webhook, now: 0) }
        mail.send(try self.webhook(2), now: 0)
        let first = mail.due(now: 0)
        #expect(first.map(\.number) == [1, 4] && mail.next == nil)
        let retries = Mail.Retries(attempts: 2, pause: .seconds(1))
        mail.ended(first[0], .timeout, retries, now: 0)
        let second = mail.due(now: 0)
        #expect(second.map(\.number) == [2])
        mail.ended(second[0], .status(200), retries, now: 0)
        let third = mail.due(now: 0)
        mail.ended(try #require(third.first), .status(200), retries, now: 0)
        #expect(third.map(\.number) == [3] && mail.next == 1_000)
        #expect(mail.due(now: 1_000).map(\.number) == [1])
    }

    @Test func `what was held follows the next one at once`() throws {
        var mail = Mail()
        let webhook = try webhook()
        let strike = WebhookRule(.reordered)
        mail.post(webhook, strike, forged: nil, now: 0)
        #expect(mail.due(now: 0).isEmpty && mail.log[1]?.state == .held)
        // Only one of a record is held: the second has something to overtake.
        mail.post(webhook, strike, forged: nil, now: 0)
        let second = mail.due(now: 0)
        #expect(second.map(\.number) == [2])
        mail.ended(
            try #require(second.first),
            .status(200),
            Mail.Retries(attempts: 1, pause: .zero),
            now: 0
        )
        #expect(mail.due(now: 0).map(\.number) == [1])
        // The letter that would have released it finds nothing.
        #expect(mail.due(now: 10_000).isEmpty)
    }

    @Test func `keeps the latest, and drops what is too much`() throws {
        var mail = Mail()
        let webhook = try webhook()
        for _ in 0..<(Mail.capacity + 1) { mail.send(webhook, now: 0) }
        #expect(mail.log.entries.count == WebhookLog.limit)
        #expect(mail.log[Mail.capacity + 1]?.state == .dropped)
        #expect(mail.log[Mail.capacity]?.state == .waiting)
        #expect(mail.log[1] == nil && mail.log[Mail.capacity + 2] == nil)
    }

    @Test func `what ends after a reset is not sent again`() throws {
        var mail = Mail()
        mail.send(try webhook(), now: 0)
        let webhook = try #require(mail.due(now: 0).first)
        mail.reset()
        mail.ended(webhook, .timeout, Mail.Retries(attempts: 5, pause: .zero), now: 0)
        #expect(mail.next == nil && mail.log.entries.isEmpty)
    }
}
