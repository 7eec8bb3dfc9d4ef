import Aspayds
import Crypto

/// The identity of an order: the same fingerprint, the same money to the same recipient.
///
/// It covers what decides who is paid how much: kind, reference (without regard to case), amount,
/// currency, and the customer's name or the method and the recipient. It does not cover the
/// description, the addresses and `not_after`: a producer that sends a command again with
/// another note or a new deadline means the same order.
package struct Fingerprint: Hashable, Sendable {
    /// The first eight bytes of the SHA-256.
    package let high: UInt64
    /// The next eight.
    package let low: UInt64

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

    /// Both halves in hexadecimal, 32 digits.
    package var text: String {
        DigitWriter.text(of: 32) { w in
            w.number(high)
            w.number(low)
        }
    }

    /// Reads a fingerprint as it was written.
    init?(text: String) {
        var reader = HexReader(text.utf8)
        guard let high = reader.number(), let low = reader.number(), reader.isAtEnd else {
            return nil
        }
        self.high = high
        self.low = low
    }

    /// Each part is preceded by its length, so that no two lists of parts run into one another.
    private init(_ parts: [String]) {
        var hash = SHA256()
        for part in parts {
            hash.update(data: Array("\(part.utf8.count):".utf8))
            hash.update(data: Array(part.utf8))
        }
        (high, low) = halves(hash.finalize())
    }
}

/// Sixteen digits.
func hexadecimal(_ number: UInt64) -> String { DigitWriter.text(of: 16) { $0.number(number) } }

/// A reference in 16 bytes: the first of the SHA-256 of its upper-case form.
package struct ReferenceKey: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(_ reference: String) {
        (high, low) = halves(SHA256.hash(data: reference.utf8.map(\.asciiUppercased)))
    }
}

/// The first 16 bytes of a digest, in network order.
private func halves(_ digest: SHA256.Digest) -> (UInt64, UInt64) {
    var halves: (UInt64, UInt64) = (0, 0)
    for (index, byte) in digest.prefix(16).enumerated() {
        if index < 8 {
            halves.0 = halves.0 << 8 | UInt64(byte)
        } else {
            halves.1 = halves.1 << 8 | UInt64(byte)
        }
    }
    return halves
}
