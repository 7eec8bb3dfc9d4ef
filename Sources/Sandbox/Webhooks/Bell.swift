/// Wakes the one who waits; rings that come while it is awake become one.
final class Bell: Sendable {
    /// Ends when the waiting task is cancelled.
    let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (rings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func ring() {
        continuation.yield()
    }
}
