import CKafkaShim

/// A message to produce.
package struct Message: Sendable {
    package var topic: String
    /// The partition; without one the key decides, as Java's default partitioner would.
    package var partition: Int32?
    package var key: [UInt8]?
    /// The value; nil is a tombstone.
    package var value: [UInt8]?
    package var headers: [Header]

    /// Makes a message.
    package init(
        topic: String,
        partition: Int32? = nil,
        key: [UInt8]? = nil,
        value: [UInt8]?,
        headers: [Header] = []
    ) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
    }

    /// Hands the message to librdkafka, which copies it.
    func produce(
        to client: OpaquePointer,
        _ report: UnsafeMutablePointer<shim_report_t>
    ) -> rd_kafka_resp_err_t {
        withBytes(key) { key, keyLength in
            withBytes(value) { value, valueLength in
                shim_produce(
                    client,
                    report,
                    topic,
                    partition ?? RD_KAFKA_PARTITION_UA,
                    key,
                    keyLength,
                    value,
                    valueLength,
                    copiedHeaders()
                )
            }
        }
    }

    private func copiedHeaders() -> OpaquePointer? {
        guard !headers.isEmpty else { return nil }
        let list = rd_kafka_headers_new(headers.count)
        for header in headers {
            withBytes(header.value) { value, length in
                _ = rd_kafka_header_add(list, header.name, -1, value, length)
            }
        }
        return list
    }
}

/// Gives the address of bytes: NULL for none at all, but never for none inside.
private func withBytes<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawPointer?, Int) -> R) -> R {
    guard let bytes else { return body(nil, 0) }
    guard !bytes.isEmpty else { return withUnsafeBytes(of: UInt8(0)) { body($0.baseAddress, 0) } }
    return bytes.withUnsafeBytes { body($0.baseAddress, $0.count) }
}
