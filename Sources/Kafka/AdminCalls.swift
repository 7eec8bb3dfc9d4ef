import CKafkaShim

/// The calls that block.
extension Handle {
    func create(_ topics: [Admin.NewTopic], timeout: Duration) -> [String: Admin.Creation] {
        var results: [String: Admin.Creation] = [:]
        do throws(KafkaError) {
            let cluster = try metadata(timeout: timeout)
            for topic in topics where cluster.topics[topic.name] != nil {
                results[topic.name] = .alreadyExists
            }
            try refuseWithoutController(cluster.brokers, timeout)
            let missing = topics.filter { results[$0.name] == nil }
            results.merge(try request(missing, timeout)) { first, _ in first }
        } catch {
            for topic in topics where results[topic.name] == nil {
                results[topic.name] = .failed(explain(error))
            }
        }
        return results
    }

    /// Says at once what librdkafka would say at the end of the time.
    ///
    /// The embedded cluster names a controller that is none of its brokers.
    private func refuseWithoutController(
        _ brokers: [Int32],
        _ timeout: Duration
    ) throws(KafkaError) {
        let controller = rd_kafka_controllerid(client, timeout.milliseconds)
        guard brokers.contains(controller) else {
            throw KafkaError(
                code: KafkaError.Code.unsupportedFeature,
                message: "the cluster has no controller that could create topics"
            )
        }
    }

    private func request(
        _ topics: [Admin.NewTopic],
        _ timeout: Duration
    ) throws(KafkaError) -> [String: Admin.Creation] {
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
        try ask(RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout) { options, queue in
            rd_kafka_CreateTopics(client, &requests, requests.count, options, queue)
        } answer: { event in
            var count = 0
            let answers = rd_kafka_CreateTopics_result_topics(
                rd_kafka_event_CreateTopics_result(event),
                &count
            )
            for answer in UnsafeBufferPointer(start: answers, count: count) {
                let name = String(cString: rd_kafka_topic_result_name(answer))
                results[name] = Admin.Creation(answer, explain)
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

    /// A cluster's brokers and all its topics: asking for one topic by name may create it.
    struct Metadata {
        var brokers: [Int32] = []
        var topics: [String: (partitions: Int, replicas: Int, error: KafkaError?)] = [:]
    }

    func metadata(timeout: Duration) throws(KafkaError) -> Metadata {
        var answer: UnsafePointer<rd_kafka_metadata>?
        try KafkaError.check(rd_kafka_metadata(client, 1, nil, &answer, timeout.milliseconds))
        guard let answer else { return Metadata() }
        defer { rd_kafka_metadata_destroy(answer) }
        var metadata = Metadata()
        metadata.brokers = UnsafeBufferPointer(
            start: answer.pointee.brokers,
            count: Int(answer.pointee.broker_cnt)
        ).map(\.id)
        let topics = UnsafeBufferPointer(
            start: answer.pointee.topics,
            count: Int(answer.pointee.topic_cnt)
        )
        for topic in topics {
            let name = String(cString: topic.topic)
            let partitions = UnsafeBufferPointer(
                start: topic.partitions,
                count: Int(topic.partition_cnt)
            )
            metadata.topics[name] = (
                partitions.count, Int(partitions.map(\.replica_cnt).min() ?? 0),
                KafkaError.from(
                    topic.err,
                    topicPartition: TopicPartition(topic: name, partition: TopicPartition.any)
                )
            )
        }
        return metadata
    }

    func describe(
        _ names: [String],
        withSettings: Bool,
        timeout: Duration
    ) throws(KafkaError) -> [String: Admin.Topic] {
        let cluster = try metadata(timeout: timeout)
        let found = Set(names).filter { cluster.topics[$0] != nil }.sorted()
        let settings =
            withSettings ? settings(of: found, from: cluster.brokers.first, timeout) : [:]
        var topics: [String: Admin.Topic] = [:]
        for name in found {
            guard let topic = cluster.topics[name] else { continue }
            if let error = topic.error { throw error }
            topics[name] = Admin.Topic(
                name: name,
                partitions: topic.partitions,
                replicationFactor: topic.replicas,
                settings: settings[name]
            )
        }
        return topics
    }

    /// The settings of these topics, as far as the broker tells them.
    private func settings(
        of names: [String],
        from broker: Int32?,
        _ timeout: Duration
    ) -> [String: [String: String]] {
        guard !names.isEmpty else { return [:] }
        var requests: [OpaquePointer?] = names.map {
            rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, $0)
        }
        defer { for request in requests { rd_kafka_ConfigResource_destroy(request) } }
        var settings: [String: [String: String]] = [:]
        // Any broker knows them; an older one, or one that may not tell, answers with an error.
        try? ask(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout, broker: broker) { options, queue in
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

    /// Sends one admin request, and gives its answer or throws the error of the request as a whole.
    private func ask(
        _ operation: rd_kafka_admin_op_t,
        _ timeout: Duration,
        broker: Int32? = nil,
        request: (_ options: OpaquePointer?, _ queue: OpaquePointer?) -> Void,
        answer: (OpaquePointer) -> Void
    ) throws(KafkaError) {
        let queue = rd_kafka_queue_new(client)
        defer { rd_kafka_queue_destroy(queue) }
        let options = rd_kafka_AdminOptions_new(client, operation)
        defer { rd_kafka_AdminOptions_destroy(options) }
        let milliseconds = timeout.milliseconds
        _ = withReason { rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, $0, $1) }
        if let broker {
            _ = withReason { rd_kafka_AdminOptions_set_broker(options, broker, $0, $1) }
        }
        request(options, queue)
        guard let event = rd_kafka_queue_poll(queue, milliseconds) else {
            throw KafkaError(code: KafkaError.Code.timedOut)
        }
        defer { rd_kafka_event_destroy(event) }
        let code = rd_kafka_event_error(event).rawValue
        if code != 0 {
            let message = String(cString: rd_kafka_event_error_string(event))
            throw KafkaError(code: code, message: message)
        }
        answer(event)
    }
}

extension Admin.Creation {
    fileprivate init(_ result: OpaquePointer?, _ explain: (KafkaError) -> KafkaError) {
        let code = rd_kafka_topic_result_error(result).rawValue
        switch code {
        case 0:
            self = .created
        case KafkaError.Code.topicAlreadyExists:
            self = .alreadyExists
        default:
            let message = rd_kafka_topic_result_error_string(result).map { String(cString: $0) }
            self = .failed(explain(KafkaError(code: code, message: message)))
        }
    }
}
