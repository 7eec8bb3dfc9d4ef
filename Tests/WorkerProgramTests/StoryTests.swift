import Contract
import JSON
import Testing

@testable import aspayds_worker

/// The story of one reference, put in order and into words.
@Suite struct StoryTests {
    private static let start = LedgerScript.start

    private func entry(
        _ teller: StoryEntry.Teller,
        _ text: String,
        at milliseconds: Int64,
        in topic: String,
        id: String? = nil,
        domain: Domain? = .payout
    ) -> StoryEntry {
        StoryEntry(
            teller: teller,
            domain: domain,
            source: CommandSource(topic: topic, partition: 0, offset: 0),
            time: Self.start + milliseconds,
            text: text,
            reference: "WD-1",
            id: id,
            publishedAt: Self.start + milliseconds + 100_000
        )
    }

    private func lines(_ story: Story) -> [String] {
        var text = StoryText(reference: "wd-1")
        return story.chapters.flatMap { $0.flatMap { text.lines($0) } }.map(\.text)
    }

    @Test func isToldInOrderWithTheTimeBetween() {
        var story = Story()
        story.add(entry(.notification, "payout.completed", at: 700_000, in: "notifications"))
        story.add(entry(.event, "requested", at: 608, in: "events", id: "e1"))
        story.add(entry(.event, "completed", at: 90_000_000, in: "events", id: "e2"))
        story.add(entry(.command, "request", at: 0, in: "commands"))
        story.add(entry(.webhook, "payout.completed", at: 6000, in: "webhooks"))
        #expect(
            lines(story) == [
                "payout WD-1",
                "2026-02-09",
                "21:30:00.000          command       request",
                "21:30:00.608  +608ms  event         requested",
                "21:30:06.000  +5.3s   webhook       payout.completed",
                "21:41:40.000  +11m    notification  payout.completed",
                "2026-02-10",
                "22:30:00.000  +24h    event         completed",
            ]
        )
    }

    @Test func whatLiesInOnePartitionStaysInItsOrder() {
        var story = Story()
        // Another worker has taken over, and its clock is behind.
        story.add(entry(.event, "in_doubt", at: 5000, in: "events", id: "e1"))
        story.add(entry(.event, "requested", at: 3000, in: "events", id: "e2"))
        // Both at once: a cause comes before what it causes, commands stay in their order.
        story.add(entry(.check, "c", at: 5000, in: "commands"))
        story.add(entry(.command, "d", at: 5000, in: "commands"))
        let texts = story.chapters.flatMap { $0.map(\.text) }
        #expect(texts == ["c", "d", "in_doubt", "requested"])
        #expect(lines(story).last == "21:30:03.000  +0ms    event         requested")
    }

    @Test func whatIsSaidAgainIsMarkedOrLeftOut() {
        var story = Story()
        let isTold = [
            entry(.event, "created", at: 0, in: "events", id: "e1"),
            entry(.event, "created", at: 0, in: "events", id: "e1"),
            entry(.notification, "n", at: 1, in: "notifications", id: "n1"),
            entry(.notification, "n", at: 1, in: "notifications", id: "n1"),
        ].map { story.add($0) }
        #expect(isTold == [true, true, true, false])
        let told = lines(story)
        #expect(told.last == "21:31:40.000  +99s    event         created  (again)")
        #expect(told.count == 5)
    }

    @Test func aFloodOfHintsIsCutAndEventsAreNot() {
        var story = Story()
        for number in 0..<1500 {
            story.add(entry(.webhook, "w", at: Int64(number), in: "webhooks"))
        }
        story.add(entry(.event, "created", at: 2000, in: "events", id: "e1"))
        #expect(story.omitted == 500)
        #expect(story.entries.count == 1001 && story.entries.last?.text == "created")
    }

    @Test func eachDomainHasItsChapter() {
        var story = Story()
        story.add(entry(.command, "request", at: 0, in: "a"))
        story.add(entry(.command, "create", at: 1, in: "b", domain: .payment))
        let told = lines(story)
        #expect(told.filter { $0.hasSuffix("WD-1") } == ["payment WD-1", "payout WD-1"])
        #expect(!told.contains { $0.contains("+") })
    }

    // MARK: Where it stands

    private func standing(
        _ records: LedgerRecord...,
        entries: [StoryEntry] = [],
        at milliseconds: Int64 = 1_800_000
    ) -> Standing {
        var book = LedgerBook(.reference("WD-1"))
        book.add(records)
        let history = book.histories[LedgerBook.Key(.payout, "WD-1")]
        return Standing.of("wd-1", .payout, entries, history, at: Self.start + milliseconds)
    }

    @Test func theLedgerSaysWhereItStandsAndWhatHelps() throws {
        let review = standing(try LedgerScript.review())
        #expect(review.text == "in review; a person must decide (for 30m)")
        #expect(review.help == "aspayds-worker review show wd-1 --domain payout")
        let doubt = standing(try LedgerScript.record("in_doubt"))
        #expect(doubt.help == "aspayds-worker ledger show wd-1 --domain payout")
        let done = standing(try LedgerScript.record("completed"))
        #expect(done.text == "accepted, and completed (for 30m)" && done.help == nil)
        // What events said last may be long past: a person has released it.
        let event = entry(.event, "needs_review", at: 0, in: "events", id: "e1")
        let released = standing(try LedgerScript.record("released"), entries: [event])
        #expect(released.text.hasPrefix("released; one more attempt may be sent"))
    }

    @Test func withoutALedgerTheLastWordCounts() {
        var event = entry(.event, "refused  invalid_field", at: 0, in: "events", id: "e1")
        let command = entry(.command, "request", at: 0, in: "commands")
        let letter = entry(.deadLetter, "not_json", at: 1, in: "dead-letters")
        let notice = entry(.notification, "n", at: 2, in: "notifications")
        #expect(standing(entries: [command, event]).text == "refused  invalid_field, 30m ago")
        event.event = .needsReview
        let help = "aspayds-worker review show wd-1 --domain payout"
        #expect(standing(entries: [event, notice]).help == help)
        #expect(standing(entries: [command]).text == "no worker has answered yet")
        let pause = StandingOrder(
            .flow(.payout, isPaused: true),
            by: "amina",
            why: "the bank is closed",
            at: Self.start
        )
        let paused = Standing(paused: pause, .payout, at: Self.start + 10_000)
        #expect(paused.text == "waits: payouts are paused by amina 10s ago: the bank is closed")
        #expect(standing(entries: [command]).help == "aspayds-worker status")
        #expect(standing(entries: [command, letter]).help == "aspayds-worker dead-letters list")
        #expect(standing(entries: [notice]).text == "nothing was ordered under it")
        let text = StoryText.lines(standing(entries: [command])).map(\.text)
        #expect(
            text == [
                "now                   no worker has answered yet",
                "                      aspayds-worker status",
            ]
        )
    }

    // MARK: Commands

    private func glimpse(
        _ domain: Domain,
        _ value: String,
        _ headers: [String: String] = [:]
    ) -> CommandGlimpse {
        Array(value.utf8).withUnsafeBytes {
            CommandGlimpse(
                domain,
                headers: headers.map { (name: $0.key, value: Array($0.value.utf8)) },
                value: $0
            )
        }
    }

    @Test func aCommandIsShownWithoutWhatIsNobodysBusiness() {
        let bare = glimpse(
            .payout,
            """
            {"transaction_reference":"WD-1","amount":"400.5","currency":"BDT","payout_method_id":1,\
            "recipient_name":"Karim","recipient_account":"01712345678",\
            "not_after":"2026-02-09T21:30:00Z"}
            """
        )
        #expect(bare.kind == "request" && bare.reference == "WD-1")
        #expect(
            bare.details == [
                "400.5 BDT", "method 1", "to ****5678", "not after 2026-02-09T21:30:00Z",
            ]
        )
        let structured = glimpse(
            .payment,
            #"{"type":"aspayds.payment.check","data":{"transaction_reference":"T-1"}}"#,
            ["content-type": "application/cloudevents+json", "aspayds_trigger": "webhook"]
        )
        #expect(structured.kind == "check" && structured.reference == "T-1")
        #expect(structured.details == ["because of a webhook"])
        let forwarded = glimpse(
            .payment,
            "{}",
            ["ce_type": "aspayds.payment.create", "aspayds_origin": "t/1/2"]
        )
        #expect(forwarded.details == ["forwarded to its home partition"])
        let marks = ["aspayds_replay_of": "d/3/17", "aspayds_origin": "t/1/2"]
        let replayed = glimpse(.payout, "{}", marks)
        #expect(replayed.details == ["a replay of d/3/17"])
    }

    @Test func whatIsNoCommandIsShownAsSuch() {
        let broken = glimpse(.payout, "01712345678")
        #expect(broken.kind == nil && broken.reference == nil && broken.details == ["not readable"])
        // An amount that is none may be an account.
        let wrong = glimpse(.payout, #"{"amount":"1712-345678","recipient_account":1712345678}"#)
        #expect(wrong.details == [])
    }
}
