import Aspayds
import Foundation
import Testing

@testable import Contract

/// A key of that many bytes, as settings write it.
private func key(_ byte: UInt8, _ count: Int = 32) -> String {
    Data(repeating: byte, count: count).base64EncodedString()
}

private func keys(_ text: String) throws -> CallbackKeys { try #require(CallbackKeys(text)) }

@Suite struct CallbackKeysTests {
    @Test(arguments: ["k:\(key(1, 16))", "A1b2C3d4:\(key(1, 64))", "a:\(key(1)),b:\(key(1))"])
    func reads(text: String) {
        #expect(CallbackKeys(text) != nil)
    }

    @Test(arguments: [
        "", ",", "k", "k:", ":\(key(1))", "k:\(key(1, 15))", "k:\(key(1, 65))", "k-1:\(key(1))",
        "abcdefghi:\(key(1))", "k:\(key(1)),", "k:\(key(1)),k:\(key(2))", "ü:\(key(1))",
        "k: \(key(1))", "k:not base64 at all!!!!!",
        (0...16).map { "k\($0):\(key(1))" }.joined(separator: ","),
    ])
    func refuses(text: String) {
        #expect(CallbackKeys(text) == nil)
    }

    @Test func printsNothing() throws {
        let keys = try keys("k1:\(key(7))")
        var dumped = ""
        dump(CallbackAddress(base: "https://a.example", keys: keys), to: &dumped)
        for text in [dumped, "\(keys)", String(reflecting: keys), "\(keys as Any)"] {
            #expect(text.contains("****"))
            #expect(
                !text.contains(key(7)) && !text.contains("k1") && !text.contains("SymmetricKey")
            )
        }
    }
}

@Suite struct CallbackTokenTests {
    static let tokens = [
        CallbackToken(domain: .payment, reference: "t.Rx_1-9"),
        CallbackToken(domain: .payout, reference: String(repeating: "W", count: 50)),
        CallbackToken(
            domain: .payment,
            reference: "TRX1001",
            returnURL: "https://shop.example/thanks?order=1001&a=%20#end"
        ),
    ]

    @Test(arguments: tokens)
    func readsWhatItSigned(token: CallbackToken) throws {
        let keys = try keys("k1:\(key(1))")
        let text = token.signed(by: keys)
        #expect(CallbackToken(text, keys: keys) == token)
        #expect(text == token.signed(by: keys))
        #expect(text.wholeMatch(of: /[A-Za-z0-9_-]+/) != nil)
    }

    @Test func theLongestFitsInto255Characters() throws {
        let keys = try keys("12345678:\(key(1))")
        let base = "https://" + String(repeating: "a", count: CallbackAddress.longestBase - 8)
        let address = CallbackAddress(base: base, keys: keys)
            .address(.payout, String(repeating: "W", count: 50), returnURL: nil)
        #expect(address.map { $0.utf8.count <= 255 } == true)
    }

    @Test func everyAlteredCharacterIsNoticed() throws {
        let keys = try keys("k1:\(key(1))")
        let text = Array(Self.tokens[2].signed(by: keys))
        let alphabet = "AQgw09-_+/=.%"
        for index in text.indices {
            for other in alphabet where other != text[index] {
                var altered = text
                altered[index] = other
                #expect(CallbackToken(String(altered), keys: keys) == nil)
            }
            #expect(CallbackToken(String(text[..<index]), keys: keys) == nil)
        }
        for text in ["", "=", String(text) + "A", String(text) + "=", "A" + String(text)] {
            #expect(CallbackToken(text, keys: keys) == nil)
        }
    }

    @Test func aKeyIsReplacedWithoutBreakingAddresses() throws {
        let token = Self.tokens[0]
        let old = token.signed(by: try keys("k1:\(key(1))"))
        let both = try keys("k2:\(key(2)),k1:\(key(1))")
        #expect(CallbackToken(old, keys: both) == token)
        #expect(CallbackToken(token.signed(by: both), keys: try keys("k2:\(key(2))")) == token)
        // The name alone opens nothing, nor does another key under the same name.
        #expect(CallbackToken(old, keys: try keys("k2:\(key(1))")) == nil)
        #expect(CallbackToken(old, keys: try keys("k1:\(key(2))")) == nil)
    }

    @Test func contentsOfAnotherKindAreRefusedThoughSigned() throws {
        let keys = try keys("k1:\(key(1))")
        let wrong = [
            CallbackToken(domain: .payment, reference: String(repeating: "W", count: 50)),
            CallbackToken(domain: .payout, reference: "ATPAY1"),
            CallbackToken(domain: .payout, reference: ""),
            CallbackToken(domain: .payment, reference: "T", returnURL: "javascript:alert(1)"),
        ]
        for token in wrong { #expect(CallbackToken(token.signed(by: keys), keys: keys) == nil) }
    }
}

@Suite struct DefaultCallbackTests {
    private func address(_ kid: String = "k1") throws -> CallbackAddress {
        CallbackAddress(base: "https://us.example", keys: try keys("\(kid):\(key(1))"))
    }

    private func payment(_ command: Command) throws -> PaymentCommand {
        guard case .createPayment(let payment) = command.body else { throw Wrong() }
        return payment
    }

    private struct Wrong: Error {}

    private func token(_ url: String?, _ address: CallbackAddress) -> CallbackToken? {
        guard let url, url.hasPrefix("https://us.example/callback/") else { return nil }
        return CallbackToken(String(url.dropFirst(28)), keys: address.keys)
    }

    @Test func aPaymentGetsOurs() throws {
        let ours = try address()
        let value = command(.payment, "callback_url")
        let read = try payment(try decode(.payment, value, callback: ours).get())
        #expect(
            token(read.order.callbackURL, ours)
                == CallbackToken(domain: .payment, reference: "TRX1001")
        )
        let own = try payment(try decode(.payment, command(.payment), callback: ours).get())
        #expect(own.order.callbackURL == "https://shop.example/cb")
    }

    @Test func aPayoutGetsOurs() throws {
        let ours = try address()
        guard
            case .requestPayout(let read) =
                try decode(.payout, command(.payout), callback: ours).get().body
        else { throw Wrong() }
        #expect(
            token(read.order.callbackURL, ours) == CallbackToken(domain: .payout, reference: "WD1")
        )
    }

    @Test func theReturnAddressTravelsInTheToken() throws {
        let ours = try address()
        func value(_ page: String) -> String {
            let fields =
                paymentFields.filter { $0.name != "callback_url" }
                + [("return_url", "\"\(page)\"")]
            return "{" + fields.map { "\"\($0.name)\":\($0.json)" }.joined(separator: ",") + "}"
        }
        let page = "https://shop.example/thanks?a=1"
        let read = try payment(try decode(.payment, value(page), callback: ours).get())
        #expect(token(read.order.callbackURL, ours)?.returnURL == page)
        let long = "https://shop.example/" + String(repeating: "x", count: 120)
        let refusal = decode(.payment, value(long), callback: ours).failure
        #expect(refusal?.field == "return_url")
        #expect(refusal?.reference == "TRX1001")
    }

    @Test func theOrderIsTheSameUnderAnotherKey() throws {
        let value = command(.payment, "callback_url")
        let one = try payment(try decode(.payment, value, callback: try address("k1")).get())
        let other = try payment(try decode(.payment, value, callback: try address("k2")).get())
        #expect(one.order.callbackURL != other.order.callbackURL)
        #expect(Fingerprint(one) == Fingerprint(other))
    }

    @Test(arguments: [
        ("webhook", Event.Trigger.webhook), ("return", .return), ("operator", .command),
        ("Webhook", .command), ("", .command),
    ])
    func aCheckSaysWhatLedToIt(word: String, trigger: Event.Trigger) throws {
        let read = try decode(
            .payment,
            #"{"transaction_reference":"TRX1001"}"#,
            headers: [
                ("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_type", "aspayds.payment.check"),
                ("aspayds_trigger", word),
            ]
        ).get()
        #expect(read.trigger == trigger)
    }
}
