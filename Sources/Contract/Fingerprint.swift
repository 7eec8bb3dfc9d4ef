import Aspayds
import Crypto

/// The identity of an order: the same fingerprint, the same money to the same recipient.
///
/// It covers what decides who is paid how much: kind, reference (without regard to case), amount,
/// currency, and the customer's name or the method and the recipient. It does not cover the
/// description, the addresses and `not_after`: a producer that sends a command again with
/// another note or a new deadline means the same order.
package struct Fingerprint: Hashable, Sendable {
    /// The first 16 bytes of the SHA-256, in hexadecimal.
    package let text: String

    package init(_ command: PaymentCommand) {
        let order = command.order
        self.init([
            Domain.payment.rawValue, Reference.uppercased(order.transactionReference),
            order.amount.description, command.currency ?? "", order.customerName,
        ])
    }

    package init(_ command: PayoutCommand) {
        let order = command.order
        self.init([
            Domain.payout.rawValue, Reference.uppercased(order.transactionReference),
            order.amount.description, command.currency ?? "", String(order.payoutMethodID),
            order.recipientName, order.recipientAccount,
        ])
    }

    /// Reads a fingerprint as it was written.
    init?(text: String) {
        guard text.utf8.count == 32,
            text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 })
        else { return nil }
        self.text = text
    }

    /// Each part is preceded by its length, so that no two lists of parts run into one another.
    private init(_ parts: [String]) {
        var hash = SHA256()
        for part in parts {
            hash.update(data: Array("\(part.utf8.count):".utf8))
            hash.update(data: Array(part.utf8))
        }
        let digits = Array("0123456789abcdef".utf8)
        let text = hash.finalize().prefix(16).flatMap {
            [digits[Int($0 >> 4)], digits[Int($0 & 15)]]
        }
        self.text = String(decoding: text, as: UTF8.self)
    }
}

/// A reference in 16 bytes: the first of the SHA-256 of its upper-case form.
package struct ReferenceKey: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(_ reference: String) {
        let digest = SHA256.hash(data: reference.utf8.map(\.asciiUppercased))
        var halves: (UInt64, UInt64) = (0, 0)
        for (index, byte) in digest.prefix(16).enumerated() {
            if index < 8 {
                halves.0 = halves.0 << 8 | UInt64(byte)
            } else {
                halves.1 = halves.1 << 8 | UInt64(byte)
            }
        }
        (high, low) = halves
    }
}
