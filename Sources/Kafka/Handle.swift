import CKafkaShim

/// What librdkafka calls back; it outlives the client that holds its address.
final class Callbacks: Sendable {
    let onReady: @Sendable () -> Void
    let diagnosis: Diagnosis
    private let log: (@Sendable (KafkaLogLine) -> Void)?

    init(
        _ configuration: KafkaConfiguration,
        onReady: @escaping @Sendable () -> Void = {}
    ) {
        log = configuration.log
        diagnosis = Diagnosis(configuration.properties)
        self.onReady = onReady
    }

    /// The kind of line that says that a connection failed.
    private static let failure = "FAIL"

    private func write(_ line: KafkaLogLine) {
        var line = line
        if line.facility == Self.failure {
            line.explanation = diagnosis.note(failure: line.message)
        } else if line.message.hasSuffix("brokers are down") {
            line.explanation = diagnosis.inTheWay
        }
        log?(line)
    }

    /// Hears OpenSSL's verdict on a broker's certificate, and lets it stand.
    fileprivate static let certificate:
        @convention(c) (
            OpaquePointer?, UnsafePointer<CChar>?, Int32, UnsafeMutablePointer<Int32>?, Int32,
            UnsafePointer<CChar>?, Int, UnsafeMutablePointer<CChar>?, Int, UnsafeMutableRawPointer?
        ) -> Int32 = { _, broker, _, verdict, _, _, _, _, _, opaque in
            // Whatever is not known to be good is bad: what is answered here is what counts.
            guard let verdict else { return 0 }
            guard verdict.pointee != 0 else { return 1 }
            if let broker, let opaque {
                Unmanaged<Callbacks>.fromOpaque(opaque).takeUnretainedValue().diagnosis
                    .note(verdict: verdict.pointee, on: String(cString: broker))
            }
            return 0
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
                Unmanaged<Callbacks>.fromOpaque(opaque).takeUnretainedValue().write(
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
        if configuration.verifiesCertificates {
            rd_kafka_conf_set_ssl_cert_verify_cb(conf, Callbacks.certificate)
        }
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

    /// Makes calls to brokers: their errors are explained, and their answers show that the way is free.
    func explained<R>(_ calls: () throws(KafkaError) -> R) throws(KafkaError) -> R {
        do throws(KafkaError) {
            let answer = try calls()
            callbacks.diagnosis.forget()
            return answer
        } catch { throw explain(error) }
    }

    /// The error, with what it means where that is known.
    func explain(_ error: KafkaError) -> KafkaError {
        callbacks.diagnosis.explain(error)
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
