import Contract
import Foundation
import JSON
import Testing

@testable import aspayds_worker

/// Commands in files: what they hold, and on which line something is wrong.
@Suite struct CommandFileTests {
    private func rows(_ text: String, _ name: String) throws -> [CommandRow] {
        try CommandFile.rows(Array(text.utf8), name: name)
    }

    private func problem(_ text: String, _ name: String) -> String? {
        #expect(throws: RowProblem.self) { try rows(text, name) }?.description
    }

    private func texts(_ row: CommandRow) throws -> [String] {
        try row.content.get().members.map { "\($0.name)=\($0.value)" }
    }

    @Test func csvIsReadAsThePeopleWhoWriteItMean() throws {
        let text =
            "\u{FEFF}transaction_reference,amount,customer_name\r\n"
            + "A-1,100.50,\"Uddin, \"\"R\"\"\"\r\n\r\nA-2,,\"two\nlines\"\nA-3,5,last"
        let rows = try rows(text, "x.CSV")
        #expect(rows.map(\.line) == [2, 4, 6])
        #expect(
            try texts(rows[0]) == [
                "transaction_reference=string(\"A-1\")", "amount=string(\"100.50\")",
                "customer_name=string(\"Uddin, \\\"R\\\"\")",
            ]
        )
        #expect(
            try rows[1].content.get().members.map(\.name) == [
                "transaction_reference", "customer_name",
            ]
        )
        #expect(try rows[1].content.get()["customer_name"]?.text == "two\nlines")
    }

    @Test func onlyTheMethodIsANumber() throws {
        let row = try rows("payout_method_id,recipient_account\n1,0171", "x.csv")[0].content.get()
        #expect(row["payout_method_id"] == .number("1"))
        #expect(row["recipient_account"] == .string("0171"))
        let other = try rows("payout_method_id\n01", "x.csv")[0].content.get()
        #expect(other["payout_method_id"] == .string("01"))
    }

    @Test func aCellTooManyIsAProblemOfItsLine() throws {
        let rows = try rows("amount,customer_name\n1,a\n2\n3,c,01712345678\n", "x.csv")
        let problems = rows.map { row in
            if case .failure(let problem) = row.content {
                "\(row.line ?? 0) \(problem)"
            } else {
                ""
            }
        }
        #expect(
            problems == [
                "", "3 has 1 cells, but line 1 names 2", "4 has 3 cells, but line 1 names 2",
            ]
        )
    }

    @Test func aCSVThatIsNoTableIsOneProblem() {
        #expect(problem("amount\n\"open", "x.csv") == "line 2: a quote is not closed")
        #expect(problem("amount\na\"b", "x.csv") == "line 2: a quote within a cell must be doubled")
        #expect(
            problem("amount\n\"a\"b", "x.csv") == "line 2: a quote within a cell must be doubled"
        )
        #expect(problem("amount,amount\n1,2", "x.csv") == "line 1: the field amount is named twice")
        #expect(problem("", "x.csv") == "holds no command")
        #expect(problem("amount\n", "x.csv") == "holds no command")
        let noHeader = problem("WD-1,1,500,Rahim,01712345678\n", "x.csv")
        #expect(noHeader?.contains("column 1 does not name a field") == true)
        #expect(noHeader?.contains("0171") == false)
    }

    @Test func jsonElementsKnowTheirLines() throws {
        let rows = try rows("[\n {\"a\": \"x,[{\\\"\"},\n\n 7,\n {\"b\": [1,\n2]}\n]", "x.json")
        #expect(rows.map(\.line) == [2, 4, 5])
        #expect(try rows[0].content.get()["a"]?.text == "x,[{\"")
        #expect(rows[1].content == .failure(RowProblem("is a number, not an object")))
        #expect(try self.rows("\n\n{\"a\":1}", "x.json").map(\.line) == [3])
    }

    @Test func brokenJSONNamesItsLine() {
        #expect(problem("[\n{\"a\":1},\n{\"a\":}\n]", "x.json")?.hasPrefix("line 3: ") == true)
        #expect(problem("{\"a\":1,\n\"a\":2}", "x.json")?.contains("duplicate name a") == true)
        #expect(problem("[]", "x.json") == "holds no command")
        #expect(problem("{}", "x.txt") == "must be named .json, .jsonl or .csv")
    }

    @Test func jsonLinesAreJudgedEach() throws {
        let rows = try rows("{\"a\":1}\n\nnope\n{\"b\":2}\n[1]\n", "x.jsonl")
        #expect(rows.map(\.line) == [1, 3, 4, 5])
        #expect((try? rows[1].content.get()) == nil)
        #expect(try rows[2].content.get()["b"] == .number("2"))
        #expect((try? rows[3].content.get()) == nil)
    }
}

/// Nothing is sent that the worker would not take.
@Suite struct SendPlanTests {
    private func plan(_ csv: String, _ domain: Domain, _ command: String) throws -> SendPlan {
        SendPlan(
            try CommandFile.rows(Array(csv.utf8), name: "x.csv"),
            domain: domain,
            command: command
        )
    }

    @Test func allErrorsComeWithTheirLines() throws {
        let header =
            "transaction_reference,payout_method_id,amount,recipient_name,recipient_account\n"
        let plan = try plan(
            header + "WD-1,1,500,Rahim,01712345678\n" + "WD-2,one,500,Rahim,01712345678\n"
                + "WD-3,1,-5,Rahim,01712345678\n" + "ATPAY1,1,5,Rahim,01712345678\n"
                + "wd-1,1,500,Rahim,01712345678\n" + "WD-6,1,500,Rahim\n"
                + "WD-7,1,500,Rahim,\(String(repeating: "01712345678", count: 100))\n",
            .payout,
            "request"
        )
        #expect(plan.items.map(\.reference) == ["WD-1"])
        #expect(plan.refusals.map(\.line) == [3, 4, 5, 6, 7, 8])
        #expect(plan.refusals[0].reason.contains("payout_method_id"))
        #expect(plan.refusals[1].reason.contains("amount"))
        #expect(plan.refusals[2].reason.contains("ATPAY"))
        #expect(plan.refusals[3].reason == "the reference wd-1 is that of line 2 already")
        #expect(!plan.refusals.map(\.description).joined().contains("01712345678"))
    }

    @Test func anAccountInTheWrongColumnIsNotRepeated() throws {
        let plan = try plan(
            "transaction_reference,payout_method_id,amount,recipient_name,recipient_account\n"
                + "WD-1,01712345678,500,Rahim,1\nWD-2,1,+01712345678,Rahim,500\n"
                + "017 12345678,1,500,Rahim,1\n",
            .payout,
            "request"
        )
        #expect(plan.refusals.count == 3)
        let text = plan.refusals.map(\.description).joined(separator: "\n")
        #expect(!text.contains("12345678"))
    }

    @Test func aRecordIsACloudEvent() throws {
        let plan = try plan(
            "transaction_reference,amount,customer_name,callback_url\n"
                + "trx-1,100.5,Rahim,https://shop.example/cb\n",
            .payment,
            "create"
        )
        let record = try #require(plan.items.first?.record)
        #expect(record.key == Array("trx-1".utf8))
        let headers = Dictionary(
            uniqueKeysWithValues: record.headers.map {
                ($0.name, String(decoding: $0.value ?? [], as: UTF8.self))
            }
        )
        #expect(headers["ce_type"] == "aspayds.payment.create")
        #expect(headers["ce_specversion"] == "1.0")
        #expect(headers["ce_subject"] == "trx-1")
        #expect(headers["content-type"] == "application/json")
        #expect(headers["ce_id"]?.isEmpty == false)
        let value = try JSONValue.parse(record.value ?? [], duplicates: .refuse).object
        #expect(value?["amount"]?.text == "100.5")
    }

    @Test func checksAndMethodsAreCommandsToo() throws {
        let check = try plan("payout_id\nATPAY123\n", .payout, "check")
        #expect(check.items.count == 1)
        #expect(check.items.first?.record.key == nil)
        let methods = SendPlan(
            [CommandRow(line: nil, content: .success(JSONObject([])))],
            domain: .payout,
            command: "methods"
        )
        #expect(methods.items.count == 1)
    }

    /// The folder of the examples, beside the package's manifest.
    private static let examples = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../topics/examples")

    @Test(arguments: [
        ("payments.json", Domain.payment, "create", 6), ("payouts.json", .payout, "request", 5),
        ("payouts.csv", .payout, "request", 2),
    ])
    func theExamplesAreValid(name: String, domain: Domain, command: String, count: Int) throws {
        let bytes = [UInt8](try Data(contentsOf: Self.examples.appending(path: name)))
        // Some are to be given a callback address of the worker's own.
        let keys = try #require(CallbackKeys("k1:AAECAwQFBgcICQoLDA0ODw=="))
        let plan = SendPlan(
            try CommandFile.rows(bytes, name: name),
            domain: domain,
            command: command,
            callback: CallbackAddress(base: "https://worker.example", keys: keys)
        )
        #expect(plan.refusals == [])
        #expect(plan.items.count == count)
    }

    @Test func everyExampleHasAnExpectedEnd() throws {
        let text = try String(
            contentsOf: Self.examples.appending(path: "expected.tsv"),
            encoding: .utf8
        )
        let rows = text.split(separator: "\n").dropFirst().map { $0.split(separator: "\t") }
        #expect(rows.allSatisfy { $0.count == 3 })
        var references: Set<String> = ["MALFORMED-1"]
        for name in ["payments.json", "payouts.json"] {
            let bytes = [UInt8](try Data(contentsOf: Self.examples.appending(path: name)))
            for row in try CommandFile.rows(bytes, name: name) {
                references.insert(try #require(try row.content.get()[Reference.field]?.text))
            }
        }
        #expect(Set(rows.map { String($0[1]) }) == references)
    }
}
