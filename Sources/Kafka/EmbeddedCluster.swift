import CKafkaShim
import Synchronization

/// A Kafka cluster inside the process: librdkafka's mock brokers, on ports of the loopback.
///
/// For development and tests: records live in memory, at most 5 MiB a partition, and there is no
/// CreateTopics, compaction or encryption. The brokers' ids are 1, 2, …
package final class EmbeddedCluster: Sendable {
    /// Kafka's numbers for kinds of requests.
    package struct API: RawRepresentable, Sendable {
        package let rawValue: Int16

        /// Names a kind of request by its number in Kafka's protocol.
        package init(rawValue: Int16) { self.rawValue = rawValue }

        package static let produce = API(rawValue: 0)
        package static let fetch = API(rawValue: 1)
        package static let listOffsets = API(rawValue: 2)
        package static let metadata = API(rawValue: 3)
        package static let offsetCommit = API(rawValue: 8)
        package static let offsetFetch = API(rawValue: 9)
        package static let findCoordinator = API(rawValue: 10)
        package static let joinGroup = API(rawValue: 11)
        package static let heartbeat = API(rawValue: 12)
        package static let initProducerID = API(rawValue: 22)
    }

    /// Where clients connect: what `bootstrap.servers` takes.
    package let bootstrapServers: String
    private let handle: Handle
    private let cluster: Mutex<Pointer?>

    private struct Pointer: Sendable {
        // Safe to share: used under the lock alone.
        nonisolated(unsafe) let address: OpaquePointer
    }

    /// Starts the brokers.
    package init(
        brokers: Int32 = 1,
        log: (@Sendable (KafkaLogLine) -> Void)? = nil
    ) throws(KafkaError) {
        let configuration = KafkaConfiguration(properties: [:], log: log)
        handle = try Handle(
            RD_KAFKA_PRODUCER,
            configuration,
            callbacks: Callbacks(configuration)
        )
        guard let address = rd_kafka_mock_cluster_new(handle.client, brokers),
            let servers = rd_kafka_mock_cluster_bootstraps(address)
        else { throw .invalid("the embedded cluster cannot have \(brokers) brokers") }
        bootstrapServers = String(cString: servers)
        cluster = Mutex(Pointer(address: address))
    }

    deinit {
        close()
    }

    /// Creates a topic; librdkafka 2.0.2 gives it as many replicas as there are brokers, up to 3.
    package func createTopic(
        _ name: String,
        partitions: Int32,
        replication: Int32 = 1
    ) throws(KafkaError) {
        try call { rd_kafka_mock_topic_create($0, name, partitions, replication) }
    }

    /// Lets the next requests of a kind fail, each with one of these codes, in order.
    ///
    /// The code `KafkaError.Code.transport` closes the connection instead of answering.
    package func pushErrors(_ api: API, _ codes: [Int32]) throws(KafkaError) {
        let errors = codes.map { rd_kafka_resp_err_t(rawValue: $0) }
        try call { cluster in
            rd_kafka_mock_push_request_errors_array(cluster, api.rawValue, errors.count, errors)
            return RD_KAFKA_RESP_ERR_NO_ERROR
        }
    }

    /// Answers questions about a topic with an error; 0 is none.
    package func setError(ofTopic name: String, _ code: Int32) throws(KafkaError) {
        try call { cluster in
            rd_kafka_mock_topic_set_error(cluster, name, rd_kafka_resp_err_t(rawValue: code))
            return RD_KAFKA_RESP_ERR_NO_ERROR
        }
    }

    /// Takes back the errors that are still to come for a kind of request.
    package func clearErrors(_ api: API) throws(KafkaError) {
        try call { cluster in
            rd_kafka_mock_clear_request_errors(cluster, api.rawValue)
            return RD_KAFKA_RESP_ERR_NO_ERROR
        }
    }

    /// Delays a broker's answers; −1 means all brokers.
    package func setRoundTrip(_ broker: Int32 = -1, _ time: Duration) throws(KafkaError) {
        try call { rd_kafka_mock_broker_set_rtt($0, broker, time.milliseconds) }
    }

    /// Takes a broker down, or lets it accept connections again; −1 means all brokers.
    package func setBroker(_ broker: Int32 = -1, up: Bool) throws(KafkaError) {
        try call { cluster in
            up
                ? rd_kafka_mock_broker_set_up(cluster, broker)
                : rd_kafka_mock_broker_set_down(cluster, broker)
        }
    }

    /// Makes a broker the coordinator of a group.
    package func setCoordinator(ofGroup group: String, _ broker: Int32) throws(KafkaError) {
        try call { rd_kafka_mock_coordinator_set($0, "group", group, broker) }
    }

    /// Makes a broker the leader of a partition; −1 leaves it without one.
    package func setLeader(of partition: TopicPartition, _ broker: Int32) throws(KafkaError) {
        try call {
            rd_kafka_mock_partition_set_leader($0, partition.topic, partition.partition, broker)
        }
    }

    /// Stops the brokers; what they held is gone.
    package func close() {
        let pointer = cluster.withLock { cluster in
            defer { cluster = nil }
            return cluster
        }
        if let pointer { rd_kafka_mock_cluster_destroy(pointer.address) }
    }

    private func call(
        _ body: (OpaquePointer) -> rd_kafka_resp_err_t
    ) throws(KafkaError) {
        let error = cluster.withLock { $0.map { body($0.address) } }
        guard let error else { throw .closed }
        try KafkaError.check(error)
    }
}
