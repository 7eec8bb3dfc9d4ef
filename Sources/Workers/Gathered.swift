import Synchronization

/// A set that several tasks may add to.
final class Gathered<Element: Hashable & Sendable>: Sendable {
    private let elements = Mutex<Set<Element>>([])

    /// Adds an element.
    func insert(_ element: Element) {
        elements.withLock { _ = $0.insert(element) }
    }

    /// Whether an element was added.
    func contains(_ element: Element) -> Bool {
        elements.withLock { $0.contains(element) }
    }
}
