import Logging
import Synchronization
import Telemetry

/// Brings hints to the sink, within a time and within a bound of memory.
///
/// A hint that takes too long is not taken back: it may still be written, which does no harm, and
/// counts as waiting until the sink has answered.
struct HintWriter: Sendable {
    private let sink: any HintSink
    private let timeout: Duration
    private let limit: Int
    private let logger: Logger
    private let state = State()

    private final class State: Sendable {
        let waiting = Mutex(0)
        let trouble = Mutex(Trouble())
    }

    private struct Trouble {
        var isFailing = false
        /// Whether a line has said so.
        var isTold = false
    }

    /// A sink that comes and goes is not told of every time.
    private let throttle = LogThrottle()

    init(_ sink: any HintSink, _ limits: ReceiverSettings.Limits, logger: Logger) {
        self.sink = sink
        timeout = limits.acknowledging
        limit = limits.waiting
        self.logger = logger
    }

    /// True when the sink has acknowledged the hint in time.
    func write(_ hint: Hint) async -> Bool {
        let size = hint.size
        guard reserve(size) else {
            note(isFailing: true)
            return false
        }
        let isWritten = await withCheckedContinuation { continuation in
            let answer = FirstAnswer(continuation)
            let timer = Task { [timeout] in
                try? await Task.sleep(for: timeout)
                answer.give(false)
            }
            Task { [self] in
                let isWritten = await sink.append(hint)
                release(size)
                // First: a timer that is cancelled ends at once, and answers too.
                answer.give(isWritten)
                timer.cancel()
            }
        }
        note(isFailing: !isWritten)
        return isWritten
    }

    private func reserve(_ size: Int) -> Bool {
        state.waiting.withLock { waiting in
            guard waiting + size <= limit else { return false }
            waiting += size
            return true
        }
    }

    private func release(_ size: Int) {
        state.waiting.withLock { $0 -= size }
    }

    /// One line when it begins, one when it is over.
    private func note(isFailing: Bool) {
        let isNews = state.trouble.withLock { trouble in
            guard trouble.isFailing != isFailing else { return false }
            trouble.isFailing = isFailing
            let wasTold = trouble.isTold
            trouble.isTold = isFailing && throttle.pass("failing") != nil
            return trouble.isTold || wasTold
        }
        guard isNews else { return }
        if isFailing {
            logger.warning("Kafka does not acknowledge hints; callbacks are answered with 503")
        } else {
            logger.notice("Kafka acknowledges hints again")
        }
    }
}

/// Answers a continuation once, with whatever comes first.
private final class FirstAnswer: Sendable {
    private let continuation: Mutex<CheckedContinuation<Bool, Never>?>

    init(_ continuation: CheckedContinuation<Bool, Never>) {
        self.continuation = Mutex(continuation)
    }

    func give(_ answer: Bool) {
        let first = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        first?.resume(returning: answer)
    }
}
