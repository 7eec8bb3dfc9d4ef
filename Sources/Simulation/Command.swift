import Engine

/// A record of the command topic.
struct Command {
    /// Where it stands; known when it is produced.
    var id: RecordID
    /// Where it belongs.
    let home: Int32
    /// What it asks for.
    var content: Arrival
    /// When it is produced.
    let appears: Time
    /// The command of the same key before it in its partition, by its number.
    var previous: Int?
    /// The number of the command that it is a forwarded copy of.
    var root: Int?
    /// Whether the provider refuses what it asks for.
    let isRefusable: Bool

    /// What the engine is told of it.
    var arrival: Arrival { id.partition == home ? content : .stray }

    /// The key whose order it keeps.
    var key: ReferenceKey? {
        switch content {
        case .create(let order): order.key
        case .check(let key), .invalid(let key), .hint(let key, _): key
        case .methods, .malformed, .stray: nil
        }
    }

    /// Whether it wants no answer.
    var isHint: Bool { if case .hint = content { true } else { false } }

    var order: Order? {
        guard case .create(let order) = content else { return nil }
        return order
    }
}

/// Milliseconds since 1970 at the beginning of every world: shortly before midnight.
let epoch: Int64 = 1_800_057_600_000 - 20_000

extension Command {
    /// The commands of a world, in the order in which they are produced.
    static func all(of plan: Plan, chance: inout Chance) -> [Command] {
        var times: [Time] = (0..<plan.commands).map { _ in chance.time(0...plan.arrivalTime) }
        times.sort()
        // Few references make many duplicates.
        let references = chance.pick([Int64(plan.commands), Int64(plan.commands) / 3 + 1, 8])
        return times.map { appears in
            // The key is of the upper-cased reference: "pay-7" and "PAY-7" are one.
            let reference = plan.hotReference(UInt64(chance.number(1...references)))
            let key = ReferenceKey(high: reference, low: reference &* 0x9E37_79B9_7F4A_7C15)
            let content = content(of: key, at: appears, &chance)
            let anywhere = Int32(chance.number(0...Int64(plan.partitions - 1)))
            let isStray = chance.happens(plan.strays)
            let home: Int32
            switch content {
            case .create, .check, .hint: home = Int32(reference % UInt64(plan.partitions))
            case .invalid, .methods, .malformed, .stray: home = anywhere
            }
            return Command(
                id: RecordID(partition: isStray ? anywhere : home, offset: -1),
                home: home,
                content: content,
                appears: appears,
                isRefusable: chance.happens(plan.troubles.refusal)
            )
        }
    }

    private static func content(
        of key: ReferenceKey,
        at appears: Time,
        _ chance: inout Chance
    ) -> Arrival {
        switch chance.number(0...99) {
        case 0..<4: return .check(key)
        case 4..<6: return .methods
        case 6..<8: return .invalid(key)
        case 8..<10: return .malformed
        case 10..<15: return .hint(key, chance.happens(0.5) ? .webhook : .return)
        default:
            let wall = epoch + appears / 1_000_000
            return .create(
                Order(
                    key: key,
                    fingerprint: Fingerprint(high: chance.happens(0.1) ? 2 : 1, low: key.low),
                    amount: chance.number(1...100) * 1000,
                    notAfter: chance.happens(0.1) ? wall + chance.number(-500...20_000) : nil,
                    origin: RecordID(partition: 0, offset: -1)
                )
            )
        }
    }
}
