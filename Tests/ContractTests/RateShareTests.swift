import Foundation
import JSON
import Testing

@testable import Contract

/// What a heartbeat tells of the rate is read as it was written, and nothing else is.
@Suite struct RateShareTests {
    private func heartbeat() throws -> JSONObject {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../topics/examples/messages/worker.heartbeat.json")
        let text = [UInt8](try Data(contentsOf: file))
        let example = try JSONValue.parse(text, duplicates: .refuse)
        return try #require(example.object?["value"]?.object)
    }

    private let share = RateShare(
        group: "aspayds-payouts",
        number: 312,
        base: 500_000,
        wants: 420_000,
        loanTerm: 15_000,
        loans: [.init(worker: "worker-2/7/90be11d4", answers: 207, part: 80_000)]
    )

    @Test func theExampleIsReadAndWritten() throws {
        let heartbeat = try heartbeat()
        #expect(RateShare(of: .payout, in: heartbeat) == share)
        #expect(RateShare(of: .payment, in: heartbeat) == nil)
        let bytes = JSONWriter.object { share.write(to: &$0) }
        let figures = try #require(heartbeat["payouts"]?.object)
        #expect(try JSONValue.parse(bytes, duplicates: .refuse) == figures["rate_share"])
    }

    @Test(arguments: [
        #""number":1.5"#, #""number":-1"#, #""number":"1""#, #""number":99999999999999999999"#, "",
    ])
    func whatBreaksARuleIsNoShare(number: String) throws {
        let rest = #""group":"g","base_ppm":1,"wants_ppm":1,"loan_term_ms":1,"loans":[]"#
        let text = #"{"payouts":{"rate_share":{\#(number)\#(number.isEmpty ? "" : ",")\#(rest)}}}"#
        let object = try JSONValue.parse(Array(text.utf8), duplicates: .refuse).object
        #expect(RateShare(of: .payout, in: try #require(object)) == nil)
    }
}
