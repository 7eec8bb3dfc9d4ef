import CKafkaShim

/// The calls that block.
extension Handle {
    func create(_ topics: [Admin.NewTopic], timeout: Duration) -> [String: Admin.Creation] {
        var results: [String: Admin.Creation] = [:]
        var requests: [OpaquePointer?] = []
        defer { for request in requests { rd_kafka_NewTopic_destroy(request) } }
        for topic in topics {
            do throws(KafkaError) {
                requests.append(try newTopic(topic))
            } catch {
                results[topic.name] = .failed(error)
            }
        }
        guard !requests.isEmpty else { return results }
        let failure = ask(RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout) { options, queue in
            rd_kafka_CreateTopics(client, &requests, requests.count, options, queue)
        } answer: { event in
            var count = 0
            let answers = rd_kafka_CreateTopics_result_topics(
                rd_kafka_event_CreateTopics_result(event),
                &count
            )
            for answer in UnsafeBufferPointer(start: answers, count: count) {
                let name = String(cString: rd_kafka_topic_result_name(answer))
                results[name] = Admin.Creation(answer)
            }
        }
        if let failure {
            for topic in topics where results[topic.name] == nil {
                results[topic.name] = .failed(failure)
            }
        }
        return results
    }

    private func newTopic(_ topic: Admin.NewTopic) throws(KafkaError) -> OpaquePointer {
        let (made, reason) = withReason {
            rd_kafka_NewTopic_new(topic.name, topic.partitions, topic.replicationFactor, $0, $1)
        }
        guard let made else { throw .invalid("topic \"\(topic.name)\": \(reason)") }
        for (name, value) in topic.settings {
            rd_kafka_NewTopic_set_config(made, name, value)
        }
        return made
    }

    /// The topics of these names that exist, from the list of all: asking for one by name may
    /// create it.
    func partitions(
        of names: Set<String>,
        timeout: Duration
    ) throws(KafkaError) -> [String: (name: String, partitions: Int, replicas: Int)] {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        try KafkaError.check(rd_kafka_metadata(client, 1, nil, &metadata, timeout.milliseconds))
        guard let metadata else { return [:] }
        defer { rd_kafka_metadata_destroy(metadata) }
        var found: [String: (name: String, partitions: Int, replicas: Int)] = [:]
        let all = UnsafeBufferPointer(
            start: metadata.pointee.topics,
            count: Int(metadata.pointee.topic_cnt)
        )
        for topic in all {
            let name = String(cString: topic.topic)
            guard names.contains(name) else { continue }
            if let error = KafkaError.from(topic.err) { throw error }
            let partitions = UnsafeBufferPointer(
                start: topic.partitions,
                count: Int(topic.partition_cnt)
            )
            found[name] = (
                name, partitions.count, Int(partitions.map(\.replica_cnt).min() ?? 0)
            )
        }
        return found
    }

    /// The settings of these topics, as far as the broker tells them.
    func settings(of names: [String], timeout: Duration) -> [String: [String: String]] {
        guard !names.isEmpty else { return [:] }
        var requests: [OpaquePointer?] = names.map {
            rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, $0)
        }
        defer { for request in requests { rd_kafka_ConfigResource_destroy(request) } }
        var settings: [String: [String: String]] = [:]
        _ = ask(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout) { options, queue in
            rd_kafka_DescribeConfigs(client, &requests, requests.count, options, queue)
        } answer: { event in
            var count = 0
            let answers = rd_kafka_DescribeConfigs_result_resources(
                rd_kafka_event_DescribeConfigs_result(event),
                &count
            )
            for answer in UnsafeBufferPointer(start: answers, count: count) {
                guard rd_kafka_ConfigResource_error(answer).rawValue == 0 else { continue }
                settings[String(cString: rd_kafka_ConfigResource_name(answer))] = entries(answer)
            }
        }
        return settings
    }

    private func entries(_ resource: OpaquePointer?) -> [String: String] {
        var count = 0
        let entries = rd_kafka_ConfigResource_configs(resource, &count)
        var settings: [String: String] = [:]
        for entry in UnsafeBufferPointer(start: entries, count: count) {
            guard let value = rd_kafka_ConfigEntry_value(entry) else { continue }
            settings[String(cString: rd_kafka_ConfigEntry_name(entry))] = String(cString: value)
        }
        return settings
    }

    /// Sends one admin request and waits for its answer; gives the error of the request as a whole.
    private func ask(
        _ operation: rd_kafka_admin_op_t,
        _ timeout: Duration,
        request: (_ options: OpaquePointer?, _ queue: OpaquePointer?) -> Void,
        answer: (OpaquePointer) -> Void
    ) -> KafkaError? {
        let queue = rd_kafka_queue_new(client)
        defer { rd_kafka_queue_destroy(queue) }
        let options = rd_kafka_AdminOptions_new(client, operation)
        defer { rd_kafka_AdminOptions_destroy(options) }
        let milliseconds = timeout.milliseconds
        _ = withReason { rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, $0, $1) }
        request(options, queue)
        guard let event = rd_kafka_queue_poll(queue, milliseconds) else {
            return KafkaError(code: KafkaError.Code.timedOut)
        }
        defer { rd_kafka_event_destroy(event) }
        let code = rd_kafka_event_error(event).rawValue
        guard code == 0 else {
            let message = String(cString: rd_kafka_event_error_string(event))
            return KafkaError(code: code, message: message)
        }
        answer(event)
        return nil
    }
}

extension Admin.Creation {
    fileprivate init(_ result: OpaquePointer?) {
        let code = rd_kafka_topic_result_error(result).rawValue
        switch code {
        case 0:
            self = .created
        case KafkaError.Code.topicAlreadyExists:
            self = .alreadyExists
        default:
            let message = rd_kafka_topic_result_error_string(result).map { String(cString: $0) }
            self = .failed(KafkaError(code: code, message: message))
        }
    }
}
