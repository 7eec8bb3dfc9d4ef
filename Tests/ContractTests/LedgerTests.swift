import Aspayds
import Contract
import Testing

@Suite struct LedgerTests {
    static let order = PayoutOrder(
        transactionReference: "wd-1",
        payoutMethodID: 1,
        amount: Amount(thousandths: 500_000),
        recipientName: "John Doe",
        recipientAccount: "01712345678"
    )

    static let origin = Event.Origin(
        id: "c",
        source: CommandSource(topic: "t", partition: 1, offset: 2)
    )

    @Test func isReadAsWritten() throws {
        let origin = Self.origin
        let intent = LedgerRecord.intent(
            LedgerRecord.Intent(
                domain: .payout,
                reference: "wd-1",
                attempt: 1,
                fingerprint: Fingerprint(PayoutCommand(order: Self.order)),
                group: "g",
                owner: "w",
                at: 5,
                command: origin,
                amount: Self.order.amount,
                currency: "BDT",
                payoutMethodID: 1,
                recipientAccount: Self.order.recipientAccount
            )
        )
        let outcome = LedgerRecord.outcome(
            LedgerRecord.Outcome(
                domain: .payment,
                reference: "a",
                attempt: 2,
                fingerprint: Fingerprint(PayoutCommand(order: Self.order)),
                command: origin,
                state: .inDoubt,
                sequence: 3,
                owner: "w",
                at: 6,
                providerID: "P",
                reason: Event.Reason(code: "timeout"),
                event: EventTests.full
            )
        )
        for record in [intent, outcome] {
            let value = try #require(record.encoded().value)
            #expect(try value.withUnsafeBytes { try LedgerRecord(value: $0) } == record)
        }
        #expect(intent.key == "WD-1/1/intent@w")
        #expect(outcome.key == "A/2/outcome@w")
        let text = String(decoding: intent.encoded().value ?? [], as: UTF8.self)
        #expect(!text.contains("01712345678") && text.contains("****5678"))
    }

    /// A duplicate is answered with the very bytes of the first answer.
    @Test func answersAgainWithTheSameBytes() throws {
        let outcome = LedgerRecord.outcome(
            LedgerRecord.Outcome(
                domain: .payment,
                reference: "a",
                attempt: 1,
                fingerprint: Fingerprint(PayoutCommand(order: Self.order)),
                command: Self.origin,
                state: .accepted,
                sequence: 1,
                owner: "w",
                at: 6,
                event: EventTests.full
            )
        )
        let value = try #require(outcome.encoded().value)
        guard case .outcome(let read) = try value.withUnsafeBytes({ try LedgerRecord(value: $0) })
        else {
            Issue.record("not an outcome")
            return
        }
        #expect(read.event?.encoded().value == EventTests.full.encoded().value)
    }

    @Test(arguments: ["", "{}", "[]", #"{"kind":"intent"}"#, #"{"kind":"outcome","domain":"x"}"#])
    func refusesOtherRecords(_ text: String) {
        #expect(throws: UnreadableRecord.self) {
            try Array(text.utf8).withUnsafeBytes { try LedgerRecord(value: $0) }
        }
    }

    @Test func fingerprintsWhatIsPaidToWhom() {
        let base = PayoutCommand(order: Self.order)
        func changed(_ change: (inout PayoutCommand) -> Void) -> Fingerprint {
            var command = base
            change(&command)
            return Fingerprint(command)
        }
        let same = [
            changed { $0.order.transactionReference = "WD-1" }, changed { $0.notAfter = 1 },
            changed { $0.order.description = "x" }, changed { $0.order.callbackURL = "https://x" },
        ]
        #expect(same.allSatisfy { $0 == Fingerprint(base) })
        let other = [
            changed { $0.order.transactionReference = "WD-2" },
            changed { $0.order.amount = Amount(thousandths: 500_001) },
            changed { $0.currency = "BDT" },
            changed { $0.order.payoutMethodID = 2 }, changed { $0.order.recipientName = "John" },
            changed { $0.order.recipientAccount = "0171234567" },
            changed {
                $0.order.recipientName = "John Doe0"; $0.order.recipientAccount = "1712345678"
            },
        ]
        #expect(Set(other + [Fingerprint(base)]).count == other.count + 1)
        #expect(Fingerprint(base).text.count == 32)
    }

    @Test func hashesReferencesWithoutRegardToCase() {
        #expect(ReferenceKey("aZ-1") == ReferenceKey("Az-1"))
        #expect(ReferenceKey("a") != ReferenceKey("b"))
        // SHA-256 of "ABC".
        #expect(ReferenceKey("abc").high == 0xb5d4_045c_3f46_6fa9)
        #expect(ReferenceKey("abc").low == 0x1fe2_cc6a_be79_232a)
    }

    @Test func masksAccounts() {
        #expect(masked(account: "01712345678") == "****5678")
        #expect(masked(account: "1234") == "****")
        #expect(masked(account: "") == "****")
    }
}
