import Contract
import Testing

/// How a command travels to its home partition.
@Suite struct ForwardTests {
    static let elsewhere = CommandSource(topic: source.topic, partition: 7, offset: 1234)

    @Test func keepsEverythingAndAddsThePlace() {
        let record = Forward.encoded(
            key: [1],
            value: [0xFF],
            headers: [("h", nil), ("h", [2])],
            source: Self.elsewhere
        )
        #expect(record.key == [1])
        #expect(record.value == [0xFF])
        #expect(record.headers.map(\.name) == ["h", "h", "aspayds_origin"])
        #expect(record.headers.map(\.value) == [nil, [2], Array("\(Self.elsewhere)".utf8)])
        #expect(Forward.isForwarded(record.headers))
        #expect(!Forward.isForwarded([("aspayds_other", [1])]))
        #expect(Forward.origin(record.headers, readAt: source) == Self.elsewhere)
    }

    @Test func aForwardedCommandIsKnownByItsFirstPlace() throws {
        let headers = [(Forward.header, "aspayds.payment.commands/7/1234")]
        let valid = try decode(.payment, command(.payment), headers: headers).get()
        #expect(valid.source == Self.elsewhere)
        #expect(valid.id == "aspayds.payment.commands/7/1234")
        let invalid = command(.payment, "amount", "0")
        let rejection = try #require(decode(.payment, invalid, headers: headers).failure)
        #expect(rejection.source == Self.elsewhere)
        #expect(rejection.commandID == "aspayds.payment.commands/7/1234")
    }

    @Test(arguments: [
        "", "/", "//", "aspayds.payment.commands/7", "aspayds.payment.commands/7/",
        "aspayds.payment.commands/-7/1", "aspayds.payment.commands/7/-1",
        "aspayds.payment.commands/+7/1", "aspayds.payment.commands/07/1",
        "aspayds.payment.commands/7/1 ", "aspayds.payment.commands/7/1/1",
        "aspayds.payment.commands/2147483648/1",
        "aspayds.payment.commands/7/9223372036854775808", "aspayds.payout.commands/7/1",
        "aspayds.payment.commands/7/\(String(repeating: "0", count: 400))1",
    ])
    func whatIsNoPlaceOfThisTopicIsIgnored(_ text: String) throws {
        let headers = [(Forward.header, text)]
        #expect(try decode(.payment, command(.payment), headers: headers).get().source == source)
    }

    @Test func twoPlacesAreNone() {
        let place = (name: Forward.header, value: Optional(Array("\(Self.elsewhere)".utf8)))
        #expect(Forward.origin([place, place], readAt: source) == source)
        #expect(Forward.origin([(Forward.header, nil)], readAt: source) == source)
        #expect(Forward.origin([(Forward.header, [0xFF])], readAt: source) == source)
    }
}
