import HeapModule

/// What is to be done, and when; what is due at the same time comes out as it went in.
struct Agenda<Item: Sendable>: Sendable {
    private struct Entry: Comparable, Sendable {
        /// Milliseconds since 1970.
        let due: Int64
        let order: Int
        let item: Item

        static func < (left: Entry, right: Entry) -> Bool {
            (left.due, left.order) < (right.due, right.order)
        }

        static func == (left: Entry, right: Entry) -> Bool {
            (left.due, left.order) == (right.due, right.order)
        }
    }

    private var entries = Heap<Entry>()
    private var order = 0

    var count: Int { entries.count }

    /// When the first item is due.
    var next: Int64? { entries.min?.due }

    /// Whether the item is now the first, so that whoever waits for the next one must look again.
    @discardableResult
    mutating func add(_ item: Item, at due: Int64) -> Bool {
        let isFirst = next.map { due < $0 } ?? true
        entries.insert(Entry(due: due, order: order, item: item))
        order += 1
        return isFirst
    }

    /// The first item, if it is due.
    mutating func pop(now: Int64) -> Item? {
        guard let next, next <= now else { return nil }
        return entries.popMin()?.item
    }
}
