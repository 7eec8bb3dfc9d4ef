import Aspayds
import Contract
import Engine
import Kafka
import Logging

/// Effects are performed, in their order; what goes to Kafka in one step goes in batches.
extension CommandLoop {
    func perform(_ effects: [Effect]) {
        // One batch for each ledger partition: a partition without a leader holds up no other.
        var ledgers: [Int32: Outgoing] = [:]
        var messages = Outgoing()
        for effect in effects {
            switch effect {
            case .append(let ticket, let write):
                append(ticket, write, to: &ledgers[ticket.record.partition, default: Outgoing()])
            case .publish(let ticket, let what): publish(ticket, what, to: &messages)
            case .claim(let ticket):
                claim(ticket, to: &ledgers[ticket.record.partition, default: Outgoing()])
            case .readLedger(let partition, let start, let end):
                readGap(partition, from: start, to: end)
            case .commit(let number, let marks): commit(number, marks)
            case .transmit(let ticket, let attempt, let expires):
                transmit(ticket, attempt: attempt, expires: expires)
            case .lookUp(let number, let records, let isConfirming):
                lookUp(number, records, isConfirming: isConfirming)
            case .poll(let number, let subjects): poll(number, subjects)
            case .ask(let number, let tickets): ask(number, tickets)
            case .probe: probe()
            case .pause(let partitions):
                flow { () throws(KafkaError) in try consumer.pause(commandPartitions(partitions)) }
            case .resume(let partitions):
                flow { () throws(KafkaError) in try consumer.resume(commandPartitions(partitions)) }
            case .forget(let id): forget(id)
            case .relinquish(let partitions): relinquish(partitions)
            case .reassign: reassign()
            case .tell(let notice): tell(notice)
            case .stopped: isStopped = true
            case .alert(let alert): tell(alert)
            }
        }
        for partition in ledgers.keys.sorted() { ledgers[partition].map(send) }
        send(messages)
    }

    /// Messages to Kafka with what they are for.
    struct Outgoing {
        var messages: [Message] = []
        var tags: [Tag] = []
        /// The spans of some of them, where somebody traces.
        var spans: [(index: Int, span: WorkSpan)] = []

        typealias Message = Kafka.Message

        mutating func add(
            _ tag: Tag,
            _ record: EncodedRecord,
            topic: String,
            partition: Int32? = nil,
            span: WorkSpan? = nil
        ) {
            if let span { spans.append((messages.count, span)) }
            messages.append(Message(topic: topic, partition: partition, record))
            tags.append(tag)
        }
    }

    func send(_ outgoing: Outgoing) {
        if outgoing.messages.isEmpty { return }
        producer.send(outgoing.messages) {
            [mailbox, tags = outgoing.tags, spans = outgoing.spans] in
            for (index, span) in spans where $0.indices.contains(index) { span.end($0[index]) }
            mailbox.post(.delivered(tags, $0))
        }
    }

    /// Changes what the consumer delivers.
    func flow(_ change: () throws(KafkaError) -> Void) {
        do throws(KafkaError) {
            try change()
        } catch {
            note(error)
        }
    }

    private func commit(_ number: CommitNumber, _ marks: [Int32: CommitMark]) {
        lastCommit = number
        lastCommitAt = Clock.uptime
        let count = engine.settings.partitionCount
        let list = marks.sorted { $0.key < $1.key }.map { partition, mark in
            CommitOffset(
                topicPartition: TopicPartition(topic: commandTopic, partition: partition),
                offset: mark.offset,
                metadata: CommitMetadata(ledgerEnd: mark.ledgerEnd, partitions: count).text
            )
        }
        do throws(KafkaError) {
            try consumer.commit(list, id: number)
        } catch {
            note(error)
            mailbox.post(.input(.committed(number, accepted: [:])))
        }
    }
}
