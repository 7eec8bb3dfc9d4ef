internal import HeapModule

/// What is going to happen, in the order of virtual time; and what has happened, if somebody asks.
final class Timeline {
    private struct Item: Comparable {
        var at: Time
        /// Breaks ties in the order of planning.
        var number: UInt64
        var action: () -> Void

        static func < (left: Item, right: Item) -> Bool {
            (left.at, left.number) < (right.at, right.number)
        }

        static func == (left: Item, right: Item) -> Bool { left.number == right.number }
    }

    private(set) var now: Time = 0
    private(set) var steps = 0
    private(set) var failure: String?
    private(set) var trace: [String] = []
    private let isTracing: Bool
    private var items = Heap<Item>()
    private var planned: UInt64 = 0
    private var isOver = false

    init(isTracing: Bool) {
        self.isTracing = isTracing
    }

    /// Plans something.
    func at(_ time: Time, _ action: @escaping () -> Void) {
        planned += 1
        items.insert(Item(at: max(time, now), number: planned, action: action))
    }

    /// Plans something after a delay.
    func after(_ delay: Time, _ action: @escaping () -> Void) {
        at(now + delay, action)
    }

    /// Lets things happen until the world ends or fails.
    func run(maxSteps: Int) {
        while !isOver, failure == nil, let item = items.popMin() {
            now = item.at
            steps += 1
            if steps > maxSteps { fail("no end after \(maxSteps) steps") }
            item.action()
        }
        // What is planned holds on to everything else.
        items = Heap()
    }

    /// Ends the world: all is well.
    func end() {
        isOver = true
    }

    /// Ends the world with the first rule that was broken.
    func fail(_ what: @autoclosure () -> String) {
        if failure != nil { return }
        let text = what()
        note("VIOLATION \(text)")
        failure = text
    }

    /// Writes a line of the trace.
    func note(_ line: @autoclosure () -> String) {
        if isTracing { trace.append("\(now.text) \(line())") }
    }
}
