import Aspayds
import Contract
import JSON
import Kafka

/// A record of the topic of notifications.
struct SeenNotification {
    let eventID: String
    let domain: Domain
    let reference: String
    let providerID: String?
    let amount: Amount?
    /// Milliseconds since 1970.
    let at: Int64

    /// Reads one that we have published.
    init(eventID: String?, value: UnsafeRawBufferPointer?) throws(UnreadableNotification) {
        guard let eventID, let value,
            let object = try? JSONValue.parse(value, duplicates: .refuse).object,
            let data = object["data"]?.object, let name = object["event"]?.text,
            let domain = Domain.allCases.first(where: { name.hasPrefix("\($0.rawValue).") }),
            let reference = data[Reference.field]?.text,
            let at = object["timestamp"]?.text.flatMap(RFC3339.parse)
        else { throw UnreadableNotification() }
        (self.eventID, self.domain, self.reference, self.at) = (eventID, domain, reference, at)
        providerID = data[domain.idField]?.text
        amount = data["amount"].flatMap { try? Amount($0, fractionDigits: 3) }
    }
}

/// A record that is not a notification of this contract.
struct UnreadableNotification: Error {}

/// Every notification has its event.
extension AuditBooks {
    mutating func add(_ notification: SeenNotification, at place: CommandSource) {
        guard isWanted(notification.reference) else { return }
        func breach(_ what: String) {
            findings.add(.notification, place, notification.reference, what)
        }
        let ledger = topics.ledger(of: notification.domain)
        let home = home(of: notification.reference, in: ledger)
        let start = extents.wholeSince(.init(topic: ledger, partition: home))
        guard let index = accounts.known(notification.domain, notification.reference),
            let entry = accounts[index].entries(of: Digest.of(notification.eventID)).last
        else {
            if let start, notification.at < start { return findings.leave(.oldEvents) }
            return breach("there is no event \(notification.eventID)")
        }
        accounts[index].entries[entry].flags.insert(.isNotified)
        let account = accounts[index]
        if let amount = notification.amount, let ordered = account.amount, amount != ordered {
            breach("says \(amount), and \(ordered) was ordered")
        }
        let spot = Place(offset: place.offset, partition: place.partition, topic: .notifications)
        note(id: notification.providerID, of: index, at: spot)
    }
}
