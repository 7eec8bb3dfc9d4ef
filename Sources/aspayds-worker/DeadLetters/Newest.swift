/// The newest of many things, in bounded memory.
struct Newest<Element> {
    private let limit: Int
    private let isOlder: (Element, Element) -> Bool
    private var kept: [Element] = []
    /// How many there were.
    private(set) var count = 0

    init(_ limit: Int, by isOlder: @escaping (Element, Element) -> Bool) {
        self.limit = limit
        self.isOlder = isOlder
    }

    mutating func add(_ element: Element) {
        count += 1
        kept.append(element)
        if kept.count >= 2 * limit { kept = elements }
    }

    /// Those that are kept, the oldest first.
    var elements: [Element] { Array(kept.sorted(by: isOlder).suffix(limit)) }
}
