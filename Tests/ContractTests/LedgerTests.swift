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

    @Test(arguments: Ledger.records)
    func isReadAsWritten(_ record: LedgerRecord) throws {
        let value = try #require(record.encoded().value)
        #expect(try value.withUnsafeBytes { try LedgerRecord(value: $0) } == record)
        #expect(!String(decoding: value, as: UTF8.self).contains("01712345678"))
    }

    /// Compaction must not let a late record replace one that counts, not even its own repetition.
    @Test func noTwoRecordsHaveTheSameKey() {
        #expect(LedgerRecord.claim(Ledger.claim).key == "claim/w/7")
        #expect(LedgerRecord.intent(Ledger.intent).key == "WD-1/3/intent/w/8")
        var outcome = Ledger.outcome(.accepted)
        #expect(LedgerRecord.outcome(outcome).key == "WD-1/3/outcome/w/9")
        outcome.number = 10
        #expect(LedgerRecord.outcome(outcome).key == "WD-1/3/outcome/w/10")
    }

    @Test func accountsAreMasked() throws {
        let value = try #require(LedgerRecord.intent(Ledger.intent).encoded().value)
        #expect(String(decoding: value, as: UTF8.self).contains("****5678"))
        let again = OrderDetails(
            amount: Self.order.amount,
            recipientAccount: Ledger.details.maskedAccount
        )
        #expect(again.maskedAccount == "****5678")
    }

    /// A duplicate is answered with the very bytes of the first answer.
    @Test func answersAgainWithTheSameBytes() throws {
        var outcome = Ledger.outcome(.accepted)
        outcome.event = EventTests.full
        let value = try #require(LedgerRecord.outcome(outcome).encoded().value)
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
