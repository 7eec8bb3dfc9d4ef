import Contract
import Kafka

/// Records of Kafka become what the books take.
extension AuditBooks {
    mutating func take(_ record: Record) {
        let place = CommandSource(
            topic: record.topic,
            partition: record.partition,
            offset: record.offset
        )
        note(place, at: record.timestamp)
        switch record.topic {
        case topics.deadLetters: takeDeadLetter(record, at: place)
        case topics.notifications: takeNotification(record, at: place)
        default:
            for domain in Domain.allCases {
                switch record.topic {
                case topics.commands(of: domain): takeCommand(record, of: domain, at: place)
                case topics.ledger(of: domain): takeLedger(record, at: place)
                case topics.events(of: domain): takeEvent(record, at: place)
                default: continue
                }
            }
        }
    }

    private mutating func takeCommand(_ record: Record, of domain: Domain, at place: CommandSource)
    {
        let command = record.withKey { key in
            record.withValue { value in
                SeenCommand(
                    key: key,
                    value: value,
                    headers: record.pairs,
                    at: place,
                    time: record.timestamp,
                    domain
                )
            }
        }
        add(command, of: domain)
    }

    private mutating func takeLedger(_ record: Record, at place: CommandSource) {
        let result = record.withValue { value in
            Result { () throws(UnreadableRecord) in try value.map(LedgerRecord.init(value:)) }
        }
        switch result {
        case .success(let record?): add(record, at: place)
        case .success(nil): addUnreadable(place, "a tombstone, in a ledger")
        case .failure(let error): addUnreadable(place, error.what)
        }
    }

    private mutating func takeEvent(_ record: Record, at place: CommandSource) {
        let result = record.withValue { value in
            Result { () throws(UnreadableRecord) in try Event(headers: record.pairs, value: value) }
        }
        switch result {
        case .success(let event): add(event, at: place)
        case .failure(let error): addUnreadable(place, error.what)
        }
    }

    private mutating func takeDeadLetter(_ record: Record, at place: CommandSource) {
        func header(_ name: String) -> String? {
            record.withHeader(DeadLetter.prefix + name) { value in
                value.map { String(decoding: $0, as: UTF8.self) }
            }
        }
        guard let topic = header("topic"),
            let partition = header("partition").flatMap({ Int32($0) }),
            let offset = header("offset").flatMap({ Int64($0) })
        else { return addUnreadable(place, "a dead letter that does not say where it was read") }
        add(
            deadLetterOf: CommandSource(topic: topic, partition: partition, offset: offset),
            at: place
        )
    }

    private mutating func takeNotification(_ record: Record, at place: CommandSource) {
        let id = record.withHeader("event_id") { value in
            value.map { String(decoding: $0, as: UTF8.self) }
        }
        let notification = record.withValue { try? SeenNotification(eventID: id, value: $0) }
        if let notification {
            add(notification, at: place)
        } else {
            addUnreadable(place, "not a notification")
        }
    }
}

extension Record {
    fileprivate var pairs: [(name: String, value: [UInt8]?)] {
        headers.map { (name: $0.name, value: $0.value) }
    }
}
