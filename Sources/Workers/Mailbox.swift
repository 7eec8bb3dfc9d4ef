// A timer source may be scheduled from any thread; the overlay does not say so.
@preconcurrency import Dispatch
package import Engine
import Synchronization

/// What happened, gathered for one reader: many messages are one wake-up.
///
/// Anything may post, on any thread, and never waits. Its length is bounded by what is under way:
/// each message answers something that the reader has asked for. Whoever has more to say than was
/// asked for delivers it, and waits.
package final class Mailbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var hasSignal = false
        var reader: CheckedContinuation<Void, Never>?
        /// Whose messages wait here.
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Whose messages the reader has taken and may still be busy with.
        var taken: [CheckedContinuation<Void, Never>] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let alarm = Alarm()

    package init() {
        alarm.onRing { [weak self] in self?.signal() }
    }

    /// Adds messages and wakes the reader.
    func post(_ messages: [Message]) {
        wake { $0.messages += messages }
    }

    /// Adds a message and wakes the reader.
    func post(_ message: Message) {
        wake { $0.messages.append(message) }
    }

    /// Adds a message and waits until the reader has handled it, which it has when it comes back.
    ///
    /// Returns at once when the mailbox is closed.
    func deliver(_ message: Message) async {
        await withCheckedContinuation { continuation in
            var isClosed = false
            wake { state in
                isClosed = state.isClosed
                guard !isClosed else { return }
                state.messages.append(message)
                state.waiting.append(continuation)
            }
            if isClosed { continuation.resume() }
        }
    }

    /// Lets everybody go who waits: the reader comes no more.
    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { (state.waiting, state.taken) = ([], []) }
            return state.waiting + state.taken
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Wakes the reader without a message.
    package func signal() {
        wake { $0.hasSignal = true }
    }

    private func wake(_ change: (inout State) -> Void) {
        let reader = state.withLock { state in
            change(&state)
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// Waits until there is a message or a signal, or the deadline has come; then all messages.
    package func next(until deadline: Instant) async -> [Message] {
        letGo()
        alarm.set(deadline)
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                let isReady = state.hasSignal || !state.messages.isEmpty
                if !isReady { state.reader = continuation }
                return isReady
            }
            if isReady { continuation.resume() }
        }
        return take()
    }

    /// All messages that are there, without waiting.
    func take() -> [Message] {
        letGo()
        return state.withLock { state in
            state.hasSignal = false
            defer {
                state.messages = []
                state.taken = state.waiting
                state.waiting = []
            }
            return state.messages
        }
    }

    /// The reader is back: what it took before is handled.
    private func letGo() {
        let waiters = state.withLock { state in
            defer { state.taken = [] }
            return state.taken
        }
        for waiter in waiters { waiter.resume() }
    }
}

/// A timer that is set over and over; an early ring is harmless, so it is moved only forward.
private final class Alarm: Sendable {
    private let timer: any DispatchSourceTimer
    private let due = Mutex<Instant?>(nil)

    init() {
        timer = DispatchSource.makeTimerSource()
    }

    deinit {
        timer.cancel()
    }

    func onRing(_ action: @escaping @Sendable () -> Void) {
        timer.setEventHandler { [weak self] in
            self?.due.withLock { $0 = nil }
            action()
        }
        timer.activate()
    }

    func set(_ deadline: Instant) {
        due.withLock { due in
            if let due, due <= deadline { return }
            due = deadline
            let delay = max(.zero, deadline - Clock.uptime)
            timer.schedule(
                deadline: .now() + .nanoseconds(Int(delay.wholeNanoseconds)),
                leeway: .microseconds(200)
            )
        }
    }
}
