import Engine

/// The topic of the commands: what was produced, by numbers, in each partition.
struct Topic {
    private(set) var commands: [Command]
    /// The numbers of the commands in each partition, in their order.
    private(set) var logs: [[Int]]
    /// Where each partition begins and goes on.
    private let starts: [Int64]
    private var ends: [Int64]
    /// The last command of each key in each partition.
    private var last: [[ReferenceKey: Int]]

    init(_ commands: [Command], partitions: Int32, start: Int64) {
        self.commands = commands
        logs = Array(repeating: [], count: Int(partitions))
        starts = Array(repeating: start, count: Int(partitions))
        ends = starts
        last = Array(repeating: [:], count: Int(partitions))
    }

    /// The offset of the first record of a partition.
    func start(of partition: Int32) -> Int64 { starts[Int(partition)] }

    /// Stores a command where its producer has put it.
    mutating func produce(_ number: Int, gap: Bool) {
        let partition = commands[number].id.partition
        let id = RecordID(partition: partition, offset: ends[Int(partition)])
        // Offsets have gaps.
        ends[Int(partition)] += gap ? 2 : 1
        commands[number].id = id
        if commands[number].root == nil, case .create(var order) = commands[number].content {
            order.origin = id
            commands[number].content = .create(order)
        }
        logs[Int(partition)].append(number)
        guard partition == commands[number].home, let key = commands[number].key else { return }
        commands[number].previous = last[Int(partition)].updateValue(number, forKey: key)
    }

    /// Stores a copy of a stray in its home partition.
    mutating func forward(_ number: Int) {
        var copy = commands[number]
        copy.root = copy.root ?? number
        copy.id.partition = copy.home
        commands.append(copy)
        produce(commands.count - 1, gap: false)
    }
}
