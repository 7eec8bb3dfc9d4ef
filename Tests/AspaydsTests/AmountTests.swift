import Aspayds
import JSON
import Testing

@Suite struct AmountTests {
    @Test(
        arguments: [
            ("0", 0, "0"), ("100", 100_000, "100"), ("100.5", 100_500, "100.5"),
            ("100.50", 100_500, "100.5"),
            ("100.00", 100_000, "100"), ("0.01", 10, "0.01"), ("007", 7000, "7"),
            ("1.1000", 1100, "1.1"),
            ("999999999999999.99", 999_999_999_999_999_990, "999999999999999.99"),
        ] as [(String, Int64, String)]
    )
    func reads(_ text: String, _ thousandths: Int64, _ written: String) throws {
        let amount = try Amount(text)
        #expect(amount.thousandths == thousandths)
        #expect(amount.description == written)
        #expect(try Amount(.number(text)) == amount)
        #expect(try Amount(.string(text)) == amount)
    }

    @Test(arguments: [
        ("", AmountError.notAnAmount), (".", .notAnAmount), (".5", .notAnAmount),
        ("5.", .notAnAmount),
        ("-1", .notAnAmount), ("+1", .notAnAmount), ("1e2", .notAnAmount), ("1,5", .notAnAmount),
        ("12abc", .notAnAmount), (" 1", .notAnAmount), ("1.2.3", .notAnAmount),
        ("١٢", .notAnAmount),
        ("NaN", .notAnAmount), ("0x1", .notAnAmount), ("1000000000000000", .tooLarge),
        ("1.001", .tooPrecise(fractionDigits: 2)), ("1.0000000001", .tooPrecise(fractionDigits: 2)),
        ("0.000000000000000000000000000000001", .tooLong),
    ])
    func refuses(_ text: String, _ error: AmountError) {
        #expect(throws: error) { try Amount(text) }
    }

    @Test func knowsCurrencies() throws {
        #expect(try Amount("1.001", fractionDigits: 3).description == "1.001")
        #expect(try Amount("1.05", fractionDigits: 3).description == "1.05")
        #expect(try Amount("5.0", fractionDigits: 0).thousandths == 5000)
        #expect(throws: AmountError.tooPrecise(fractionDigits: 0)) {
            try Amount("5.1", fractionDigits: 0)
        }
    }

    @Test func addsWithoutOverflow() throws {
        #expect(try Amount("0.1") + Amount("0.2") == Amount("0.3"))
        #expect(Amount(thousandths: .max) + Amount(thousandths: 1) == Amount(thousandths: .max))
        #expect(try Amount("2") < Amount("10"))
    }

    @Test func everyAmountIsReadAsWritten() throws {
        for thousandths in stride(from: Int64(0), to: 20_000_000, by: 997) {
            let amount = Amount(thousandths: thousandths)
            #expect(try Amount(amount.description, fractionDigits: 3) == amount)
        }
    }
}
