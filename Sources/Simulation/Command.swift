import Engine

/// A record of the command topic.
struct Command {
    /// Where it stands.
    var id: RecordID
    /// What the engine is told of it.
    var arrival: Arrival
    /// When it is produced.
    var appears: Time
    /// The command of the same key before it in its partition, by its number.
    var previous: Int?
    /// Whether the provider refuses what it asks for.
    var isRefusable: Bool

    /// The key whose order it keeps.
    var key: ReferenceKey? {
        switch arrival {
        case .create(let order): order.key
        case .check(let key), .invalid(let key): key
        case .methods, .malformed: nil
        }
    }

    var order: Order? {
        guard case .create(let order) = arrival else { return nil }
        return order
    }
}

/// Milliseconds since 1970 at the beginning of every world.
let epoch: Int64 = 1_800_000_000_000

extension Command {
    /// The commands of a world, in the order in which they are produced.
    static func all(of plan: Plan, chance: inout Chance) -> [Command] {
        var times: [Time] = (0..<plan.commands).map { _ in chance.time(0...plan.arrivalTime) }
        times.sort()
        var commands: [Command] = []
        var ends = [Int64](repeating: chance.number(0...3), count: Int(plan.partitions))
        var last: [ReferenceKey: Int] = [:]
        // Few references make many duplicates.
        let references = chance.pick([Int64(plan.commands), Int64(plan.commands) / 3 + 1, 8])
        for appears in times {
            // The key is of the upper-cased reference: "pay-7" and "PAY-7" are one.
            let reference = UInt64(chance.number(1...references))
            let key = ReferenceKey(high: reference, low: reference &* 0x9E37_79B9_7F4A_7C15)
            var partition = Int32(reference % UInt64(plan.partitions))
            let arrival = arrival(of: key, at: appears, &chance)
            switch arrival {
            case .methods, .malformed:
                partition = Int32(chance.number(0...Int64(plan.partitions - 1)))
            default: break
            }
            let index = Int(partition)
            var command = Command(
                id: RecordID(partition: partition, offset: ends[index]),
                arrival: arrival,
                appears: appears,
                previous: nil,
                isRefusable: chance.happens(plan.troubles.refusal)
            )
            if let key = command.key {
                command.previous = last.updateValue(commands.count, forKey: key)
            }
            commands.append(command)
            // Offsets have gaps.
            ends[index] += chance.happens(0.05) ? 2 : 1
        }
        return commands
    }

    private static func arrival(
        of key: ReferenceKey,
        at appears: Time,
        _ chance: inout Chance
    ) -> Arrival {
        switch chance.number(0...99) {
        case 0..<4: return .check(key)
        case 4..<6: return .methods
        case 6..<8: return .invalid(key)
        case 8..<10: return .malformed
        default:
            let wall = epoch + appears / 1_000_000
            return .create(
                Order(
                    key: key,
                    fingerprint: Fingerprint(high: chance.happens(0.1) ? 2 : 1, low: key.low),
                    notAfter: chance.happens(0.1) ? wall + chance.number(-500...20_000) : nil
                )
            )
        }
    }
}
