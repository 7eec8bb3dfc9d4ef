import CKafkaShim
import Synchronization

/// A value that is set once and awaited by any number of tasks.
final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case awaited([CheckedContinuation<Value, Never>])
        case fulfilled(Value)
    }

    private let state = Mutex(State.empty)

    /// Sets the value; later calls change nothing.
    func fulfil(_ value: Value) {
        let waiters: [CheckedContinuation<Value, Never>] = state.withLock { state in
            if case .fulfilled = state { return [] }
            defer { state = .fulfilled(value) }
            return if case .awaited(let waiters) = state { waiters } else { [] }
        }
        for waiter in waiters { waiter.resume(returning: value) }
    }

    /// Waits for the value.
    func value() async -> Value {
        await withCheckedContinuation { continuation in
            let value: Value? = state.withLock { state in
                switch state {
                case .empty: state = .awaited([continuation])
                case .awaited(let others): state = .awaited(others + [continuation])
                case .fulfilled(let value): return value
                }
                return nil
            }
            if let value { continuation.resume(returning: value) }
        }
    }

    /// Waits for the value, and sets it to another one when the time is over.
    func value(within timeout: Duration, otherwise: Value) async -> Value {
        let timer = Task.detached {
            try? await Task.sleep(for: timeout)
            self.fulfil(otherwise)
        }
        defer { timer.cancel() }
        return await value()
    }
}

/// Calls that block run on threads of their own, never on those of Swift's concurrency.
enum Blocking {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs the body on a new thread; if there is none to be had, on the caller's.
    static func start(_ body: @escaping @Sendable () -> Void) {
        let context = Unmanaged.passRetained(Body(body))
        let started = shim_start_thread(
            { context in
                guard let context else { return }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
            },
            context.toOpaque()
        )
        if started != 0 { context.takeRetainedValue().run() }
    }

    /// Runs the body on a new thread and gives its result, or nil when the time is over first.
    ///
    /// The thread then goes on alone, keeping what it uses alive. What is only a question need not
    /// be waited for once its task is cancelled: that is nil too.
    static func run<Value: Sendable>(
        timeout: Duration,
        untilCancelled: Bool = false,
        _ body: @escaping @Sendable () -> Value
    ) async -> Value? {
        let promise = Promise<Value?>()
        start { promise.fulfil(body()) }
        return await withTaskCancellationHandler {
            await promise.value(within: timeout, otherwise: nil)
        } onCancel: {
            if untilCancelled { promise.fulfil(nil) }
        }
    }
}

extension Duration {
    /// Whole milliseconds for librdkafka, rounded up, never infinite (which is −1 there).
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < Int64(Int32.max) / 1000 else { return Int32.max }
        return Int32(seconds * 1000)
            + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
