import Tracing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension AspaydsClient {
    func classification() -> Classification {
        Classification(
            cleaner: MessageCleaner(secrets: [credentials.secret, credentials.key]),
            now: Int64(Date().timeIntervalSince1970)
        )
    }

    /// The id as one segment of a path; nil for what cannot be one.
    ///
    /// An id may come from a command: everything but unreserved characters is encoded, and "." and
    /// "..", which servers resolve even when they are encoded, are not used in a path at all.
    static func pathSegment(_ id: String) -> String? {
        guard !id.isEmpty, id != ".", id != ".." else { return nil }
        var segment: [UInt8] = []
        segment.reserveCapacity(id.utf8.count)
        for byte in id.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"), UInt8(ascii: "~"):
                segment.append(byte)
            default:
                let hexadecimal = Array("0123456789ABCDEF".utf8)
                segment.append(UInt8(ascii: "%"))
                segment.append(hexadecimal[Int(byte >> 4)])
                segment.append(hexadecimal[Int(byte & 15)])
            }
        }
        return String(decoding: segment, as: UTF8.self)
    }

    /// Reads from a path, which traces call by its template where there is an id in it.
    func get(
        _ path: String,
        as template: String? = nil
    ) async throws(AspaydsError) -> Classification.Answer {
        try await send(.get, path, as: template ?? path, body: nil, mayTransmit: nil)
    }

    func post(
        _ path: String,
        _ body: [UInt8],
        _ mayTransmit: (@Sendable () -> Bool)?
    ) async throws(AspaydsError) -> Classification.Answer {
        try await send(.post, path, as: path, body: body, mayTransmit: mayTransmit)
    }

    private func send(
        _ method: TransportRequest.Method,
        _ path: String,
        as template: String,
        body: [UInt8]?,
        mayTransmit: (@Sendable () -> Bool)?
    ) async throws(AspaydsError) -> Classification.Answer {
        var headers = [
            ("x-api-key", credentials.key), ("x-api-secret", credentials.secret),
            ("accept", "application/json"),
        ]
        if body != nil { headers.append(("content-type", "application/json")) }
        let span = RequestSpan(method, template, of: baseURL)
        if let context = span?.context ?? .current {
            let instrument = InstrumentationSystem.instrument
            instrument.inject(context, into: &headers, using: HeaderInjector())
        }
        let result = await transport.send(
            TransportRequest(
                method: method,
                url: baseURL + path,
                headers: headers,
                body: body,
                timeout: requestTimeout,
                maxAnswerBytes: maxAnswerBytes,
                mayTransmit: mayTransmit
            )
        )
        span?.end(result)
        switch result {
        case .answered(let status, let retryAfter, let body):
            return .init(status: status, retryAfter: retryAfter, body: body)
        case .notSent(let reason, let detail): throw failure(reason.code, detail)
        case .lost(let reason, let detail): throw failure(reason.code, detail)
        }
    }

    private func failure(_ code: AspaydsError.Code, _ detail: String) -> AspaydsError {
        AspaydsError(code: code, message: classification().cleaner.clean(detail))
    }
}

extension TransportResult.NotSentReason {
    var code: AspaydsError.Code {
        switch self {
        case .notPermitted: .notPermitted
        case .connectionFailed: .connectionFailed
        case .tlsFailed: .tlsFailed
        case .noConnection: .noConnection
        case .invalidRequest: .invalidRequest
        }
    }
}

extension TransportResult.LostReason {
    var code: AspaydsError.Code {
        switch self {
        case .timeout: .timeout
        case .connectionLost: .connectionLost
        case .malformedAnswer: .malformedAnswer
        }
    }
}
