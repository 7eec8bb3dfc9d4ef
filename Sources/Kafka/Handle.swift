import CKafkaShim

/// What librdkafka calls back; it outlives the client that holds its address.
final class Callbacks: Sendable {
    let onReady: @Sendable () -> Void
    private let log: (@Sendable (KafkaLogLine) -> Void)?

    init(
        log: (@Sendable (KafkaLogLine) -> Void)?,
        onReady: @escaping @Sendable () -> Void = {}
    ) {
        self.log = log
        self.onReady = onReady
    }

    fileprivate static let logLine:
        @convention(c) (OpaquePointer?, Int32, UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> Void =
            {
                client,
                level,
                facility,
                message in
                guard let client, let opaque = rd_kafka_opaque(client), let facility, let message
                else { return }
                Unmanaged<Callbacks>.fromOpaque(opaque).takeUnretainedValue().log?(
                    KafkaLogLine(
                        level: level,
                        facility: String(cString: facility),
                        message: String(cString: message)
                    )
                )
            }
}

/// A client of librdkafka.
///
/// It is destroyed, on a thread of its own, when the last reference goes:
/// records and queues hold one, because librdkafka must outlive what it has given out.
final class Handle: Sendable {
    // Safe to share: librdkafka's calls may be made from any thread, and the pointer never changes.
    nonisolated(unsafe) let client: OpaquePointer
    let callbacks: Callbacks

    /// Makes a client from its defaults, the configuration, and what cannot be overridden.
    init(
        _ type: rd_kafka_type_t,
        _ configuration: KafkaConfiguration,
        defaults: [String: String] = [:],
        forced: [String: String] = [:],
        events: Int32 = 0,
        callbacks: Callbacks
    ) throws(KafkaError) {
        let conf: OpaquePointer = rd_kafka_conf_new()
        do throws(KafkaError) {
            let chosen = configuration.properties.sorted { $0.key < $1.key }
            for (name, value) in defaults { try Self.set(conf, name, value) }
            for (name, value) in chosen { try Self.set(conf, name, value) }
            for (name, value) in forced { try Self.set(conf, name, value) }
        } catch {
            rd_kafka_conf_destroy(conf)
            throw error
        }
        rd_kafka_conf_set_opaque(conf, Unmanaged.passUnretained(callbacks).toOpaque())
        rd_kafka_conf_set_log_cb(conf, Callbacks.logLine)
        rd_kafka_conf_set_events(conf, events)

        let (client, reason) = withReason { rd_kafka_new(type, conf, $0, $1) }
        guard let client else {
            rd_kafka_conf_destroy(conf)
            throw .invalid(reason)
        }
        self.client = client
        self.callbacks = callbacks
    }

    deinit {
        // Safe to pass on: this was the last reference, so the new thread has it alone.
        nonisolated(unsafe) let client = client
        let callbacks = callbacks
        Blocking.start {
            // A consumer has been closed before, or is to go without waiting for its group.
            rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
            withExtendedLifetime(callbacks) {}
        }
    }

    private static func set(
        _ conf: OpaquePointer,
        _ name: String,
        _ value: String
    ) throws(KafkaError) {
        let (result, reason) = withReason { rd_kafka_conf_set(conf, name, value, $0, $1) }
        switch result {
        case RD_KAFKA_CONF_OK:
            return
        case RD_KAFKA_CONF_UNKNOWN:
            throw .invalid("unknown Kafka property \"\(name)\"")
        default:
            // librdkafka's own sentence repeats the value.
            let why = KafkaConfiguration.isSecret(name) ? "" : ": \(reason)"
            let shown = KafkaConfiguration.shown(value, of: name)
            throw .invalid("invalid value \"\(shown)\" for Kafka property \"\(name)\"\(why)")
        }
    }
}

/// Calls the body with room for librdkafka to say why it fails, and gives that beside the result.
func withReason<R>(_ body: (UnsafeMutablePointer<CChar>, Int) -> R) -> (R, String) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { room in
        guard let start = room.baseAddress else { preconditionFailure("capacity is not 0") }
        start.pointee = 0
        let result = body(start, room.count)
        return (result, String(cString: start))
    }
}

/// A queue of a client's events.
final class Queue: Sendable {
    // Safe to share: librdkafka's queues may be used from any thread, and the pointer never changes.
    nonisolated(unsafe) let pointer: OpaquePointer
    let handle: Handle

    init(_ pointer: OpaquePointer, of handle: Handle) {
        self.pointer = pointer
        self.handle = handle
    }

    deinit {
        rd_kafka_queue_destroy(pointer)
    }

    /// Calls the handle's `onReady` whenever the queue stops being empty.
    func enableWakeUp() {
        rd_kafka_queue_cb_event_enable(
            pointer,
            { _, opaque in
                guard let opaque else { return }
                Unmanaged<Callbacks>.fromOpaque(opaque).takeUnretainedValue().onReady()
            },
            Unmanaged.passUnretained(handle.callbacks).toOpaque()
        )
    }

    func disableWakeUp() {
        rd_kafka_queue_cb_event_enable(pointer, nil, nil)
    }
}
