import Contract
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore

/// Turns requests to callback addresses into hints, and answers them once the hints are stored.
///
/// The address comes first: one that we did not sign is not found, whatever else the request is, and
/// its body is not read.
struct CallbackResponder: Sendable {
    let settings: ReceiverSettings
    let writer: HintWriter
    let recent = RecentHints()

    /// What is known of a request whose address is ours.
    private struct Call {
        let token: CallbackToken
        let tokenText: String
        let target: Target
        let request: Request
        let remoteAddress: String?
    }

    @concurrent
    func respond(
        to request: Request,
        _ writer: consuming ResponseWriter,
        _ channel: any Channel
    ) async throws {
        let answer = try await answer(to: request, channel)
        // The length is told to HEAD too, the body is not.
        let body = request.method == .head ? "" : answer.body
        try await writer.write(
            response: answer.head,
            body: ResponseBody(byteBuffer: ByteBuffer(string: body))
        )
    }

    private func answer(to request: Request, _ channel: any Channel) async throws -> Answer {
        let target = Target(request.head.path ?? "")
        guard let text = tokenText(target.path),
            let token = CallbackToken(text, keys: settings.callback.keys)
        else { return .notFound }
        let call = Call(
            token: token,
            tokenText: text,
            target: target,
            request: request,
            remoteAddress: channel.remoteAddress?.ipAddress
        )
        switch (request.method, token.domain) {
        case (.post, _): return try await webhook(call)
        case (.get, .payment): return await customerReturn(call)
        // Link checkers and previews look without coming back.
        case (.head, .payment): return returnAnswer(call, returnStatus(call))
        case (_, .payment): return .notAllowed("GET, HEAD, POST")
        case (_, .payout): return .notAllowed("POST")
        }
    }

    /// What follows `/callback/`, with or without the path of the public address before it, which a
    /// proxy may take away.
    private func tokenText(_ path: Substring) -> String? {
        let base = settings.callback.base
        let authority = base.firstRange(of: "://").map { base[$0.upperBound...] } ?? ""
        let prefix = authority.firstIndex(of: "/").map { authority[$0...] } ?? ""
        for start in [prefix + CallbackAddress.path, CallbackAddress.path]
        where path.hasPrefix(start) {
            return String(path.dropFirst(start.count))
        }
        return nil
    }

    // MARK: Webhooks

    private func webhook(_ call: Call) async throws -> Answer {
        let announced = call.request.headers[.contentLength].flatMap { Int($0) }
        guard announced ?? 0 <= settings.limits.body else { return .tooLarge }
        let body: [UInt8]
        do {
            let buffer = try await call.request.body.collect(upTo: settings.limits.body)
            body = Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            return .tooLarge
        }
        guard announced ?? body.count == body.count else { return .incomplete }
        switch WebhookBody.event(body, for: call.token, depth: settings.limits.depth) {
        case .success(let event):
            let isStored = await store(call, body, hint: event, trigger: .webhook)
            return isStored ? .received : .unavailable
        case .failure(let mismatch):
            let hint = hint(call, body, mismatch.verdict)
            return await writer.write(hint) ? .received : .unavailable
        }
    }

    // MARK: Returns of customers

    private func customerReturn(_ call: Call) async -> Answer {
        let status = returnStatus(call)
        let isStored: Bool
        if let named = call.target[Reference.field], !WebhookBody.isSame(named, call.token) {
            isStored = await writer.write(hint(call, [], .otherReference))
        } else {
            isStored = await store(call, [], hint: status.rawValue, trigger: .return) { now in
                Event.returned(call.token.reference, status, at: now)
            }
        }
        return isStored ? returnAnswer(call, status) : unavailable(call, status)
    }

    /// The word in the address; what is about another reference says nothing of this one.
    private func returnStatus(_ call: Call) -> ReturnStatus {
        if let named = call.target[Reference.field], !WebhookBody.isSame(named, call.token) {
            return .unknown
        }
        return ReturnStatus(word: call.target["status"])
    }

    private func returnAnswer(_ call: Call, _ status: ReturnStatus) -> Answer {
        let next = call.token.returnURL ?? settings.returnURL
        return ReturnPage.answer(call.token.reference, status, next: next)
    }

    private func unavailable(_ call: Call, _ status: ReturnStatus) -> Answer {
        let next = call.token.returnURL ?? settings.returnURL
        return ReturnPage.unavailable(call.token.reference, status, next: next)
    }

    // MARK: Hints

    /// Stores what arrived, with a check unless the same hint has led to one just now.
    ///
    /// A repeated hint does not wait for the check before it: should that one fail, its own sender is
    /// told, and the state is polled in any case.
    private func store(
        _ call: Call,
        _ body: [UInt8],
        hint word: String,
        trigger: Event.Trigger,
        event: (Int64) -> Event? = { _ in nil }
    ) async -> Bool {
        let identity = RecentHints.Identity(call.token, word)
        guard !recent.isRepeated(identity) else {
            return await writer.write(hint(call, body, .repeated))
        }
        var hint = hint(call, body, .checked)
        let now = Self.now
        hint.check =
            CheckRequest(
                domain: call.token.domain,
                reference: call.token.reference,
                trigger: trigger,
                id: UUID().uuidString.lowercased(),
                time: now
            ).encoded()
        hint.event = event(now)?.encoded()
        let isStored = await writer.write(hint)
        if !isStored { recent.forget(identity) }
        return isStored
    }

    /// What is kept of a request in any case.
    private func hint(
        _ call: Call,
        _ body: [UInt8],
        _ verdict: WebhookRecord.Verdict
    ) -> Hint {
        let headers = WebhookRecord.keptHeaders.compactMap { name in
            HTTPField.Name(name).flatMap { call.request.headers[$0] }.map {
                (name: name, value: $0)
            }
        }
        let record = WebhookRecord(
            token: call.token,
            tokenText: call.tokenText,
            method: call.request.method.rawValue,
            query: call.target.query.map(String.init),
            headers: headers,
            remoteAddress: call.remoteAddress,
            receivedAt: Self.now,
            body: body,
            verdict: verdict
        )
        return Hint(
            domain: call.token.domain,
            reference: call.token.reference,
            verdict: record.verdict,
            audit: record.encoded()
        )
    }

    /// Milliseconds since 1970.
    private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}
