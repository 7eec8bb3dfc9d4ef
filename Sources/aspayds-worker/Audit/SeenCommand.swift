import Aspayds
import Contract

/// A record of a command topic, as far as the books need it.
struct SeenCommand {
    /// What it wants.
    enum Wish {
        /// That money is moved.
        case order(fingerprint: UInt64, Amount, currency: String?)
        /// An answer of the provider's.
        case check
        /// Nothing for itself: it only says that something may have changed.
        case hint
        case methods
        /// It breaks the contract, as far as can be told here.
        case invalid
    }

    /// Where it lies.
    let place: CommandSource
    /// Where it was read first: elsewhere, if this is the copy of a forwarded one.
    let origin: CommandSource
    /// The dead letter that it was replayed from; nil for any other command.
    let deadLetter: CommandSource?
    /// When it was produced, in milliseconds since 1970.
    let time: Int64
    let reference: String?
    let wish: Wish
    /// Tells its value from another one.
    let digest: UInt32

    /// Reads a command as a worker does that has every setting.
    init(
        key: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?,
        headers: [(name: String, value: [UInt8]?)],
        at place: CommandSource,
        time: Int64,
        _ domain: Domain
    ) {
        (self.place, self.time) = (place, time)
        origin = Forward.origin(headers, readAt: place)
        deadLetter = Replay.deadLetter(headers)
        digest = UInt32(truncatingIfNeeded: Digest.of(value ?? .init(start: nil, count: 0)))
        let decoder = CommandDecoder(domain: domain, callback: Self.callback)
        switch decoder.decode(key: key, value: value, headers: headers, source: place) {
        case .success(let command):
            reference = command.reference
            wish = Wish(command)
        case .failure(let rejection):
            reference = rejection.reference
            wish = .invalid
        }
    }

    /// Stands for the workers' own address, which a command may leave to them; none is shorter.
    private static let callback = CallbackKeys("audit:\(String(repeating: "A", count: 22))==").map {
        CallbackAddress(base: "https://a", keys: $0)
    }
}

extension SeenCommand.Wish {
    fileprivate init(_ command: Command) {
        switch command.body {
        case .createPayment(let payment):
            self = .order(
                fingerprint: Fingerprint(payment).high,
                payment.order.amount,
                currency: payment.currency
            )
        case .requestPayout(let payout):
            self = .order(
                fingerprint: Fingerprint(payout).high,
                payout.order.amount,
                currency: payout.currency
            )
        case .checkPayment, .checkPayout:
            self = command.trigger == .command ? .check : .hint
        case .payoutMethods: self = .methods
        }
    }
}

/// Tells contents apart within one run of the program: 64 bits, seeded anew by each process.
enum Digest {
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    static func of(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { of($0) } }

    static func of(_ text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { of(UnsafeRawBufferPointer($0)) }
    }
}
